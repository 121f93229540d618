"""What is known of conversions, the signs that they show, and what was made of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import log

SUSPECT = 0.5
"""From this probability on that it is made up, a conversion waits for a person to look."""

NAMED = 0.3
"""From this probability on a link is named as bad. Lower, since naming holds up nobody's thanks: where found and missed
weigh the same the best threshold is half of the F score reached (Lipton, Elkan and Naryanaswamy 2014), not a half."""


class Sign(StrEnum):
    """What speaks for a conversion being made up, as a code that staff read in words."""

    SAME_DEVICE = "same_device"
    REFUNDED = "refunded"
    UNSEEN = "unseen"
    BURST = "burst"
    RING = "ring"
    OWN_CODE = "own_code"
    WITHIN_HOUR = "within_hour"
    SOON = "soon"
    OTHERS_CONFIRMED = "others_confirmed"
    OTHERS_SAME_DEVICE = "others_same_device"
    OTHERS_REFUNDED = "others_refunded"
    OTHERS_BURST = "others_burst"
    OTHERS_RING = "others_ring"


YES_NO = (Sign.SAME_DEVICE, Sign.REFUNDED, Sign.UNSEEN, Sign.BURST, Sign.RING)
"""The signs that a conversion shows or not. Having tried the own code is the advocate's; the rest word how soon."""

OF_OTHERS = {
    Sign.SAME_DEVICE: Sign.OTHERS_SAME_DEVICE,
    Sign.REFUNDED: Sign.OTHERS_REFUNDED,
    Sign.BURST: Sign.OTHERS_BURST,
    Sign.RING: Sign.OTHERS_RING,
}
"""What a sign is called that only other conversions of the same advocate show: it weighs on this one too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """One conversion and what is known of it. `hours` is since the poster was taken; None where something is unknown.

    `refunded` is None while it may still be taken back. `own_code`: the advocate has come with their own code.
    `decided` is what a person found: made up, genuine, or not looked at. `id` is the caller's name for it.
    """

    id: str
    link: str
    advocate: str
    same_device: bool | None = None
    hours: float | None = None
    refunded: bool | None = None
    unseen: bool | None = None
    burst: bool | None = None
    ring: bool | None = None
    own_code: bool = False
    decided: bool | None = None

    @property
    def signs(self) -> tuple[bool | None, ...]:
        """In the order of `YES_NO`."""
        return self.same_device, self.refunded, self.unseen, self.burst, self.ring


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How long conversions take: mean and variance of the logarithm of the hours."""

    mean: float
    variance: float

    def log_density(self, x: float) -> float:
        """Of the normal distribution, but for a constant."""
        return -0.5 * log(self.variance) - (x - self.mean) ** 2 / (2 * self.variance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What has been learned: how often genuine and made-up conversions show each sign, in the order of `YES_NO`.

    `cheats` is the share of advocates who make any up, `used` the share of their links that have some, `made_up` the
    share of the conversions there. `busiest` is how many conversions an ordinary advocate has on their best day.
    """

    genuine: tuple[float, ...] = (0.03, 0.06, 0.08, 0.02, 0.001)
    fake: tuple[float, ...] = (0.5, 0.5, 0.2, 0.15, 0.2)
    takes: Spread = field(default_factory=lambda: Spread(mean=log(96), variance=1.2))
    takes_fake: Spread = field(default_factory=lambda: Spread(mean=log(12), variance=1.0))
    cheats: float = 0.03
    used: float = 0.5
    made_up: float = 0.6
    busiest: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """One conversion's verdict: the probability that it is made up, and the evidence, the strongest first."""

    conversion: Conversion
    chance: float
    evidence: tuple[Sign, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """Verdicts by the conversion's id, and the probability that anything is made up by link and by advocate."""

    conversions: Mapping[str, Suspect]
    links: Mapping[str, float]
    advocates: Mapping[str, float]
    rates: Rates

    @property
    def bad_links(self) -> list[str]:
        """The links believed to have been used for made-up conversions."""
        return [link for link, chance in self.links.items() if chance > NAMED]


PRIOR = Rates()
