"""`why PERSON | order:SOURCE/NO | reward:ID`: every decision with its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.cli.house import House, opened, run
from bot.cli.options import as_json, configured, show
from bot.cli.spoken import NO_CAMPAIGN, sentences
from bot.naming import identity_of
from bot.verdicts import as_json as verdict_json
from bot.verdicts import nudge_as_json
from referral.attribution import Reason
from referral.decisions import Send
from referral.errors import BadInput, NotFound
from referral.foresight import verdict_on
from referral.orders import Order
from referral.people import Person
from referral.plan import open_campaigns
from referral.referrals import Referral
from referral.rewards import Reward
from storage.times import iso
from storage.transaction import Transaction


@click.command()
@click.argument("what", metavar="PERSON | order:SOURCE/NO | reward:ID")
@configured
@as_json
def why(what: str, config_file: Path, json_: bool) -> None:
    """Why things stand as they do for a person, an order or a reward."""
    found = run(_why(config_file, what))
    if json_:
        return show(found)
    return click.echo("\n".join(sentences(found)))


async def _why(config_file: Path, what: str) -> dict[str, Any]:
    async with opened(config_file) as here:
        return await here.store.read(lambda tx: _explain(here, tx, what))


def _explain(here: House, tx: Transaction, what: str) -> dict[str, Any]:
    kind, _, name = what.partition(":")
    if kind == "order":
        source, slash, number = name.partition("/")
        if not slash:
            raise BadInput("order", "请写成 order:SOURCE/NO")
        return _order(here, tx, source, number)
    if kind == "reward":
        return _reward(here, tx, name)
    return _person(here, tx, what)


def _person(here: House, tx: Transaction, name: str) -> dict[str, Any]:
    identity = identity_of(name, here.naming)
    person = tx.people.find(identity) if identity else tx.people.get(name)
    if person is None:
        raise NotFound(f"没有找到这个人：{name}")
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
    }


def _nudge(here: House, tx: Transaction, person: Person) -> dict[str, Any]:
    """What the plan would do about this person now, and the last time they were to be asked."""
    now = here.clock()
    verdict = verdict_on(tx, here.facts, person.id, at=now)
    assert verdict
    if isinstance(verdict.decision, Send) and not open_campaigns(tx, now):
        click.echo(NO_CAMPAIGN, err=True)
    told = verdict_json(verdict, here.words)
    last = tx.nudges.latest_ask(person.id)
    names = ("decision", "why", "against", "not_before", "score", "gate", "channel")
    return {name: told[name] for name in names} | {"last": nudge_as_json(last) if last else None}


def _who(tx: Transaction, person: Person) -> dict[str, Any]:
    names = {identity.kind.value: identity.value for identity in tx.people.identities(person.id)}
    return {"id": person.id, "crm_id": names.get("crm"), "external_userid": names.get("wecom")}


def _referrals(here: House, tx: Transaction, person: Person) -> list[dict[str, Any]]:
    """What this person brought, and how they came themselves."""
    mine = [*tx.referrals.of_advocate(person.id), *tx.referrals.of_friend(person.id)]
    return [_referral_row(here, referral) for referral in mine]


def _referral_row(here: House, referral: Referral) -> dict[str, Any]:
    return {
        "id": referral.id,
        "campaign": referral.campaign,
        "advocate": referral.advocate,
        "friend": referral.friend,
        "status": referral.status.value,
        "method": referral.method,
        "reason": _reason(here, referral.reason),
    }


def _order(here: House, tx: Transaction, source: str, number: str) -> dict[str, Any]:
    orders = tx.orders.named(source, number)
    if not orders:
        raise NotFound(f"没有这个订单：{source}/{number}")
    order: Order = orders[-1]
    referral = tx.referrals.get(order.referral) if order.referral else None
    rewards = [r for r in tx.rewards.of_referral(referral.id) if r.order == order.id] if referral else []
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
        "reasons": [_reason(here, reason) for reason in order.reasons],
        "referral": _referral_row(here, referral) if referral else None,
        "rewards": [_reward_row(here, tx, reward) for reward in rewards],
    }


def _reward(here: House, tx: Transaction, name: str) -> dict[str, Any]:
    reward = tx.rewards.get(name)
    if reward is None:
        raise NotFound(f"没有这份谢礼：{name}")
    return {"reward": _reward_row(here, tx, reward)}


def _reward_row(here: House, tx: Transaction, reward: Reward) -> dict[str, Any]:
    order = tx.orders.get(reward.order)
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
    }


def _reason(here: House, code: Reason | str) -> dict[str, str]:
    return {"code": str(code), "text": here.words.reason(str(code), audience="staff")}
