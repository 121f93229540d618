"""`lint`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bot.cli.house import as_json, show
from referral.wording import lint as find


@click.command()
@click.argument("file", default="-", type=click.Path(allow_dash=True, dir_okay=False, exists=True))
@click.option("--edition", type=click.Choice(["feed", "friend", "chat"]), default="friend")
@click.option("--industry", help="Also the rules of this sector.")
@as_json
def lint(file: str, edition: str, industry: str | None, json_: bool) -> None:
    """Check words against the rules for what may be said; exit 1 if something is found."""
    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    found = [finding.as_json() for finding in find(text, edition=edition, industry=industry)]  # type: ignore[arg-type]
    if json_:
        show({"findings": found})
    else:
        for each in found:
            click.echo(f"{each['rule']} {each['from']}-{each['to']} 「{each['text']}」 {each['why']} {each['suggestion']}")
    if found:
        raise click.exceptions.Exit(1)
