"""Friends' acts as they are on record, and the signs that can be read off them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from referral.fraud import patterns
from referral.fraud.values import Conversion

_HOUR = timedelta(hours=1)
_RIPE = timedelta(days=14)
"""A purchase that stood so long is not counted on to be taken back any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What one friend did through one code. `prepared_at` is when its poster was taken.

    `met_at` is when the friend met the code, None where that was with the act itself or known only later.
    `shared_device`: their devices and the advocate's have one in common; None while none is known of either.
    """

    referral: str
    code: str
    advocate: str
    friend: str
    paid_at: datetime
    prepared_at: datetime | None = None
    met_at: datetime | None = None
    shared_device: bool | None = None
    refunded: bool = False
    own_code: bool = False
    decided: bool | None = None

    @property
    def hours(self) -> float | None:
        """How long it took since the friend met the code; where that is not known, since its poster was taken."""
        since = self.met_at or self.prepared_at
        return None if since is None or since > self.paid_at else (self.paid_at - since) / _HOUR


def conversions(acts: Sequence[Act], *, now: datetime, busiest: int | None = None) -> tuple[list[Conversion], int]:
    """The acts with their signs, and the pace that bursts are told by: `busiest`, where given, else their own."""
    rings = patterns.in_rings((act.advocate, act.friend) for act in acts)
    times: dict[str, list[Act]] = {}
    for act in acts:
        times.setdefault(act.advocate, []).append(act)
    hours = {advocate: [_hour(act) for act in own] for advocate, own in times.items()}
    pace = patterns.pace(hours) if busiest is None else busiest
    bursts = _bursts(times, hours, pace)
    return [
        Conversion(
            id=act.referral,
            link=act.code,
            advocate=act.advocate,
            same_device=act.shared_device,
            hours=act.hours,
            refunded=act.refunded or (False if now - act.paid_at > _RIPE else None),
            burst=bursts[act.referral],
            ring=(act.advocate, act.friend) in rings,
            own_code=act.own_code,
            decided=act.decided,
        )
        for act in acts
    ], pace


def _bursts(times: Mapping[str, Sequence[Act]], hours: Mapping[str, Sequence[float]], pace: int) -> dict[str, bool]:
    return {
        act.referral: burst
        for advocate, own in times.items()
        for act, burst in zip(own, patterns.in_bursts(hours[advocate], pace), strict=True)
    }


def _hour(act: Act) -> float:
    return act.paid_at.timestamp() / 3_600
