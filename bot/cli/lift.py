"""`lift`."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.house import opened, run
from bot.cli.options import as_json, configured, show
from bot.lift_report import as_json as lift_as_json
from bot.lift_report import sentences
from bot.lifting import measure
from referral.lift import Lift, report


@click.command()
@configured
@as_json
def lift(config_file: Path, json_: bool) -> None:
    """What asking has brought that would not have come by itself, as of now, beside what followed an ask.

    The intervals stay true however often they are looked at. A share of customers, [sending] holdout, is never asked:
    without it nobody can tell.
    """
    told = run(_report(config_file))
    if json_:
        return show(lift_as_json(told))
    return click.echo("\n".join(sentences(told)))


async def _report(config_file: Path) -> Lift:
    async with opened(config_file) as here:
        return report(await measure(here.store, clock=here.clock), holdout=here.facts.holdout)
