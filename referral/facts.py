"""What the use cases know about the house they work for; made once, at the composition root."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from referral.announcements import Listeners
from referral.carriers import Carrier
from referral.floor import Policy
from referral.fulfilment import Connectors
from referral.hours import DEFAULT, Hours
from referral.workdays import WEEKDAYS, Workdays

if TYPE_CHECKING:
    from referral.offers import Audience
    from referral.terms import Choice, Terms


class Words(Protocol):
    """The words people read, by key; values are plain text, and what they leave open comes from `stock`."""

    def say(self, key: str, stock: Mapping[str, object] | None = None, /, **values: object) -> str: ...
    def reason(self, code: str, *, audience: str = "customer") -> str: ...
    def friend(self, name: str | None) -> str: ...
    def offer(self, pack: str, terms: Terms) -> Mapping[str, object]: ...
    def thanks(self, choice: Choice) -> str: ...
    def audience(self, pack: str) -> Audience: ...
    def framings(self, pack: str) -> Sequence[str]: ...
    def early(self, pack: str) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The company and its addresses.

    `own_page` gives the address of a person's own `/me` page by their id; `desk` is the customer-service account that
    links lead to, None where there is none; `hours` are those for unasked messages, by the calendar `workdays`, and
    `policy` says how often; `rep_page` gives a rep's list as a link that is good for a day; `holdout` is the share of
    people who are never nudged, 0-1; without `welcomes` another program greets new contacts. `managers` are the staff
    who may approve what reps start; `industry` says which words are unlawful here; `connectors` name who makes which
    kind of thanks real, and `listeners` which of them are told of what. `carriers` are what the QR of a
    poster can be here.
    """

    company: str
    public_url: str
    code_key: bytes
    words: Words
    own_page: Callable[[str], str]
    desk: str | None = None
    hours: Hours = DEFAULT
    workdays: Workdays = WEEKDAYS
    policy: Policy = field(default_factory=Policy)
    rep_page: Callable[[str, datetime], str] = lambda rep, now: ""  # noqa: ARG005  # no pages, no link
    holdout: float = 0.1
    welcomes: bool = True
    managers: tuple[str, ...] = ()
    industry: str = "other"
    connectors: Connectors = field(default_factory=dict)
    listeners: Listeners = field(default_factory=dict)
    carriers: frozenset[Carrier] = frozenset({Carrier.LANDING})

    def link(self, code: str) -> str:
        """The short link of a code."""
        return f"{self.public_url}/i/{code}"

    def rules_page(self, campaign: str) -> str:
        """Where a campaign's whole rules stand."""
        return f"{self.public_url}/rules/{campaign}"

    def story_page(self, story: str) -> str:
        """Where a story stands on the wall."""
        return f"{self.public_url}/stories/{story}"

    @property
    def desk_page(self) -> str:
        """Our own address that leads on to the desk's chat, good before the platform has given us its link."""
        return f"{self.public_url}/desk"
