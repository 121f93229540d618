"""Domains: that WeChat does not open our links any more, as an operator said, and what follows from it.

No interface of the platform tells (platform.md names none): somebody opens a link in WeChat and sees it. From then on
posters whose QR is our own link carry one of the platform's entrances, until the block is lifted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from referral import managers
from referral.campaigns import Campaign
from referral.carriers import IN_PLACE, SPOKEN, Carrier
from referral.errors import BadInput, NotFound
from referral.ids import Bits

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """A domain of ours that WeChat does not open, and since when we know."""

    host: str
    since: datetime


class Domains(Protocol):
    """Where blocked domains are kept."""

    def block(self, host: str, now: datetime) -> bool: ...
    def clear(self, host: str) -> bool: ...
    def blocked(self) -> list[Blocked]: ...


def host_of(address: str) -> str:
    """The domain of an address, in small letters and without its port; of a bare domain that itself.

    Raises `BadInput` for what is no address.
    """
    try:
        return (urlsplit(address if "//" in address else f"//{address}").hostname or "").rstrip(".")
    except ValueError:
        raise BadInput("HOST", f"{address} 不是网址，也不是域名") from None


def is_blocked(tx: Tx, facts: Facts) -> bool:
    """Whether our links do not open in WeChat now."""
    own = host_of(facts.public_url)
    return any(each.host == own for each in tx.domains.blocked())


def block(tx: Tx, facts: Facts, host: str, *, who: str, now: datetime, rng: Bits) -> None:
    """Note that WeChat does not open the domain of our links, and alarm whoever answers for campaigns; once.

    Raises `BadInput` for a domain that our links are not on.
    """
    named, own = host_of(host), host_of(facts.public_url)
    if named != own:
        raise BadInput("HOST", f"链接用的域名是 {own}（[server] public_url），不是 {named or host}")
    if not tx.domains.block(own, now):
        return
    tx.audit.note(who, "domain.block", own, "", now)
    concerned = [each for each in tx.campaigns.all() if _concerns(facts, each, now)]
    instead = next((each for each in IN_PLACE if each is not Carrier.LANDING and each in facts.carriers), None)
    stock: dict[str, object] = {"host": own, "count": len(concerned)}
    if instead is None:
        managers.tell(tx, facts, "rep.domain_stuck", stock, now=now, rng=rng)
    else:
        managers.tell(tx, facts, "rep.domain_blocked", stock | {"instead": SPOKEN[instead]}, now=now, rng=rng)


def clear(tx: Tx, facts: Facts, host: str, *, who: str, now: datetime, rng: Bits) -> list[str]:
    """Note that a domain, or without a name every one, opens in WeChat again; which they were.

    Raises `NotFound` for one that is not blocked.
    """
    known = [each.host for each in tx.domains.blocked()]
    named = [host_of(host)] if host else known
    if host and named[0] not in known:
        raise NotFound(f"{named[0] or host} 没有标记为被拦截")
    for each in named:
        tx.domains.clear(each)
        tx.audit.note(who, "domain.clear", each, "", now)
        if each == host_of(facts.public_url):
            managers.tell(tx, facts, "rep.domain_clear", {"host": each}, now=now, rng=rng)
    return named


def _concerns(facts: Facts, campaign: Campaign, now: datetime) -> bool:
    """Whether friends may come by a poster of this campaign whose QR is our own link."""
    on_page = campaign.carrier is Carrier.LANDING or campaign.carrier not in facts.carriers
    return on_page and campaign.is_open(now)
