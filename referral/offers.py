"""What an offer promises: its numbers and rules (`Terms`) and its words (`Pack`).

Terms are frozen into a rule version when a campaign starts and again at every touch, so a later edit never changes what
was promised. Reading packs from files is not done here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from referral.framing import Framing
from referral.history import Past
from referral.terms import Terms

Edition = Literal["feed", "friend"]
EDITIONS: tuple[Edition, ...] = ("feed", "friend")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One titled paragraph of the rules or the privacy page; `field` is its stable name."""

    field: str
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PosterCopy:
    """The three texts of a poster, with placeholders."""

    headline: str
    body: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardCopy:
    """The two texts of a page's card, filled."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingCopy:
    """What a friend reads on the page behind the link, with placeholders; `headline_unsigned` names no advocate."""

    headline: str
    headline_unsigned: str
    lines: tuple[str, ...]
    steps: tuple[str, ...]
    button: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Whom the campaign is for by default: customers of at least `min_tenure_days`, satisfaction (0-10) when known."""

    min_tenure_days: int
    min_satisfaction: int
    min_activity_rank: float = 0.0
    tiers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """An offer as shipped: default terms and every word, placeholders still in `{braces}`.

    `openings_since` need `{tenure}`, `openings_plain` claim nothing, `openings_past` are for a friend and lean on what
    is known of her; `words` holds at least two variants per framing and edition, for the framings that fit the offer,
    and so do `posters` and `spoken`, what is said aloud over the end of a short video; `short` is the friend's words
    when nothing else fits; `phrases` are the alternatives that the terms choose between; `industries` are those it may
    run in, empty for all that the law leaves; `template` is the poster's; `early` names what customers may see before
    others do, empty for nothing.
    """

    name: str
    title: str
    product: str
    ad_label: str
    terms: Terms
    audience: Audience
    openings_since: tuple[str, ...]
    openings_plain: tuple[str, ...]
    openings_past: Mapping[Past, tuple[str, ...]]
    words: Mapping[Framing, Mapping[Edition, tuple[str, ...]]]
    short: str
    posters: Mapping[Framing, Mapping[Edition, PosterCopy]]
    spoken: Mapping[Framing, str]
    landing: LandingCopy
    rules: tuple[Section, ...]
    privacy: tuple[Section, ...]
    phrases: Mapping[str, str]
    industries: tuple[str, ...] = ()
    template: str = "orchard"
    early: str = ""

    @property
    def framings(self) -> tuple[Framing, ...]:
        """Those that the offer has words for."""
        return tuple(self.words)


RULE_FIELDS = (
    "organiser",
    "period",
    "who",
    "friend",
    "counts",
    "thanks",
    "attribution",
    "hold",
    "delivery",
    "use",
    "refund",
    "caps",
    "budget",
    "privacy",
    "complaints",
)
"""The fields a campaign must publish before it may start (Anti-Unfair-Competition rules on prizes, reliability R4)."""
