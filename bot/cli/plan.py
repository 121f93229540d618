"""`plan`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from bot.cli.house import operate, read_config, run
from bot.cli.options import as_json, configured, show
from bot.config import Sending
from bot.copy import Copy
from bot.operator import PLAN


@click.command()
@configured
@as_json
def plan(config_file: Path, json_: bool) -> None:
    """Run the day's plan now, as the clock does at its hour. Outside the hours nothing goes out before the next ones.

    by_reason tells why of those deferred and dropped. Somebody to whom an ask is already on its way is not counted.
    """
    made = run(_plan(config_file))
    if json_:
        return show(made)
    return click.echo("\n".join(_sentences(made, read_config(config_file).sending)))


async def _plan(config_file: Path) -> dict[str, Any]:
    """All steps; their numbers are added up."""
    made, reasons, more = Counter[str](), Counter[str](), True
    while more:
        step = await operate(config_file, PLAN, {})
        more = step.pop("more")
        reasons.update(step.pop("by_reason"))
        made.update(step)
    return dict(made) | {"by_reason": dict(reasons.most_common())}


def _sentences(made: dict[str, Any], sending: Sending) -> list[str]:
    copy, caps = Copy.load(), {"cap.year": sending.per_year, "cap.month": sending.monthly_cap}
    asked = f"现在发出 {made['sent']} 位，排定 {made['listed']} 位"
    lines = [f"{asked}；先不问 {made['deferred']} 位，不问 {made['dropped']} 位"]
    if made["permissions"]:
        lines.append(f"另请顾问顺便征询 {made['permissions']} 位")
    for code, count in made["by_reason"].items():
        said = copy.say(f"moment.{code}", {"value": caps.get(code, "")})
        lines.append(f"  {count:>6}  {said}（{code}）")
    return lines
