"""Asks that reps make of their own accord: nobody planned them, and they are known like any other.

So that caps and gaps count them, and that the lift knows whom of the holdout somebody has asked after all.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from referral import due_rows, moments, nudges, tolls
from referral.decisions import Route
from referral.ids import Bits, new_id
from referral.nudges import TOOK_WITHIN, Nudge, NudgeState

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

OWN = "rep.own"
"""Why such an ask was made. It teaches the score nothing: only those that bore fruit become known."""


def handed_over(tx: Tx, facts: Facts, person: str, campaign: str, rep: str, *, now: datetime, rng: Bits) -> None:
    """A rep has handed a customer a poster: what came of the ask that led to it, or else an ask of the rep's own.

    One that waits on her list has been said with it. One that the desk is about to make stays: the gap holds it back.
    """
    if tx.nudges.last_sent(person, now - TOOK_WITHIN) is None:
        _asked(tx, facts, person, campaign, rep, now=now, rng=rng)
    nudges.took(tx, person, now=now)


def _asked(tx: Tx, facts: Facts, person: str, campaign: str, rep: str, *, now: datetime, rng: Bits) -> None:
    listed = tx.nudges.open_of(person)
    if listed and listed.state is NudgeState.LISTED and listed.rep == rep and listed.purpose is nudges.Purpose.ASK:
        # Such asks become known only when they bear fruit, so that nothing can be learned from one.
        said = replace(listed, state=NudgeState.SENT, sent_at=now, delivered_at=now, features={})
        tx.nudges.save(said)
    else:
        said = _own(person, campaign, rep, now=now, rng=rng)
        tx.nudges.add(said)
    tolls.said(tx, said)
    due_rows.keep(tx, facts, moments.nudged(tx.moments.get(person), now), now=now)


def _own(person: str, campaign: str, rep: str, *, now: datetime, rng: Bits) -> Nudge:
    return Nudge(
        id=new_id(rng, "g"),
        person=person,
        campaign=campaign,
        decision="send",
        why=OWN,
        route=Route.REP,
        rep=rep,
        state=NudgeState.SENT,
        created_at=now,
        planned_at=now,
        sent_at=now,
        delivered_at=now,
    )
