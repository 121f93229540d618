"""The customers of the planner's bench: a company of any size, made from a seed and laid straight into the tables.

On SQLite the first `KINDS` are made one by one; all others are as one of them, but for their ids, and the database
copies them, its indexes made afterwards: ten million take minutes so, and an hour one by one.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from bot.calendar import ChineseCalendar
from bot.copy import Copy
from bot.words import Words
from referral.due_rows import outlook
from referral.facts import Facts
from referral.floor import Policy
from referral.moments import Moment, Permission
from referral.signals import SignalKind
from referral.workdays import uncertain_years
from storage import tables as t
from storage.moments import due_values, values_of
from storage.open import migrate_database, open_store
from storage.store import Store
from storage.times import ms
from storage.transaction import Transaction

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)  # a Tuesday, 09:30 in Beijing
DESK = "wkBENCH"
REPS = 200
KINDS = 20_000
_TOGETHER = 10_000
_GOOD = (SignalKind.PRAISE, SignalKind.SURVEY, SignalKind.DELIVERY, SignalKind.PURCHASE, SignalKind.RENEWAL)
_SAID = (Permission.GRANTED,) * 30 + (Permission.REFUSED,) * 6 + (Permission.WITHDRAWN,) * 2


def house() -> Facts:
    """A company as `serve` knows it, at its defaults."""
    words, workdays = Words(Copy.load(), "春和家居", "春和家居"), ChineseCalendar()
    uncertain_years(workdays, NOW.date())  # `serve` too looks up the holidays before it begins
    return Facts(
        company="春和家居",
        public_url="https://bench.invalid",
        code_key=bytes(32),
        words=words,
        own_page=lambda person: person,
        desk=DESK,
        workdays=workdays,
    )


def lay(url: str, size: int) -> None:
    """Make a company of `size` in an empty database; on SQLite call it in a process of its own, for its memory."""
    asyncio.run(_laid(url, size))


async def _laid(url: str, size: int) -> None:
    file = url.removeprefix("sqlite:///")
    on_sqlite = file != url
    await migrate_database(url)
    store = await open_store(url)
    try:
        await settle(store, min(size, KINDS) if on_sqlite else size, house().policy)
    finally:
        await store.close()
    if on_sqlite:
        _multiply(Path(file), size)


async def settle(store: Store, size: int, policy: Policy) -> None:
    """Lay `size` customers into an empty store, each with a rep, 1 in 50 with an open window at the desk."""
    rng = random.Random(size)
    await store.write(_prepare)
    for start in range(0, size, _TOGETHER):
        numbers = range(start, min(size, start + _TOGETHER))
        await store.write(lambda tx, numbers=numbers: _lay(tx, numbers, policy, rng))
    await store.write(_finish)


def person(number: int) -> str:
    """The id of a customer: as scattered as real ones, so that neighbours in time are none in an index."""
    return f"p{number * 0x9E3779B97F4A7C15 % 2**64:016x}"


def moment(number: int, rng: random.Random) -> Moment:
    """What is known of a customer: 30 % said yes, 10 % are held out, 1 in 4 was asked in the last two months."""
    since = NOW - timedelta(days=rng.expovariate(1 / 500)) if rng.random() < 0.85 else None
    said = rng.randrange(100)
    satisfaction = min(10, round(rng.gauss(8.2, 1.4))) if rng.random() < 0.5 else None
    good = rng.choice(_GOOD) if rng.random() < 0.3 else None
    nudged_at = NOW - timedelta(days=rng.random() * 60) if rng.random() < 0.25 else None
    complained = rng.random() < 0.04
    return Moment(
        person=person(number),
        holdout=rng.random() < 0.1,
        consent=_SAID[said] if said < len(_SAID) else Permission.UNKNOWN,
        consent_at=NOW - timedelta(days=rng.random() * 300),
        customer_since=since,
        satisfaction=satisfaction,
        surveyed_at=NOW - timedelta(days=rng.random() * 200) if satisfaction is not None else None,
        activity=float(number % 100),
        rank=number % 100 / 100,
        last_order_at=NOW - timedelta(days=rng.random() * 400),
        orders=rng.randrange(9),
        past_referrals=int(rng.expovariate(2)) or None,
        good=good,
        good_at=NOW - timedelta(days=rng.expovariate(1 / 15)) if good else None,
        complaints=int(complained and rng.random() < 0.5),
        complaint_at=NOW - timedelta(days=rng.random() * 90) if complained else None,
        seen_at=NOW - timedelta(days=rng.random() * 400),
        nudged_at=nudged_at,
        fatigue=rng.choice((1.0, 1.4)) if nudged_at else 0.0,
    )


def _lay(tx: Transaction, numbers: range, policy: Policy, rng: random.Random) -> None:
    moments = [moment(number, rng) for number in numbers]
    people = [_person(each, number) for each, number in zip(moments, numbers, strict=True)]
    rows = [values_of(each) | due_values(outlook(each, policy, NOW)) for each in moments]
    contacts = [{"person": each["id"], "rep": each["rep"], "added_at": 0, "last_added_at": 0} for each in people]
    windows = [_window(number) for number in numbers if number % 50 == 0]
    for table, values in ((t.people, people), (t.moments, rows), (t.contacts, contacts), (t.windows, windows)):
        tx.connection.execute(insert(table), values)


def _person(moment: Moment, number: int) -> dict[str, Any]:
    return {
        "id": moment.person,
        "nickname": f"客户{number}",
        "rep": f"rep{number % REPS}",
        "joined_at": ms(moment.customer_since),
        "holdout": moment.holdout,
        "created_at": 0,
    }


def _window(number: int) -> dict[str, Any]:
    said_at = ms(NOW - timedelta(hours=1))
    return {"desk": DESK, "person": person(number), "handle": f"wm{number}", "said_at": said_at}


def _prepare(tx: Transaction) -> None:
    for number in range(REPS):
        tx.reps.see(f"rep{number}", f"顾问{number}")


def _finish(tx: Transaction) -> None:
    """What PostgreSQL does by itself in the course of time."""
    if tx.connection.dialect.name == "postgresql":
        tx.connection.exec_driver_sql("analyze")


_EVERY = {"people": 1, "moments": 1, "contacts": 1, "windows": 50}
"""The tables that a customer stands in, and every how many customers one does."""


def _multiply(file: Path, size: int) -> None:
    """All customers after the first `KINDS`, in the order of their numbers, which scatters their ids."""
    database = sqlite3.connect(file, isolation_level=None)
    database.create_function("scattered", 1, person, deterministic=True)
    for pragma in ("journal_mode=off", "synchronous=off", "foreign_keys=off", "cache_size=-1500000"):
        database.execute(f"pragma {pragma}")
    with _bare(database):
        for table in _EVERY:
            database.execute(f"create temp table kind_{table} as select * from {table}")
        for first in range(KINDS, size, KINDS):
            database.execute("begin")
            for table, every in _EVERY.items():
                _copy(database, table, every, first, min(KINDS, size - first))
            database.execute("commit")
    database.execute("pragma journal_mode=wal")
    database.close()


@contextmanager
def _bare(database: sqlite3.Connection) -> Iterator[None]:
    """These tables without the indexes that can be made afterwards."""
    holders = ", ".join("?" * len(_EVERY))
    found = database.execute(
        f"select name, sql from sqlite_master where type = 'index' and sql is not null and tbl_name in ({holders})",
        (*_EVERY,),
    ).fetchall()
    for name, _ in found:
        database.execute(f"drop index {name}")
    yield
    for _, sql in found:
        database.execute(sql)


def _copy(database: sqlite3.Connection, table: str, every: int, first: int, count: int) -> None:
    """The next few: each as the kind it is of, by another id."""
    columns = [row[1] for row in database.execute(f"pragma table_info({table})")]
    who = "id" if table == "people" else "person"
    given = [f"scattered((rowid - 1) * {every} + ?)" if column == who else column for column in columns]
    database.execute(
        f"insert into {table} ({', '.join(columns)}) select {', '.join(given)} from kind_{table} where rowid <= ?",
        (first, count // every),
    )
