"""`export`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

import click

from bot.cli.house import configured, opened, run
from storage import exports


@click.command()
@click.argument("what", type=click.Choice(sorted(exports.COLUMNS)))
@click.option("--format", "format_", type=click.Choice(["jsonl"]), default="jsonl", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path))
@configured
def export(what: str, format_: str, output: Path | None, config_file: Path) -> None:
    """Write a table, one object a line."""
    if output is None:
        return run(_write(config_file, what, sys.stdout))
    part = output.with_name(output.name + ".part")
    with part.open("w", encoding="utf-8") as file:
        run(_write(config_file, what, file))
    part.replace(output)


async def _write(config_file: Path, what: str, file: TextIO) -> None:
    async with opened(config_file) as here:
        await here.store.read(lambda tx: file.writelines(exports.lines(tx, what)))
