"""Notices: good news a person has not heard yet. It goes out while a window is open; otherwise it waits, visibly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from referral.consent import NUDGES, Answer
from referral.ids import Bits, new_id
from referral.messages import DeskText
from referral.outbox import Purpose, post
from referral.referrals import Disclosure
from referral.rewards import Reward, RewardState, Side
from referral.times import chinese_date

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

OPEN_FOR = timedelta(hours=48)
CARRIES = "notices:"
"""How a letter's `dedupe` names the notices it carries, so that they wait again if it does not arrive."""

PER_WINDOW = 5
"""A desk may write this often after a customer's last words (platform.md 5.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One piece of news for one person about one thing (`ref`); `text` is what will be said."""

    id: str
    person: str
    kind: str
    ref: str
    text: str
    created_at: datetime
    told_at: datetime | None = None


class Notices(Protocol):
    """Where notices wait. `add` returns False if this person was given this news before."""

    def add(self, notice: Notice) -> bool: ...
    def waiting(self, person: str) -> list[Notice]: ...
    def tell(self, notice: str, now: datetime) -> None: ...
    def void(self, person: str, ref: str) -> bool: ...
    def wait_again(self, notice: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A desk chat, with when the customer last wrote and how much was sent back since."""

    desk: str
    person: str
    handle: str
    said_at: datetime
    sent: int

    def is_open(self, now: datetime) -> bool:
        """Whether one more message may go out now."""
        return now - self.said_at < OPEN_FOR and self.sent < PER_WINDOW


class Windows(Protocol):
    """Where desk chats are kept."""

    def opened(self, desk: str, person: str, handle: str, at: datetime) -> None: ...
    def latest(self, person: str) -> Window | None: ...
    def spend(self, desk: str, person: str, count: int) -> None: ...


def tell(tx: Tx, person: str, kind: str, ref: str, text: str, *, now: datetime, rng: Bits) -> None:
    """Give a person news, once per `kind` and `ref`: now if a window is open, else when they next write."""
    notice = Notice(id=new_id(rng, "n"), person=person, kind=kind, ref=ref, text=text, created_at=now)
    if tx.notices.add(notice):
        deliver(tx, person, now=now, rng=rng)


def deliver(tx: Tx, person: str, *, now: datetime, rng: Bits) -> None:
    """Send what waits for a person, all in one bubble, where a window is open and they did not ask for silence."""
    window = tx.windows.latest(person)
    waiting = tx.notices.waiting(person)
    if not waiting or window is None or not window.is_open(now) or is_silent(tx, person):
        return
    text = "\n\n".join(dict.fromkeys(n.text for n in waiting))
    message = DeskText(desk=window.desk, to=window.handle, text=text)
    carried = CARRIES + ",".join(n.id for n in waiting)
    post(
        tx,
        message,
        lane=f"desk:{window.handle}",
        purpose=Purpose.THANKS,
        person=person,
        now=now,
        rng=rng,
        dedupe=carried,
    )
    tx.windows.spend(window.desk, person, 1)
    for notice in waiting:
        tx.notices.tell(notice.id, now)


def undelivered(tx: Tx, dedupe: str | None) -> None:
    """A letter did not arrive: the notices it carried wait again."""
    if dedupe and dedupe.startswith(CARRIES):
        for notice in dedupe.removeprefix(CARRIES).split(","):
            tx.notices.wait_again(notice)


def is_silent(tx: Tx, person: str) -> bool:
    """Whether this person asked not to be reminded any more."""
    latest = tx.consent.latest(person, NUDGES)
    return latest is not None and latest.answer is Answer.WITHDRAWN


def thanks(tx: Tx, facts: Facts, reward: Reward, state: RewardState, *, now: datetime, rng: Bits) -> None:
    """Tell the person of a reward that it is held, granted or reversed.

    What was not heard yet is replaced by the newer news; a reversal is told only to someone who heard of the thanks.
    """
    unheard = tx.notices.void(reward.person, reward.id)
    if state is RewardState.REVERSED and unheard:
        return
    text = facts.words.say(_KEYS[state, reward.side], _stock(tx, facts, reward))
    tell(tx, reward.person, f"thanks.{state.value}", reward.id, text, now=now, rng=rng)


_KEYS = {
    (state, side): f"notice.{state.value}{'' if side is Side.ADVOCATE else '_friend'}"
    for state in (RewardState.HELD, RewardState.GRANTED, RewardState.REVERSED)
    for side in Side
}


def _stock(tx: Tx, facts: Facts, reward: Reward) -> dict[str, object]:
    """Every value that news of a reward may name. The friend is named to the advocate only with the friend's yes."""
    referral = tx.referrals.get(reward.referral)
    campaign = tx.campaigns.get(reward.campaign)
    assert referral and campaign
    friend = tx.people.get(reward.friend)
    named = friend.nickname if friend and referral.disclosed is Disclosure.YES else None
    return {
        **facts.words.offer(campaign.pack, tx.campaigns.terms(campaign.id, referral.version)),
        "company": facts.company,
        "friend": facts.words.friend(named),
        "when": chinese_date(reward.due_at) if reward.due_at else "",
        "me_link": facts.own_page(reward.person),
    }
