"""The referral forest: who came by whom, whether they stayed, and how far it goes on from there.

Only acts make it: an edge is a friend's credited referral, never a contact list, and whoever has not acted is not in
it. One level is ever thanked; friends of friends are counted for insight only. Why it is worth knowing (science §1):
experienced advocates bring better matched customers, who stay (Van den Bulte et al. 2018); who came by a friend brings
friends in turn more often, +31 to 57 % (Gershon and Jiang 2024); hubs are not more persuasive, they take part more
(Hinz et al. 2011), so that what counts is whom somebody did bring, not how many they know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from referral.referrals import Referral, ReferralStatus

RIPE = timedelta(days=90)
"""How long until it shows whether a friend has stayed (science §3: a second order within 90 days)."""

_DAY = timedelta(days=1)
_STILL_HERE = timedelta(days=60)  # heard of in the last third of these 90 days: a customer still
_FURTHER = 0.5  # what a friend's friend counts beside a friend: Katz's index with half a step, cut after two
_LONGEST = 64  # generations that are looked up


class Stay(StrEnum):
    """Whether a friend stayed: `EARLY` is known to before the time is over, `YOUNG` not yet."""

    YOUNG = "young"
    EARLY = "early"
    STAYED = "stayed"
    GONE = "gone"


class Kind(StrEnum):
    """What an advocate stands out as, if anything."""

    CHAMPION = "champion"
    CONNECTOR = "connector"
    PLAIN = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What is counted of one advocate's own friends and theirs.

    `stayed` are those known to have stayed; `ripe` the friends whose 90 days are over, `lasting` those of them who
    stayed: a rate looks at these alone, as staying shows earlier than leaving. `descendants` are friends of friends,
    `further` those of them who stayed.
    """

    brought: int = 0
    stayed: int = 0
    ripe: int = 0
    lasting: int = 0
    descendants: int = 0
    further: int = 0

    @property
    def value(self) -> float:
        """Friends who stayed, and half as much for each friend of a friend who did."""
        return self.stayed + _FURTHER * self.further


_NOTHING = Tally()


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One person in the forest: by whom they came (`by`, in which referral, when), and what they brought."""

    person: str
    by: str | None = None
    referral: str | None = None
    came_at: datetime | None = None
    stays: Stay | None = None
    tally: Tally = _NOTHING
    kind: Kind = Kind.PLAIN

    @property
    def is_bare(self) -> bool:
        """Whether there is nothing to keep: they came by nobody and brought nobody."""
        return self.by is None and self.tally == _NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Grove:
    """The company's whole forest in numbers: how many advocates brought somebody, and their tallies added up."""

    advocates: int = 0
    brought: int = 0
    stayed: int = 0
    ripe: int = 0
    lasting: int = 0
    descendants: int = 0


class Branches(Protocol):
    """Where the forest is kept, a row a person. `save` drops a bare one."""

    def get(self, person: str) -> Branch: ...
    def save(self, branch: Branch) -> None: ...
    def children(self, advocate: str) -> list[Branch]: ...
    def tally(self, advocate: str) -> Tally: ...
    def first_led(self, person: str) -> datetime | None: ...
    def grove(self) -> Grove: ...


def edge_of(friend: str, came: Iterable[Referral], led_at: datetime | None) -> Referral | None:
    """The referral that brought a friend: the first that is credited, None for who came by themselves.

    Whoever had brought others by then (`led_at`, the first) was here already, and nobody brings themselves. So the time
    of arrival grows from each advocate to her friends, and there is no cycle, not even after two people were merged.
    """
    standing = [each for each in came if each.status is ReferralStatus.CREDITED and each.advocate != friend]
    first = min(standing, key=lambda each: (each.at, each.id), default=None)
    if first is None or (led_at is not None and led_at <= first.at):
        return None
    return first


def stay_of(
    came_at: datetime, bought: Iterable[datetime], *, standing: bool, heard_at: datetime | None, now: datetime
) -> Stay:
    """Whether a friend who came then has stayed.

    They have with a second order in the 90 days (`bought`: every order that was not given back; within a day of the
    first it is the same visit), or are customers still when the days are over: under a contract or account that stands,
    or heard of in the last thirty of them or since.
    """
    again = any(_DAY <= at - came_at <= RIPE for at in bought)
    if now - came_at < RIPE:
        return Stay.EARLY if again else Stay.YOUNG
    still = standing or (heard_at is not None and heard_at - came_at >= _STILL_HERE)
    return Stay.STAYED if again or still else Stay.GONE


def lineage(person: str, came_by: Callable[[str], str | None]) -> tuple[str, int]:
    """At whom the line of somebody begins, and in which generation they are: 0 for who came by nobody."""
    root, generation = person, 0
    while (by := came_by(root)) is not None and generation < _LONGEST:
        root, generation = by, generation + 1
    return root, generation
