"""Notices: good news a person has not heard yet. It goes out while a window is open; otherwise it waits, visibly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from referral import addresses, choices, hours, sums
from referral.attribution import Reason
from referral.consent import NUDGES, Answer
from referral.framing import pronoun_for
from referral.ids import Bits, new_id
from referral.jobs import Job
from referral.messages import DeskMenu, DeskText, MenuItem
from referral.outbox import Purpose, post
from referral.referrals import Disclosure
from referral.rewards import Cause, Reward, RewardState, Side
from referral.times import chinese_date

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

OPEN_FOR = timedelta(hours=48)
ARRIVED = "arrived"
REFUSED = "refused"
OF_THANKS = "thanks."
OF_CLAIMS = "claim."
ADDRESS = "address"
OF_APPEAL = "appeal.answered"
"""The kind of the news that an appeal was answered; it refers to the appeal."""
STORY = "story"
"""The kind of the news that a story was selected; it refers to the story."""

DELIVER = "notices.deliver"
"""The job that tells a person in the morning what came up at night; its key is the person."""

CARRIES = "notices:"
"""How a letter's `dedupe` names the notices it carries, so that they wait again if it does not arrive."""

MENU_HEAD = 1024
"""As many bytes as the head of a menu may have (platform.md 5.3)."""

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
        window = tx.windows.latest(person)
        if window and window.is_open(now):
            _put_off(tx, facts, person, now=now)


def _put_off(tx: Tx, facts: Facts, person: str, *, now: datetime) -> None:
    """Deliver as soon as the hours allow: at once, or rather when all that happens now is on record, so that what
    belongs together is said together."""
    opens = hours.next_opening(facts.hours, now, facts.workdays)
    due = now if hours.are_open(facts.hours, now, facts.workdays) else opens
    tx.jobs.put(Job(kind=DELIVER, key=person, due_at=due))


def deliver(tx: Tx, facts: Facts, person: str, *, now: datetime, rng: Bits, answering: bool = False) -> None:
    """Send what waits for a person, in one bubble, where a window is open and they did not ask for silence.

    Outside the hours it waits for the morning, unless it goes along with an answer to the person's own message.
    """
    window = tx.windows.latest(person)
    waiting = tx.notices.waiting(person)
    if not waiting or window is None or not window.is_open(now) or is_silent(tx, person):
        return
    if not answering and not hours.are_open(facts.hours, now, facts.workdays):
        _put_off(tx, facts, person, now=now)
        return
    post(
        tx,
        _bubble(tx, facts, window, waiting),
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


def _bubble(tx: Tx, facts: Facts, window: Window, waiting: Sequence[Notice]) -> DeskText | DeskMenu:
    """What waits, as one message; where its person may choose a form of the one thanks told of, as a menu of them."""
    text = "\n\n".join(said(tx, facts, waiting))
    rewards = [reward for notice in waiting if (reward := _reward(tx, notice)) and choices.forms(tx, reward)]
    if len(rewards) == 1:
        head = f"{text}\n{facts.words.say('choice.ask', count=len(choices.forms(tx, rewards[0])))}"
        if len(head.encode()) <= MENU_HEAD:
            forms = enumerate(choices.forms(tx, rewards[0]))
            items = tuple(MenuItem(text=facts.words.thanks(f), id=choices.item(rewards[0].id, n)) for n, f in forms)
            return DeskMenu(desk=window.desk, to=window.handle, head=head, items=items)
    return DeskText(desk=window.desk, to=window.handle, text=text)


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
    """Tell the person of a reward that it is held or granted, or that it came to nothing.

    What was not heard yet is replaced by the newer news; that it came to nothing is told only to someone who heard of
    the thanks, or exchanged points for it.
    """
    unheard = tx.notices.void(reward.person, reward.id)
    if state in (RewardState.REVERSED, RewardState.REJECTED) and unheard and reward.cause is not Cause.REDEMPTION:
        return
    tell(tx, facts, reward.person, f"{OF_THANKS}{state.value}", reward.id, now=now, rng=rng)


def held(tx: Tx, facts: Facts, reward: Reward, *, now: datetime, rng: Bits) -> None:
    """Tell the person of a reward that was just put on record: there is no older news of it."""
    tell(tx, facts, reward.person, f"{OF_THANKS}{RewardState.HELD.value}", reward.id, now=now, rng=rng)


def refused(tx: Tx, facts: Facts, reward: Reward, *, now: datetime, rng: Bits) -> None:
    """Tell the person that a thanks could not be held, and why: the budget, a cap."""
    tell(tx, facts, reward.person, f"{OF_THANKS}{REFUSED}", reward.id, now=now, rng=rng)


def ask_address(tx: Tx, facts: Facts, reward: Reward, *, now: datetime, rng: Bits) -> None:
    """Ask the person of a gift where it is to be sent, instead of whatever of it they have not heard yet."""
    tx.notices.void(reward.person, reward.id)
    tell(tx, facts, reward.person, f"{OF_THANKS}{ADDRESS}", reward.id, now=now, rng=rng)


def said(tx: Tx, facts: Facts, waiting: Sequence[Notice]) -> list[str]:
    """What waits, in words; news of thanks that differs in nothing but the thanks is one sentence, with their sum."""
    together: dict[tuple[str, str], list[Notice]] = {}
    for notice in waiting:
        together.setdefault(_occasion(tx, facts, notice), []).append(notice)
    return [line for notices in together.values() for line in _together(tx, facts, notices)]


def _occasion(tx: Tx, facts: Facts, notice: Notice) -> tuple[str, str]:
    reward = _reward(tx, notice)
    if reward is None:
        return "", worded(tx, facts, notice)
    key = _key(tx, facts, reward, _news(notice))
    return key, facts.words.say(key, _stock(tx, facts, reward) | dict.fromkeys(_SUMMED, ""))


_SUMMED = ("advocate_thanks", "friend_thanks", "points")
"""What is added up where several thanks are told of at once."""


def _together(tx: Tx, facts: Facts, notices: Sequence[Notice]) -> list[str]:
    rewards = [reward for notice in notices if (reward := _reward(tx, notice))]
    if not rewards:
        return [worded(tx, facts, notices[0])]
    key, stock = _key(tx, facts, rewards[0], _news(notices[0])), _stock(tx, facts, rewards[0])
    if (friends := len({reward.friend for reward in rewards})) > 1:
        stock["friend"] = facts.words.say("notice.friends", count=friends)
    stock["points"] = sum(_exchanged(tx, reward) for reward in rewards)
    told = sums.sentences([reward.form for reward in rewards], facts.words.thanks)
    return [facts.words.say(key, stock | {"advocate_thanks": all_of, "friend_thanks": all_of}) for all_of in told]


def _news(notice: Notice) -> str:
    return notice.kind.removeprefix(OF_THANKS)


def _reward(tx: Tx, notice: Notice) -> Reward | None:
    """The thanks that a notice is about, if it is about one."""
    return tx.rewards.get(notice.ref) if notice.kind.startswith(OF_THANKS) else None


def worded(tx: Tx, facts: Facts, notice: Notice) -> str:
    """What a notice says now: a friend who has changed their mind is not named any more."""
    if notice.kind == ARRIVED:
        referral = tx.referrals.get(notice.ref)
        friend = tx.people.get(referral.friend) if referral else None
        return facts.words.say("notice.arrived", friend=(friend.called if friend else "") or "您的朋友")
    if notice.kind == STORY:
        return facts.words.say("story.selected", link=facts.story_page(notice.ref))
    if notice.kind == OF_APPEAL:
        appeal = tx.appeals.get(notice.ref)
        return facts.words.say("notice.appeal_answered", answer=appeal.answer if appeal else "")
    if notice.kind.startswith(OF_CLAIMS):
        claim = tx.claims.get(notice.ref)
        assert claim
        named = {"name": claim.name, "pronoun": pronoun_for(claim.name)}
        return facts.words.say(f"notice.{notice.kind.replace('.', '_')}", named)
    reward = tx.rewards.get(notice.ref)
    assert reward
    return facts.words.say(_key(tx, facts, reward, _news(notice)), _stock(tx, facts, reward))


def _key(tx: Tx, facts: Facts, reward: Reward, news: str) -> str:
    """Which words news of a reward takes: by side, by what it is for, by who hands it over, by why it failed."""
    if news == ADDRESS:
        return "notice.address"
    if news == RewardState.GRANTED and addresses.parcel_of(tx, reward):
        return "notice.sent"
    if reward.cause is Cause.REDEMPTION:
        return "notice.granted_redemption" if news == RewardState.GRANTED else "notice.returned_redemption"
    if news in (RewardState.REVERSED, RewardState.REJECTED):
        return _undone(reward)
    if news == RewardState.GRANTED and reward.kind in _BY_HAND and reward.kind not in facts.connectors:
        return "notice.by_hand"
    if news == RewardState.HELD and reward.reason == Reason.SUSPECT_REVIEW:
        return "notice.held_review_friend" if reward.side is Side.FRIEND else "notice.held_review"
    if reward.side is Side.FRIEND:
        return f"notice.{news}_friend"
    return f"notice.{news}" if reward.cause is Cause.REFERRAL else f"notice.{news}_{reward.cause.value}"


def _undone(reward: Reward) -> str:
    """A refund takes back, whatever else it was that stood against a thanks; one that had arrived was not awaited."""
    if reward.reason == Reason.MILESTONE_MISSED:
        return "notice.reversed_milestone"
    what = "reversed" if reward.reason in _TAKEN_BACK else "corrected"
    if reward.granted_at and (what == "corrected" or reward.cause is not Cause.REFERRAL):
        return "notice.reversed_other"
    if reward.cause is not Cause.REFERRAL:
        return "notice.corrected_other"
    return f"notice.{what}_friend" if reward.side is Side.FRIEND else f"notice.{what}"


_BY_HAND = ("cash", "gift")
"""What reaches nobody by itself: without a connector a colleague hands it over."""

_TAKEN_BACK = (Reason.REFUND_FULL, Reason.REFUND_BELOW_MINIMUM, Reason.REFUND_BEFORE_GRANT)


def _stock(tx: Tx, facts: Facts, reward: Reward) -> dict[str, object]:
    """Every value that news of a reward may name. The friend is named to the advocate only with the friend's yes."""
    referral = tx.referrals.get(reward.referral) if reward.referral else None
    campaign = tx.campaigns.get(reward.campaign)
    assert campaign
    friend = tx.people.get(reward.friend) if reward.friend else None
    named = friend.called if friend and referral and referral.disclosed is Disclosure.YES else None
    thanked = facts.words.thanks(reward.form)
    return {
        **facts.words.offer(campaign.pack, tx.campaigns.terms(campaign.id, (referral or campaign).version)),
        "company": facts.company,
        "advocate_thanks": thanked,
        "friend_thanks": thanked,
        "points": _exchanged(tx, reward),
        "parcel": addresses.parcel_of(tx, reward),
        "friend": facts.words.friend(named),
        "when": chinese_date(reward.due_at) if reward.due_at else "",
        "me_link": facts.own_page(reward.person),
        "reason": facts.words.reason(reward.reason),
    }


def _exchanged(tx: Tx, reward: Reward) -> int:
    """How many points it was exchanged for."""
    exchange = tx.shop.of_reward(reward.id) if reward.cause is Cause.REDEMPTION else None
    return exchange.points if exchange else 0
