"""Commands beside a running bot, and how a bot ends."""

import json
import os
import signal
import socket
import stat
import time
import urllib.request
from datetime import UTC, datetime, timedelta

import pytest

from bot import control
from storage.errors import DatabaseInUse
from storage.sqlite import FileLock
from tests.cli.desk import CONFIG, Bot, Desk, run, serving


def post(bot: Bot, path: str, body: dict) -> dict:
    request = urllib.request.Request(f"{bot.address}{path}", json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_writing_commands_go_through_the_running_bot(running):
    with pytest.raises(DatabaseInUse):
        FileLock(running.database)

    made = running.json("campaign", "start", "double-month", "--to", "2090-01-01")
    code = running.json("code", "crm:7", "--campaign", made["id"])
    paused = running.json("campaign", "pause", made["id"])

    assert (made["state"], paused["state"]) == ("running", "paused")
    assert code["url"] == f"{running.bot.address}/i/{code['code']}"
    shown = running.json("campaign", "show", made["id"])
    assert {name: shown[name] for name in paused} == paused
    people = running.run("export", "people").stdout
    assert '"crm_id": "7"' in people


def test_what_is_printed_is_the_same_with_and_without_a_bot(running, tmp_path):
    alone = Desk(tmp_path, CONFIG.replace("port = 0", f"port = {running.bot.address.rsplit(':', 1)[1]}"))
    tries = [
        ("campaign", "start", "nosuch"),
        ("campaign", "start", "double-month", "--set", "a=1"),
        ("campaign", "start", "double-month", "--to", "2001-01-01"),
        ("campaign", "end", "c0"),
        ("code", "phone:1", "--campaign", "c0"),
    ]
    made = [desk.json("campaign", "start", "double-month", "--name", "甲") for desk in (running, alone)]
    codes = [
        desk.json("code", "crm:9", "--campaign", each["id"]) for desk, each in zip((running, alone), made, strict=True)
    ]

    same = [{key: each[key] for key in each if key not in ("id", "from")} for each in made]
    assert same[0] == same[1]
    assert list(codes[0]) == list(codes[1])
    for args in tries:
        beside, without = (desk.run(*args, "--json") for desk in (running, alone))
        assert (beside.exit_code, beside.stdout, beside.stderr) == (without.exit_code, without.stdout, without.stderr)


def test_the_socket_is_for_the_owner_only(running):
    mode = (running.data / control.NAME).stat().st_mode

    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


def test_a_second_bot_on_the_same_database_says_so_and_ends(running):
    result = running.run("serve")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "taoli: taoli.db 正由另一个进程使用" in result.stderr


def test_a_second_bot_in_the_same_data_folder_says_so_and_ends(running, tmp_path):
    other = Desk(tmp_path, f'{CONFIG}\n[files]\ndata_dir = "{running.data}"\n')

    result = other.run("serve")

    assert result.exit_code == 1
    assert "[files] data_dir 正由另一个机器人使用" in result.stderr
    assert running.json("campaign", "list") is not None


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_busy_port_is_said(command, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        desk = Desk(tmp_path, CONFIG.replace("port = 0", f"port = {port}"))
        demo = ("demo", "--once", "--port", str(port), "--data", str(tmp_path / "demo"))

        result = desk.run("serve") if command == "serve" else run(*demo)

    assert result.exit_code == 1
    assert str(port) in result.stderr
    assert "已被占用" in result.stderr


def test_there_is_nothing_to_migrate_beside_a_running_bot(running):
    result = running.run("migrate")

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "数据库已是最新\n")


def test_commands_see_the_sandboxs_clock(running):
    before = running.json("campaign", "start", "double-month")
    post(running.bot, "/sandbox/clock", {"advance_s": 40 * 86_400})

    after = running.json("campaign", "start", "double-month")
    head = running.json("ledger", "head")

    gone = datetime.fromisoformat(after["from"]) - datetime.fromisoformat(before["from"])
    assert gone == timedelta(days=40)
    ahead = datetime.fromisoformat(head["at"]) - datetime.now(UTC)
    assert timedelta(days=40) - timedelta(minutes=1) < ahead < timedelta(days=40, minutes=1)


def test_a_second_signal_ends_the_bot_at_once(desk):
    with serving(desk) as bot:
        host, port = bot.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as slow:  # an order that never comes to its end
            slow.sendall(b"POST /hooks/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            _wait_until_read(slow)
            bot.signal(signal.SIGTERM)
            bot.wait_for("serve.stopping")
            began = time.monotonic()
            bot.insist(signal.SIGTERM)
            code, _, _ = bot.ended()

    assert code == 128 + signal.SIGTERM
    assert time.monotonic() - began < 5


def _wait_until_read(connection: socket.socket) -> None:
    """Another request, answered, shows that the loop has taken up the one before it."""
    host, port = connection.getpeername()
    urllib.request.urlopen(f"http://{host}:{port}/healthz", timeout=30).close()


def test_a_killed_bot_leaves_a_socket_that_harms_nobody_and_the_next_ends_well_at_sigterm(tmp_path):
    folder = tmp_path / ("a-folder-with-a-name-that-is-longer-than-any-unix-socket-may-have" * 2)
    folder.mkdir()
    desk = Desk(folder)
    left = desk.data / control.NAME
    assert len(os.fsencode(left)) > 107

    with serving(desk) as bot:
        made = desk.json("campaign", "start", "double-month")
        bot.signal(signal.SIGKILL)
        bot.ended()
    alone = desk.json("campaign", "pause", made["id"])
    stayed = left.is_socket()
    with serving(desk) as bot:
        beside = desk.json("campaign", "resume", made["id"])
        bot.signal(signal.SIGTERM)
        code, out, err = bot.ended()

    assert stayed
    assert (alone["state"], beside["state"]) == ("paused", "running")
    assert (code, out) == (0, "")
    events = [json.loads(line)["event"] for line in [*bot.lines, *err.splitlines()]]
    assert (events[-2:], left.exists()) == (["serve.stopping", "serve.stopped"], False)
