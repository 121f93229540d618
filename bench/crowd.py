"""The customers of the planner's bench: a company of any size, made from a seed and laid straight into the tables."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
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
from storage.sqlite import driver_of
from storage.store import Store
from storage.times import ms
from storage.transaction import Transaction

NOW = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)  # a Tuesday, 09:30 in Beijing
DESK = "wkBENCH"
REPS = 200
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
    _cache_kib(tx, 256_000)
    for number in range(REPS):
        tx.reps.see(f"rep{number}", f"顾问{number}")


def _finish(tx: Transaction) -> None:
    """What a database does by itself in the course of time, and the cache as the product has it."""
    if tx.connection.dialect.name == "postgresql":
        tx.connection.exec_driver_sql("analyze")
    _cache_kib(tx, 2_000)


def _cache_kib(tx: Transaction, size: int) -> None:
    """Scattered ids want a large cache while so many arrive at once; SQLite's own default is 2000 KiB."""
    if tx.connection.dialect.name == "sqlite":
        driver_of(tx.connection).execute(f"pragma cache_size = -{size}")
