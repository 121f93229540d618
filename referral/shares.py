"""Shares: graded evidence that an advocate passed a campaign on. Never rewarded, never hinted at.

Sharing itself cannot be seen on WeChat; each level below is something that can.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol


class ShareLevel(StrEnum):
    """From a poster taken to a friend who bought."""

    PREPARED = "prepared"
    DECLARED = "declared"
    SENT_FOR = "sent_for"
    SEEN = "seen"
    ADDED = "added"
    BOUGHT = "bought"


BEEN_SEEN = (ShareLevel.SEEN, ShareLevel.ADDED, ShareLevel.BOUGHT)
"""Whoever came by a code has seen it, also where no page of ours was opened."""

CHANNELS = ("moments", "group", "private", "channels", "xhs", "forum", "print")
"""Labels a link may carry for where it was posted."""

FIRST_SECONDS = timedelta(seconds=10)
"""Opens this soon after the poster was made are its maker's (design 5.9)."""

UNSEEN_FOR = timedelta(days=14)
"""A poster that nobody came to see for so long was not passed on, or did not speak to anybody."""

_CRAWLERS = re.compile(
    r"bot\b|bot/|spider|crawl|slurp|preview|externalhit|monitor|headless|mpcrawler|sogou web|yisou|lighthouse",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One level reached by one code."""

    person: str
    campaign: str
    code: str
    channel: str
    level: ShareLevel
    first_at: datetime
    evidence: str


class Shares(Protocol):
    """Where shares are kept: one row per code and level, the first time it was reached."""

    def reach(self, share: Share) -> bool: ...
    def first_at(self, code: str, level: ShareLevel) -> datetime | None: ...
    def of_person(self, person: str) -> list[Share]: ...


def is_crawler(agent: str) -> bool:
    """Whether this browser name is one of the known machines that open links by themselves."""
    return bool(_CRAWLERS.search(agent))


def counts_as_seen(*, agent: str, own_device: bool, prepared_at: datetime | None, now: datetime) -> bool:
    """Whether an open of the landing page is evidence that somebody else saw the share (design 5.9)."""
    if own_device or is_crawler(agent):
        return False
    return prepared_at is None or now - prepared_at >= FIRST_SECONDS
