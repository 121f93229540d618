"""The hour at which a customer reads: their own messages of the day, smoothed on the circle and shrunk to the shop's.

With few messages of one's own a histogram taken as it is does worse than the shop's best hour (CollegeMsg, science §2:
-5 % to -22 %), so that everybody begins at the shop's and leaves it as their own messages come.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

HOURS = 24
_WIDE = 2.5  # hours: how far from its peak somebody still writes
_SHOP = 4.0  # messages at the shop's hours that are behind everybody's own
_MOST = 255
_OWN = 6  # messages
_KERNEL = tuple(exp(-0.5 * (min(d, HOURS - d) / _WIDE) ** 2) for d in range(HOURS))


def wrote(hours: bytes | None, hour: int) -> bytes:
    """The histogram with one more message in this hour of the day; when an hour is full, all are halved."""
    counts = bytearray(hours or bytes(HOURS))
    if counts[hour] == _MOST:
        counts = bytearray(count // 2 for count in counts)
    counts[hour] += 1
    return bytes(counts)


def together(one: bytes | None, other: bytes | None) -> bytes | None:
    """Two histograms of one human being as one."""
    if one is None or other is None:
        return one or other
    sums = [a + b for a, b in zip(one, other, strict=True)]
    while max(sums) > _MOST:
        sums = [each // 2 for each in sums]
    return bytes(sums)


def is_known(hours: bytes | None) -> bool:
    """Whether somebody has written often enough to have a habit that is their own."""
    return hours is not None and sum(hours) >= _OWN


def likely(hours: bytes | None, shop: Sequence[int]) -> list[float]:
    """How likely this customer reads in each hour of the day, up to a common factor."""
    usual = sum(shop) or 1
    behind = [_SHOP * count / usual for count in shop]
    counts = [a + b for a, b in zip(hours, behind, strict=True)] if hours else behind
    return [sum(counts[i] * _KERNEL[abs(i - hour)] for i in range(HOURS)) for hour in range(HOURS)]


def habit(hours: bytes | None, shop: Sequence[int]) -> int | None:
    """The hour of the day around which this customer writes; None without a habit of their own."""
    return best(hours, shop, range(HOURS)) if is_known(hours) else None


def best(hours: bytes | None, shop: Sequence[int], allowed: Sequence[int]) -> int:
    """The best of the allowed hours; the first of them where nothing is known."""
    chances = likely(hours, shop)
    return max(allowed, key=lambda hour: chances[hour])
