"""`taoli sync`: beside a running bot, and alone against a platform; killed, it goes on where it was."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from tests.cli.desk import ROOT, TAOLI, Desk

AES_KEY = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"
SECRETS = {"SECRET": "s3cret", "TOKEN": "QDG6eK", "AES_KEY": AES_KEY}
CONFIG = """\
[company]
name = "春和家居"
[wecom]
corp_id = "ww1"
api_base = "{platform}"
[[wecom.apps]]
agent_id = 1000002
secret_env = "SECRET"
token_env = "TOKEN"
aes_key_env = "AES_KEY"
uses = ["contact"]
"""


class Platform:
    """A WeCom with 150 customers of Lin's in two pages, and a rep without any.

    `stuck`: it stops answering pages; `shut`: it knows nobody at our address.
    """

    def __init__(self) -> None:
        self.pages: list[tuple[str, str]] = []
        self.stuck = threading.Event()
        self.asked = threading.Event()
        self.over = threading.Event()
        self.shut = threading.Event()

    def answer(self, call: str, body: dict) -> dict:
        if self.shut.is_set():
            return {"errcode": 60020, "errmsg": "not allow ip"}
        match call:
            case "gettoken":
                return {"access_token": "t", "expires_in": 7200}
            case "externalcontact/get_follow_user_list":
                return {"follow_user": ["lin", "wei"]}
            case "user/get":
                return {"name": "林晓"}
            case "externalcontact/get_corp_tag_list":
                return {"tag_group": [{"tag": [{"id": "et1", "name": "老客户"}]}]}
            case "externalcontact/batch/get_by_user":
                return self._page(body["userid_list"][0], body["cursor"])
        raise AssertionError(call)

    def _page(self, rep: str, cursor: str) -> dict:
        self.pages.append((rep, cursor))
        if cursor and self.stuck.is_set():
            self.asked.set()
            self.over.wait(30)
        if rep != "lin":
            return {"errcode": 84061, "errmsg": "not external contact"}
        start = int(cursor or 0)
        people = [_customer(number) for number in range(start, min(start + 100, 150))]
        return {"external_contact_list": people} | ({"next_cursor": "100"} if start == 0 else {})


def _customer(number: int) -> dict:
    person = {"external_userid": f"wm{number}", "name": f"客户{number}", "type": 2 if number == 7 else 1}
    follow = {"userid": "lin", "remark": f"王{number}", "createtime": 1600000000 + number, "tag_id": ["et1", "et-gone"]}
    return {"external_contact": person, "follow_info": follow}


@contextmanager
def listening(platform: Platform) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length) or b"{}")
            told = platform.answer(urlsplit(self.path).path.removeprefix("/cgi-bin/"), body)
            content = json.dumps({"errcode": 0} | told).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            with suppress(ConnectionError):  # whoever asked was killed
                self.end_headers()
                self.wfile.write(content)

        do_GET = do_POST = _do  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        platform.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def platform():
    return Platform()


@pytest.fixture
def alone(platform, tmp_path, monkeypatch):
    """A company whose bot does not run."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    with listening(platform) as address:
        yield Desk(tmp_path, CONFIG.format(platform=address))


def test_beside_a_running_bot_the_sandboxs_customers_come_in(running):
    assert running.json("sync") == {"reps": 1, "customers": 1, "new": 0, "changed": 1, "tags": 0}
    assert running.json("sync") == {"reps": 1, "customers": 1, "new": 0, "changed": 0, "tags": 0}

    said = running.run("sync")

    assert (said.exit_code, said.stdout) == (0, "顾问 1 位，客户 1 位（新 0，有变化 0），标签 0 个\n")


def test_without_a_bot_it_asks_the_platform_itself_and_a_second_time_changes_nothing(alone, platform):
    first, second = alone.json("sync"), alone.json("sync")

    assert first == {"reps": 2, "customers": 150, "new": 150, "changed": 0, "tags": 1}
    assert second == {"reps": 2, "customers": 150, "new": 0, "changed": 0, "tags": 1}
    assert platform.pages == [("lin", ""), ("lin", "100"), ("wei", "")] * 2
    known = alone.ask_database("select name, nickname, rep, tags, joined_at from people where nickname = '客户7'")
    assert known == [("王7", "客户7", "lin", '["老客户"]', None)]
    assert alone.ask_database("select count(*) from touches") == [(0,)]
    assert alone.ask_database("select min(added_at) from contacts") == [(1_600_000_000_000,)]


def test_killed_in_the_middle_it_goes_on_where_it_was(alone, platform):
    platform.stuck.set()
    command = [*TAOLI, "sync", "--config", str(alone.file)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    assert platform.asked.wait(60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    platform.stuck.clear()
    platform.over.set()
    platform.pages.clear()

    counts = alone.json("sync")

    assert platform.pages == [("lin", "100"), ("wei", "")]
    assert counts == {"reps": 2, "customers": 150, "new": 150, "changed": 0, "tags": 1}


def test_a_sandbox_without_its_bot_is_told_to_start_it(tmp_path):
    result = Desk(tmp_path).run("sync")

    assert result.exit_code == 1
    assert "taoli serve" in result.stderr


def test_a_company_without_wecom_is_told_what_is_missing(tmp_path):
    result = Desk(tmp_path, '[company]\nname = "春和家居"\n').run("sync")

    assert result.exit_code == 1
    assert "contact" in result.stderr


def test_a_platform_that_lets_nobody_in_is_one_sentence(alone, platform):
    platform.shut.set()

    result = alone.run("sync")

    assert result.exit_code == 1
    assert "60020" in result.stderr
    assert "Traceback" not in result.stderr
