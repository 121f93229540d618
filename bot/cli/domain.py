"""`domain blocked|show`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.cli.house import opened, operate, run
from bot.cli.options import as_json, configured, show
from bot.domaining import as_json as domain_json
from referral import carriers
from referral.carriers import Carrier


@click.group()
def domain() -> None:
    """The domain of our links: say that WeChat blocks it, or no more."""


@domain.command()
@click.argument("host", required=False, default="")
@configured
@click.option("--clear", is_flag=True, help="It opens in WeChat again; without HOST, every one does.")
@as_json
def blocked(host: str, config_file: Path, clear: bool, json_: bool) -> None:
    """Say that links to HOST do not open in WeChat: managers are told, and posters carry a platform's QR instead."""
    if not host and not clear:
        raise click.UsageError("Missing argument 'HOST'.")
    _print(run(operate(config_file, "domain.clear" if clear else "domain.block", {"host": host})), json_=json_)


@domain.command("show")
@configured
@as_json
def show_(config_file: Path, json_: bool) -> None:
    """How the domain of our links stands."""
    _print(run(_look(config_file)), json_=json_)


async def _look(config_file: Path) -> dict[str, Any]:
    async with opened(config_file) as here:
        return await here.store.read(lambda tx: domain_json(tx, here.facts))


def _print(stands: dict[str, Any], *, json_: bool) -> None:
    if json_:
        return show(stands)
    click.echo(f"{stands['host']}  {'在微信里打不开' if stands['is_blocked'] else '没有标记为被拦截'}")
    if stands["is_blocked"]:
        instead = "、".join(carriers.SPOKEN[Carrier(each)] for each in stands["instead"])
        click.echo(f"海报改用  {instead or '没有别的入口可用：接入客户联系或微信客服后才有'}")
    for each in stands["blocked"]:
        click.echo(f"被拦截  {each['host']}  自 {each['since']}")
    return None
