"""`reward list|approve|refuse|adjust`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.cli.house import opened, operate, run
from bot.cli.options import as_json, configured, show, show_list, signed
from bot.cli.states import state_words
from bot.thanking import listed
from referral.terms import KINDS, UNITS

_HEAD = ("编号", "给谁", "谢礼", "状态", "说明", "审批")
_WHY = {"confirm": "按规则要有人核对", "amount": "金额较大", "manual": "手工调整"}
_ANSWERS = {"approved": "同意", "refused": "不同意"}


@click.group()
def reward() -> None:
    """Thanks: look at them, approve, refuse, adjust by hand."""


@reward.command("list")
@click.option("--waiting", is_flag=True, help="Only those that wait for somebody's yes, the oldest first.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000), help="How many are listed.")
@configured
@as_json
def list_(waiting: bool, limit: int, config_file: Path, json_: bool) -> None:
    """Thanks, the latest first."""
    found = run(_listed(config_file, waiting=waiting, limit=limit))
    show_list(found, _HEAD, _row, nothing="没有等审批的谢礼" if waiting else "还没有谢礼", json_=json_)


@reward.command()
@click.argument("reward_id", metavar="ID")
@signed
@configured
@as_json
def approve(reward_id: str, by: str, config_file: Path, json_: bool) -> None:
    """Say yes to a thanks that waits for it; whoever asked for it may not."""
    _print(run(operate(config_file, "reward.approve", {"id": reward_id, "by": by})), json_=json_)


@reward.command()
@click.argument("reward_id", metavar="ID")
@click.option("--reason", required=True, help="Why; kept for later questions.")
@signed
@configured
@as_json
def refuse(reward_id: str, reason: str, by: str, config_file: Path, json_: bool) -> None:
    """Say no to a thanks that waits; where both sides hang together both end."""
    args = {"id": reward_id, "reason": reason, "by": by}
    _print(run(operate(config_file, "reward.refuse", args)), json_=json_)


@reward.command()
@click.argument("person")
@click.option("--campaign", required=True, metavar="ID", help="Whose budget pays.")
@click.option("--kind", required=True, type=click.Choice(KINDS))
@click.option("--amount", required=True, type=click.IntRange(1, 10_000_000))
@click.option("--unit", required=True, type=click.Choice(UNITS))
@click.option("--cost-fen", type=click.IntRange(0), help="What it costs the company; as in the campaign.")
@click.option("--says", metavar="TEXT", help="How it is worded, {amount} or {yuan} in it; as in the campaign.")
@click.option("--value", metavar="NAME", help="The tier, privilege or gift; as in the campaign.")
@click.option("--reason", required=True, help="Why; kept for later questions.")
@signed
@configured
@as_json
def adjust(person: str, by: str, config_file: Path, json_: bool, **form: Any) -> None:
    """Owe PERSON something by decision; it is held until a second member of staff approves."""
    _print(run(operate(config_file, "reward.adjust", {"person": person, "by": by, **form})), json_=json_)


async def _listed(config_file: Path, *, waiting: bool, limit: int) -> list[dict[str, Any]]:
    async with opened(config_file) as here:
        return await here.store.read(lambda tx: listed(tx, here.facts, waiting=waiting, limit=limit))


def _row(found: dict[str, Any]) -> tuple[str, ...]:
    person = found["person"]["name"] or found["person"]["id"]
    why = found["note"] or found["reason"]["text"]
    return found["id"], person, found["what"], state_words()[found["state"]], why, _approval(found["approval"])


def _approval(told: dict[str, Any] | None) -> str:
    if told is None:
        return ""
    if told["answer"]:
        return f"{told['answered_by']} {_ANSWERS[told['answer']]}"
    asked = f"，{told['asked_by']} 申请" if told["why"] == "manual" else ""
    return f"等审批（{_WHY[told['why']]}{asked}）"


def _print(found: dict[str, Any], *, json_: bool) -> None:
    if json_:
        return show(found)
    return click.echo("  ".join(filter(None, _row(found))))
