"""`champions`: who brings people who stay, and whose friends bring on others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.champions import TITLES, as_json
from bot.cli.columns import columns
from bot.cli.house import opened, run
from bot.cli.options import as_json as json_option
from bot.cli.options import configured, show
from referral.forest import Kind

_HEAD = ("称谓", "客户", "介绍来", "留下", "再带来", "为什么")


@click.command()
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="Lines at most.")
@click.option("--kind", type=click.Choice(["champion", "connector"]), help="Only these.")
@configured
@json_option
def champions(limit: int, kind: str | None, config_file: Path, json_: bool) -> None:
    """Customers who bring many that stay, or whose few friends bring on others; as of last night's look."""
    found, looked = run(_found(config_file, limit, Kind(kind) if kind else None))
    if json_:
        return show({"champions": found})
    if found:
        return click.echo("\n".join(columns(_HEAD, [_row(each) for each in found])))
    return click.echo("还没有特别突出的。" if looked else "还没有看过：每天夜里 3:20 看一遍，明早再来。")


async def _found(config_file: Path, limit: int, kind: Kind | None) -> tuple[list[dict[str, Any]], bool]:
    async with opened(config_file) as here:
        return await here.store.read(lambda tx: (as_json(tx, limit, kind), tx.branches.is_planted()))


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    why = "；".join(reason["text"] for reason in each["why"])
    name = each["person"]["name"] or each["person"]["id"]
    counts = (f"{each[key]} 位" for key in ("brought", "stayed", "descendants"))
    return TITLES[Kind(each["kind"])], name, *counts, why
