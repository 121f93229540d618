"""Simulated tables of customers with what they brought before, of many kinds: who refers depends on something else in
each. Half of the customers have their history in the table; the other half is what a lesson is judged by.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import exp, log

from referral.lessons import Profile, profile_of
from referral.moments import Moment, Thresholds
from referral.studying import share, study
from referral.taught import Taught

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass(slots=True)
class Row:
    """One customer of a table; `friends` is how many they really brought, told for half of them, `rate` how many
    to expect of them."""

    joined: float | None
    satisfaction: float | None
    activity: float | None
    orders: int | None
    idle: float | None
    tier: str
    rep: str
    tags: tuple[str, ...]
    friends: int = 0
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of table: how much each customer is inclined to refer, as a rate, and how unevenly people follow it."""

    rate: Callable[[Row], float]
    mean: float = 0.7
    shape: float = 0.6
    blind: Callable[[Row, random.Random], None] = lambda row, rng: None


def _row(rng: random.Random) -> Row:
    """Somebody with the usual ties between the columns: who stays and orders is active, and rather satisfied."""
    warmth = rng.gauss(0, 1)
    joined = min(4000.0, rng.expovariate(1 / 600) + 5)
    orders = int(exp(0.6 * warmth + 0.35 * log(joined / 100) + rng.gauss(0.3, 0.6)))
    return Row(
        joined=joined,
        satisfaction=min(10.0, max(0.0, round(rng.gauss(7.6 + 0.5 * warmth, 1.6)))),
        activity=round(exp(1.1 * warmth + rng.gauss(1, 1.0)), 2),
        orders=orders,
        idle=min(joined, rng.expovariate(1 / (30 + 160 * exp(-0.7 * warmth)))),
        tier=rng.choices(("普通", "银卡", "金卡", "黑金"), (60, 25, 11, 4))[0],
        rep=f"rep{rng.randrange(12)}",
        tags=tuple(tag for tag in TAGS if rng.random() < 0.12),
    )


TAGS = ("已婚", "有孩子", "健身", "线上", "门店", "团购", "老板", "学生", "外地", "VIP", "投诉过", "爱拍照")


def _profile_rule(row: Row) -> float:
    return exp(
        (0.7 if (row.joined or 0) > 180 else 0)
        + (0.6 if (row.satisfaction or 0) >= 8 else 0)
        + 0.5 * log(0.5 + (row.activity or 0))
    )


def _only(*columns: str) -> Callable[[Row, random.Random], None]:
    def blind(row: Row, rng: random.Random) -> None:
        for name in ("joined", "satisfaction", "activity", "orders", "idle"):
            if name not in columns:
                setattr(row, name, None)
        for name, empty in (("tier", ""), ("rep", ""), ("tags", ())):
            if name not in columns:
                setattr(row, name, empty)

    return blind


def _seldom_surveyed(row: Row, rng: random.Random) -> None:
    """The dissatisfied answer least."""
    if rng.random() > 0.1 + 0.05 * (row.satisfaction or 0):
        row.satisfaction = None
    for name in ("activity", "orders", "idle"):
        if rng.random() < 0.3:
            setattr(row, name, None)


_TIER = {"普通": 0.4, "银卡": 1.0, "金卡": 2.5, "黑金": 1.2}
_REP = {f"rep{k}": 0.5 + 0.15 * k for k in range(12)}

KINDS: dict[str, Kind] = {
    "the brief's profile": Kind(_profile_rule),
    "activity with a heavy tail": Kind(lambda row: (1 + (row.activity or 0)) ** 0.9),
    "an arc of tenure": Kind(lambda row: 0.15 + exp(-(((row.joined or 0) - 420) ** 2) / (2 * 200.0**2))),
    "years add up": Kind(lambda row: (row.joined or 0) / 365 * exp(0.3 * ((row.satisfaction or 7) - 7)), mean=1.5),
    "tier alone": Kind(lambda row: _TIER[row.tier]),
    "tags and reps": Kind(
        lambda row: _REP[row.rep] * (3.0 if "已婚" in row.tags else 1.0) * (0.3 if "学生" in row.tags else 1.0)
    ),
    "satisfied and active together": Kind(
        lambda row: 0.1 + 2.0 * ((row.satisfaction or 0) >= 9) * ((row.activity or 0) > 4)
    ),
    "young gold, old silver": Kind(
        lambda row: 2.0 if (row.tier == "金卡") == ((row.joined or 0) < 300) and row.tier != "普通" else 0.2
    ),
    "lately and often": Kind(lambda row: (1 + (row.orders or 0)) ** 0.7 * exp(-(row.idle or 0) / 90)),
    "the busiest refer least": Kind(
        lambda row: exp(-0.5 * log(1 + (row.activity or 0))) * (1.5 if (row.idle or 0) < 60 else 0.7)
    ),
    "two columns": Kind(
        lambda row: _TIER[row.tier] * (1.8 if (row.joined or 0) < 365 else 0.8), blind=_only("joined", "tier")
    ),
    "much unknown": Kind(_profile_rule, blind=_seldom_surveyed),
    "few champions": Kind(
        lambda row: (1 + (row.orders or 0)) ** 0.8 * (2.0 if "老板" in row.tags else 1.0), mean=0.5, shape=0.12
    ),
    "seldom": Kind(
        lambda row: _profile_rule(row) * (2.0 if row.tier in ("金卡", "黑金") else 0.7), mean=0.12, shape=0.5
    ),
    "married with a contract": Kind(
        lambda row: (8.0 if "有孩子" in row.tags or row.tier == "银卡" else 0.3) * (1 + (row.joined or 0) / 700),
        mean=1.9,
    ),
    "nothing": Kind(lambda row: 1.0),
}


def table(kind: Kind, size: int, seed: int | str) -> list[Row]:
    """A table of that kind."""
    rng = random.Random(seed)
    rows = [_row(rng) for _ in range(size)]
    rates = [kind.rate(row) for row in rows]
    again = kind.mean * size / sum(rates)
    for row, rate in zip(rows, rates, strict=True):
        row.rate = rate
        row.friends = _poisson(rng, rate * again * rng.gammavariate(kind.shape, 1 / kind.shape))
        kind.blind(row, rng)
    return rows


def _poisson(rng: random.Random, mean: float) -> int:
    count, left = 0, mean
    while (left := left - rng.expovariate(1)) > 0:
        count += 1
    return count


def profiles(rows: Sequence[Row], told: Sequence[bool]) -> list[Profile]:
    """What is known of the customers of a table; of those not `told` not what they brought."""
    scale = Thresholds.of(row.activity for row in rows if row.activity is not None)
    return [
        profile_of(
            Moment(
                person=str(place),
                customer_since=None if row.joined is None else NOW - row.joined * DAY,
                satisfaction=row.satisfaction,
                activity=row.activity,
                rank=None if row.activity is None else scale.rank(row.activity),
                last_order_at=None if row.idle is None else NOW - row.idle * DAY,
                orders=row.orders,
                past_referrals=row.friends if told[place] else None,
            ),
            tier=row.tier,
            rep=row.rep,
            tags=row.tags,
            now=NOW,
        )
        for place, row in enumerate(rows)
    ]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How much of all friends of the half that was not told the best fifth brought, by each way to rank it."""

    before: float
    tenure: float
    after: float
    hindsight: float
    taught: Taught | None


def outcome(kind: Kind, size: int, seed: int | str) -> Outcome:
    """Teach half of a table, and rank the other half."""
    rows, rng = table(kind, size, seed), random.Random(f"halves {seed}")
    told = [rng.random() < 0.5 for _ in rows]
    known = profiles(rows, told)
    lesson = study([each for each, is_told in zip(known, told, strict=True) if is_told], known)
    others = [place for place, is_told in enumerate(told) if not is_told]
    friends = [float(rows[place].friends) for place in others]
    half = [known[place] for place in others]
    effect = lesson.lesson.effect if lesson else lambda profile: 0.0
    return Outcome(
        before=share([each.base for each in half], friends),
        tenure=share([-1.0 if each.tenure is None else each.tenure for each in half], friends),
        after=share([each.base + effect(each) for each in half], friends),
        hindsight=share([rows[place].rate for place in others], friends),
        taught=lesson,
    )
