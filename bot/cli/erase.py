"""`erase`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.cli.columns import columns
from bot.cli.house import opened, operate, operator, run
from bot.cli.options import as_json, configured, show
from bot.erasing import ERASE

_GROUPS = {"removed": "删除", "emptied": "清空内容", "kept": "保留（只剩编号）"}


@click.command()
@click.argument("person")
@configured
@click.option("--dry-run", is_flag=True, help="Only count what would be removed, emptied and kept.")
@as_json
def erase(person: str, config_file: Path, dry_run: bool, json_: bool) -> None:
    """Take everything out that tells who PERSON is; what happened stays under an opaque id. Cannot be undone."""
    done = run(_look(config_file, person) if dry_run else operate(config_file, ERASE, {"person": person}))
    if json_:
        return show(done)
    return _print(done)


async def _look(config_file: Path, person: str) -> dict[str, Any]:
    async with opened(config_file) as here:
        return await operator(here).erasing.look(person)


def _print(done: dict[str, Any]) -> None:
    click.echo(f"{'将删除' if done['dry_run'] else '已删除'} {done['person']} 的个人资料")
    rows = [(says, table, str(count)) for group, says in _GROUPS.items() for table, count in done[group].items()]
    click.echo("\n".join(columns(("处理", "表", "行数"), rows)))
    if done["renounced"]:
        click.echo(f"还没到账的谢礼 {done['renounced']} 份，{'将' if done['dry_run'] else '已'}退回活动预算")
    if done["dry_run"]:
        click.echo("这是试算，什么都没有动", err=True)
