"""Champions and quiet connectors: who brings many that stay, and whose few friends bring on others or nearly all stay.

Each rule holds somebody against the company's own numbers and respects how little is known: a posterior that is shrunk
to the company's average has to be above it with nine chances in ten. What somebody has done is looked at, never how
many they know (Hinz et al. 2011, science §1); customers who were brought bring on others (Gershon and Jiang 2024).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt

from referral.forest import Grove, Kind, Tally

SURE = 0.9
FEW = 5
"""Friends up to which an advocate counts as quiet."""

_LEAST_STAYED, _LEAST_DESCENDANTS, _LEAST_RIPE = 3, 2, 2
_WEIGHT = 4.0  # friends of the company's average that stand behind everybody's own
# A typical company stands behind one of which little is known yet:
_ADVOCATES, _STAYED = 5.0, 0.5  # so many advocates, and the friends of each who stayed
_FRIENDS, _ONWARDS = 5.0, 0.2  # so many friends, and whom each brought on
_RIPE, _LASTING = 4.0, 0.5  # so many friends, and the share who stayed


@dataclass(frozen=True, slots=True)
class Why:
    """Why somebody is on the list: a code, and the numbers that its sentence names."""

    code: str
    of: int
    are: int


def kind_of(tally: Tally, grove: Grove) -> Kind:
    """What an advocate stands out as in this company."""
    if _is_champion(tally, grove):
        return Kind.CHAMPION
    return Kind.CONNECTOR if _passes_on(tally, grove) or _chooses_well(tally, grove) else Kind.PLAIN


def whys(tally: Tally, grove: Grove) -> tuple[Why, ...]:
    """Why, the weightier first; nothing for who does not stand out."""
    kept = Why("stayed", tally.brought, tally.stayed)
    onwards = Why("onwards", tally.brought, tally.descendants)
    if _is_champion(tally, grove):
        return (kept, onwards) if _passes_on(tally, grove) else (kept,)
    well = Why("lasting", tally.ripe, tally.lasting)
    told = ((_passes_on(tally, grove), onwards), (_chooses_well(tally, grove), well))
    return tuple(why for holds, why in told if holds)


def stay_rate(tally: Tally, grove: Grove) -> float:
    """The share of an advocate's friends who stay, 0-1, shrunk to the company's by the weight of four friends."""
    return (_WEIGHT * _rate(grove) + tally.lasting) / (_WEIGHT + tally.ripe)


def _is_champion(tally: Tally, grove: Grove) -> bool:
    """More friends who stayed than the average advocate's, surely, and not of many who went.

    Friends who stayed are Poisson about an advocate's own mean, and the means Gamma about the company's, with the
    weight of one advocate.
    """
    if tally.stayed < _LEAST_STAYED:
        return False
    usual = (grove.stayed + _ADVOCATES * _STAYED) / (grove.advocates + _ADVOCATES)
    surely_more = _gamma_below(usual, usual + tally.stayed, 2.0) < 1 - SURE
    return surely_more and _rate_below(tally, grove) <= SURE


def _passes_on(tally: Tally, grove: Grove) -> bool:
    """Few friends, who bring on more than the average friend does, surely (the same model, per friend)."""
    usual = (grove.descendants + _FRIENDS * _ONWARDS) / (grove.brought + _FRIENDS)
    known = 0 < tally.brought <= FEW and tally.descendants >= _LEAST_DESCENDANTS
    shape, weight = _WEIGHT * usual + tally.descendants, _WEIGHT + tally.brought
    return known and _gamma_below(usual, shape, weight) < 1 - SURE


def _chooses_well(tally: Tally, grove: Grove) -> bool:
    """Few friends, of whom more stay than of the average advocate's, surely."""
    known = 0 < tally.brought <= FEW and tally.ripe >= _LEAST_RIPE
    return known and _rate_below(tally, grove) < 1 - SURE


def _rate(grove: Grove) -> float:
    return (grove.lasting + _RIPE * _LASTING) / (grove.ripe + _RIPE)


def _rate_below(tally: Tally, grove: Grove) -> float:
    """The chance that an advocate's friends stay less often than the company's: Beta about the company's rate."""
    rate = _rate(grove)
    a, b = _WEIGHT * rate + tally.lasting, _WEIGHT * (1 - rate) + tally.ripe - tally.lasting
    return _beta_below(rate, a, b)


def _gamma_below(x: float, shape: float, rate: float) -> float:
    """P(X <= x) of a Gamma, by the cube root of Wilson and Hilferty (1931)."""
    root = (x * rate / shape) ** (1 / 3)
    return _normal_below((root - 1 + 1 / (9 * shape)) * 3 * sqrt(shape))


def _beta_below(x: float, a: float, b: float) -> float:
    """P(X <= x) of a Beta, by the same cube root for both of the Gammas that it is made of (Paulson 1942)."""
    root = (b * x / (a * (1 - x))) ** (1 / 3)
    up, down = root * (1 - 1 / (9 * b)), 1 - 1 / (9 * a)
    return _normal_below((up - down) / sqrt(root**2 / (9 * b) + 1 / (9 * a)))


def _normal_below(z: float) -> float:
    return 0.5 * erfc(-z / sqrt(2))
