"""What a customer is told of their friends and thanks: how things stand, why, and when the thanks come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot import explaining
from bot.conversations.account import Account, account_of
from bot.words import Words
from referral.appeals import open_about
from referral.explain import Explanation, Reader
from referral.facts import Facts
from referral.rewards import Reward, RewardState
from referral.times import chinese_day
from storage.transaction import Transaction


class Telling(Protocol):
    """One answer about how things stand, as text."""

    def __call__(self, tx: Transaction, facts: Facts, words: Words, person: str, /, *, now: datetime) -> str: ...


_LISTED = 8  # friends named in one bubble
_EXPLAINED = 3  # things explained in one bubble


def progress(tx: Transaction, facts: Facts, words: Words, person: str, *, now: datetime) -> str:
    """Friends and thanks, counted and listed."""
    account = account_of(tx, person, now)
    if not account.codes and not account.rewards:
        return words.say("progress.not_started")
    lines = _summary(account, words)
    lines += [_line(words, friend.name, friend.state) for friend in account.friends[:_LISTED]]
    if account.reversed:
        lines.append(words.say("progress.reversed", reversed=account.reversed))
    if account.next_due:
        lines.append(words.say("progress.due", when=chinese_day(account.next_due, now)))
    lines.append(words.say("progress.more", me_link=facts.own_page(person)))
    return "\n".join(lines)


def friends(tx: Transaction, facts: Facts, words: Words, person: str, *, now: datetime) -> str:
    """我的朋友算上了吗: the newest few friends explained, the rest counted."""
    found = [friend.told for friend in account_of(tx, person, now).friends]
    if not found:
        return words.say("explain.none_friends")
    return _told(tx, facts, words, person, found, [], now=now)


def why(tx: Transaction, facts: Facts, words: Words, person: str, *, now: datetime) -> str:
    """为什么: what does not count before what does, of friends and of the person's own."""
    found = [friend.told for friend in account_of(tx, person, now).friends]
    own = explaining.own(tx, person, now=now)
    if not found and not own:
        return words.say("why.none")
    return _told(tx, facts, words, person, sorted(found, key=_counts), sorted(own, key=_counts), now=now)


def thanks(tx: Transaction, facts: Facts, words: Words, person: str, *, now: datetime) -> str:
    """谢礼什么时候到: what is under way before what is done, the newest first."""
    found = sorted(tx.rewards.of_person(person), key=_urgency)
    if not found:
        return words.say("explain.none_thanks")
    told = [explaining.reward(tx, each, reader=Reader.ADVOCATE) for each in found]
    shown = told[:_EXPLAINED]
    reviewed = open_about(tx.appeals.of_person(person))
    lines = [explaining.line(words, each, "thanks", now=now, reviewing=each.about in reviewed) for each in shown]
    return _joined(words, facts, person, lines, shown, left=len(told) - len(shown))


def disputes(tx: Transaction, person: str, *, now: datetime) -> list[Explanation]:
    """What an appeal may be about, the newest first: what does not count of friends, of their own, of other thanks.

    What a colleague is looking at already is among them only where there is nothing else.
    """
    friends = [friend.told for friend in account_of(tx, person, now).friends]
    own = explaining.own(tx, person, now=now)
    covered = {each.about for each in (*friends, *own)}
    others = [r for r in tx.rewards.of_person(person) if not {f"referral:{r.referral}", f"order:{r.order}"} & covered]
    found = [*friends, *own, *(explaining.reward(tx, each, reader=Reader.ADVOCATE) for each in reversed(others))]
    refused = [each for each in found if not each.counts]
    reviewed = open_about(tx.appeals.of_person(person))
    return [each for each in refused if each.about not in reviewed] or refused


def _told(
    tx: Transaction,
    facts: Facts,
    words: Words,
    person: str,
    friends: Sequence[Explanation],
    own: Sequence[Explanation],
    *,
    now: datetime,
) -> str:
    reviewed = open_about(tx.appeals.of_person(person))
    shown = [(each, "line") for each in friends[:_EXPLAINED]] + [(each, "own") for each in own[:_EXPLAINED]]
    lines = [explaining.line(words, each, key, now=now, reviewing=each.about in reviewed) for each, key in shown]
    left = max(0, len(friends) - _EXPLAINED)
    return _joined(words, facts, person, lines, [each for each, _ in shown if each.about not in reviewed], left=left)


def _joined(
    words: Words, facts: Facts, person: str, lines: list[str], told: Sequence[Explanation], *, left: int
) -> str:
    """Lines, how many more there are, what the reader can do, and that a colleague can look again."""
    more = [words.say("explain.more", count=left, me_link=facts.own_page(person))] if left else []
    appeal = [] if all(each.counts for each in told) else [words.say("why.appeal")]
    return "\n".join([*lines, *more, *explaining.advice(words, told), *appeal])


def _counts(each: Explanation) -> bool:
    return each.counts


def _urgency(reward: Reward) -> tuple[int, float]:
    moved = reward.reversed_at or reward.granted_at or reward.held_at or reward.created_at
    return _ORDER.get(reward.state, len(_ORDER)), -moved.timestamp()


_ORDER = {RewardState.APPROVED: 0, RewardState.HELD: 1, RewardState.GRANTED: 2}


def _summary(account: Account, words: Words) -> list[str]:
    """How many friends and thanks there are; of friends nothing to who has no code to bring them with."""
    friends = ""
    if account.friends:
        friends = words.say("progress.summary", friends=len(account.friends), bought=account.bought)
    elif account.codes:
        friends = words.say("progress.none")
    thanks = words.say("progress.thanks", held=account.held, granted=account.granted) if account.thanks else ""
    return [line for line in (friends + thanks,) if line]


def _line(words: Words, name: str | None, state: str) -> str:
    return words.say("progress.line", friend=words.friend(name), state=words.say(f"state.{state}"))
