"""The explainer at work: looks up what is on record, and words each explanation for who reads it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bot.words import Words
from referral import explain
from referral.attribution import DEFAULT_LATE_DAYS, Reason
from referral.explain import Advice, Explanation, Reader
from referral.orders import Order, Outcome
from referral.referrals import Referral
from referral.rewards import Reward, RewardState
from referral.terms import Terms
from referral.times import chinese_day
from storage.times import iso
from storage.transaction import Transaction

_STAFF = (Reader.REP, Reader.AUDITOR)


def referral(tx: Transaction, found: Referral, *, reader: Reader, now: datetime) -> Explanation:
    """How one friend's coming stands, as this reader may know it."""
    return explain.of_referral(
        found,
        friend=tx.people.get(found.friend),
        rewards=_seen(tx.rewards.of_referral(found.id), reader),
        terms=tx.campaigns.terms(found.campaign, found.version),
        reader=reader,
        now=now,
        order=tx.orders.get(found.order) if found.order else None,
    )


def reward(tx: Transaction, found: Reward, *, reader: Reader) -> Explanation:
    """How one thanks stands, as this reader may know it."""
    order = tx.orders.get(found.order) if found.order else None
    approval = tx.rewards.approval(found.id) if found.state is RewardState.HELD else None
    approving = approval is not None and approval.answer is None
    return explain.of_reward(found, terms_of(tx, found), reader=reader, order=order, approving=approving)


def order(tx: Transaction, found: Order, *, reader: Reader, now: datetime) -> Explanation:
    """How one act of a buyer stands, as this reader may know it."""
    known = tx.referrals.get(found.referral) if found.referral else None
    late_days = tx.campaigns.terms(known.campaign, known.version).late_days if known else DEFAULT_LATE_DAYS
    rewards = _seen(brought(tx, found), reader)
    return explain.of_order(found, rewards=rewards, late_days=late_days, reader=reader, now=now)


def brought(tx: Transaction, found: Order) -> list[Reward]:
    """The thanks that one act of a buyer brought, of both sides."""
    rewards = tx.rewards.of_referral(found.referral) if found.referral else []
    return [reward for reward in rewards if reward.order == found.id]


def _seen(rewards: list[Reward], reader: Reader) -> list[Reward]:
    """Those that this reader may know of: their own, or all for staff."""
    if reader in _STAFF:
        return rewards
    side = "advocate" if reader is Reader.ADVOCATE else "friend"
    return [reward for reward in rewards if reward.side.value == side]


def own(tx: Transaction, person: str, *, now: datetime) -> list[Explanation]:
    """What a person did and said as somebody's friend, the newest first."""
    bought = [order(tx, each, reader=Reader.FRIEND, now=now) for each in tx.orders.of_person(person) if _concerns(each)]
    named = [explain.of_claim(each.id, each.said_at, each.expires_at) for each in tx.claims.open_of(person)]
    return sorted([*bought, *named], key=lambda each: each.since, reverse=True)


def terms_of(tx: Transaction, found: Reward) -> Terms:
    """The rules that a thanks was made under."""
    known = tx.referrals.get(found.referral) if found.referral else None
    campaign = tx.campaigns.get(found.campaign)
    assert campaign
    return tx.campaigns.terms(found.campaign, (known or campaign).version)


def line(words: Words, each: Explanation, key: str, *, now: datetime, reviewing: bool = False) -> str:
    """One line for a customer: how it stands, since when, why, and until when that may change."""
    stock = {
        "friend": words.friend(each.name),
        "state": words.say(f"state.{each.state}"),
        "when": chinese_day(each.since, now),
        "reason": words.say("explain.reviewing") if reviewing else words.reason(each.reason),
    }
    return words.say(f"explain.{key}", stock) + ("" if reviewing else until(words, each, now=now))


def until(words: Words, each: Explanation, *, now: datetime) -> str:
    """Until when something may still change, in a sentence; empty where nothing may."""
    if each.change is None or each.until is None or each.until < now:
        return ""
    return words.say(f"explain.until_{each.change.value}", when=chinese_day(each.until, now))


def advice(words: Words, told: Iterable[Explanation]) -> list[str]:
    """What the reader can do now, each advice once; how to appeal is a line of its own."""
    wanted = dict.fromkeys(each.advice for each in told if each.advice)
    return [words.say(f"explain.do_{each.value}") for each in wanted if each is not Advice.APPEAL]


def as_json(each: Explanation, words: Words) -> dict[str, Any]:
    """An explanation for the command line and the API, in the words of staff."""
    return {
        "about": each.about,
        "state": each.state,
        "since": iso(each.since),
        "method": each.method,
        "reason": {"code": each.reason, "text": words.reason(each.reason, audience="staff")},
        "missing": [missing.value for missing in each.missing],
        "change": each.change.value if each.change else None,
        "until": iso(each.until),
        "do": each.advice.value if each.advice else None,
    }


def _concerns(found: Order) -> bool:
    """Whether somebody may wonder about it: not a purchase that nobody referred and for which it is too late to say."""
    return found.outcome is not Outcome.NO_REFERRAL or found.reasons[-1:] != (Reason.TOUCH_NONE,)
