"""Weighing: how probable each conversion is to be made up, by rates that are known (the E step)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import exp, log, log1p

from referral.fraud.values import YES_NO, Conversion, Rates, Sign

OWN_CODE = log(5)
"""What having tried the own code says of an advocate, in log odds: most who do are curious."""

_HARD = (Sign.SAME_DEVICE, Sign.REFUNDED, Sign.RING, Sign.BURST)
"""At least one of these an advocate's conversions must show: having bought soon, or unseen, is no offence by itself."""

_HARD_PLACES = tuple(place for place, code in enumerate(YES_NO) if code in _HARD)
_SOONEST = 0.05  # hours
_TIME_SAYS = (-2.0, 3.0)
"""How long it took never says more than this, in log odds: some friends stand in the shop already."""
DECIDED = 12.0
"""What a person has found, in log odds."""
_BEYOND_DOUBT = 30.0  # log odds


@dataclass(frozen=True, slots=True)
class Case:
    """A conversion as it is weighed; `took` is the logarithm of the hours."""

    id: str
    signs: tuple[bool | None, ...]
    took: float | None
    own_code: bool
    decided: bool | None

    @property
    def is_hard(self) -> bool:
        """Whether it shows more than having come soon."""
        return bool(self.decided or self.own_code) or any(self.signs[place] for place in _HARD_PLACES)


Shelves = dict[str, dict[str, list[Case]]]
"""Cases by advocate and link."""


@dataclass(slots=True)
class Found:
    """Probabilities: of each conversion and advocate; that a link is used for made-up ones, and that any is on it."""

    of: dict[str, float] = field(default_factory=dict)
    of_link: dict[str, float] = field(default_factory=dict)
    any_on: dict[str, float] = field(default_factory=dict)
    of_advocate: dict[str, float] = field(default_factory=dict)


def took(each: Conversion) -> float | None:
    """The logarithm of the hours it took."""
    return None if each.hours is None else log(max(each.hours, _SOONEST))


def sorted_out(conversions: Sequence[Conversion]) -> Shelves:
    """The same cases in the same order, however they were given."""
    shelves: Shelves = {}
    for each in sorted(conversions, key=lambda each: (each.advocate, each.link, each.id)):
        case = Case(each.id, each.signs, took(each), each.own_code, each.decided)
        shelves.setdefault(each.advocate, {}).setdefault(each.link, []).append(case)
    return shelves


def weigh(shelves: Shelves, rates: Rates) -> Found:
    """The probabilities by rates that are known (the E step)."""
    scale, found = Scale(rates), Found()
    for advocate, links in shelves.items():
        told = {link: [(case.id, scale.odds(case)) for case in cases] for link, cases in links.items()}
        speaks = {link: sum(_mixed(rates.made_up, odds) for _, odds in cases) for link, cases in told.items()}
        cheat = _cheat([case for cases in links.values() for case in cases], speaks.values(), rates)
        found.of_advocate[advocate] = cheat
        for link, cases in told.items():
            used = cheat * _share(rates.used, speaks[link])
            shares = [_share(rates.made_up, odds) for _, odds in cases]
            found.of_link[link] = used
            found.any_on[link] = used * (1 - exp(sum(log1p(-share) for share in shares)))
            found.of.update((name, used * share) for (name, _), share in zip(cases, shares, strict=True))
    return found


def _cheat(cases: Sequence[Case], speaks: Iterable[float], rates: Rates) -> float:
    """The probability that the advocate of these makes some up, after what each of their links says."""
    says = sum(_mixed(rates.used, each) for each in speaks)
    tried = OWN_CODE if any(case.own_code for case in cases) else 0.0
    cheat = _chance(_logit(rates.cheats) + says + tried)
    return cheat if cheat <= rates.cheats or any(case.is_hard for case in cases) else rates.cheats


class Scale:
    """What each sign says under given rates, in log odds."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._known: dict[tuple[bool | None, ...], float] = {}

    def odds(self, case: Case) -> float:
        """For being made up, against being genuine."""
        if case.decided is not None:
            return DECIDED if case.decided else -DECIDED
        if case.signs not in self._known:
            self._known[case.signs] = sum(self.of(place, sign) for place, sign in enumerate(case.signs))
        return self._known[case.signs] + self.of_time(case.took)

    def of(self, place: int, sign: bool | None) -> float:
        """Of one sign that is there, is not there, or is not known."""
        if sign is None:
            return 0.0
        genuine, fake = self._rates.genuine[place], self._rates.fake[place]
        return log(fake / genuine) if sign else log((1 - fake) / (1 - genuine))

    def of_time(self, took: float | None) -> float:
        """Of how long it took; what is sooner than made-up ones usually are is no less suspicious for it."""
        if took is None:
            return 0.0
        fake = self._rates.takes_fake
        says = fake.log_density(max(took, fake.mean)) - self._rates.takes.log_density(took)
        return min(max(says, _TIME_SAYS[0]), _TIME_SAYS[1])


def _mixed(share: float, odds: float) -> float:
    """Log of `share * e^odds + 1 - share`, whatever the size of `odds`."""
    return log1p(share * (exp(odds) - 1)) if odds < _BEYOND_DOUBT else odds + log(share)


def _share(share: float, odds: float) -> float:
    """The part of that which is made up."""
    return _chance(_logit(share) + odds)


def _logit(share: float) -> float:
    return log(share / (1 - share))


def _chance(odds: float) -> float:
    """Kept a hair off 0 and 1."""
    odds = min(max(odds, -_BEYOND_DOUBT), _BEYOND_DOUBT)
    return 1 / (1 + exp(-odds))
