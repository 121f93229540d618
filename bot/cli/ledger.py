"""`ledger head|verify|prove|check-proof`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from bot.cli.house import House, opened, run
from bot.cli.options import as_json, configured, show
from referral.errors import BadInput
from storage import heads, proofs
from storage.errors import NotYetPlaced
from storage.transaction import Transaction

_FILE_LIMIT = 1 << 20
_TRIES = 25
_PAUSE_S = 0.2


@click.group()
def ledger() -> None:
    """The ledger: its signed head, its soundness, and proofs of single rewards."""


@ledger.command()
@configured
@as_json
def head(config_file: Path, json_: bool) -> None:
    """Print the signed head."""
    found = run(_on(config_file, _head))
    if json_:
        return show(found)
    for name, key in (("分录", "size"), ("树根", "root"), ("时间", "at"), ("签名", "signature"), ("公钥", "key")):
        click.echo(f"{name}  {found[key]}")
    return None


@ledger.command()
@configured
@as_json
def verify(config_file: Path, json_: bool) -> None:
    """Recompute everything; exit 1 where a row was changed."""
    found = run(_on(config_file, _verify))
    if json_:
        show(found)
    else:
        click.echo(f"账本完好，共 {found['size']} 条，树根 {found['root']}" if found["ok"] else found["problem"])
    if not found["ok"]:
        raise click.exceptions.Exit(1)


@ledger.command()
@click.argument("reward_id")
@configured
@as_json
def prove(reward_id: str, config_file: Path, json_: bool) -> None:
    """Print the proof of a reward's latest entry, as JSON."""
    found = run(_prove(config_file, reward_id))
    if json_:
        return show(found)
    return click.echo(json.dumps(found, ensure_ascii=False, indent=2))


@ledger.command("check-proof")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@configured
@as_json
def check_proof(file: Path, config_file: Path, json_: bool) -> None:
    """Check a proof against this ledger; exit 1 where it does not hold."""
    proof = _read(file)
    found = run(_on(config_file, lambda here, tx: proofs.check(tx, proof, keys=_public(here, tx))))
    if json_:
        show(found)
    else:
        click.echo("证明成立：这笔分录在账本里" if found["ok"] else f"证明不成立：{found['problem']}")
    if not found["ok"]:
        raise click.exceptions.Exit(1)


async def _on(config_file: Path, work: Callable[[House, Transaction], Any]) -> Any:
    async with opened(config_file) as here:
        return await here.store.read(lambda tx: work(here, tx))


def _head(here: House, tx: Transaction) -> dict[str, Any]:
    return proofs.head(tx, here.keys.ledger, here.clock())


def _public(here: House, tx: Transaction) -> set[str]:
    """The key that our heads are signed with."""
    return {_head(here, tx)["key"]}


def _verify(here: House, tx: Transaction) -> dict[str, Any]:
    outside = heads.kept_outside(here.config.files.data_dir / heads.FILE)
    return proofs.verify(tx, keys=_public(here, tx), outside=outside)


async def _prove(config_file: Path, reward_id: str) -> Any:
    """The proof; an entry that has no place in the tree yet gets one within a second."""
    async with opened(config_file) as here:
        for _ in range(_TRIES):
            try:
                return await here.store.read(lambda tx: proofs.prove(tx, reward_id))
            except NotYetPlaced:
                await asyncio.sleep(_PAUSE_S)
        return await here.store.read(lambda tx: proofs.prove(tx, reward_id))


def _read(file: Path) -> Any:
    with file.open("rb") as opened_file:
        read = opened_file.read(_FILE_LIMIT + 1)
    if len(read) > _FILE_LIMIT:
        raise BadInput("FILE", "文件太大，不是证明")
    try:
        return json.loads(read)
    except (ValueError, RecursionError):
        raise BadInput("FILE", "不是可以读懂的 JSON") from None
