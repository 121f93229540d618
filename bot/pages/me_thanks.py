"""The own page's thanks and points, read from what is kept: where each stands, what is missing, how it is used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot import explaining
from bot.fulfilment.given import Safe
from bot.pages.thanks_views import Option, PointsView, ShopRow, ThanksRow, Tone, Voucher, Wants
from bot.words import Words
from referral import addresses, choices, coupons, points
from referral.coupons import Coupon, Standing
from referral.explain import Change, Reader
from referral.facts import Facts
from referral.fulfilment import CONFIRM, OPENID
from referral.ids import Bits, new_id
from referral.rewards import Cause, Reward, RewardState, Side
from referral.times import SHANGHAI, chinese_date, chinese_day
from storage.transaction import Transaction

NAME_CONSENT = (
    "我同意{company}保存我的真实姓名，只用于给我转现金谢礼时核对收款人和依法申报个人所得税。"
    "可以随时在这里撤回，撤回不影响已经完成的转账。"
)
"""The words of the separate consent to a real name."""

_TONES: dict[str, Tone] = {"granted": "good", "reversed": "off", "rejected": "off", "expired": "off"}
_OCCASIONS = {
    Cause.REFERRAL: "谢谢您的推荐",
    Cause.MILESTONE: "谢谢您的推荐",
    Cause.STORY: "谢谢您写给我们的故事",
    Cause.MANUAL: "我们的一点心意",
    Cause.REDEMPTION: "用积分换的",
}
_HOW = {
    "coupon": "在店里打开这一页给店员看就能用，一次用完。",
    "privilege": "要用的时候，跟您的顾问说一声就行。",
}
_WAITS = {
    CONFIRM: "转账已经发出，请在微信里点一次「确认收款」。",
    OPENID: "还没有对上您的微信收款账号，请回复「人工」，同事帮您对。",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ThanksReading:
    """Reads one person's thanks and points at one moment; `home` is the path of their page."""

    tx: Transaction
    facts: Facts
    words: Words
    safe: Safe
    home: str
    now: datetime
    rng: Bits

    def row(self, reward: Reward) -> ThanksRow:
        """One thanks."""
        coupon = self.tx.coupons.of_reward(reward.id) if reward.kind == "coupon" else None
        stands = coupons.standing(coupon, reward, self.now) if coupon else None
        good = stands is Standing.GOOD
        wants = self._wants(reward)
        recorded = reward.state is not RewardState.REJECTED
        return ThanksRow(
            id=reward.id,
            what=self.words.thanks(reward.form),
            occasion="欢迎您的到来" if reward.side is Side.FRIEND else _OCCASIONS[reward.cause],
            status=self.words.say(f"state.{self._state(reward, stands, wants)}"),
            note=self._note(reward, coupon, wants),
            at=_day(reward.granted_at or reward.reversed_at or reward.held_at),
            proof_url=f"{self.home}/proof/{reward.id}" if recorded else None,
            tone="plain" if stands is Standing.USED else _TONES.get(reward.state.value, "plain"),
            how=self._how(reward, has_voucher=good),
            voucher=self._voucher(coupon) if coupon and good else None,
            options=self._options(reward),
            wants=wants,
            given=self._given(reward) if wants == "address" else "",
        )

    def _voucher(self, coupon: Coupon) -> Voucher:
        return Voucher(code=coupon.code, qr_url=f"{self.home}/coupon/{coupon.reward}.png")

    def shelf(self, person: str) -> PointsView | None:
        """How their points stand, and the shelf; None for who never had any."""
        stand = points.of(self.tx, person, self.now)
        if not stand.known:
            return None
        items = tuple(
            ShopRow(
                id=item.id,
                title=item.title,
                points=item.points,
                note=f"换了以后{item.valid_days}天内有效" if item.valid_days else "",
                enough=stand.balance >= item.points,
                once=new_id(self.rng, "f"),
            )
            for item in self.tx.shop.open()
        )
        return PointsView(balance=stand.balance, note=self._points_note(stand), items=items)

    def _points_note(self, stand: points.Points) -> str:
        if stand.balance < 0:
            return "有谢礼随退款退回了，以后来的积分会先补上。"
        if stand.lapse is None:
            return ""
        return f"其中{stand.lapse.points}积分到{chinese_day(stand.lapse.at, self.now)}为止，过期就用不了了。"

    def _state(self, reward: Reward, stands: Standing | None, wants: Wants) -> str:
        """The key of the state's words."""
        if self._returned(reward):
            return "returned"
        if stands is not None and reward.state is RewardState.GRANTED:
            return {Standing.GOOD: "usable", Standing.USED: "used", Standing.EXPIRED: "expired"}.get(stands, "reversed")
        if wants and not self._is_given(reward):
            return "needs"
        return "sent" if self._parcel(reward) else reward.state.value

    def _note(self, reward: Reward, coupon: Coupon | None, wants: Wants) -> str:
        """When it is expected, what it waits for, until when it is good, or why it came to nothing."""
        match reward.state:
            case RewardState.GRANTED if coupon and coupon.used_at:
                return f"{_day(coupon.used_at)}在{coupon.shop}用过了"
            case RewardState.GRANTED:
                parcel, until = self._parcel(reward), reward.expires_at
                return f"快递单号 {parcel}" if parcel else f"{chinese_day(until, self.now)}前有效" if until else ""
            case RewardState.APPROVED:
                return self._on_its_way(reward, wants)
            case RewardState.EXPIRED:
                return f"{_day(reward.expires_at)}到期"
            case _ if returned := self._returned(reward):
                return f"{returned}积分已经退回"
            case _:
                return self._explained(reward)

    def _returned(self, reward: Reward) -> int:
        """How many points came back, where it was exchanged for some and came to nothing."""
        if reward.cause is not Cause.REDEMPTION or reward.is_counted or reward.state is RewardState.EXPIRED:
            return 0
        exchange = self.tx.shop.of_reward(reward.id)
        return exchange.points if exchange else 0

    def _explained(self, reward: Reward) -> str:
        told = explaining.reward(self.tx, reward, reader=Reader.ADVOCATE)
        if told.change is Change.REFUND and told.until and told.until > self.now:
            return f"预计{chinese_date(told.until)}到账"
        return self.words.reason(reward.reason)

    def _on_its_way(self, reward: Reward, wants: Wants) -> str:
        if wants == "address":
            return "地址收到了，同事会尽快寄出。" if self._is_given(reward) else "请告诉我们寄到哪里，填好就安排。"
        if wants == "name":
            return "这一笔要核对收款人的真实姓名，填好就转给您。"
        bill = self.tx.bills.of_reward(reward.id)
        return _WAITS.get(bill.needs if bill else "", "") or self.words.reason(reward.reason)

    def _how(self, reward: Reward, *, has_voucher: bool) -> str:
        if reward.state is not RewardState.GRANTED or (reward.kind == "coupon" and not has_voucher):
            return ""
        return _HOW.get(reward.kind, "")

    def _parcel(self, reward: Reward) -> str:
        return addresses.parcel_of(self.tx, reward)

    def _options(self, reward: Reward) -> tuple[Option, ...]:
        forms = choices.forms(self.tx, reward)
        return tuple(
            Option(number=number, words=self.words.thanks(form), chosen=form == reward.form)
            for number, form in enumerate(forms)
        )

    def _wants(self, reward: Reward) -> Wants:
        if reward.state is not RewardState.APPROVED:
            return ""
        if self.safe.may_address(self.tx, reward):
            return "address"
        return "name" if addresses.needs_name(self.tx, reward) else ""

    def _is_given(self, reward: Reward) -> bool:
        return self.tx.addresses.of_reward(reward.id) is not None

    def _given(self, reward: Reward) -> str:
        kept = self.safe.address(self.tx, reward)
        return f"{veiled(kept.name)}　{kept.phone[:3]}****{kept.phone[-4:]}" if kept else ""


def veiled(name: str) -> str:
    """A real name, unreadable but for its beginning."""
    return name[:1] + "*" * min(2, len(name) - 1)


def _day(at: datetime | None) -> str:
    if at is None:
        return ""
    local = at.astimezone(SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日"
