"""Touches: every recorded contact between a code and a friend. Each is kept for ever, with the rules it met."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from referral import due_rows
from referral.ids import Bits, new_id
from referral.referrals import Referral, ReferralStatus
from referral.shares import Share, ShareLevel

if TYPE_CHECKING:
    from referral.tx import Tx


class TouchKind(StrEnum):
    """How a friend came into contact with a code."""

    VIEW = "view"
    ADD = "add"
    CODE = "code"
    ORDER = "order"
    CLAIM = "claim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One contact. `friend` is None while only a device is known; `version` is the frozen rule version of the campaign.

    `at` is when it happened, `arrived_at` when we learned of it; `row` is the order of arrival. `void` says why it can
    count for nothing, empty where it can.
    """

    id: str
    code: str
    campaign: str
    advocate: str
    friend: str | None
    kind: TouchKind
    channel: str
    version: int
    at: datetime
    arrived_at: datetime
    device: str | None = None
    row: int = 0
    void: str = ""


class Touches(Protocol):
    """Where touches are kept."""

    def add(self, touch: Touch) -> None: ...
    def of_friend(self, friend: str) -> list[Touch]: ...
    def seen_by(self, device: str, code: str, since: datetime) -> bool: ...
    def codes_of(self, person: str) -> list[str]: ...


def touch_by_code(
    tx: Tx,
    friend: str,
    code_text: str,
    *,
    kind: TouchKind,
    at: datetime,
    now: datetime,
    rng: Bits,
) -> Touch | None:
    """Record that a known friend met a code, and who their referral now points to.

    None for an unknown code, and for a touch that is kept but cannot count: before the campaign's start, after its end,
    and while it is paused, but for friends who had come before.

    Until a conversion decides, a campaign's pending referral follows its rule: the last touch, or the first.
    """
    code = tx.codes.find(code_text)
    campaign = tx.campaigns.get(code.campaign) if code else None
    if code is None or campaign is None:
        return None
    # Nobody met a code before it was made; and platforms tell time in whole seconds, so we compare in them.
    at = max(at, code.created_at).replace(microsecond=0)
    known = tx.referrals.find(code.campaign, friend)
    touch = Touch(
        id=new_id(rng, "t"),
        code=code.code,
        campaign=code.campaign,
        advocate=code.advocate,
        friend=friend,
        kind=kind,
        channel=code.channel,
        version=campaign.version,
        at=at,
        arrived_at=now,
        void=campaign.refuses(at, came_before=known is not None),
    )
    tx.touches.add(touch)
    if touch.void:
        return None
    if touch.advocate != friend:
        _point_referral(tx, touch, rng=rng)
        if touch.kind is not TouchKind.ORDER:  # who only bought with the code has added nobody
            tx.shares.reach(_added(touch))
    return touch


def _point_referral(tx: Tx, touch: Touch, *, rng: Bits) -> None:
    assert touch.friend
    known = tx.referrals.find(touch.campaign, touch.friend)
    if known is None:
        tx.referrals.save(_pending(new_id(rng, "r"), touch))
        _count_visitor(tx, touch.advocate)
    elif known.status is ReferralStatus.PENDING and _overtakes(tx, touch, known):
        moved = _pending(known.id, touch)
        tx.referrals.save(replace(moved, disclosed=known.disclosed) if known.advocate == touch.advocate else moved)


def _count_visitor(tx: Tx, advocate: str) -> None:
    """One more friend came to look: her posters reach further than was known."""
    moment = tx.moments.get(advocate)
    if moment.customer_since:
        due_rows.hurry(tx, moment.but(visitors=moment.visitors + 1))


def point_again(tx: Tx, friend: str) -> None:
    """Let every pending referral of a person follow its rule again, after their touches became more or fewer."""
    touches = [t for t in tx.touches.of_friend(friend) if counts(t, friend)]
    for known in tx.referrals.of_friend(friend):
        mine = [t for t in touches if t.campaign == known.campaign]
        if known.status is ReferralStatus.PENDING and mine:
            latest = max(mine, key=_happened)
            first = tx.campaigns.terms(latest.campaign, latest.version).attribution == "first"
            moved = _pending(known.id, min(mine, key=_happened) if first else latest)
            if (moved.advocate, moved.touch) != (known.advocate, known.touch):
                tx.referrals.save(replace(moved, disclosed=known.disclosed) if _same(moved, known) else moved)


def counts(touch: Touch, friend: str) -> bool:
    """Whether a touch may bring its advocate anything: not a device's view, not one's own code, not a void one."""
    return touch.kind is not TouchKind.VIEW and not touch.void and touch.advocate != friend


def _same(one: Referral, other: Referral) -> bool:
    return one.advocate == other.advocate


def _happened(touch: Touch) -> tuple[datetime, datetime, int]:
    return touch.at, touch.arrived_at, touch.row


def _pending(referral_id: str, touch: Touch) -> Referral:
    assert touch.friend
    return Referral(
        id=referral_id,
        campaign=touch.campaign,
        friend=touch.friend,
        advocate=touch.advocate,
        code=touch.code,
        touch=touch.id,
        version=touch.version,
        method=touch.kind.value,
        status=ReferralStatus.PENDING,
        reason="conversion.waiting",
        at=touch.at,
    )


def _overtakes(tx: Tx, touch: Touch, known: Referral) -> bool:
    if tx.campaigns.terms(touch.campaign, touch.version).attribution == "first":
        return touch.at < known.at
    return touch.at >= known.at


def _added(touch: Touch) -> Share:
    return Share(
        person=touch.advocate,
        campaign=touch.campaign,
        code=touch.code,
        channel=touch.channel,
        level=ShareLevel.ADDED,
        first_at=touch.at,
        evidence=f"touch:{touch.id}",
    )
