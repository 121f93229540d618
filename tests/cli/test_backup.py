"""Backing up, restoring and erasing as an operator does it."""

import json
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storage.archive import Archive, write
from tests.cli.desk import Desk, run, serving

SECRETS = ("keys.toml", "sandbox-secrets.toml")


@pytest.fixture
def saved(told, tmp_path):
    """The story's data, and a backup of it."""
    told.backup = tmp_path / "b.taoli"
    told.made = told.json("backup", str(told.backup))
    return told


@pytest.fixture
def elsewhere(saved, tmp_path):
    """Another machine with the same keys, and nothing else yet."""
    desk = Desk(tmp_path / "elsewhere")
    desk.data.mkdir()
    for name in SECRETS:
        shutil.copy(saved.data / name, desk.data / name)
    return desk


@pytest.fixture(autouse=True)
def folder_of_another_machine(tmp_path):
    (tmp_path / "elsewhere").mkdir()


def exports(desk):
    return {what: desk.run("export", what).stdout for what in ("people", "touches", "referrals", "orders", "rewards")}


def mei(desk):
    return next(row for row in desk.rows("people") if row["crm_id"] == "mei")


# --- there and back ------------------------------------------------------------------------------------------------


def test_a_backup_restored_elsewhere_is_the_same_company(saved, elsewhere):
    done = elsewhere.json("restore", str(saved.backup))

    assert exports(elsewhere) == exports(saved)
    head = saved.json("ledger", "head")
    assert {name: elsewhere.json("ledger", "head")[name] for name in ("size", "root")} == {
        name: head[name] for name in ("size", "root")
    }
    assert elsewhere.json("ledger", "verify")["ok"]
    assert (done["warnings"], done["former"], done["erased_again"]) == ([], None, [])
    assert (elsewhere.data / "ledger-heads.jsonl").read_text() == (saved.data / "ledger-heads.jsonl").read_text()
    with serving(elsewhere) as bot:
        assert bot.address


def test_a_backup_is_for_its_owner_alone_and_tells_what_it_holds(saved):
    assert oct(saved.backup.stat().st_mode & 0o777) == "0o600"
    assert saved.made["head"]["size"] > 0
    assert saved.made["bytes"] == saved.backup.stat().st_size
    assert "files/ledger-heads.jsonl" in saved.made["files"]
    assert "keys.toml" not in str(saved.made["files"])
    assert [path.name for path in saved.backup.parent.iterdir() if path.name.startswith(".b.taoli")] == []


def test_the_keys_are_taken_along_only_when_asked_for(saved, elsewhere):
    for name in SECRETS:
        (elsewhere.data / name).unlink()
    saved.json("backup", str(saved.backup), "--with-keys")

    elsewhere.json("restore", str(saved.backup))

    assert (elsewhere.data / "keys.toml").read_text() == (saved.data / "keys.toml").read_text()
    assert oct((elsewhere.data / "keys.toml").stat().st_mode & 0o777) == "0o600"
    assert elsewhere.json("ledger", "verify")["ok"]


def test_without_the_keys_it_is_said_that_they_must_come_back_before_the_start(saved, elsewhere):
    (elsewhere.data / "keys.toml").unlink()

    result = elsewhere.run("restore", str(saved.backup))

    assert result.exit_code == 0
    assert "密钥不在" in result.stderr
    assert not (elsewhere.data / "keys.toml").exists()


def test_a_backup_is_made_beside_a_running_bot(told, tmp_path):
    with serving(told):
        made = told.json("backup", str(tmp_path / "b.taoli"))

    assert made["head"]["size"] > 0


def test_both_say_in_words_what_they_did(saved, elsewhere):
    result = saved.run("backup", str(saved.backup))
    assert "核对无误" in result.stdout
    assert "密钥不在里面" in result.stderr

    assert "已恢复到" in elsewhere.run("restore", str(saved.backup)).stdout


# --- what is refused -----------------------------------------------------------------------------------------------


def refused(result, *says):
    assert result.exit_code in (1, 2), result.output
    for words in says:
        assert words in result.stderr
    assert "Traceback" not in result.output


def contents(folder):
    """Every file that is there, and what it holds; a reader may leave a log and a lock behind."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.endswith((".lock", "-wal", "-shm"))]
    return {path.relative_to(folder): path.read_bytes() for path in files}


def test_nothing_is_put_over_something_without_force(saved):
    before = contents(saved.folder)

    refused(saved.run("restore", str(saved.backup)), "--force")

    assert contents(saved.folder) == before


def test_with_force_the_former_database_is_kept(saved):
    saved.ask_database("insert into marks values ('later', 'yes')")

    done = saved.json("restore", str(saved.backup), "--force")

    assert saved.ask_database("select * from marks where key = 'later'") == []
    with closing(sqlite3.connect(done["former"])) as former:
        assert former.execute("select value from marks where key = 'later'").fetchall() == [("yes",)]


def test_with_force_again_each_former_database_is_kept_and_named(saved):
    saved.ask_database("insert into marks values ('later', 'first')")
    first = saved.json("restore", str(saved.backup), "--force")["former"]
    saved.ask_database("insert into marks values ('later', 'second')")

    said = saved.run("restore", str(saved.backup), "--force").stdout

    assert first == f"{saved.database}.before-restore"
    assert f"原来的数据库留在 {first}-2，" in said
    for kept, marked in ((first, "first"), (f"{first}-2", "second")):
        with closing(sqlite3.connect(kept)) as former:
            assert former.execute("select value from marks where key = 'later'").fetchall() == [(marked,)]


def test_a_running_bot_is_not_restored_under_its_feet(saved):
    with serving(saved):
        refused(saved.run("restore", str(saved.backup), "--force"), "正由另一个进程使用")


@pytest.mark.parametrize("share", [0, 0.4, 0.99])
def test_half_a_backup_changes_nothing(saved, share):
    whole = saved.backup.read_bytes()
    saved.backup.write_bytes(whole[: int(len(whole) * share)])
    before = contents(saved.folder)

    refused(saved.run("restore", str(saved.backup), "--force"), "b.taoli 不是桃李的备份，或者不完整、已损坏")

    assert contents(saved.folder) == before


def test_a_backup_of_a_newer_program_is_refused(saved, elsewhere):
    saved.ask_database("update alembic_version set version_num = '9999'")
    with closing(Archive(saved.backup)) as archive:
        told = archive.manifest
    names = ("version", "schema", "taken_from", "made_at", "head")
    write(saved.backup, saved.database, {}, {name: getattr(told, name) for name in names})

    refused(elsewhere.run("restore", str(saved.backup)), "请先更新程序")
    assert not elsewhere.database.exists()


def test_a_backup_of_another_company_is_refused(saved, tmp_path):
    other = Desk(tmp_path / "elsewhere")
    other.json("campaign", "start", "double-month")
    other.database.unlink()

    refused(other.run("restore", str(saved.backup)), "不是用这里的密钥备份的")


@pytest.mark.parametrize(("file", "says"), [("nowhere/b", "没有这个文件夹"), ("data", "directory")])
def test_a_backup_needs_a_place_to_go(told, file, says):
    refused(told.run("backup", str(told.folder / file)), says)


def test_a_file_that_is_not_there_is_said(elsewhere):
    refused(elsewhere.run("restore", "nothing.taoli"), "nothing.taoli", "没有这个文件")


# --- older than the ledger -----------------------------------------------------------------------------------------


def test_a_backup_older_than_the_ledger_is_said_loudly_and_the_lost_heads_are_kept(saved):
    lost = {**saved.json("ledger", "head")}
    with serving(saved):
        pass
    later = (saved.data / "ledger-heads.jsonl").read_text().splitlines()
    lost = json.loads(later[-1]) | {"size": lost["size"] + 5}
    with (saved.data / "ledger-heads.jsonl").open("a") as file:
        file.write(json.dumps(lost) + "\n")
    saved.database.unlink()

    result = saved.run("restore", str(saved.backup))

    assert result.exit_code == 0, result.output
    assert f"备份比账本旧：{lost['at']} 签过名的账本有 {lost['size']} 条" in result.stderr
    assert json.loads((saved.data / "ledger-heads.lost.jsonl").read_text())["size"] == lost["size"]
    assert saved.json("ledger", "verify")["ok"]


# --- erasing -------------------------------------------------------------------------------------------------------


def traces(desk, *words):
    """In which files a word is still found."""
    apart = ("sandbox.json", "demo.log")
    files = [path for path in desk.folder.rglob("*") if path.is_file() and path.name not in apart]
    return [f"{path.name}: {word}" for path in files for word in words if word.encode() in path.read_bytes()]


def test_a_dry_run_counts_and_changes_nothing(told):
    before = contents(told.folder)

    found = told.json("erase", "crm:mei", "--dry-run")

    assert found["dry_run"] is True
    assert found["removed"]["identities"] >= 2
    assert found["emptied"]["people"] == 1
    assert found["kept"]["referrals"] == 1
    assert contents(told.folder) == before


def test_an_erased_person_is_an_opaque_id_in_every_file(told):
    row = mei(told)
    words = (row["external_userid"], row["nickname"])
    assert traces(told, *words) != []

    done = told.json("erase", "crm:mei")

    assert traces(told, *words) == []
    assert done["person"] == row["id"]
    assert {each["advocate"] for each in told.rows("referrals")} == {row["id"]}
    assert told.json("ledger", "verify")["ok"]
    refused(told.run("erase", "crm:mei"), "没有找到这个人")
    told.json("erase", row["id"])


def test_beside_a_running_bot_it_is_the_bot_that_erases(told):
    row = mei(told)
    with serving(told) as bot:
        told.json("erase", "crm:mei")
        bot.signal(signal.SIGTERM)
        bot.ended()

    assert traces(told, row["external_userid"], row["nickname"]) == []


def test_erased_restored_still_erased(saved):
    row = mei(saved)
    saved.json("erase", "crm:mei")

    done = saved.json("restore", str(saved.backup), "--force")
    Path(done["former"]).unlink()

    saved.backup.unlink()
    assert done["erased_again"] == [row["id"]]
    assert traces(saved, row["external_userid"], row["nickname"]) == []
    assert saved.json("ledger", "verify")["ok"]


def test_a_backup_made_after_the_erasure_needs_no_second_one(saved, elsewhere):
    saved.json("erase", "crm:mei")
    saved.json("backup", str(saved.backup))

    assert elsewhere.json("restore", str(saved.backup))["erased_again"] == []
    assert (elsewhere.data / "erasures.jsonl").read_text() == (saved.data / "erasures.jsonl").read_text()


def test_whoever_came_back_since_is_not_erased_with_a_restore(saved):
    """They are somebody new, under an identity that was erased once."""
    row = mei(saved)
    saved.json("erase", "crm:mei")
    campaign = saved.json("campaign", "list")[0]["id"]
    saved.json("code", f"wecom:{row['external_userid']}", "--campaign", campaign)
    saved.json("backup", str(saved.backup))

    saved.json("restore", str(saved.backup), "--force")

    assert [each["external_userid"] for each in saved.rows("people")].count(row["external_userid"]) == 1


def test_both_commands_know_nobody_by_a_name_that_is_none(told):
    refused(told.run("erase", "crm:nobody"), "没有找到这个人：crm:nobody")
    refused(told.run("erase", "mei"), "PERSON")
    assert run("erase").exit_code == 2
