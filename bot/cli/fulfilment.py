"""`fulfilment`: the connectors that make thanks real, for staff to look at and to put right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.cli.columns import columns
from bot.cli.house import opened, operate, run
from bot.cli.options import as_json, configured, show
from bot.fulfilment.operating import OUTCOMES, listed
from bot.fulfilment.said import worded

_HEAD = ("名称", "方式", "发什么", "状态", "等着", "已成", "没成", "通知")
_STATES = {"on": "在用", "off": "没打开", "disabled": "已停用", "missing": "配置里没有了"}
_WAITING = ("waiting", "needs", "sent", "unknown")


@click.group()
def fulfilment() -> None:
    """Connectors: look at them, enable one, replay what it missed, decide a bill."""


@fulfilment.command("list")
@configured
@as_json
def list_(config_file: Path, json_: bool) -> None:
    """Every connector: how it stands, how many thanks wait for it, and which of them are in trouble."""
    found = run(_listed(config_file))
    if json_:
        return show(found)
    if not found:
        return click.echo("没有配置谢礼接口：谢礼到期就直接记为到账", err=True)
    click.echo("\n".join(columns(_HEAD, [_row(each) for each in found])))
    for bill in (bill for each in found for bill in each["trouble"]):
        click.echo(f"{bill['connector']}  {bill['bill']}  试了 {bill['tries']} 次  {bill['says']}")
    return None


@fulfilment.command()
@click.argument("name")
@configured
@as_json
def enable(name: str, config_file: Path, json_: bool) -> None:
    """Use a disabled connector again; what waited for it goes out now."""
    _print(run(operate(config_file, "fulfilment.enable", {"name": name})), json_=json_)


@fulfilment.command()
@click.argument("name")
@click.option("--since", metavar="DATE", help="Only what was begun on or after this day (Beijing).")
@configured
@as_json
def replay(name: str, since: str | None, config_file: Path, json_: bool) -> None:
    """Send a connector once more what it has not taken, each under its own number."""
    _print(run(operate(config_file, "fulfilment.replay", {"name": name, "since": since})), json_=json_)


@fulfilment.command()
@click.argument("bill")
@click.argument("outcome", type=click.Choice(OUTCOMES))
@click.option("--why", required=True, help="How you found out; kept for later questions.")
@configured
@as_json
def decide(bill: str, outcome: str, why: str, config_file: Path, json_: bool) -> None:
    """Put on record that BILL has reached its person, or never will."""
    decided = run(operate(config_file, "fulfilment.decide", {"bill": bill, "outcome": outcome, "why": why}))
    if json_:
        return show(decided)
    return click.echo(f"已记下：{decided['bill']} {'已到账' if outcome == 'done' else '不再发'}")


async def _listed(config_file: Path) -> list[dict[str, Any]]:
    async with opened(config_file) as here:
        return await here.store.read(lambda tx: listed(tx, here.config.fulfilment))


def _row(found: dict[str, Any]) -> tuple[str, ...]:
    bills, told = found["bills"], found["announcements"]
    waiting = sum(bills.get(state, 0) for state in _WAITING)
    why = f"：{worded(found['why'])}" if found["why"] else ""
    failing = f"（{found['failing_since']} 起没有成功）" if found["failing_since"] and not why else ""
    news = f"等着 {told.get('waiting', 0)}，没成 {told.get('failed', 0)}" if told else ""
    state = f"{_STATES[found['state']]}{why}{failing}"
    kinds = " ".join(found["gives"])
    done, failed = str(bills.get("done", 0)), str(bills.get("failed", 0))
    return found["name"], found["kind"] or "", kinds, state, str(waiting), done, failed, news


def _print(done: dict[str, Any], *, json_: bool) -> None:
    if json_:
        return show(done)
    return click.echo(f"{done['connector']}：{done['bills']} 份谢礼、{done['announcements']} 条通知马上再发")
