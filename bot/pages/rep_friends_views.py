"""What the rep's page of old friends shows: her customers who bring people that stay."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FriendRow:
    """One customer: why they are here, whom of their friends the rep knows, and what fits."""

    id: str
    name: str
    title: str
    why: str
    friends: str
    fits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepFriendsView:
    """Old friends of a rep, the most valuable first; `more` are left out."""

    company: str
    rows: tuple[FriendRow, ...] = ()
    more: int = 0
