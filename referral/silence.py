"""不再提醒: silence, from the moment it is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from referral import caring, consent, guardrails, notices
from referral.broadcasts import FOLLOW
from referral.consent import Answer
from referral.jobs import Job
from referral.nudges import TOOK_WITHIN
from referral.tolls import Upset

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx


def keep(tx: Tx, facts: Facts, person: str, *, evidence: str, channel: str, now: datetime) -> None:
    """What is planned or queued for this person ends in the same transaction.

    A broadcast that waits for its rep with them in it is taken back at once: the platform cannot leave one out.
    """
    consent.say(tx, facts, person, Answer.WITHDRAWN, evidence=evidence, channel=channel, now=now)
    notices.take_back(tx, person, "opted_out", now=now)
    caring.end_open(tx, person, "dropped:opted_out")
    if nudge := tx.nudges.last_sent(person, now - TOOK_WITHIN):
        tx.nudges.save(replace(nudge, read_at=nudge.read_at or now, outcome="opted_out"))
        guardrails.upset(tx, facts, person, Upset.OPTOUT, at=now, now=now)
    for broadcast in tx.broadcasts.waiting_for(person):
        tx.jobs.put(Job(kind=FOLLOW, key=broadcast, due_at=now))
