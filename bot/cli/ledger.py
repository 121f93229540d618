"""`ledger head|verify|prove|check-proof`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from bot.cli.house import House, configured, opened, run, show
from referral.errors import BadInput
from storage import proofs
from storage.transaction import Transaction

_FILE_LIMIT = 1 << 20


@click.group()
def ledger() -> None:
    """The ledger: its signed head, its soundness, and proofs of single rewards."""


@ledger.command()
@configured
def head(config_file: Path) -> None:
    """Print the signed head."""
    show(run(_on(config_file, lambda here, tx: proofs.head(tx, here.keys.ledger, here.clock()))))


@ledger.command()
@configured
def verify(config_file: Path) -> None:
    """Recompute everything; exit 1 where a row was changed."""
    found = run(_on(config_file, lambda here, tx: proofs.verify(tx)))
    show(found)
    if not found["ok"]:
        raise click.exceptions.Exit(1)


@ledger.command()
@click.argument("reward_id")
@configured
def prove(reward_id: str, config_file: Path) -> None:
    """Print the proof of a reward's latest entry."""
    show(run(_on(config_file, lambda here, tx: proofs.prove(tx, reward_id))))


@ledger.command("check-proof")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@configured
def check_proof(file: Path, config_file: Path) -> None:
    """Check a proof against this ledger; exit 1 where it does not hold."""
    if file.stat().st_size > _FILE_LIMIT:
        raise BadInput("FILE", "文件太大，不是证明")
    try:
        proof = json.loads(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise BadInput("FILE", "不是可以读懂的 JSON") from None
    found = run(_on(config_file, lambda here, tx: proofs.check(tx, proof)))
    show(found)
    if not found["ok"]:
        raise click.exceptions.Exit(1)


async def _on(config_file: Path, work: Callable[[House, Transaction], Any]) -> Any:
    async with opened(config_file) as here:
        return await here.store.read(lambda tx: work(here, tx))
