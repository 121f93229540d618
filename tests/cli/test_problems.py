"""What may be wrong with the house itself: each is one sentence, never a traceback."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing

import pytest

from tests.cli.desk import ROOT, TAOLI, Desk, run

COMMANDS = [
    ("migrate",),
    ("campaign", "list"),
    ("campaign", "start", "double-month"),
    ("ledger", "verify"),
    ("export", "people"),
    ("why", "crm:1"),
]


def refused(result, *says: str) -> None:
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    assert result.stderr.startswith("taoli: ")
    assert "Traceback" not in result.stderr
    for words in says:
        assert words in result.stderr


@pytest.mark.parametrize("command", [*COMMANDS, ("check",), ("serve",)])
def test_a_configuration_that_is_not_there_is_named(tmp_path, command):
    refused(run(*command, "--config", str(tmp_path / "missing.toml")), "missing.toml")


@pytest.mark.parametrize("content", ["[", "\xff", "name = 1"])
def test_a_configuration_that_is_none_is_named(tmp_path, content):
    file = tmp_path / "c.toml"
    file.write_text(content, encoding="latin-1")

    refused(run("check", "--config", str(file)), "c.toml")


def test_every_problem_of_a_configuration_has_its_line(tmp_path):
    desk = Desk(tmp_path, "[server]\nhost = 7\nhots = 1\n[company]\n[sandbox]\nenabled = true\n")

    result = desk.run("check")

    refused(result, "server.host", "server.hots", "company.name")
    assert len(result.stderr.splitlines()) == 4


def test_a_good_configuration_passes_without_a_trace(desk):
    before = sorted(desk.folder.rglob("*"))

    result = desk.run("check")

    assert (result.exit_code, result.stdout) == (0, "")
    assert sorted(desk.folder.rglob("*")) == before


def test_keys_that_others_can_read_are_refused(desk):
    desk.run("migrate")
    desk.json("campaign", "start", "double-month")
    (desk.data / "keys.toml").chmod(0o644)

    refused(desk.run("campaign", "start", "double-month"), "keys.toml", "chmod 600")


@pytest.mark.parametrize("command", COMMANDS)
def test_another_programs_database_is_left_alone(desk, command):
    with closing(sqlite3.connect(desk.database)) as connection:
        connection.execute("create table theirs (a)")
    before = desk.database.read_bytes()

    refused(desk.run(*command), "别的程序", "[database] url")

    assert desk.database.read_bytes() == before


@pytest.mark.parametrize("command", COMMANDS)
def test_a_newer_database_is_left_alone(desk, command):
    desk.run("migrate")
    desk.ask_database("update alembic_version set version_num = '9999'")

    refused(desk.run(*command), "9999", "请先更新程序")


def test_a_database_that_is_not_there_yet_is_made_by_writing_only(desk):
    refused(desk.run("campaign", "list"), "taoli migrate")

    assert desk.json("campaign", "start", "double-month")["state"] == "running"
    assert len(desk.json("campaign", "list")) == 1


@pytest.mark.postgres
def test_on_postgresql_the_database_is_migrated_by_command(desk, postgres_url):
    desk.file.write_text(f'{desk.file.read_text()}\n[database]\nurl = "{postgres_url}"\n')

    refused(desk.run("campaign", "start", "double-month"), "taoli migrate")
    migrated = [desk.run("migrate").stderr for _ in range(2)]

    assert migrated == ["数据库已升级\n", "数据库已是最新\n"]
    made = desk.json("campaign", "start", "double-month")
    assert desk.json("campaign", "list") == [made]
    assert desk.json("ledger", "verify")["ok"] is True


def test_a_folder_that_cannot_be_made_is_named(desk):
    desk.data.write_text("a file in the way")

    refused(desk.run("campaign", "list"), "data")


def test_the_example_runs_as_it_is(tmp_path):
    shutil.copy(ROOT / "config.example.toml", tmp_path / "config.toml")
    desk = Desk(tmp_path, "")
    desk.file = tmp_path / "config.toml"

    assert desk.run("check").exit_code == 0
    assert desk.json("campaign", "start", "double-month")["state"] == "running"


@pytest.mark.parametrize(
    ("words", "args", "code"),
    [
        ("欢迎常来", (), 0),
        ("转发有奖", (), 1),
        ("全国最好，第一品牌", ("--edition", "chat"), 1),
        ("送你30天", ("--edition", "friend"), 0),
    ],
)
def test_words_are_checked(words, args, code):
    plain, as_json = run("lint", *args, stdin=words), run("lint", "-", *args, "--json", stdin=words)

    assert plain.exit_code == as_json.exit_code == code
    assert as_json.stdout.startswith('{"findings": [')
    assert bool(plain.stdout) == bool(code)


def test_words_that_are_no_text_are_refused():
    result = run("lint", "-", stdin=b"\xff\xfe")

    assert (result.exit_code, result.stderr) == (2, "taoli: FILE: 不是 UTF-8 文字\n")


def test_output_is_utf_8_whatever_the_machines_language_is():
    done = subprocess.run(
        [*TAOLI, "lint", "-"],
        cwd=ROOT,
        input="转发有奖".encode(),
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "latin-1"},
        check=False,
    )

    assert (done.returncode, done.stderr) == (1, b"")
    assert "「" in done.stdout.decode("utf-8")
