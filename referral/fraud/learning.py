"""Learning the rates from a shop's own conversions, beside the prior's (the M step)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from referral.fraud.values import YES_NO, Rates, Spread
from referral.fraud.weighing import Case, Found, Shelves

_WEIGHT = (50.0, 10.0)
"""How many conversions the prior's rates of signs count for: genuine ones, made-up ones."""
_LEAST = 2.0  # made-up ones show a sign at least so many times as often as genuine ones, or it says nothing
_TIME_WEIGHT = 5.0
_CHEATS_WEIGHT, _USED_WEIGHT, _MADE_UP_WEIGHT = 100.0, 10.0, 10.0
_MOST_CHEATS = 0.15
_SOONER = 0.5  # of the logarithm: made-up ones come at least so much sooner


def learned(shelves: Shelves, found: Found, prior: Rates) -> Rates:
    """The rates that the probabilities speak for, beside the prior's (the M step)."""
    cases = [(found.of[case.id], case) for links in shelves.values() for shelf in links.values() for case in shelf]
    pairs = [_shown(cases, place, prior) for place in range(len(YES_NO))]
    takes, takes_fake = _times(cases, prior)
    links = {link: (advocate, shelf) for advocate, links in shelves.items() for link, shelf in links.items()}
    tried = sum(found.of_advocate[advocate] for advocate, _ in links.values())
    used = sum(found.of_link.values())
    there = sum(found.of_link[link] * len(shelf) for link, (_, shelf) in links.items())
    cheats = _pooled(prior.cheats, _CHEATS_WEIGHT, sum(found.of_advocate.values()), len(shelves))
    return replace(
        prior,
        genuine=tuple(pair[0] for pair in pairs),
        fake=tuple(pair[1] for pair in pairs),
        takes=takes,
        takes_fake=takes_fake,
        cheats=min(cheats, _MOST_CHEATS),
        used=_pooled(prior.used, _USED_WEIGHT, used, tried),
        made_up=_pooled(prior.made_up, _MADE_UP_WEIGHT, sum(chance for chance, _ in cases), there),
    )


def _pooled(prior: float, weight: float, count: float, of: float) -> float:
    return (prior * weight + count) / (weight + of)


def _shown(cases: Sequence[tuple[float, Case]], place: int, prior: Rates) -> tuple[float, float]:
    """How often genuine and made-up ones show a sign."""
    had = [(chance, sign) for chance, case in cases if (sign := case.signs[place]) is not None]
    fakes = sum(chance for chance, _ in had)
    shown, shown_fake = float(sum(sign for _, sign in had)), sum(chance for chance, sign in had if sign)
    genuine = _pooled(prior.genuine[place], _WEIGHT[0], shown - shown_fake, len(had) - fakes)
    fake = _pooled(prior.fake[place], _WEIGHT[1], shown_fake, fakes)
    return genuine, min(max(fake, _LEAST * genuine), 0.95)


def _times(cases: Sequence[tuple[float, Case]], prior: Rates) -> tuple[Spread, Spread]:
    """How long genuine and made-up ones take."""
    had = [(chance, case.took) for chance, case in cases if case.took is not None]
    takes = _spread([(1 - chance, took) for chance, took in had], prior.takes)
    takes_fake = _spread(had, prior.takes_fake)
    return takes, replace(takes_fake, mean=min(takes_fake.mean, takes.mean - _SOONER))


def _spread(had: Sequence[tuple[float, float]], prior: Spread) -> Spread:
    weight = _TIME_WEIGHT + sum(each for each, _ in had)
    mean = (prior.mean * _TIME_WEIGHT + sum(each * took for each, took in had)) / weight
    around = prior.variance * _TIME_WEIGHT + sum(each * (took - mean) ** 2 for each, took in had)
    return Spread(mean=mean, variance=around / weight)
