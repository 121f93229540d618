"""`appeal`: what customers want a colleague to look at again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.appealing import as_json as appeal_json
from bot.cli.house import opened, operate, run
from bot.cli.options import as_json, configured, show, show_list

_HEAD = ("编号", "客户", "什么时候", "有疑问的", "原话", "答复")


@click.group()
def appeal() -> None:
    """What customers want a colleague to look at again: list, answer."""


@appeal.command("list")
@click.option("--all", "all_", is_flag=True, help="The answered ones too.")
@configured
@as_json
def list_(all_: bool, config_file: Path, json_: bool) -> None:
    """Those that wait for an answer, the oldest first."""
    found = run(_listed(config_file, everything=all_))
    show_list(found, _HEAD, _row, nothing="没有等答复的申诉", json_=json_)


@appeal.command()
@click.argument("appeal_id", metavar="ID")
@click.option("--text", required=True, help="What the customer is told, as one short paragraph.")
@configured
@as_json
def answer(appeal_id: str, text: str, config_file: Path, json_: bool) -> None:
    """Answer one: the customer hears it as soon as a window is open."""
    found = run(operate(config_file, "appeal.answer", {"id": appeal_id, "text": text}))
    if json_:
        return show(found)
    return click.echo("  ".join(_row(found)))


async def _listed(config_file: Path, *, everything: bool) -> list[dict[str, Any]]:
    async with opened(config_file) as here:
        return await here.store.read(
            lambda tx: [
                appeal_json(tx, here.facts, each) for each in (tx.appeals.all() if everything else tx.appeals.waiting())
            ]
        )


def _row(found: dict[str, Any]) -> tuple[str, ...]:
    person = found["person"]["name"] or found["person"]["id"]
    about = found["reason"]["text"] if found["reason"] else "推荐的事"
    again = "（再次）" if found["again"] else ""
    return found["id"], person, found["at"], about + again, found["words"], found["answer"]
