"""`person merge|part|merges`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.cli.house import opened, operate, run
from bot.cli.options import as_json, configured, show, show_list, signed
from bot.merging import of_person
from referral.merges import IDENTITY

_HEAD = ("编号", "留下的", "并入的", "什么时候", "谁", "原因", "撤销")


@click.group()
def person() -> None:
    """Two people who are one: merge, part, look."""


@person.command()
@click.argument("kept", metavar="A")
@click.argument("gone", metavar="B")
@click.option("--reason", required=True, help="Why these two are one human being.")
@signed
@configured
@as_json
def merge(kept: str, gone: str, reason: str, by: str, config_file: Path, json_: bool) -> None:
    """Fold B into A: all that is B's is A's from now on; `person part` undoes it."""
    args = {"kept": kept, "gone": gone, "reason": reason, "by": by}
    _print(run(operate(config_file, "person.merge", args)), json_=json_)


@person.command()
@click.argument("merge_id", metavar="MERGE_ID")
@signed
@configured
@as_json
def part(merge_id: str, by: str, config_file: Path, json_: bool) -> None:
    """Undo a wrong merge; no ids bring the two together again by themselves."""
    _print(run(operate(config_file, "person.part", {"id": merge_id, "by": by})), json_=json_)


@person.command()
@click.argument("who", metavar="PERSON")
@configured
@as_json
def merges(who: str, config_file: Path, json_: bool) -> None:
    """Every merge that PERSON was part of, the latest first."""
    found = run(_merges(config_file, who))
    show_list(found, _HEAD, _row, nothing="没有合并过", json_=json_)


async def _merges(config_file: Path, who: str) -> list[dict[str, Any]]:
    async with opened(config_file) as here:
        return await here.store.read(lambda tx: of_person(tx, who, here.naming))


def _row(made: dict[str, Any]) -> tuple[str, ...]:
    undone = f"已撤销 {made['undone_at']}" if made["undone_at"] else ""
    by = "系统（编号对上了）" if made["by"] == IDENTITY else made["by"]
    return made["id"], made["kept"], made["gone"], made["at"], by, made["why"], undone


def _print(made: dict[str, Any], *, json_: bool) -> None:
    if json_:
        return show(made)
    return click.echo("  ".join(_row(made)).rstrip())
