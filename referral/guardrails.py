"""Guardrails: a campaign whose asks drive people away pauses itself, and a person decides whether it goes on.

One opt-out of three asks is chance, thirty of a thousand are not: what is held against a limit is the lower end of an
interval that stays honest however often it is looked at (science §2, "Guardrails"), so that it can be judged anew with
every single one.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from referral import enrolment, managers, tolls
from referral.broadcasts import FOLLOW
from referral.campaigns import BUDGET, GUARDRAIL, Campaign, CampaignState
from referral.floor import Policy
from referral.ids import Bits
from referral.jobs import Job
from referral.signals import Signal, SignalKind
from referral.tolls import WITHIN, Toll, Trip, Upset

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

TELL = "guardrails.tell"
"""The job that tells the managers; its key is the campaign."""

HOUSE = "house"
"""Who pauses, in the audit."""


def limit_of(kind: Upset, policy: Policy) -> float:
    """The share of those asked that may be upset in one way."""
    return policy.optout_limit if kind is Upset.OPTOUT else policy.complaint_limit


def passed(toll: Toll, policy: Policy) -> Upset | None:
    """Which limit is certainly passed, None if none is."""
    return next((kind for kind in Upset if toll.rate(kind).lo > limit_of(kind, policy)), None)


def hear(tx: Tx, facts: Facts, signal: Signal, *, now: datetime) -> None:
    """Of all that is heard about customers, a complaint may be held against an ask."""
    if signal.kind is SignalKind.COMPLAINT:
        upset(tx, facts, signal.person, Upset.COMPLAINT, at=signal.at, now=now)


def upset(tx: Tx, facts: Facts, person: str, kind: Upset, *, at: datetime, now: datetime) -> None:
    """Somebody opted out or complained; if it was soon after an ask, its campaign is judged, and pauses if it must."""
    nudge = tx.nudges.last_sent(person, at - WITHIN)
    if nudge is None or nudge.campaign is None or nudge.sent_at is None or nudge.sent_at > at:
        return
    if kind is Upset.OPTOUT:
        enrolment.opted_out(tx, person, nudge.campaign)
    if tolls.followed(tx, nudge, kind, at):
        _judge(tx, facts, nudge.campaign, now=now)


def tell(tx: Tx, facts: Facts, campaign_id: str, *, now: datetime, rng: Bits) -> None:
    """Tell the managers that a campaign has paused, on what figures, and what is theirs to do."""
    campaign, trip = tx.campaigns.get(campaign_id), tx.guards.trip_of(campaign_id)
    if campaign is None or trip is None:
        return
    stock: dict[str, object] = {
        "title": campaign.name,
        "asked": trip.asked,
        "count": trip.upset,
        "percent": percent(limit_of(trip.why, facts.policy)),
        "command": f"taoli campaign resume {campaign.id}",
    }
    once = f"guardrail:{campaign.id}:{trip.since.timestamp():.0f}"
    managers.tell(tx, facts, f"rep.guardrail_{trip.why.value}", stock, now=now, rng=rng, dedupe=once)


def percent(share_: float) -> str:
    """A share as people say it: 1%, 0.5%."""
    return f"{share_ * 100:.2f}".rstrip("0").rstrip(".") + "%"


def _judge(tx: Tx, facts: Facts, campaign_id: str, *, now: datetime) -> None:
    week = tolls.of_week(tx, campaign_id, now)
    why = passed(week, facts.policy)
    campaign = tx.campaigns.get(campaign_id)
    if why and campaign and _goes_on(campaign):
        trip = Trip(campaign=campaign.id, since=now, why=why, asked=week.asked, upset=week.count(why))
        _pause(tx, trip, now=now)


def _goes_on(campaign: Campaign) -> bool:
    """Whether it asks, or would by itself ask again; what a person has stopped is theirs already."""
    return campaign.state is CampaignState.RUNNING or campaign.pause == BUDGET


def _pause(tx: Tx, trip: Trip, *, now: datetime) -> None:
    """From here on nothing of it goes out, and what a rep has not sent yet is taken back; counting begins anew."""
    tx.campaigns.set_state(trip.campaign, CampaignState.PAUSED, pause=GUARDRAIL, paused_at=now)
    tx.guards.trip(trip)
    tx.audit.note(HOUSE, "campaign.pause", trip.campaign, f"{trip.why.value} {trip.upset}/{trip.asked}", now)
    tx.jobs.put(Job(kind=TELL, key=trip.campaign, due_at=now))
    for broadcast in tx.broadcasts.waiting_in(trip.campaign):
        tx.jobs.put(Job(kind=FOLLOW, key=broadcast, due_at=now))
