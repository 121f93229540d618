"""The house's own keys."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.config import Config, load
from bot.keys import NAMES, KeysError, load_keys


def counting() -> Callable[[int], bytes]:
    """Chance that never repeats: blocks of 1s, of 2s, of 3s…"""
    drawn = iter(range(1, 256))
    return lambda size: bytes([next(drawn)]) * size


def a_config(folder: Path, more: str = "") -> Config:
    path = folder / "taoli.toml"
    path.write_text(f'[company]\nname = "晴川茶舍"\n{more}')
    return load(path, {})


def test_keys_are_made_at_the_first_start_and_stay(tmp_path: Path):
    config = a_config(tmp_path)

    first = load_keys(config, counting(), {})
    second = load_keys(config, os.urandom, {})

    assert first == second
    assert len({getattr(first, name) for name in NAMES}) == len(NAMES)
    assert all(len(getattr(first, name)) == 32 for name in NAMES)


def test_the_key_file_is_for_its_owner_alone_and_leaves_no_draft(tmp_path: Path):
    config = a_config(tmp_path)

    load_keys(config, os.urandom, {})

    assert stat.S_IMODE((tmp_path / "data" / "keys.toml").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["keys.toml"]


def test_a_key_file_that_others_can_read_is_refused_with_the_remedy(tmp_path: Path):
    config = a_config(tmp_path)
    load_keys(config, os.urandom, {})
    config.keys.file.chmod(0o640)

    with pytest.raises(KeysError, match="can be read by others: run chmod 600"):
        load_keys(config, os.urandom, {})


def test_a_key_named_in_the_environment_comes_from_there(tmp_path: Path):
    config = a_config(tmp_path, '[keys]\nledger_env = "LEDGER"\n')

    keys = load_keys(config, counting(), {"LEDGER": "ab" * 32})

    assert keys.ledger == b"\xab" * 32
    assert keys.phone == b"\x01" * 32


def test_with_all_keys_in_the_environment_no_file_is_made(tmp_path: Path):
    config = a_config(tmp_path, "[keys]\n" + "".join(f'{name}_env = "{name.upper()}"\n' for name in NAMES))

    load_keys(config, os.urandom, {name.upper(): "ab" * 32 for name in NAMES})

    assert not config.keys.file.exists()


def test_a_named_variable_that_is_not_set_is_an_error_not_a_new_key(tmp_path: Path):
    config = a_config(tmp_path, '[keys]\nledger_env = "LEDGER"\n')

    with pytest.raises(KeysError, match="the environment variable LEDGER is not set"):
        load_keys(config, os.urandom, {})


@pytest.mark.parametrize("damage", ["", "zz", "ab" * 31, "ab" * 33])
def test_a_damaged_key_is_named_and_never_shown(tmp_path: Path, damage: str):
    config = a_config(tmp_path)
    load_keys(config, counting(), {})
    text = config.keys.file.read_text().replace("03" * 32, damage)
    config.keys.file.write_text(text)

    with pytest.raises(KeysError) as caught:
        load_keys(config, os.urandom, {})

    assert str(caught.value) == f"{config.keys.file}: tokens must be 64 hex digits"


def test_an_empty_key_file_is_an_error_and_is_not_written_over(tmp_path: Path):
    config = a_config(tmp_path)
    config.keys.file.parent.mkdir()
    config.keys.file.touch(0o600)

    with pytest.raises(KeysError, match="phone must be 64 hex digits"):
        load_keys(config, os.urandom, {})

    assert config.keys.file.read_text() == ""


def test_a_key_file_that_is_no_toml_is_an_error_without_its_text(tmp_path: Path):
    config = a_config(tmp_path)
    config.keys.file.parent.mkdir()
    config.keys.file.touch(0o600)
    config.keys.file.write_text("ab" * 32)

    with pytest.raises(KeysError) as caught:
        load_keys(config, os.urandom, {})

    assert "is not TOML" in str(caught.value)
    assert "abab" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_of_two_processes_at_the_first_start_one_makes_the_keys_and_both_have_them(tmp_path: Path):
    config = a_config(tmp_path)
    other = []

    def meanwhile(size: int) -> bytes:
        if not other:
            other.append(None)
            other.append(load_keys(config, counting(), {}))
        return os.urandom(size)

    mine = load_keys(config, meanwhile, {})

    assert mine == other[1]


def test_keys_never_show_in_a_log(tmp_path: Path):
    keys = load_keys(a_config(tmp_path), counting(), {})

    assert repr(keys) == str(keys) == "Keys(…)"
