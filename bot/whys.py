"""Why things stand as they do for a person, an order or a reward: one answer for the command line and the API."""

from __future__ import annotations

from typing import Any, Protocol

from bot import explaining
from bot.appealing import as_json as appeal_json
from bot.hooks.reading import Naming
from bot.naming import identity_of
from bot.suspecting import briefly
from bot.verdicts import as_json as verdict_json
from bot.verdicts import nudge_as_json
from bot.words import Words
from referral.attribution import Reason
from referral.errors import BadInput, NotFound
from referral.explain import Explanation, Reader, reason_now
from referral.facts import Facts
from referral.foresight import verdict_on
from referral.orders import Order
from referral.people import Person
from referral.referrals import Referral
from referral.rewards import Reward
from referral.times import Clock
from storage.times import iso
from storage.transaction import Transaction


class Asker(Protocol):
    """What an answer is worded with."""

    @property
    def facts(self) -> Facts: ...
    @property
    def words(self) -> Words: ...
    @property
    def naming(self) -> Naming: ...
    @property
    def clock(self) -> Clock: ...


def explain(here: Asker, tx: Transaction, what: str) -> dict[str, Any]:
    """Why things stand as they do for `PERSON`, `order:SOURCE/NO` or `reward:ID`, as design 5.1 has it.

    Raises `BadInput` for what names none of them, `NotFound` for what is not known.
    """
    kind, _, name = what.partition(":")
    if kind == "order":
        source, slash, number = name.partition("/")
        if not slash:
            raise BadInput("order", "请写成 order:SOURCE/NO")
        orders = tx.orders.named(source, number)
        if not orders:
            raise NotFound(f"没有这个订单：{source}/{number}")
        return of_order(here, tx, orders[-1])
    if kind == "reward":
        return of_reward(here, tx, name)
    return of_person(here, tx, _found(here, tx, what))


def _found(here: Asker, tx: Transaction, name: str) -> Person:
    identity = identity_of(name, here.naming)
    person = tx.people.find(identity) if identity else tx.people.get(name)
    if person is None:
        raise NotFound(f"没有找到这个人：{name}")
    return person


def of_person(here: Asker, tx: Transaction, person: Person) -> dict[str, Any]:
    """What a person passed on, brought and was thanked for, and whether they would be asked now."""
    return {
        "person": _who(tx, person),
        "shares": [
            {
                "campaign": share.campaign,
                "code": share.code,
                "channel": share.channel,
                "level": share.level.value,
                "first_at": iso(share.first_at),
                "evidence": share.evidence,
            }
            for share in tx.shares.of_person(person.id)
        ],
        "referrals": _referrals(here, tx, person),
        "rewards": [_reward_row(here, tx, reward) for reward in tx.rewards.of_person(person.id)],
        "nudge": _nudge(here, tx, person),
        "appeals": [appeal_json(tx, here.facts, appeal) for appeal in tx.appeals.of_person(person.id)],
    }


def _nudge(here: Asker, tx: Transaction, person: Person) -> dict[str, Any]:
    """What the plan would do about this person now, and the last time they were to be asked."""
    now = here.clock()
    verdict = verdict_on(tx, here.facts, person.id, at=now)
    assert verdict
    told = verdict_json(verdict, here.words)
    last = tx.nudges.latest_ask(person.id)
    names = ("decision", "why", "against", "not_before", "score", "gate", "channel", "for", "action", "change")
    return {name: told[name] for name in names} | {
        "model": tx.models.current().version,
        "last": nudge_as_json(last, here.words) if last else None,
    }


def _who(tx: Transaction, person: Person) -> dict[str, Any]:
    names = {identity.kind.value: identity.value for identity in tx.people.identities(person.id)}
    return {"id": person.id, "crm_id": names.get("crm"), "external_userid": names.get("wecom")}


def _referrals(here: Asker, tx: Transaction, person: Person) -> list[dict[str, Any]]:
    """What this person brought, and how they came themselves."""
    mine = [*tx.referrals.of_advocate(person.id), *tx.referrals.of_friend(person.id)]
    return [_referral_row(here, tx, referral) for referral in mine]


def _referral_row(here: Asker, tx: Transaction, referral: Referral) -> dict[str, Any]:
    return {
        "id": referral.id,
        "campaign": referral.campaign,
        "advocate": referral.advocate,
        "friend": referral.friend,
        "status": referral.status.value,
        "method": referral.method,
        "reason": _reason(here, reason_now(referral.reason, tx.rewards.of_referral(referral.id))),
        "explained": _explained(here, explaining.referral(tx, referral, reader=Reader.AUDITOR, now=here.clock())),
        "suspicion": _suspicion(here, tx, referral.id),
    }


def of_order(here: Asker, tx: Transaction, order: Order) -> dict[str, Any]:
    """What became of an order."""
    referral = tx.referrals.get(order.referral) if order.referral else None
    rewards = explaining.brought(tx, order)
    return {
        "order": {
            "id": order.id,
            "source": order.source,
            "order_no": order.order_no,
            "kind": order.kind,
            "amount_fen": order.amount_fen,
            "refunded_fen": order.refunded_fen,
            "at": iso(order.paid_at),
            "person": order.person,
        },
        "outcome": order.outcome.value,
        "reasons": [_reason(here, reason_now(reason, rewards)) for reason in order.reasons],
        "referral": _referral_row(here, tx, referral) if referral else None,
        "rewards": [_reward_row(here, tx, reward) for reward in rewards],
        "explained": _explained(here, explaining.order(tx, order, reader=Reader.AUDITOR, now=here.clock())),
    }


def of_reward(here: Asker, tx: Transaction, name: str) -> dict[str, Any]:
    """How a thanks stands. Raises `NotFound`."""
    reward = tx.rewards.get(name)
    if reward is None:
        raise NotFound(f"没有这份谢礼：{name}")
    return {"reward": _reward_row(here, tx, reward)}


def _reward_row(here: Asker, tx: Transaction, reward: Reward) -> dict[str, Any]:
    order = tx.orders.get(reward.order) if reward.order else None
    return {
        "id": reward.id,
        "campaign": reward.campaign,
        "referral": reward.referral,
        "person": reward.person,
        "side": reward.side.value,
        "kind": reward.kind,
        "unit": reward.unit,
        "amount": reward.amount,
        "state": reward.state.value,
        "reason": _reason(here, reward.reason),
        "held_at": iso(reward.held_at),
        "due_at": iso(reward.due_at),
        "granted_at": iso(reward.granted_at),
        "reversed_at": iso(reward.reversed_at),
        "order": order.name if order else None,
        "expires_at": iso(reward.expires_at),
        "story": reward.story,
        "what": here.words.thanks(reward.form),
        "explained": _explained(here, explaining.reward(tx, reward, reader=Reader.AUDITOR)),
        "suspicion": _suspicion(here, tx, reward.referral),
    }


def _suspicion(here: Asker, tx: Transaction, referral: str | None) -> dict[str, Any] | None:
    """What was found that speaks for its being made up; an addition to design 5.1."""
    found = tx.suspicions.get(referral) if referral else None
    return briefly(here.words, found) if found else None


def _explained(here: Asker, told: Explanation) -> dict[str, Any]:
    """What is missing, what may still change it and until when; an addition to design 5.1."""
    return explaining.as_json(told, here.words)


def _reason(here: Asker, code: Reason | str) -> dict[str, str]:
    return {"code": str(code), "text": here.words.reason(str(code), audience="staff")}
