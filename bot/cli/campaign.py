"""`campaign start|list|show|edit|pause|resume|end` and `code`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from bot.campaigning import MOST_FEN, forecast_as_json, guard_as_json, pause_as_json
from bot.campaigning import as_json as campaign_json
from bot.cli.house import opened, operate, run
from bot.cli.options import as_json, configured, show, show_list
from bot.domaining import blocked_as_json
from referral import carriers
from referral.budgets import forecast_of
from referral.campaigns import BUDGET, GUARDRAIL, OPERATOR, SPOKEN, CampaignState
from referral.carriers import Carrier
from referral.errors import BadInput, NotFound
from referral.guardrails import percent
from referral.tolls import Upset
from storage.transaction import Transaction

_PAUSES = {
    BUDGET: "预算不够下一位朋友，追加后自动恢复",
    GUARDRAIL: "退订或投诉超过上限，要有人看过再恢复",
    OPERATOR: "同事暂停的",
}
_UPSETS = {Upset.OPTOUT: "退订", Upset.COMPLAINT: "投诉"}
_HEAD = ("编号", "礼包", "名称", "状态", "开始", "结束", "预算", "已用")
_carrier = click.option(
    "--carrier", type=click.Choice([each.value for each in Carrier]), help="What the QR of its posters leads to."
)


@click.group()
def campaign() -> None:
    """Campaigns: start, look at, edit, pause, resume, end."""


@campaign.command()
@click.argument("pack")
@configured
@click.option("--name", help="What staff call it.")
@click.option("--from", "from_", metavar="DATE", help="First day, in Beijing.")
@click.option("--to", metavar="DATE", help="Last day, in Beijing.")
@click.option("--budget-fen", type=click.IntRange(0, MOST_FEN), help="What all thanks together may cost, in fen.")
@click.option("--set", "set_", multiple=True, metavar="KEY=VALUE", help="Another number or rule of the pack.")
@_carrier
@as_json
def start(
    pack: str,
    config_file: Path,
    *,
    name: str | None,
    from_: str | None,
    to: str | None,
    budget_fen: int | None,
    set_: tuple[str, ...],
    carrier: str | None,
    json_: bool,
) -> None:
    """Start a campaign from an offer pack."""
    args = {"pack": pack, "name": name, "from": from_, "to": to, "budget_fen": budget_fen, "set": _pairs(set_)}
    args["carrier"] = carrier
    _print(run(operate(config_file, "campaign.start", args)), json_=json_)


@campaign.command("list")
@configured
@as_json
def list_(config_file: Path, json_: bool) -> None:
    """All campaigns."""
    found = run(_all(config_file, pauses=not json_))
    show_list(found, _HEAD, lambda each: tuple(_spoken(each).values()), nothing="还没有活动", json_=json_)


@campaign.command("show")
@click.argument("campaign_id", metavar="ID")
@configured
@as_json
def show_(campaign_id: str, config_file: Path, json_: bool) -> None:
    """One campaign, and when its budget will be used up."""
    found = run(_one(config_file, campaign_id))
    _print(found, json_=json_)
    if not json_:
        click.echo("\n".join([*_foreseen(found), *_guarded(found["guardrail"])]))


@campaign.command()
@click.argument("campaign_id", metavar="ID")
@configured
@click.option("--set", "set_", multiple=True, metavar="KEY=VALUE", help="A number or rule, only to the better.")
@click.option("--budget-fen", type=click.IntRange(0, MOST_FEN), help="More than it is now.")
@click.option("--to", metavar="DATE", help="A later last day, in Beijing.")
@_carrier
@as_json
def edit(
    campaign_id: str,
    config_file: Path,
    set_: tuple[str, ...],
    budget_fen: int | None,
    to: str | None,
    carrier: str | None,
    json_: bool,
) -> None:
    """Change a campaign that runs, only to the consumers' advantage; for anything else start a new one.

    Friends who came before keep the rules that they met. What its posters carry is no rule and may always change.
    """
    args = {"id": campaign_id, "set": _pairs(set_), "budget_fen": budget_fen, "to": to, "carrier": carrier}
    _print(run(operate(config_file, "campaign.edit", args)), json_=json_)


def _moving(verb: str, says: str) -> click.Command:
    @click.argument("campaign_id", metavar="ID")
    @configured
    @as_json
    def move(campaign_id: str, config_file: Path, json_: bool) -> None:
        _print(run(operate(config_file, f"campaign.{verb}", {"id": campaign_id})), json_=json_)

    return click.command(verb, help=says)(move)


campaign.add_command(_moving("pause", "Stop inviting; friends who already came still count."))
campaign.add_command(_moving("resume", "Go on after a pause."))
campaign.add_command(_moving("end", "End it for good; what is held is still granted."))


@click.command()
@click.argument("person")
@click.option("--campaign", "campaign_id", required=True, metavar="ID")
@configured
@as_json
def code(person: str, campaign_id: str, config_file: Path, json_: bool) -> None:
    """The invite code of PERSON in a campaign; a person not yet known becomes known by this identity."""
    made = run(operate(config_file, "code", {"person": person, "campaign": campaign_id}))
    if json_:
        return show(made)
    return click.echo(f"{made['code']}  {made['url']}")


async def _all(config_file: Path, *, pauses: bool) -> list[dict[str, Any]]:
    """All campaigns, for a reader with why each is paused."""
    async with opened(config_file) as here:
        now = here.clock()
        found = await here.store.read(lambda tx: tx.campaigns.all())
        return [campaign_json(each, now) | (pause_as_json(each, now) if pauses else {}) for each in found]


async def _one(config_file: Path, campaign_id: str) -> dict[str, Any]:
    async with opened(config_file) as here:
        now = here.clock()

        def look(tx: Transaction) -> dict[str, Any]:
            found = tx.campaigns.get(campaign_id)
            if found is None:
                raise NotFound(f"没有这个活动：{campaign_id}")
            told = campaign_json(found, now) | pause_as_json(found, now) | blocked_as_json(tx, here.facts)
            told |= guard_as_json(tx, here.facts, found, now)
            return told | forecast_as_json(forecast_of(tx, found, now=now))

        return await here.store.read(look)


def _foreseen(made: dict[str, Any]) -> Iterator[str]:
    """What its posters carry, and what its budget will do."""
    told = made["forecast"]
    yield f"海报载体  {carriers.SPOKEN[Carrier(made['carrier'])]}"
    if host := made["blocked_host"]:
        yield f"提醒  {host} 标记为在微信里打不开，二维码是邀请页的海报改用平台入口（taoli domain show）"
    yield f"已兑现  {made['spent_fen'] / 100:.2f} 元"
    yield f"还剩  {told['left_fen'] / 100:.2f} 元"
    yield f"近两周每天约  {told['a_day_fen'] / 100:.2f} 元"
    yield f"照这样用到  {told['runs_out_on'] or '用不完'}"


def _guarded(guard: dict[str, Any]) -> Iterator[str]:
    """What the asks of the last week have cost in goodwill, and the last pause for it."""
    yield f"近一周问过  {guard['asked']} 位"
    yield f"其中退订  {guard['optouts']} 位（上限 {percent(guard['optout_limit'])}）"
    yield f"其中投诉  {guard['complaints']} 位（上限 {percent(guard['complaint_limit'])}）"
    if trip := guard["trip"]:
        why = _UPSETS[trip["why"]]
        yield f"上次因{why}暂停  {trip['at'][:10]}，问过 {trip['asked']} 位，{why} {trip['upset']} 位"


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise BadInput("--set", f"{text}：请写成 key=value")
        pairs[key.strip()] = value
    return pairs


def _print(made: dict[str, Any], *, json_: bool) -> None:
    if json_:
        return show(made)
    return click.echo("\n".join(f"{name}  {value}" for name, value in _spoken(made).items()))


def _spoken(made: dict[str, Any]) -> dict[str, str]:
    plain = (made["id"], made["pack"], made["name"], _state(made), made["from"], made["to"] or "不限")
    money = (f"{made[key] / 100:.2f} 元" for key in ("budget_fen", "used_fen"))
    return dict(zip(_HEAD, (*plain, *money), strict=True))


def _state(made: dict[str, Any]) -> str:
    """The state, and of a campaign that rests why."""
    state = SPOKEN[CampaignState(made["state"])]
    return f"{state}（{_PAUSES[made['pause']]}）" if made.get("pause") else state
