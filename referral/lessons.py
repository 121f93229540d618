"""What a company's own history teaches: which of its customers brought friends before we came (design 5.5).

A lesson is a sum like the score itself: what each trait adds to the log of how many friends a customer has brought,
beyond what the score says of the profile already. So with no history the score is the profile rule, and with one their
sum is what was fitted. It is kept as JSON.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from referral.moments import DAY, Moment
from referral.scoring import PRIOR, features

SCALES = ("tenure", "satisfaction", "activity", "orders", "idle")
"""The traits that are numbers; `tenure` and `idle`, since the last order, in days."""

COARSE = 5
"""Into how many parts a scale falls where it is looked at together with another trait."""

_MOST = 3.0  # of log rate, twenty times: no history makes more or less of anybody


class Profile(Struct, frozen=True, kw_only=True):
    """What a company's table tells of one customer.

    `base` is what the score says of it already, in log-odds; `referred` is how many friends they had brought before,
    None where the table does not say.
    """

    base: float = 0.0
    tenure: float | None = None
    satisfaction: float | None = None
    activity: float | None = None
    orders: float | None = None
    idle: float | None = None
    tier: str = ""
    rep: str = ""
    tags: tuple[str, ...] = ()
    referred: int | None = None


class Scale(Struct, frozen=True):
    """What a number adds: `effects` has one more than there are `cuts`, and at the end that of an unknown number."""

    name: str
    cuts: tuple[float, ...]
    effects: tuple[float, ...]


class Kinds(Struct, frozen=True):
    """What a word adds: a tier, a rep, or one of several tags; one that is not named adds nothing."""

    name: str
    effects: dict[str, float]


class Pair(Struct, frozen=True):
    """What two traits add together, beyond what each adds alone, by both parts as `part` names them."""

    one: str
    other: str
    effects: dict[str, float]


class Lesson(Struct, frozen=True, kw_only=True):
    """What was learned: of `customers` whose history is known, who had brought `referrals` friends.

    `trust` is how much of what was fitted holds for customers that were not fitted, 0-1; `centre` is the mean of all
    effects, so that a company's average customer gets 0; `slope` is by how much the profile rule is too weak here (or,
    below 0, too strong).
    """

    customers: int
    referrals: int
    trust: float
    centre: float
    slope: float = 0.0
    scales: tuple[Scale, ...] = ()
    kinds: tuple[Kinds, ...] = ()
    pairs: tuple[Pair, ...] = ()

    def effect(self, profile: Profile) -> float:
        """What the company's history adds to a customer's score, in log-odds."""
        return min(_MOST, max(-_MOST, self.trust * self.fitted(profile) - self.centre))

    def fitted(self, profile: Profile) -> float:
        """The sum of everything that was fitted, neither trusted nor centred."""
        total = self.slope * profile.base
        for scale in self.scales:
            total += scale.effects[level(scale.cuts, getattr(profile, scale.name))]
        for each in self.kinds:
            total += sum(each.effects.get(word, 0.0) for word in words(each.name, profile))
        for pair in self.pairs:
            total += self._together(pair, profile)
        return total

    def _together(self, pair: Pair, profile: Profile) -> float:
        one, other = (part(name, self.cuts(name), profile) for name in (pair.one, pair.other))
        return pair.effects.get(f"{one}/{other}", 0.0)

    def cuts(self, name: str) -> tuple[float, ...]:
        """The cuts of a scale, none for a word."""
        return next((scale.cuts for scale in self.scales if scale.name == name), ())


def profile_of(moment: Moment, *, tier: str, rep: str | None, tags: Sequence[str], now: datetime) -> Profile:
    """What the company's table tells of a customer, and what the profile rule makes of it."""
    told = Moment(
        person=moment.person,
        customer_since=moment.customer_since,
        satisfaction=moment.satisfaction,
        rank=moment.rank,
    )
    return Profile(
        base=PRIOR.total(features(told, now)) - PRIOR.intercept,
        tenure=_days(moment.customer_since, now),
        satisfaction=moment.satisfaction,
        activity=moment.activity,
        orders=moment.orders,
        idle=_days(moment.last_order_at, now),
        tier=tier,
        rep=rep or "",
        tags=tuple(tags),
        referred=moment.past_referrals,
    )


def _days(since: datetime | None, now: datetime) -> float | None:
    return None if since is None else (now - since) / DAY


def level(cuts: tuple[float, ...], value: float | None) -> int:
    """Where a number stands between these cuts: 0 below the first; one more than their number if it is not known."""
    return len(cuts) + 1 if value is None else bisect_right(cuts, value)


def words(name: str, profile: Profile) -> tuple[str, ...]:
    """The words of a customer under `tier`, `rep` or `tag`."""
    if name == "tag":
        return profile.tags
    word = profile.tier if name == "tier" else profile.rep
    return (word,) if word else ()


def part(name: str, cuts: tuple[float, ...], profile: Profile) -> str:
    """Which part of a trait a customer belongs to, for looking at two together; `tag:VIP` has two parts."""
    if name in SCALES:
        value = getattr(profile, name)
        return "?" if value is None else str(level(cuts, value) * COARSE // (len(cuts) + 1))
    if name.startswith("tag:"):
        return "1" if name[4:] in profile.tags else "0"
    return profile.tier if name == "tier" else profile.rep
