"""Notices: good news a person has not heard yet. It goes out while a window is open; otherwise it waits, visibly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from referral import hours
from referral.consent import NUDGES, Answer
from referral.ids import Bits, new_id
from referral.jobs import Job
from referral.messages import DeskText
from referral.outbox import Purpose, post
from referral.referrals import Disclosure
from referral.rewards import Reward, RewardState, Side
from referral.times import chinese_date

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

OPEN_FOR = timedelta(hours=48)
ARRIVED = "arrived"
DELIVER = "notices.deliver"
"""The job that tells a person in the morning what came up at night; its key is the person."""

CARRIES = "notices:"
"""How a letter's `dedupe` names the notices it carries, so that they wait again if it does not arrive."""

PER_WINDOW = 5
"""A desk may write this often after a customer's last words (platform.md 5.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One piece of news for one person about a referral or a reward (`ref`). Its words are made when it is said."""

    id: str
    person: str
    kind: str
    ref: str
    created_at: datetime
    told_at: datetime | None = None


class Notices(Protocol):
    """Where notices wait. `add` returns False if this person was given this news before."""

    def add(self, notice: Notice) -> bool: ...
    def waiting(self, person: str) -> list[Notice]: ...
    def tell(self, notice: str, now: datetime) -> None: ...
    def wait_again(self, notice: str) -> None: ...
    def void(self, person: str, ref: str) -> bool: ...


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


def tell(tx: Tx, facts: Facts, person: str, kind: str, ref: str, *, now: datetime, rng: Bits) -> None:
    """Give a person news, once per `kind` and `ref`: as soon as a window is open, else when they next write."""
    if tx.notices.add(Notice(id=new_id(rng, "n"), person=person, kind=kind, ref=ref, created_at=now)):
        deliver(tx, facts, person, now=now, rng=rng)


def deliver(tx: Tx, facts: Facts, person: str, *, now: datetime, rng: Bits, answering: bool = False) -> None:
    """Send what waits for a person, in one bubble, where a window is open and they did not ask for silence.

    Outside the hours it waits for the morning, unless it goes along with an answer to the person's own message.
    """
    window = tx.windows.latest(person)
    waiting = tx.notices.waiting(person)
    if not waiting or window is None or not window.is_open(now) or is_silent(tx, person):
        return
    if not answering and not hours.are_open(facts.hours, now, facts.workdays):
        opening = hours.next_opening(facts.hours, now, facts.workdays)
        tx.jobs.put(Job(kind=DELIVER, key=person, due_at=opening))
        return
    text = "\n\n".join(dict.fromkeys(worded(tx, facts, notice) for notice in waiting))
    post(
        tx,
        DeskText(desk=window.desk, to=window.handle, text=text),
        lane=f"desk:{window.handle}",
        purpose=Purpose.REPLY if answering else Purpose.THANKS,
        person=person,
        now=now,
        rng=rng,
        dedupe=f"{CARRIES}{','.join(n.id for n in waiting)}@{now.timestamp()}",
    )
    tx.windows.spend(window.desk, person, 1)
    for notice in waiting:
        tx.notices.tell(notice.id, now)


def undelivered(tx: Tx, dedupe: str | None) -> None:
    """A letter did not arrive: the notices it carried wait again, but for those that newer news has overtaken."""
    if dedupe and dedupe.startswith(CARRIES):
        for notice in dedupe.removeprefix(CARRIES).partition("@")[0].split(","):
            tx.notices.wait_again(notice)


def take_back(tx: Tx, person: str, why: str, *, now: datetime) -> None:
    """Stop what is queued for a person and was not asked for; the news in it waits again."""
    for dedupe in tx.outbox.drop_unasked(person, why, now):
        undelivered(tx, dedupe)


def disclose(tx: Tx, facts: Facts, friend: str, referral_id: str, yes: bool, *, now: datetime, rng: Bits) -> bool:
    """Keep a friend's answer whether the advocate may know; on a yes the advocate hears that they came.

    After a no the name is taken out of everything that has not gone yet. False if the question is not the friend's.
    """
    referral = tx.referrals.get(referral_id)
    if referral is None or referral.friend != friend:
        return False
    tx.referrals.disclose(referral_id, Disclosure.YES if yes else Disclosure.NO)
    if yes:
        tell(tx, facts, referral.advocate, ARRIVED, referral_id, now=now, rng=rng)
    elif referral.disclosed is Disclosure.YES:
        take_back(tx, referral.advocate, "name_withdrawn", now=now)
        tx.notices.void(referral.advocate, referral_id)
        deliver(tx, facts, referral.advocate, now=now, rng=rng)
    return True


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
    tell(tx, facts, reward.person, f"thanks.{state.value}", reward.id, now=now, rng=rng)


def worded(tx: Tx, facts: Facts, notice: Notice) -> str:
    """What a notice says now: a friend who has changed their mind is not named any more."""
    if notice.kind == ARRIVED:
        referral = tx.referrals.get(notice.ref)
        friend = tx.people.get(referral.friend) if referral else None
        return facts.words.say("notice.arrived", friend=(friend.called if friend else "") or "您的朋友")
    reward = tx.rewards.get(notice.ref)
    assert reward
    suffix = "" if reward.side is Side.ADVOCATE else "_friend"
    return facts.words.say(f"notice.{notice.kind.removeprefix('thanks.')}{suffix}", _stock(tx, facts, reward))


def _stock(tx: Tx, facts: Facts, reward: Reward) -> dict[str, object]:
    """Every value that news of a reward may name. The friend is named to the advocate only with the friend's yes."""
    referral = tx.referrals.get(reward.referral)
    campaign = tx.campaigns.get(reward.campaign)
    assert referral and campaign
    friend = tx.people.get(reward.friend)
    named = friend.called if friend and referral.disclosed is Disclosure.YES else None
    return {
        **facts.words.offer(campaign.pack, tx.campaigns.terms(campaign.id, referral.version)),
        "company": facts.company,
        "friend": facts.words.friend(named),
        "when": chinese_date(reward.due_at) if reward.due_at else "",
        "me_link": facts.own_page(reward.person),
    }
