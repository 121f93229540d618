"""Who and what the storage tests are about: Mei invites, Jun comes, Lin serves, Bo cheats."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from referral.campaigns import Campaign, CampaignState
from referral.codes import Code
from referral.identities import Identity, IdentityKind
from referral.jobs import Job
from referral.ledger import Entry
from referral.merges import Merge
from referral.messages import DeskText, Message
from referral.notices import Notice
from referral.orders import Order, Outcome, Refund
from referral.outbox import Letter, Purpose
from referral.people import Person
from referral.referrals import Referral, ReferralStatus
from referral.rewards import Reward, RewardState, Side
from referral.shares import Share, ShareLevel
from referral.terms import Choice, Terms, Thanks
from referral.touches import Touch, TouchKind
from storage.transaction import Transaction

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
KEY = bytes(range(32))
WECOM, CRM, PHONE = IdentityKind.WECOM, IdentityKind.CRM, IdentityKind.PHONE


def after(**span: float) -> datetime:
    return NOON + timedelta(**span)


def settle(tx: Transaction, *, budget_fen: int = 1_000_000) -> Code:
    """Mei, Jun and Bo are known, Lin is a rep, one campaign runs and Mei has a code in it."""
    for person in ("mei", "jun", "bo"):
        tx.people.create(Person(id=person, nickname=person.title()), NOON)
    tx.reps.see("lin", "林")
    tx.campaigns.add(a_campaign(budget_fen=budget_fen), TERMS, NOON)
    return tx.codes.issue(KEY, campaign="c1", advocate="mei", channel="", rep="lin", now=NOON)


def settle_with_order(tx: Transaction) -> Code:
    """Jun, touched by Mei's code, has bought."""
    code = settle(tx)
    tx.touches.add(a_touch(code=code.code))
    tx.referrals.save(a_referral(code=code.code))
    tx.orders.add(an_order(person="jun", outcome=Outcome.HELD), [Identity(WECOM, "wm-jun")])
    return code


A_MONTH = Choice(kind="days", unit="days", amount=30, cost_fen=3000, says="{amount}天会员")
TERMS = Terms(
    thanks=tuple(
        Thanks(rule="first-order", side=side, cause="referral", choices=(A_MONTH,)) for side in ("advocate", "friend")
    ),
    window_days=30,
    late_days=7,
    hold_days=15,
    cap_per_year=50,
    budget_fen=1_000_000,
    attribution="last",
    new_customers_only=True,
    conversions=("order.paid",),
    min_amount_fen=0,
    both_or_neither=True,
)


def a_campaign(**changes: Any) -> Campaign:
    known: dict[str, Any] = {
        "id": "c1",
        "pack": "double-month",
        "name": "双月礼",
        "state": CampaignState.RUNNING,
        "starts_at": NOON,
        "ends_at": None,
        "budget_fen": 1_000_000,
    }
    return Campaign(**known | changes)


def a_share(**changes: Any) -> Share:
    known: dict[str, Any] = {
        "person": "mei",
        "campaign": "c1",
        "code": "CODE",
        "channel": "moments",
        "level": ShareLevel.PREPARED,
        "first_at": NOON,
        "evidence": "chat",
    }
    return Share(**known | changes)


def a_touch(**changes: Any) -> Touch:
    known: dict[str, Any] = {
        "id": "t1",
        "code": "CODE",
        "campaign": "c1",
        "advocate": "mei",
        "friend": "jun",
        "kind": TouchKind.ADD,
        "channel": "",
        "version": 1,
        "at": NOON,
        "arrived_at": NOON,
    }
    return Touch(**known | changes)


def a_referral(**changes: Any) -> Referral:
    known: dict[str, Any] = {
        "id": "r1",
        "campaign": "c1",
        "friend": "jun",
        "advocate": "mei",
        "code": "CODE",
        "touch": "t1",
        "version": 1,
        "method": "last_touch",
        "status": ReferralStatus.PENDING,
        "reason": "conversion.waiting",
        "at": NOON,
    }
    return Referral(**known | changes)


def an_order(**changes: Any) -> Order:
    known: dict[str, Any] = {
        "id": "o1",
        "source": "shop",
        "order_no": "A1",
        "kind": "order.paid",
        "amount_fen": 19_900,
        "paid_at": NOON,
        "received_at": after(seconds=1),
        "digest": "d1",
    }
    return Order(**known | changes)


def a_refund(**changes: Any) -> Refund:
    known: dict[str, Any] = {
        "id": "f1",
        "source": "shop",
        "order_no": "A1",
        "refund_no": "R1",
        "kind": "order.paid",
        "amount_fen": 500,
        "at": NOON,
        "received_at": NOON,
        "digest": "d1",
    }
    return Refund(**known | changes)


def a_reward(**changes: Any) -> Reward:
    known: dict[str, Any] = {
        "id": "w1",
        "campaign": "c1",
        "referral": "r1",
        "friend": "jun",
        "advocate": "mei",
        "person": "mei",
        "side": Side.ADVOCATE,
        "rule": "double-month",
        "kind": "days",
        "unit": "days",
        "amount": 30,
        "cost_fen": 3000,
        "reserved_fen": 3000,
        "says": "{amount}天会员",
        "created_at": NOON,
        "state": RewardState.HELD,
        "reason": "hold.running",
        "order": "o1",
        "held_at": NOON,
        "due_at": after(days=15),
    }
    return Reward(**known | changes)


def a_notice(**changes: Any) -> Notice:
    known: dict[str, Any] = {
        "id": "n1",
        "person": "mei",
        "kind": "thanks.held",
        "ref": "w1",
        "created_at": NOON,
    }
    return Notice(**known | changes)


def a_letter(letter: str = "m1", **changes: Any) -> Letter:
    message: Message = DeskText(desk="wk1", to="wm-mei", text="您好")
    known: dict[str, Any] = {
        "id": letter,
        "message": message,
        "lane": "desk:wm-mei",
        "purpose": Purpose.REPLY,
        "due_at": NOON,
    }
    return Letter(**known | changes)


def a_job(key: str = "r1", **changes: Any) -> Job:
    return Job(**{"kind": "reward.grant", "key": key, "due_at": NOON} | changes)


def an_entry(number: int = 0, **changes: Any) -> Entry:
    """Entry after entry, each with a place of its own in time; by default about a reward of its own."""
    known: dict[str, Any] = {
        "id": f"e{number:016d}",
        "at": after(seconds=number),
        "kind": "held",
        "debit": "mei:held",
        "credit": "campaign:c1",
        "unit": "days",
        "amount": 30 + number,
        "ref": f"w{number}",
    }
    return Entry(**known | changes)


def salt_of(number: int) -> bytes:
    return sha256(b"salt %d" % number).digest()[:16]


def a_merge(kept: str, gone: str) -> Merge:
    return Merge(id=f"g-{kept}-{gone}", kept=kept, gone=gone, why="crm unionid", who="identity", at=NOON)
