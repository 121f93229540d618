"""Who looks at a landing page, where that is known: the advocate herself, or who is a customer already."""

from __future__ import annotations

from collections.abc import Collection

from bot.pages.views import Caller
from referral import orders
from referral.codes import Code
from referral.people import Person
from referral.referrals import ReferralStatus
from referral.terms import Terms
from storage.transaction import Transaction

_COUNTS = (ReferralStatus.PENDING, ReferralStatus.CREDITED)


def caller(tx: Transaction, owners: Collection[str], code: Code, terms: Terms) -> Caller:
    """What can be said to the `owners` of a browser; "" for a stranger, and for who came by this campaign.

    A browser is known to be somebody's from the moment that it opened their own page.
    """
    if code.advocate in owners:
        return "advocate"
    if not terms.new_customers_only:
        return ""
    people = (person for owner in sorted(owners) if (person := tx.people.get(owner)))
    return "customer" if any(_was_customer(tx, person, code.campaign) for person in people) else ""


def _was_customer(tx: Transaction, person: Person, campaign: str) -> bool:
    """Whether they were one before this campaign met them."""
    came = tx.referrals.find(campaign, person.id)
    if came and came.status in _COUNTS:
        return False
    return person.joined_at is not None or any(each.kind == orders.MONEY for each in tx.orders.of_person(person.id))
