"""Audiences: whom an offer is for. Whoever is asked must be known to belong; who asks for it need not always be."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from referral import experiments
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
    """Whether a customer is known to belong to an audience; satisfaction counts where it is known.

    Who switched personalisation off is picked by nothing that is known of them: only for what is everybody's.
    """
    if not moment.personal and not _is_for_all(audience):
        return False
    if audience.min_activity_rank and moment.rank is None:
        return False
    return _may_belong(audience, moment, now)


def may_have(audience: Audience, person: Person, moment: Moment, now: datetime) -> bool:
    """Whether somebody who asks for it may have it: an offer for all is theirs, a narrower one unless they are known
    not to belong."""
    if audience.tiers and person.tier not in audience.tiers:
        return False
    return _is_for_all(audience) or _may_belong(audience, moment, now)


def _is_for_all(audience: Audience) -> bool:
    return (
        audience.min_tenure_days <= _FOR_ALL.min_tenure_days
        and audience.min_satisfaction <= _FOR_ALL.min_satisfaction
        and not audience.min_activity_rank
    )


def _may_belong(audience: Audience, moment: Moment, now: datetime) -> bool:
    since = moment.customer_since
    if since is None or now - since < days(audience.min_tenure_days):
        return False
    if moment.rank is not None and moment.rank < audience.min_activity_rank:
        return False
    return moment.satisfaction is None or moment.satisfaction >= audience.min_satisfaction


def campaign_for(tx: Tx, facts: Facts, person: Person, *, now: datetime) -> Campaign | None:
    """The newest running campaign that this person may have: the one that chat uses (design 5.9).

    Where an experiment draws lots between campaigns it is the one that they drew.
    """
    running = [c for c in tx.campaigns.all() if c.state is CampaignState.RUNNING and c.is_open(now)]
    moment = tx.moments.get(person.id)
    theirs = [c for c in running if may_have(facts.words.audience(c.pack), person, moment, now)]
    drawing = [] if person.holdout or len(theirs) < 2 else experiments.lots(tx)
    left = experiments.after_lots(drawing, person.id, [c.id for c in theirs])
    return max((c for c in theirs if c.id in left), key=lambda c: (c.starts_at, c.id), default=None)
