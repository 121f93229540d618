"""`shop`: what points can be exchanged for, and the exchanges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.cli.house import opened, operate, run
from bot.cli.options import as_json, configured, show, show_list
from bot.cli.states import exchange_words
from bot.stocking import redemption_as_json, shelf
from referral.shop import KINDS

_SHELF = ("编号", "名称", "积分", "还有", "种类", "状态")
_EXCHANGES = ("编号", "客户", "换了什么", "积分", "时间", "状态")
_MOST = 200  # exchanges listed


@click.group()
def shop() -> None:
    """The shop for points: put things on the shelf, take them off, call an exchange back."""


@shop.command()
@click.argument("title")
@click.option("--points", type=int, required=True, help="What it costs.")
@click.option("--stock", type=int, required=True, help="How many there are.")
@click.option("--kind", type=click.Choice(KINDS), required=True)
@click.option("--value", help="Which privilege it is; for a coupon, out of which pool: POOL.VALUE.")
@click.option("--valid-days", type=int, default=0, help="For how long from the exchange; 0 for ever.")
@click.option("--cost-fen", type=int, default=0, help="What one costs the company, for your own books.")
@configured
@as_json
def add(config_file: Path, json_: bool, **item: Any) -> None:
    """Put TITLE on the shelf."""
    made = run(operate(config_file, "shop.add", item))
    if json_:
        return show(made)
    return click.echo(f"已上架 {made['item']}：{made['title']}，{made['points']} 积分，{made['stock']} 件")


@shop.command("list")
@configured
@as_json
def list_(config_file: Path, json_: bool) -> None:
    """Everything on the shelf, and what stood there before."""
    found = run(_shelf(config_file))
    show_list(found, _SHELF, _item, nothing="还没有上架的", json_=json_)


@shop.command()
@click.argument("item")
@configured
@as_json
def close(item: str, config_file: Path, json_: bool) -> None:
    """Take ITEM off the shelf; what was exchanged before stays."""
    made = run(operate(config_file, "shop.close", {"item": item}))
    return show(made) if json_ else click.echo(f"已下架 {made['item']}")


@shop.command()
@configured
@as_json
def exchanges(config_file: Path, json_: bool) -> None:
    """The newest exchanges."""
    found = run(_exchanges(config_file))
    show_list(found, _EXCHANGES, _exchange, nothing="还没有人兑换", json_=json_)


@shop.command()
@click.argument("redemption")
@click.option("--why", required=True, help="Kept for later questions.")
@configured
@as_json
def cancel(redemption: str, why: str, config_file: Path, json_: bool) -> None:
    """Call an exchange back: its person gets the points again, unless it was used or sent."""
    made = run(operate(config_file, "shop.cancel", {"redemption": redemption, "why": why}))
    return show(made) if json_ else click.echo(f"已退回 {made['points']} 积分")


async def _shelf(config_file: Path) -> list[dict[str, Any]]:
    async with opened(config_file) as here:
        return await here.store.read(shelf)


async def _exchanges(config_file: Path) -> list[dict[str, Any]]:
    async with opened(config_file) as here:
        return await here.store.read(lambda tx: [redemption_as_json(tx, made) for made in tx.shop.redemptions(_MOST)])


def _item(found: dict[str, Any]) -> tuple[str, ...]:
    state = "已下架" if found["closed_at"] else "在架" if found["stock"] else "换完了"
    return found["item"], found["title"], str(found["points"]), str(found["stock"]), found["kind"], state


def _exchange(found: dict[str, Any]) -> tuple[str, ...]:
    at, state = found["at"][:10], exchange_words()[found["state"]]
    return found["redemption"], found["person"], found["title"], str(found["points"]), at, state
