"""The customers of the clock proof: a crowd from a seed, laid into the tables and into the judge's diary alike."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert

from referral.due_rows import outlook
from referral.floor import Policy
from referral.moments import DAY, Moment, Permission
from referral.signals import SignalKind
from storage import tables as t
from storage.moments import due_values, values_of
from storage.store import Store
from storage.times import ms
from storage.transaction import Transaction
from tests.proofs.clock_judge import Judge, Known

DESK = "wkHOUSE"
REPS = tuple(f"rep{number:02d}" for number in range(30))
PAST = "gpast"
"""How the ids of asks begin that were said before the proof."""

_TOGETHER = 2000
_SAID = (("granted", 62), ("unknown", 20), ("refused", 10), ("withdrawn", 8))


def handle(person: str) -> str:
    """What the platform calls somebody."""
    return f"wm{person}"


async def settle(
    store: Store, judge: Judge, size: int, policy: Policy, *, now: datetime, rng: random.Random
) -> list[str]:
    """Lay `size` customers into an empty store; their ids."""
    crowd = {f"p{number:016d}": _somebody(rng, now) for number in range(size)}
    judge.people |= crowd
    await store.write(lambda tx: [tx.reps.see(rep, f"顾问{rep[3:]}") for rep in REPS])
    people = list(crowd)
    for start in range(0, size, _TOGETHER):
        some = people[start : start + _TOGETHER]
        seed = rng.getrandbits(32)
        await store.write(lambda tx, some=some, seed=seed: _lay(tx, some, crowd, policy, now, random.Random(seed)))
    return people


def _somebody(rng: random.Random, now: datetime) -> Known:
    """One in three may not be asked, each for a reason of their own; one in four was asked before."""
    chance = rng.random()
    since = now - timedelta(days=rng.uniform(30, 1500))
    if chance < 0.22:
        since = now - timedelta(days=rng.uniform(0, 30))
    survey = rng.choice((2, 5, 6, 6.5)) if rng.random() < 0.12 else rng.choice((7, 8, 9, 10, None, None, None))
    said = rng.choices([answer for answer, _ in _SAID], [share for _, share in _SAID])[0]
    return Known(
        consent=said,
        consent_at=now - timedelta(days=rng.uniform(1, 400)) if said != "unknown" else None,
        since=None if chance > 0.95 else since,
        survey=survey,
        surveyed_at=None if survey is None else now - timedelta(days=rng.uniform(0, 120)),
        complaints={(now - DAY, False)} if rng.random() < 0.04 else set(),
        holdout=rng.random() < 0.08,
        wrote_at=now - timedelta(days=rng.uniform(0, 20)) if rng.random() < 0.5 else None,
        asked=_history(rng, now) if rng.random() < 0.25 else [],
    )


def _history(rng: random.Random, now: datetime) -> list[datetime]:
    """Asks of before, no closer than the caps allow; some have used up their year."""
    asked, at = [], now - timedelta(days=rng.uniform(0, 60))
    for _ in range(rng.choice((1, 2, 4, 7, 8, 8))):
        asked.append(at)
        at -= timedelta(days=rng.uniform(31.1, 46))
    return asked[::-1]


def _lay(
    tx: Transaction, some: list[str], crowd: dict[str, Known], policy: Policy, now: datetime, rng: random.Random
) -> None:
    people, names, moments, contacts, consents, windows, asks, complaints = [], [], [], [], [], [], [], []
    for person in some:
        known, rep = crowd[person], rng.choice(REPS) if rng.random() < 0.9 else None
        people.append({"id": person, "rep": rep, "holdout": known.holdout, "nickname": person[-5:], "created_at": 0})
        names.append({"kind": "wecom", "value": handle(person), "person": person, "since": 0})
        moment = _moment(person, known, rng)
        moments.append(values_of(moment) | due_values(outlook(moment, policy, now)))
        if rep:
            contacts.append({"person": person, "rep": rep, "added_at": 0, "last_added_at": 0})
        if known.consent_at:
            consents.append(_consent(person, known))
        if known.wrote_at:
            windows.append(
                {"desk": DESK, "person": person, "handle": handle(person), "said_at": ms(known.wrote_at), "sent": 0}
            )
        asks += [_ask(person, number, at) for number, at in enumerate(known.asked)]
        if known.complaints:
            at = ms(now - DAY)
            kind = SignalKind.COMPLAINT.value
            complaints.append({"person": person, "kind": kind, "at": at, "value": "", "source": "", "received_at": at})
    for table, rows in (
        (t.people, people), (t.identities, names), (t.moments, moments), (t.contacts, contacts), (t.consent, consents),
        (t.windows, windows), (t.nudges, asks), (t.signals, complaints),
    ):  # fmt: skip
        if rows:
            tx.connection.execute(insert(table), rows)


def _moment(person: str, known: Known, rng: random.Random) -> Moment:
    return Moment(
        person=person,
        holdout=known.holdout,
        consent=Permission(known.consent),
        consent_at=known.consent_at,
        customer_since=known.since,
        satisfaction=known.survey,
        surveyed_at=known.surveyed_at,
        activity=float(rng.randrange(1000)),
        rank=rng.random(),
        complaints=len(known.complaints),
        nudged_at=known.asked[-1] if known.asked else None,
        fatigue=1.0 if known.asked else 0.0,
    )


def _consent(person: str, known: Known) -> dict[str, Any]:
    said = {"person": person, "purpose": "nudges", "answer": known.consent, "evidence": "", "channel": "import"}
    return said | {"at": ms(known.consent_at)}


def _ask(person: str, number: int, at: datetime) -> dict[str, Any]:
    when = dict.fromkeys(("created_at", "planned_at", "sent_at", "delivered_at", "took_at"), ms(at))
    ask = {"id": f"{PAST}{person}{number}", "person": person, "purpose": "ask", "decision": "send", "why": "eligible"}
    return ask | when | {"state": "sent", "channel": "rep", "rep": REPS[0]}
