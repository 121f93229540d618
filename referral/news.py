"""News of a customer as other systems tell it: whom it is about, and what follows from it at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from referral import codes, due_rows, guardrails, moments, orders, plan
from referral.floor import LEAST_SATISFACTION
from referral.identities import Identity
from referral.ids import Bits
from referral.merges import join
from referral.messages import RepText
from referral.moments import Moment
from referral.outbox import Purpose, post
from referral.people import Person, find_or_create
from referral.signals import Signal, SignalKind

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

FRESH = timedelta(days=7)
"""What is told later than this moves the due row, and nothing else: nobody is asked or alarmed because of it."""


def meet(tx: Tx, facts: Facts, identities: Sequence[Identity], *, now: datetime, rng: Bits) -> Person:
    """Whom these identities name; one not yet known becomes known by them, and orders that waited are looked at."""
    found = [tx.people.find(identity) for identity in identities]
    if found[0] and all(each and each.id == found[0].id for each in found):
        return found[0]
    person = join(tx, facts, identities, now=now, rng=rng)
    if person is None:
        find_or_create(tx, identities[0], now=now, rng=rng, holdout=facts.holdout)
        person = join(tx, facts, identities, now=now, rng=rng)
    assert person
    orders.reexamine(tx, facts, person.id, now=now, rng=rng)
    return person


def take_in(tx: Tx, facts: Facts, signal: Signal, *, now: datetime, rng: Bits) -> bool:
    """Keep a signal; False if it was heard before.

    After a good moment an open desk window is used at once, if it is right to; of a bad one the rep is told.
    """
    if not due_rows.hear(tx, facts, signal, now=now):
        return False
    guardrails.hear(tx, facts, signal, now=now)
    if now - signal.at > FRESH:
        return True
    if moments.is_good(signal):
        plan.ask_now(tx, facts, signal.person, now=now, rng=rng)
    elif _alarms(signal, tx.moments.get(signal.person)):
        _tell_rep(tx, facts, signal, now=now, rng=rng)
        tx.cares.look_at(signal.person, signal.at)
    return True


def _alarms(signal: Signal, moment: Moment) -> bool:
    """Whether somebody should care for this customer now: nothing has been put right, or said otherwise, since."""
    if signal.kind is SignalKind.COMPLAINT:
        return moment.complaints > 0
    low = signal.score is not None and signal.score < LEAST_SATISFACTION
    return low and moment.surveyed_at is not None and moment.surveyed_at <= signal.at


def _tell_rep(tx: Tx, facts: Facts, signal: Signal, *, now: datetime, rng: Bits) -> None:
    """Their own rep; of a customer who has none, the colleague who would be called to the chat."""
    customer = next(iter(tx.customers.load([signal.person], now)), None)
    person = tx.people.get(signal.person)
    own = customer.rep if customer else None
    rep = codes.rep_for(tx, signal.person, own or (person.rep if person else None))
    if rep is None:
        return
    name = (customer and customer.name) or (person and person.called) or "一位客户"
    if signal.kind is SignalKind.COMPLAINT:
        text = facts.words.say("rep.complaint", name=name)
    else:
        text = facts.words.say("rep.low_score", name=name, value=signal.value)
    told = RepText(rep=rep, text=text)
    post(tx, told, lane=f"rep:{rep}", purpose=Purpose.SYSTEM, now=now, rng=rng)
