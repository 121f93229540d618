"""`unmatched`: orders whose buyer is not known yet, and how many find theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.cli.columns import columns
from bot.cli.house import opened, run
from bot.cli.options import as_json, configured, show
from bot.unmatched import queue_as_json

_HEAD = ("订单", "金额", "等了", "还剩", "买家", "邀请码")


@click.command()
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000), help="How many are listed.")
@configured
@as_json
def unmatched(limit: int, config_file: Path, json_: bool) -> None:
    """Orders of nobody yet, the soonest to be given up first, and the match rate of 30 days."""
    found = run(_queue(config_file, limit))
    if json_:
        return show(found)
    if found["orders"]:
        click.echo("\n".join(columns(_HEAD, [_row(each) for each in found["orders"]])))
    rate = found["rate"]
    percent = "还没有订单" if rate["percent"] is None else f"{rate['matched']}/{rate['orders']}，{rate['percent']:g}%"
    return click.echo(f"等着对上买家的 {found['count']} 单；近 {rate['days']} 天对上的：{percent}")


async def _queue(config_file: Path, limit: int) -> dict[str, Any]:
    async with opened(config_file) as here:
        return await here.store.read(lambda tx: queue_as_json(tx, here.clock(), limit=limit))


def _row(order: dict[str, Any]) -> tuple[str, ...]:
    left = "不会再看" if order["days_left"] is None else f"{order['days_left']} 天"
    buyer = "、".join(order["buyer"])
    money = f"{order['amount_fen'] / 100:.2f} 元"
    return order["order"], money, f"{order['age_days']} 天", left, buyer, order["code"] or ""
