"""`/lift`: what asking has brought that would not have come by itself (science §3), beside what followed an ask."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from bot.api.operations import Asked, Operation
from bot.lift_report import as_json
from bot.lifting import measured_at_once
from referral.lift import report
from referral.times import SHANGHAI
from storage.transaction import Transaction

Count = Annotated[int, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]


class Between(Struct, frozen=True, kw_only=True):
    """An estimate and its always-valid 95 % interval; all null while nothing can be told."""

    point: float | None
    lo: float | None
    hi: float | None


class Cuped(Between, frozen=True, kw_only=True):
    """The same, freed of what was known before; `reduction` is by how much of the variance."""

    reduction: Share


class ByRep(Between, frozen=True, kw_only=True):
    """The same of customers who have a rep, with reps as the units; `design_effect` 1 means that it makes none."""

    reps: Count
    design_effect: Annotated[float, Meta(ge=0)]


class SampleRatio(Struct, frozen=True, kw_only=True):
    """The holdout's share; an `alarm` says that the two sides are not what the lot made them."""

    share: Share
    expected: Share
    p: Share
    alarm: bool


class Side(Struct, frozen=True, kw_only=True):
    """One side of the lot: customers, friends they brought, how many were asked, by reps of their own accord too.

    `ripe` were asked 37 days ago or longer, and so many of them were `fruitful` within 30. Of those `settled`,
    customers for half a year, so many are `gone`: no order in half a year, or no rep of ours any more.
    """

    customers: Count
    brought: Count
    asked: Count
    asked_by_reps: Count
    ripe: Count
    fruitful: Count
    opted_out: Count
    settled: Count
    gone: Count


class Lift(Struct, frozen=True, kw_only=True):
    """As of `at`, since the first plan; customers count where the lot put them, whoever asked them.

    `incremental` are friends who became customers because of asking, `attributed` those who came in the 30 days after
    an ask, `brought` all that came from customers who may be asked. `contaminated` customers of the holdout were asked
    by a rep. `opt_outs` and `churn` are differences of shares, may be asked less held out. `says` tells it in Chinese.
    """

    at: datetime
    since: datetime | None
    verdict: Literal["none", "uncontrolled", "unsound", "unclear", "more", "fewer"]
    incremental: Between
    attributed: Count
    brought: Count
    treated: Side
    held: Side
    contaminated: Count
    sample_ratio: SampleRatio | None
    cuped: Cuped
    by_rep: ByRep
    opt_outs: Between
    churn: Between
    says: list[str]


class LiftDay(Struct, frozen=True, kw_only=True):
    """How it stood in one night."""

    day: date
    incremental: Between
    attributed: Count
    brought: Count


class LiftDays(Struct, frozen=True, kw_only=True):
    """The latest nights, newest first."""

    items: list[LiftDay]


class DaysQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far back."""

    limit: Annotated[int, Meta(ge=1, le=400, description="How many nights at most.")] = 90


def _lift(tx: Transaction, asked: Asked) -> Lift:
    measured = measured_at_once(tx, asked.now)
    told = as_json(report(measured, holdout=asked.office.facts.holdout))
    return msgspec.convert(told, Lift)


def _days(tx: Transaction, asked: Asked) -> LiftDays:
    nights = [report(night, holdout=asked.office.facts.holdout) for night in tx.lift.days(asked.query.limit)]
    return LiftDays(items=[_day(night.at, as_json(night)) for night in nights])


def _day(at: datetime, told: dict[str, Any]) -> LiftDay:
    known = {name: told[name] for name in ("incremental", "attributed", "brought")}
    return msgspec.convert(known | {"day": at.astimezone(SHANGHAI).date()}, LiftDay)


_SIDE = Side(
    customers=5_400,
    brought=162,
    asked=2_310,
    asked_by_reps=12,
    ripe=1_480,
    fruitful=96,
    opted_out=21,
    settled=4_900,
    gone=410,
)
_EXAMPLE = Lift(
    at=datetime(2027, 5, 20, 4, 30, tzinfo=SHANGHAI),
    since=datetime(2026, 11, 23, 9, 0, tzinfo=SHANGHAI),
    verdict="more",
    incremental=Between(point=99.0, lo=21.4, hi=176.6),
    attributed=118,
    brought=162,
    treated=_SIDE,
    held=Side(
        customers=600,
        brought=7,
        asked=3,
        asked_by_reps=3,
        ripe=2,
        fruitful=0,
        opted_out=1,
        settled=545,
        gone=52,
    ),
    contaminated=3,
    sample_ratio=SampleRatio(share=0.1, expected=0.1, p=1.0, alarm=False),
    cuped=Cuped(point=97.2, lo=22.8, hi=171.6, reduction=0.041),
    by_rep=ByRep(point=98.1, lo=17.9, hi=178.3, reps=24, design_effect=1.07),
    opt_outs=Between(point=0.00222, lo=-0.0041, hi=0.00854),
    churn=Between(point=-0.01174, lo=-0.0561, hi=0.0326),
    says=["开口问，多带来约 99 位成了客户的朋友（95% 的把握在 21 到 177 位之间，天天看也作数）。"],
)

OPERATIONS = (
    Operation(
        name="getLift",
        method="GET",
        path="/lift",
        scope="lift:read",
        summary="What asking has brought that would not have come by itself, as of the latest night.",
        run=_lift,
        answer=Lift,
        example=_EXAMPLE,
    ),
    Operation(
        name="listLiftDays",
        method="GET",
        path="/lift/days",
        scope="lift:read",
        summary="The same, night by night.",
        run=_days,
        query=DaysQuery,
        answer=LiftDays,
        example=LiftDays(
            items=[LiftDay(day=date(2027, 5, 20), incremental=_EXAMPLE.incremental, attributed=118, brought=162)]
        ),
    ),
)
