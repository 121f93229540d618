"""`key new|list|revoke`: keys of the JSON API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.api.keyring import as_json as key_json
from bot.cli.house import opened, operate, run
from bot.cli.options import as_json, configured, show, show_list

_HEAD = ("名称", "开头", "权限", "建立", "最近使用", "吊销")


@click.group()
def key() -> None:
    """Keys of the JSON API: make, look at, revoke."""


@key.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, metavar="SCOPE", help="What it may do; several times.")
@configured
@as_json
def new(name: str, scopes: tuple[str, ...], config_file: Path, json_: bool) -> None:
    """Make a key. It is shown this once; only what recognises it is kept."""
    made = run(operate(config_file, "key.new", {"name": name, "scopes": scopes}))
    if json_:
        return show(made)
    click.echo("请现在就收好：这把密钥只显示这一次", err=True)
    return click.echo(made["key"])


@key.command("list")
@configured
@as_json
def list_(config_file: Path, json_: bool) -> None:
    """All keys, the revoked ones too."""
    found = run(_all(config_file))
    show_list(found, _HEAD, _spoken, nothing="还没有密钥", json_=json_)


@key.command()
@click.argument("name")
@configured
@as_json
def revoke(name: str, config_file: Path, json_: bool) -> None:
    """Make a key useless at once."""
    revoked = run(operate(config_file, "key.revoke", {"name": name}))
    if json_:
        return show(revoked)
    return click.echo(f"已吊销 {revoked['name']}（{revoked['prefix']}…）")


async def _all(config_file: Path) -> list[dict[str, Any]]:
    async with opened(config_file) as here:
        return [key_json(each) for each in await here.store.read(lambda tx: tx.api_keys.all())]


def _spoken(found: dict[str, Any]) -> tuple[str, ...]:
    used, revoked = found["used_at"] or "还没有", found["revoked_at"] or ""
    return found["name"], f"{found['prefix']}…", " ".join(found["scopes"]), found["created_at"], used, revoked
