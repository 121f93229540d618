"""What lies in the data folder is either taken along by a backup or left out for a reason."""

import re
from pathlib import Path

import pytest

from bot import data_folder, photo_shelf
from bot.cli import restoring
from bot.cli.telling import LOG
from bot.config import sandbox
from bot.control import NAME
from storage import heads, tombstones

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r'(?:data_dir|\bself\._data|\bdata|folder\.path) / (?:"([^"]+)"|([A-Za-z_.]+))')
CONSTANTS = {
    "heads.FILE": heads.FILE,
    "tombstones.FILE": tombstones.FILE,
    "LOG": LOG,
    "LOST": restoring.LOST,
    "NAME": NAME,
    "FILE": sandbox.FILE,
    "FOLDER": photo_shelf.FOLDER,
    "name": "",  # of the lists themselves
    "folder": "",
}


def used():
    """Every name that the program puts together with the data folder."""
    for module in sorted((ROOT / "bot").rglob("*.py")):
        for quoted, constant in NAMED.findall(module.read_text("utf-8")):
            name = quoted or CONSTANTS.get(constant, constant)
            if name:
                yield name


def test_every_name_in_the_data_folder_is_taken_along_or_left_out_for_a_reason():
    known = {*data_folder.FOLDERS, *data_folder.FILES, *data_folder.LEFT_OUT, "postgresql"}
    known |= {NAME, LOG, sandbox.FILE, restoring.LOST} & set(data_folder.LEFT_OUT)

    names = set(used())

    assert {"qr", "verify", "posters", heads.FILE, "sandbox.json"} <= names
    assert names - known == set()
    assert {NAME, LOG, sandbox.FILE, restoring.LOST} <= set(data_folder.LEFT_OUT)


@pytest.mark.parametrize(
    "member",
    [
        "files/../keys.toml",
        "files/keys.toml",
        "files/qr/../../x",
        "files//etc/passwd",
        "files/qr/.hidden",
        "files/qr/a/b",
        "files/posters/x.jpg",
        "/etc/passwd",
        "database.sqlite",
    ],
)
def test_nothing_of_an_archive_can_land_anywhere_else(member: str, tmp_path: Path):
    with pytest.raises(data_folder.ForeignFile):
        data_folder.place(tmp_path, member)


def test_what_a_backup_takes_has_its_place_again(tmp_path: Path):
    for name in ("qr/a.jpg", "verify/WW_verify_x.txt", "erasures.jsonl", "posters/x.jpg", "qr/half.part", "keys.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")

    found = data_folder.found(tmp_path)

    assert sorted(found) == ["files/erasures.jsonl", "files/qr/a.jpg", "files/verify/WW_verify_x.txt"]
    assert all(data_folder.place(tmp_path, member) == path for member, path in found.items())
