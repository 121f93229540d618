"""`shortlist`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from bot.cli.house import opened, run
from bot.cli.options import as_json, configured, show
from bot.cli.spoken import NO_CAMPAIGN
from bot.verdicts import as_json as verdict_json
from referral.errors import BadInput
from referral.foresight import shortlist as foreseen
from referral.plan import open_campaigns
from referral.times import SHANGHAI


@click.command()
@configured
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Lines at most.")
@click.option("--at", "at_", metavar="ISO8601", help="As of another time; without an offset Beijing's.")
@click.option("--all", "everybody", is_flag=True, help="Also those who are asked later, or not.")
@as_json
def shortlist(config_file: Path, limit: int, at_: str | None, *, everybody: bool, json_: bool) -> None:  # noqa: ARG001
    """Whom the plan would ask, and why: one JSON object a line, highest score first. Sends and changes nothing."""
    at = _time(at_) if at_ is not None else None
    for line in run(_lines(config_file, limit, at, everybody=everybody)):
        show(line)


async def _lines(config_file: Path, limit: int, at: datetime | None, *, everybody: bool) -> list[dict[str, Any]]:
    async with opened(config_file) as here:
        when = at or here.clock()
        if not await here.store.read(lambda tx: open_campaigns(tx, when)):
            click.echo(NO_CAMPAIGN, err=True)
        found = await here.store.read(lambda tx: foreseen(tx, here.facts, at=when, limit=limit, everybody=everybody))
        return [verdict_json(verdict, here.words) for verdict in found]


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadInput("--at", f"{text} 不是时间，请写成 2026-11-23T10:00:00+08:00") from None
    if not 2000 <= at.year < 2100:
        raise BadInput("--at", "年份要在 2000 到 2099 之间")
    return at if at.tzinfo else at.replace(tzinfo=SHANGHAI)
