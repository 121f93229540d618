"""Audiences: whom an offer is for. Whoever is asked must be known to belong; who asks for it need not always be."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from referral.campaigns import Campaign, CampaignState
from referral.moments import Moment
from referral.offers import Audience
from referral.times import days

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.people import Person
    from referral.tx import Tx

_FOR_ALL = Audience(min_tenure_days=30, min_satisfaction=7)
"""An offer that asks for no more than this is open to every customer who asks for it."""


def is_in(audience: Audience, moment: Moment, now: datetime) -> bool:
    """Whether a customer is known to belong to an audience; satisfaction counts where it is known."""
    if audience.min_activity_rank and moment.rank is None:
        return False
    return _may_belong(audience, moment, now)


def may_have(audience: Audience, person: Person, moment: Moment, now: datetime) -> bool:
    """Whether somebody who asks for it may have it: an offer for all is theirs, a narrower one unless they are known
    not to belong."""
    if audience.tiers and person.tier not in audience.tiers:
        return False
    is_for_all = (
        audience.min_tenure_days <= _FOR_ALL.min_tenure_days
        and audience.min_satisfaction <= _FOR_ALL.min_satisfaction
        and not audience.min_activity_rank
    )
    return is_for_all or _may_belong(audience, moment, now)


def _may_belong(audience: Audience, moment: Moment, now: datetime) -> bool:
    since = moment.customer_since
    if since is None or now - since < days(audience.min_tenure_days):
        return False
    if moment.rank is not None and moment.rank < audience.min_activity_rank:
        return False
    return moment.satisfaction is None or moment.satisfaction >= audience.min_satisfaction


def campaign_for(tx: Tx, facts: Facts, person: Person, *, now: datetime) -> Campaign | None:
    """The newest running campaign that this person may have: the one that chat uses (design 5.9)."""
    running = [c for c in tx.campaigns.all() if c.state is CampaignState.RUNNING and c.is_open(now)]
    moment = tx.moments.get(person.id)
    theirs = [c for c in running if may_have(facts.words.audience(c.pack), person, moment, now)]
    return max(theirs, key=lambda c: (c.starts_at, c.id), default=None)
