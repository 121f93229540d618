"""What a poster shows otherwise where its QR is not our own link, and how the platform is asked for what it lacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.posters.engine import PosterSpec
from referral import poster_links
from referral.campaigns import Campaign
from referral.carriers import RULES_AT, RULES_AT_PAGE, Carrier
from referral.codes import Code
from referral.facts import Facts
from referral.ids import Bits
from storage.transaction import Transaction

_FEED_NOTE = "老朋友推荐 · "  # as the looks have it where the copy says nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What it takes to have the platform make something: chance for ids, and a call to the sender."""

    rng: Bits
    wake: Callable[[], None]


def carried(spec: PosterSpec, carrier: Carrier, link: str) -> PosterSpec:
    """The same poster with a platform's QR: no page lies behind it, so the small line says who tells the rules."""
    rules = RULES_AT[carrier]
    empty = f"{_FEED_NOTE if spec.edition == 'feed' else ''}{rules}"
    return replace(spec, link=link, note=spec.note.replace(RULES_AT_PAGE, rules) or empty)


def said_by(tx: Transaction, facts: Facts, campaign: Campaign, code: Code) -> tuple[Carrier, str]:
    """What a code's poster carries now, and what its QR says, empty while the platform has not made it yet."""
    carrier = poster_links.carrier_of(tx, facts, campaign, code)
    return carrier, poster_links.payload(tx, facts, carrier, code) or ""
