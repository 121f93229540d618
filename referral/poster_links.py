"""Poster links: what the QR of one code's poster says now, by the campaign's carrier.

Where the campaign's choice cannot be had just now (the platform made no QR, WeChat blocks our domain) the poster
carries the next best, and goes back by itself: its QR is worked out anew each time the poster is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from referral import codes, contact_ways, desk_links, domains
from referral.carriers import IN_PLACE, Carrier
from referral.contact_ways import WayKind
from referral.ids import Bits

if TYPE_CHECKING:
    from referral.campaigns import Campaign
    from referral.codes import Code
    from referral.facts import Facts
    from referral.tx import Tx

_OF_REPS: Mapping[Carrier, WayKind] = {Carrier.CONTACT: WayKind.QR, Carrier.ACQUISITION: WayKind.LINK}


def carrier_of(tx: Tx, facts: Facts, campaign: Campaign, code: Code) -> Carrier:
    """What this code's poster carries now: the campaign's choice where it can be had, else the next best.

    With our domain blocked and nothing in its place it stays our own page: the code beside the QR can still be typed.
    """
    for carrier in (campaign.carrier, *IN_PLACE):
        if carrier in facts.carriers and _can_be_had(tx, facts, carrier, code):
            return carrier
    return Carrier.LANDING


def payload(tx: Tx, facts: Facts, carrier: Carrier, code: Code) -> str | None:
    """What the QR says; None while the platform has not made it yet. Of our own page: its plain link."""
    if carrier is Carrier.LANDING:
        return facts.link(code.code)
    if carrier not in _OF_REPS:
        return desk_links.entering_with(tx, facts, code.code)
    rep = codes.greeting_rep(tx, code)
    way = tx.contact_ways.of_code(code.code, rep, _OF_REPS[carrier]) if rep else None
    return (way.payload or None) if way else None


def prepare(tx: Tx, facts: Facts, campaign: Campaign, code: Code, *, now: datetime, rng: Bits, lane: str = "") -> bool:
    """Whether the poster's QR is known now; what is missing for it is asked for, unless it has just been.

    Of what failed before, too: the campaign's own choice comes back as soon as it can be had. With a `lane` it is asked
    for in that one, so that a poster posted behind it goes out when its QR is there.
    """
    for carrier in dict.fromkeys((campaign.carrier, carrier_of(tx, facts, campaign, code))):
        if carrier in facts.carriers and payload(tx, facts, carrier, code) is None:
            _ask(tx, facts, carrier, code, now=now, rng=rng, lane=lane)
    return payload(tx, facts, carrier_of(tx, facts, campaign, code), code) is not None


def link_in_words(tx: Tx, facts: Facts, code: str) -> str:
    """The link in words that an advocate passes on: the code's own, or the desk's while our domain is blocked.

    Without a desk it stays: it opens outside WeChat, and the words have the code as well.
    """
    entrance = desk_links.entering_with(tx, facts, code) if domains.is_blocked(tx, facts) else None
    return entrance or facts.link(code)


def _ask(tx: Tx, facts: Facts, carrier: Carrier, code: Code, *, now: datetime, rng: Bits, lane: str) -> None:
    if carrier is Carrier.DESK:
        desk_links.ask(tx, facts, now=now, rng=rng, lane=lane)
    else:
        code = codes.with_greeting_rep(tx, code)
        contact_ways.for_code(tx, code, kind=_OF_REPS[carrier], now=now, rng=rng, lane=lane)


def _can_be_had(tx: Tx, facts: Facts, carrier: Carrier, code: Code) -> bool:
    if carrier is Carrier.LANDING:
        return not domains.is_blocked(tx, facts)
    if carrier not in _OF_REPS:
        return True
    rep = codes.greeting_rep(tx, code)
    return rep is not None and not contact_ways.is_lost(tx, code.code, rep, _OF_REPS[carrier])
