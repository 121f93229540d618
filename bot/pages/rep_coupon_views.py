"""What staff see of a coupon, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class RepCouponView:
    """One coupon. `whose` is a nickname, empty where there is none; `until` and `used` are ready to be read.

    `step` is what staff can do: say where they are (`ask`), confirm (`sure`), or nothing. `problem` says why it cannot
    be taken, or what is missing; `told` that it was taken just now.
    """

    company: str
    what: str
    whose: str
    code: str
    until: str
    path: str
    step: Literal["ask", "sure", ""]
    shop: str = ""
    problem: str = ""
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepCouponFindView:
    """Where staff type a code that cannot be scanned."""

    company: str
    asked: str = ""
    problem: str = ""
