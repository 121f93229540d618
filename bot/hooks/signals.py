"""`POST /hooks/signals`: what a survey, a shop or a CRM hears about customers (design 5.4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web

from bot.hooks.content import content
from bot.hooks.reading import Naming
from bot.hooks.refusals import HookRefused
from bot.hooks.signature import verifier
from bot.hooks.staff import refuse_staff
from bot.hooks.taking import Hook
from referral import news
from referral.facts import Facts
from referral.identities import Identity
from referral.ids import Bits
from referral.orders import Answer, Outcome
from referral.signals import TOLD, Signal, SignalKind
from referral.times import Clock
from storage.store import Store
from storage.transaction import Transaction

PATH = "/hooks/signals"
TYPES = tuple(kind.value for kind in TOLD)
AHEAD = timedelta(minutes=5)
"""How far another system's clock may be ahead of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalTold:
    """One thing told about a person; `person` is never empty, `at` is UTC."""

    person: tuple[Identity, ...]
    kind: SignalKind
    at: datetime
    score: float | None = None
    count: float | None = None


def routes(
    store: Store,
    facts: Facts,
    secrets: Sequence[str],
    naming: Naming,
    *,
    clock: Clock,
    machine_clock: Clock,
    rng: Bits,
    wake: Callable[[], None],
) -> list[web.RouteDef]:
    """The route of the signals' webhook; the clocks are those of the orders' webhook."""

    def settle(tx: Transaction, told: SignalTold) -> Answer:
        return _settle(tx, facts, told, now=clock(), rng=rng)

    hook = Hook(
        path=PATH,
        store=store,
        facts=facts,
        verify=verifier(secrets),
        clock=clock,
        machine_clock=machine_clock,
        read=lambda body: read(body, naming, now=clock()),
        settle=settle,
        blamed=lambda _: "data",
        scope="signals:",
        wake=wake,
    )
    return [web.post(PATH, hook.receive)]


def read(body: bytes, naming: Naming, *, now: datetime) -> SignalTold:
    """Read one webhook. Raises `HookRefused` with 422 and every problem at once."""
    name, data = content(body, TYPES)
    kind = SignalKind(name)
    told = SignalTold(
        person=data.person("person", naming),
        kind=kind,
        at=data.time("at"),
        score=data.number("score", most=10) if kind is SignalKind.SURVEY else None,
        count=data.number("count") if kind is SignalKind.ACTIVITY else None,
    )
    if told.at > now + AHEAD:
        data.wrong("at", "时间还没有到")
    if data.problems:
        raise HookRefused(422, data.problems)
    return told


def _settle(tx: Transaction, facts: Facts, told: SignalTold, *, now: datetime, rng: Bits) -> Answer:
    refuse_staff(tx, facts, told.person, "data.person")
    person = news.meet(tx, facts, told.person, now=now, rng=rng)
    signal = Signal(person=person.id, kind=told.kind, at=told.at, source="hook", score=told.score, count=told.count)
    is_new = news.take_in(tx, facts, signal, now=now, rng=rng)
    return Answer(outcome=Outcome.RECORDED if is_new else Outcome.DUPLICATE)
