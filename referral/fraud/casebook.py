"""The casebook: conversions as they are heard of, day by day, and what to make of all of them at the end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from referral.fraud import patterns
from referral.fraud.judging import suspect
from referral.fraud.values import PRIOR, Conversion, Rates, Verdicts

_DAY = 24.0  # hours
_RIPE_SHARE = 0.95  # of refunds come before a conversion counts as not refunded
_RIPE_DAYS = 14  # while none was seen


@dataclass(slots=True)
class _Heard:
    """One conversion, when, and after how many days it was refunded."""

    conversion: Conversion
    friend: str
    day: int
    refunded_after: int | None = None


@dataclass(slots=True)
class CaseBook:
    """Hearing of anything takes constant time. A friend's conversion on a link counts once."""

    _opened: set[tuple[str, str]] = field(default_factory=set)
    _heard: dict[tuple[str, str], _Heard] = field(default_factory=dict)

    def opened(self, link: str, friend: str) -> None:
        """A friend was seen to open a link."""
        self._opened.add((link, friend))

    def convert(
        self, link: str, advocate: str, friend: str, *, day: int, same_device: bool | None, hours: float | None
    ) -> None:
        """A friend converted on a day; `hours` is since the poster was taken."""
        name = (link, friend)
        case = Conversion(
            id=id_of(link, friend),
            link=link,
            advocate=advocate,
            same_device=same_device,
            hours=hours,
            unseen=name not in self._opened,
        )
        self._heard.setdefault(name, _Heard(case, friend, day))

    def refund(self, link: str, friend: str, *, day: int) -> None:
        """It was taken back; of a conversion that was never heard of nothing is kept."""
        if heard := self._heard.get((link, friend)):
            heard.refunded_after = day - heard.day

    def verdicts(self, day: int, prior: Rates = PRIOR) -> Verdicts:
        """What to make of all of it, as of a day."""
        ripe = self._ripe()
        rings = patterns.in_rings((heard.conversion.advocate, heard.friend) for heard in self._heard.values())
        bursts, busiest = self._bursts()
        cases = [
            replace(
                heard.conversion,
                refunded=heard.refunded_after is not None or (False if day - heard.day > ripe else None),
                ring=(heard.conversion.advocate, heard.friend) in rings,
                burst=bursts[name],
            )
            for name, heard in self._heard.items()
        ]
        return suspect(cases, replace(prior, busiest=busiest))

    def _ripe(self) -> float:
        """After how many days a conversion that was not refunded will hardly be any more."""
        waits = sorted(heard.refunded_after for heard in self._heard.values() if heard.refunded_after is not None)
        return waits[int(_RIPE_SHARE * (len(waits) - 1))] if waits else _RIPE_DAYS

    def _bursts(self) -> tuple[dict[tuple[str, str], bool], int]:
        """Which conversions came in bursts, and the pace that they were held against."""
        by_advocate: dict[str, list[tuple[tuple[str, str], float]]] = {}
        for name, heard in self._heard.items():
            by_advocate.setdefault(heard.conversion.advocate, []).append((name, heard.day * _DAY))
        times = {advocate: [at for _, at in own] for advocate, own in by_advocate.items()}
        busiest = patterns.pace(times)
        found: dict[tuple[str, str], bool] = {}
        for own in by_advocate.values():
            bursts = patterns.in_bursts([at for _, at in own], busiest)
            found.update((name, burst) for (name, _), burst in zip(own, bursts, strict=True))
        return found, busiest


def id_of(link: str, friend: str) -> str:
    """What verdicts call a friend's conversion on a link."""
    return f"{link} {friend}"
