"""Scenario B: a desk rings, its new messages are pulled, each is stored and answered with a letter."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from functools import partial
from http.client import HTTPConnection
from socket import create_connection
from statistics import median
from typing import Any

from envelopes import Account, Post, desk_rang
from house import DESK, Database

MESSAGES = 100
_PATIENCE_S = 15.0


def pull(account: Account, database: Database, *, bot: int, cloud: int, rounds: Iterable[int]) -> dict[str, Any]:
    """Ring once per round after 100 new customers wrote; medians of the time until all was committed."""
    ring = partial(_once, account, database, bot=bot, cloud=cloud)
    took = [ring(crowd=f"wm{number}-") for number in rounds]
    return {
        "messages": MESSAGES,
        "rounds": len(took),
        "ms_per_100": round(median(took) * 1e3, 1),
        "messages_per_second": round(MESSAGES / median(took), 1),
        "ms_by_round": [round(each * 1e3, 1) for each in took],
    }


def _once(account: Account, database: Database, *, bot: int, cloud: int, crowd: str) -> float:
    """Seconds from the ring to the last commit; all customers are strangers."""
    _come_to_rest(database)
    _speak(cloud, crowd)
    before = database.stored("kf")
    began = time.perf_counter()
    _ring(account, bot)
    while database.stored("kf") < before + MESSAGES or database.answered(crowd) < MESSAGES:
        if time.perf_counter() - began > _PATIENCE_S:
            raise RuntimeError(f"{database.stored('kf') - before} stored, {database.answered(crowd)} answered in 15 s")
        time.sleep(0.002)
    return time.perf_counter() - began


def _come_to_rest(database: Database) -> None:
    """Wait until all letters are sent, so that one round does not weigh on the next."""
    until = time.perf_counter() + _PATIENCE_S
    while database.waiting() and time.perf_counter() < until:
        time.sleep(0.01)


def _speak(cloud: int, crowd: str) -> None:
    connection = HTTPConnection("127.0.0.1", cloud, timeout=10)
    connection.request("POST", "/speak", json.dumps({"desk": DESK, "crowd": crowd, "count": MESSAGES}))
    assert connection.getresponse().status == 200
    connection.close()


def _ring(account: Account, bot: int) -> None:
    at = int(time.time())
    request = Post(account, "/callback/wecom/main").request(desk_rang(account, DESK, at), timestamp=at, nonce="ring")
    with create_connection(("127.0.0.1", bot), timeout=10) as connection:
        connection.sendall(request)
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 200 "), answer
