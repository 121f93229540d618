"""`export`."""

from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO, cast

import click

from bot.cli.house import opened, run
from bot.cli.options import configured
from bot.cli.outfile import whole
from storage import exports
from storage.transaction import Transaction


@click.command()
@click.argument("what", type=click.Choice(list(exports.COLUMNS)))
@click.option("--format", "format_", type=click.Choice(["jsonl"]), default="jsonl", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of stdout.")
@configured
def export(what: str, format_: str, output: Path | None, config_file: Path) -> None:
    """Write a table, one object a line."""
    if output is None:
        return run(_write(config_file, what, format_, sys.stdout.buffer))
    with whole(output) as file:
        return run(_write(config_file, what, format_, file))


async def _write(config_file: Path, what: str, format_: str, file: BinaryIO) -> None:
    def unit(tx: Transaction) -> None:
        rows = exports.rows(tx, what)
        try:
            texts = exports.export_text(rows, exports.COLUMNS[what], format_)
            file.writelines(text.encode() for text in texts)
        finally:  # the cursor is given back while its connection is still open
            cast("Generator[object]", rows).close()

    async with opened(config_file) as here:
        await here.store.read(unit)
