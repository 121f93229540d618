"""The shop for points: what there is, what somebody took for theirs, and what was called back.

An exchange is one movement of points and one thanks of its own, which goes the way of every thanks: to a connector
where one makes its kind real, and to its person at once where none does. Neither is there without the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from referral import ledger, points, thanks
from referral.attribution import Reason
from referral.errors import BadInput, NotFound, RuleViolation
from referral.ids import Bits, new_id
from referral.rewards import Cause, Reward, RewardState, Side
from referral.wording import lint

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

KINDS = ("coupon", "gift", "privilege")
"""What points can be exchanged for. Never money, which would make money of points."""

MOST_POINTS, MOST_STOCK, MOST_DAYS, MOST_FEN = 10_000_000, 1_000_000, 3650, 5_000_000
LONGEST_TITLE = 20  # characters
LONGEST_WHY = 200  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing on the shelf. `value` names a privilege, or which coupon it is; `valid_days` 0 stands for ever."""

    id: str
    title: str
    points: int
    stock: int
    kind: str
    added_at: datetime
    value: str = ""
    valid_days: int = 0
    cost_fen: int = 0
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redemption:
    """An exchange; `once` is the form's own name, so that one sent twice counts once."""

    id: str
    person: str
    item: str
    reward: str
    points: int
    once: str
    at: datetime
    returned_at: datetime | None = None


class Shop(Protocol):
    """Where the shelf and the exchanges are kept."""

    def add(self, item: Item) -> None: ...
    def get(self, item: str) -> Item | None: ...
    def all(self) -> list[Item]: ...
    def open(self) -> list[Item]: ...
    def close(self, item: str, now: datetime) -> bool: ...
    def take(self, item: str) -> bool: ...
    def put_back(self, item: str) -> None: ...
    def redeem(self, redemption: Redemption) -> None: ...
    def redeemed(self, person: str, once: str) -> Redemption | None: ...
    def redemption(self, redemption: str) -> Redemption | None: ...
    def of_reward(self, reward: str) -> Redemption | None: ...
    def redemptions(self, limit: int) -> list[Redemption]: ...
    def returned(self, redemption: str, now: datetime) -> bool: ...


def add(tx: Tx, facts: Facts, item: Item, *, by: str, now: datetime) -> Item:
    """Put a thing on the shelf. Raises `BadInput` naming what is wrong, also where its name may not be said."""
    if problem := _problem(item, facts.industry):
        raise BadInput(*problem)
    tx.shop.add(item)
    tx.audit.note(by, "shop.add", item.id, f"{item.title} {item.points} × {item.stock}", now)
    return item


def close(tx: Tx, item_id: str, *, by: str, now: datetime) -> Item:
    """Take a thing off the shelf; what was exchanged before stays as it is."""
    if not tx.shop.close(item_id, now):
        raise NotFound(f"没有在架的这一件：{item_id}")
    tx.audit.note(by, "shop.close", item_id, "", now)
    item = tx.shop.get(item_id)
    assert item
    return item


def redeem(tx: Tx, facts: Facts, person: str, item_id: str, once: str, *, now: datetime, rng: Bits) -> Redemption:
    """Exchange points for a thing. Raises `RuleViolation` where it is gone, or the points do not reach."""
    if known := tx.shop.redeemed(person, once):
        return known
    item = tx.shop.get(item_id)
    if item is None or item.closed_at:
        raise RuleViolation("shop.closed", "这一件已经下架了。")
    if points.balance_of(tx, person) < item.points:
        raise RuleViolation("shop.points", "积分还不够换这一件。")
    reward = _reward(tx, item, person, now=now, rng=rng)
    if not tx.shop.take(item.id):
        raise RuleViolation("shop.empty", "这一件刚刚换完了，积分没有动。")
    made = Redemption(
        id=new_id(rng, "d"), person=person, item=item.id, reward=reward.id, points=item.points, once=once, at=now
    )
    tx.rewards.add(reward)
    tx.shop.redeem(made)
    mine = ledger.account_of(person, RewardState.GRANTED)
    ledger.move(tx, "spent", mine, points.spent_on(item.id), points.UNIT, item.points, made.id, now=now, rng=rng)
    ledger.record(tx, reward, RewardState.HELD, now=now, rng=rng)
    thanks.grant(tx, facts, reward.id, now=now, rng=rng)
    return made


def cancel(tx: Tx, facts: Facts, redemption_id: str, why: str, *, by: str, now: datetime, rng: Bits) -> Redemption:
    """Call an exchange back: the points return. Raises `RuleViolation` where it was used or sent."""
    found = tx.shop.redemption(redemption_id)
    reward = tx.rewards.get(found.reward) if found else None
    if found is None or reward is None:
        raise NotFound(f"没有这次兑换：{redemption_id}")
    why = " ".join(why.split())
    if not why or len(why) > LONGEST_WHY or not why.isprintable():
        raise BadInput("--why", f"请写明原因，最多 {LONGEST_WHY} 个字")
    if found.returned_at or not reward.is_counted:
        raise RuleViolation("redemption.over", "这次兑换已经退回，或者已经过期。")
    if not thanks.withdraw(tx, facts, reward, Reason.CORRECTED, now=now, rng=rng):
        raise RuleViolation("redemption.used", "已经用掉或者寄出了，退不回来。")
    tx.audit.note(by, "shop.cancel", found.id, why, now)
    kept = tx.shop.redemption(found.id)
    assert kept
    return kept


def _reward(tx: Tx, item: Item, person: str, *, now: datetime, rng: Bits) -> Reward:
    """The thanks that an exchange brings. It costs the campaign nothing: its points were paid for when they came."""
    reward = new_id(rng, "w")
    return Reward(
        id=reward,
        campaign=_campaign(tx, person),
        referral=None,
        friend=None,
        order=None,
        person=person,
        side=Side.ADVOCATE,
        cause=Cause.REDEMPTION,
        rule=f"redemption.{reward}",
        kind=item.kind,
        unit="pieces",
        amount=1,
        cost_fen=0,
        says=item.title,
        value=item.value,
        valid_days=item.valid_days,
        state=RewardState.HELD,
        reason=Reason.HOLD_RUNNING,
        created_at=now,
        held_at=now,
        due_at=now,
    )


def _campaign(tx: Tx, person: str) -> str:
    """The campaign that their newest points came from."""
    came = [r for r in tx.rewards.of_person(person) if r.unit == points.UNIT and r.granted_at]
    if not came:
        raise RuleViolation("shop.points", "积分还不够换这一件。")
    return max(came, key=lambda r: (r.granted_at, r.id)).campaign


def _problem(item: Item, industry: str) -> tuple[str, str] | None:
    """Which field is wrong and why."""
    title = item.title.strip()
    if not title or len(title) > LONGEST_TITLE or not title.isprintable() or set(title) & set("{}"):
        return "TITLE", f"请写 1 到 {LONGEST_TITLE} 个字，不能含有花括号和控制字符"
    if found := lint(title, edition="chat", industry=industry):
        return "TITLE", f"「{found[0].text}」{found[0].why}（{found[0].rule}）"
    if item.kind not in KINDS:
        return "--kind", f"请写 {' '.join(KINDS)} 中的一种"
    if item.kind == "privilege" and not item.value.strip():
        return "--value", "权益要有名称"
    numbers = (
        ("--points", item.points, 1, MOST_POINTS),
        ("--stock", item.stock, 1, MOST_STOCK),
        ("--valid-days", item.valid_days, 0, MOST_DAYS),
        ("--cost-fen", item.cost_fen, 0, MOST_FEN),
    )
    wrong = next(((name, low, high) for name, value, low, high in numbers if not low <= value <= high), None)
    return (wrong[0], f"请写 {wrong[1]} 到 {wrong[2]} 之间的整数") if wrong else None
