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
from referral.errors import BadInput
from storage import exports, formats
from storage.transaction import Transaction


@click.command()
@click.argument("what", type=click.Choice(list(exports.COLUMNS)))
@click.option(
    "--format",
    "format_",
    type=click.Choice(formats.FORMATS),
    help="xlsx opens in Excel as it is; csv and jsonl are for other programs, however many rows there are."
    "  [default: as FILE ends, else jsonl]",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of stdout.")
@configured
def export(what: str, format_: str | None, output: Path | None, config_file: Path) -> None:
    """Write a table. Times are Beijing's; people are named by our own ids, and phones are not kept."""
    fmt = format_ or _format_of(output)
    if output is None:
        if fmt == "xlsx" and sys.stdout.isatty():
            raise BadInput("-o", "xlsx 不是文本，不能显示在终端里：请用 -o FILE 写到文件")
        return run(_write(config_file, what, fmt, sys.stdout.buffer))
    with whole(output) as file:
        return run(_write(config_file, what, fmt, file))


def _format_of(output: Path | None) -> str:
    ending = output.suffix.lower().removeprefix(".") if output else ""
    return ending if ending in formats.FORMATS else "jsonl"


async def _write(config_file: Path, what: str, fmt: str, file: BinaryIO) -> None:
    def unit(tx: Transaction) -> OSError | None:
        if fmt == "xlsx":  # said now, not after a million rows
            formats.fits(exports.size(tx, what))
        rows = exports.rows(tx, what)
        try:
            formats.write_rows(rows, exports.COLUMNS[what], fmt, file, title=what)
        except OSError as error:  # the file's, which must not pass for the database's
            return error
        finally:  # the cursor is given back while its connection is still open
            cast("Generator[object]", rows).close()
        return None

    async with opened(config_file) as here:
        if error := await here.store.read(unit):
            raise error
