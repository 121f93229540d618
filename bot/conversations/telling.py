"""What a customer is told of their friends and thanks: how things stand, and why."""

from __future__ import annotations

from bot.conversations.account import Account, account_of
from bot.words import Words
from referral.facts import Facts
from referral.times import chinese_date
from storage.transaction import Transaction

_LISTED = 8  # friends named in one bubble


def progress(tx: Transaction, facts: Facts, words: Words, person: str) -> str:
    """Friends and thanks, counted and listed."""
    account = account_of(tx, person)
    if not account.codes and not account.rewards:
        return words.say("progress.not_started")
    lines = [_summary(account, words)] if account.friends or account.rewards else [words.say("progress.none")]
    lines += [_line(words, friend.name, friend.state) for friend in account.friends[:_LISTED]]
    if account.reversed:
        lines.append(words.say("progress.reversed", reversed=account.reversed))
    if account.next_due:
        lines.append(words.say("progress.due", when=chinese_date(account.next_due)))
    lines.append(words.say("progress.more", me_link=facts.own_page(person)))
    return "\n".join(lines)


def why(tx: Transaction, words: Words, person: str) -> str:
    """The reasons of what stands, one sentence each."""
    account = account_of(tx, person)
    told = [
        f"{words.friend(friend.name)} · {words.say(f'state.{friend.state}')}：{words.reason(friend.reason)}"
        for friend in account.friends[:_LISTED]
    ]
    told += [words.reason(reason) for reason in account.own_reasons]
    if not told:
        return words.say("why.none")
    return "\n".join([*dict.fromkeys(told), words.say("why.appeal")])


def _summary(account: Account, words: Words) -> str:
    return words.say(
        "progress.summary",
        friends=len(account.friends),
        bought=account.bought,
        held=account.held,
        granted=account.granted,
    )


def _line(words: Words, name: str | None, state: str) -> str:
    return words.say("progress.line", friend=words.friend(name), state=words.say(f"state.{state}"))
