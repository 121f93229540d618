"""`why PERSON | order:SOURCE/NO | reward:ID`: every decision with its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.cli.house import House, opened, run
from bot.cli.options import as_json, configured, show
from bot.cli.spoken import NO_CAMPAIGN, sentences
from bot.whys import explain
from referral.plan import open_campaigns
from storage.transaction import Transaction


@click.command()
@click.argument("what", metavar="PERSON | order:SOURCE/NO | reward:ID")
@configured
@as_json
def why(what: str, config_file: Path, json_: bool) -> None:
    """Why things stand as they do for a person, an order or a reward."""
    found = run(_why(config_file, what))
    if json_:
        return show(found)
    return click.echo("\n".join(sentences(found)))


async def _why(config_file: Path, what: str) -> dict[str, Any]:
    async with opened(config_file) as here:
        return await here.store.read(lambda tx: _explained(here, tx, what))


def _explained(here: House, tx: Transaction, what: str) -> dict[str, Any]:
    found = explain(here, tx, what)
    if found.get("nudge", {}).get("decision") == "send" and not open_campaigns(tx, here.clock()):
        click.echo(NO_CAMPAIGN, err=True)
    return found
