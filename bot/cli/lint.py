"""`lint`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

import click

from bot.cli.options import as_json, show
from bot.config.sections import Industry
from referral.errors import BadInput
from referral.wording import lint as find

_LIMIT = 1 << 20  # bytes


@click.command()
@click.argument("file", default="-", type=click.Path(allow_dash=True, dir_okay=False, exists=True))
@click.option("--edition", type=click.Choice(["feed", "friend", "chat"]), default="friend", show_default=True)
@click.option("--industry", type=click.Choice(get_args(Industry)), help="Also the rules of this sector.")
@as_json
def lint(file: str, edition: str, industry: str | None, json_: bool) -> None:
    """Check words against the rules for what may be said; exit 1 if something is found."""
    found = [finding.as_json() for finding in find(_read(file), edition=edition, industry=industry)]  # type: ignore[arg-type]
    if json_:
        show({"findings": found})
    elif not found:
        click.echo("没有发现问题", err=True)
    else:
        for each in found:
            where, source = f"{each['from']}-{each['to']}", f"{each['rule']}，{each['source']}"
            click.echo(f"{where} 「{each['text']}」{each['why']}（{source}）{each['suggestion']}")
    if found:
        raise click.exceptions.Exit(1)


def _read(file: str) -> str:
    if file == "-":
        read = sys.stdin.buffer.read(_LIMIT + 1)
    else:
        with Path(file).open("rb") as opened:
            read = opened.read(_LIMIT + 1)
    if len(read) > _LIMIT:
        raise BadInput("FILE", "文字太长，最多 1 MB")
    try:
        return read.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput("FILE", "不是 UTF-8 文字") from None
