"""Poster links: what the QR of one code's poster says now, by the campaign's carrier.

Where the campaign's choice cannot be had just now (the platform made no QR, WeChat blocks our domain) the poster
carries the next best, and goes back by itself: its QR is worked out anew each time the poster is asked for.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, assert_never

from referral import codes, contact_ways, desk_links, domains
from referral.carriers import IN_PLACE, Carrier
from referral.contact_ways import WayKind
from referral.ids import Bits

if TYPE_CHECKING:
    from referral.campaigns import Campaign
    from referral.codes import Code
    from referral.facts import Facts
    from referral.tx import Tx


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
    match carrier:
        case Carrier.LANDING:
            return facts.link(code.code)
        case Carrier.DESK:
            return desk_links.entering_with(tx, facts, code.code)
        case Carrier.CONTACT:
            return _of_rep(tx, WayKind.QR, code)
        case Carrier.ACQUISITION:
            return _of_rep(tx, WayKind.LINK, code)
        case Carrier.OFFICIAL:
            return None
        case _:
            assert_never(carrier)


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
    match carrier:
        case Carrier.LANDING | Carrier.OFFICIAL:
            return
        case Carrier.DESK:
            desk_links.ask(tx, facts, now=now, rng=rng, lane=lane)
        case Carrier.CONTACT | Carrier.ACQUISITION:
            kind = WayKind.QR if carrier is Carrier.CONTACT else WayKind.LINK
            contact_ways.for_code(tx, codes.with_greeting_rep(tx, code), kind=kind, now=now, rng=rng, lane=lane)
        case _:
            assert_never(carrier)


def _can_be_had(tx: Tx, facts: Facts, carrier: Carrier, code: Code) -> bool:
    match carrier:
        case Carrier.LANDING:
            return not domains.is_blocked(tx, facts)
        case Carrier.DESK:
            return not desk_links.is_lost(tx, facts)
        case Carrier.CONTACT:
            return _rep_has(tx, WayKind.QR, code)
        case Carrier.ACQUISITION:
            return _rep_has(tx, WayKind.LINK, code)
        case Carrier.OFFICIAL:
            return False
        case _:
            assert_never(carrier)


def _of_rep(tx: Tx, kind: WayKind, code: Code) -> str | None:
    rep = codes.greeting_rep(tx, code)
    way = tx.contact_ways.of_code(code.code, rep, kind) if rep else None
    return (way.payload or None) if way else None


def _rep_has(tx: Tx, kind: WayKind, code: Code) -> bool:
    rep = codes.greeting_rep(tx, code)
    return rep is not None and not contact_ways.is_lost(tx, code.code, rep, kind)
