"""`shipping`: the gifts that staff have still to send."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import click

from bot.cli.columns import columns
from bot.cli.house import opened, operate, run
from bot.cli.options import as_json, configured, show
from bot.config.sections import ShippingConnector
from bot.fulfilment.given import given_by
from bot.fulfilment.shipping import COLUMNS, to_send
from storage.guard import guarded

_HEAD = ("编号", "谢礼", "物品", "收件人", "电话", "地址", "从什么时候起")


@click.group()
def shipping() -> None:
    """Gifts to be sent: the list, and that one is on its way."""


@shipping.command("list")
@click.option("--format", "format_", type=click.Choice(["text", "csv"]), default="text", show_default=True)
@configured
@as_json
def list_(format_: str, config_file: Path, json_: bool) -> None:
    """Parcels whose address is known. What is printed is personal: keep it no longer than it is needed."""
    found = run(_to_send(config_file))
    if json_:
        return show(found)
    if format_ == "csv":
        return click.echo(_csv(found), nl=False)
    if not found:
        return click.echo("没有要寄的", err=True)
    return click.echo("\n".join(columns(_HEAD, [tuple(str(cell) for cell in each.values()) for each in found])))


@shipping.command()
@click.argument("bill")
@click.option("--number", required=True, help="The courier's number.")
@configured
@as_json
def sent(bill: str, number: str, config_file: Path, json_: bool) -> None:
    """BILL is on its way: its person hears that the gift has come through."""
    done = run(operate(config_file, "fulfilment.sent", {"bill": bill, "number": number}))
    if json_:
        return show(done)
    return click.echo(f"已寄出 {done['bill']}，单号 {done['number']}")


async def _to_send(config_file: Path) -> list[dict[str, Any]]:
    async with opened(config_file) as here:
        names = [name for name, each in here.config.fulfilment.items() if isinstance(each, ShippingConnector)]
        given = given_by(here.keys.seal)
        return await here.store.read(lambda tx: to_send(tx, here.facts, given, names))


def _csv(rows: list[dict[str, Any]]) -> str:
    """With a mark that Excel reads as UTF-8; a cell that would run as a formula is guarded."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([guarded(str(cell)) for cell in row.values()] for row in rows)
    return f"\ufeff{text.getvalue()}"
