"""`claim`: who introduced a friend, as the friend said, for staff to confirm or refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.claiming import listed
from bot.cli.house import opened, operate, run
from bot.cli.options import as_json, configured, show, show_list

_HEAD = ("编号", "朋友", "说的是", "什么时候", "状态", "可能是")
_STATES = {
    "open": "等确认",
    "confirmed": "已确认",
    "refused": "不算",
    "settled": "朋友发来了邀请码",
    "expired": "过期了",
}


@click.group()
def claim() -> None:
    """Who introduced a friend, as the friend said: look at them, confirm, refuse."""


@claim.command("list")
@click.option("--all", "all_", is_flag=True, help="The decided ones too.")
@configured
@as_json
def list_(all_: bool, config_file: Path, json_: bool) -> None:
    """Those that wait, with the advocates who may be meant."""
    found = run(_listed(config_file, everything=all_))
    show_list(found, _HEAD, _row, nothing="没有要确认的介绍", json_=json_)


@claim.command()
@click.argument("claim_id", metavar="ID")
@click.argument("advocate")
@configured
@as_json
def confirm(claim_id: str, advocate: str, config_file: Path, json_: bool) -> None:
    """It was ADVOCATE, a PERSON or an invite code; the friend's orders are looked at again."""
    _print(run(operate(config_file, "claim.confirm", {"id": claim_id, "advocate": advocate})), json_=json_)


@claim.command()
@click.argument("claim_id", metavar="ID")
@click.option("--reason", required=True, help="Why; kept for later questions.")
@configured
@as_json
def refuse(claim_id: str, reason: str, config_file: Path, json_: bool) -> None:
    """Nobody whom we know is meant."""
    _print(run(operate(config_file, "claim.refuse", {"id": claim_id, "reason": reason})), json_=json_)


async def _listed(config_file: Path, *, everything: bool) -> list[dict[str, Any]]:
    async with opened(config_file) as here:
        return await here.store.read(lambda tx: listed(tx, everything=everything))


def _row(found: dict[str, Any]) -> tuple[str, ...]:
    friend = found["person"]["name"] or found["person"]["id"]
    likely = "、".join(f"{each['nickname'] or each['name']}（{each['code']}）" for each in found["candidates"])
    decided = found["code"] or found["reason"]
    return found["id"], friend, found["name"], found["said_at"], _STATES[found["state"]], likely or decided or ""


def _print(found: dict[str, Any], *, json_: bool) -> None:
    if json_:
        return show(found)
    return click.echo("  ".join(_row(found)).rstrip())
