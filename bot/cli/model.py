"""`model`: what the score has learned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot import lesson_words
from bot.cli.columns import columns
from bot.cli.house import opened, operate, run
from bot.cli.options import as_json, configured, show, signed
from bot.model_words import described, told
from referral.learning import Version
from storage.times import iso
from storage.transaction import Transaction

_HEAD = ("版本", "时间", "折合邀请（旧的渐渐淡去）", "由来")


@click.group()
def model() -> None:
    """What the score has learned: look at it, its versions, begin anew."""


@model.command("show")
@configured
@as_json
def show_(config_file: Path, json_: bool) -> None:
    """Every weight beside the profile rule that it began with, and how sure it is."""
    found = run(_described(config_file))
    if json_:
        return show(found)
    history = "\n".join(found["history"]["lines"])
    return click.echo("\n".join([*told(found), "", history]))


@model.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 60))
@configured
@as_json
def versions(limit: int, config_file: Path, json_: bool) -> None:
    """The versions that are kept, newest first."""
    found = run(_versions(config_file, limit))
    if json_:
        return show(found)
    rows = [
        (str(each["version"]), each["at"][:16].replace("T", " "), str(each["examples"]), each["told"]) for each in found
    ]
    return click.echo("\n".join(columns(_HEAD, rows)) if rows else "还没有学过，用的是起步的规则")


@model.command()
@click.option("--reason", required=True, help="Why; kept for later questions.")
@signed
@configured
@as_json
def reset(reason: str, by: str, config_file: Path, json_: bool) -> None:
    """Forget what asks have taught and begin with the profile rule again; customers' own answers too."""
    found = run(operate(config_file, "model.reset", {"reason": reason, "by": by}))
    if json_:
        return show(found)
    return click.echo(f"已经从头开始，现在是第 {found['version']} 版")


@model.command()
@click.argument("switch", type=click.Choice(["off", "on"]))
@click.option("--reason", required=True, help="Why; kept for later questions.")
@signed
@configured
@as_json
def history(switch: str, reason: str, by: str, config_file: Path, json_: bool) -> None:
    """Forget what the company's own history has taught, and learn from it no more; or let it teach again."""
    found = run(operate(config_file, "model.history", {"on": switch == "on", "reason": reason, "by": by}))
    if json_:
        return show(found)
    return click.echo("从今天夜里起再从过去的介绍里学" if found["history"] else "过去的介绍不再影响评分，评分已重算")


async def _described(config_file: Path) -> dict[str, Any]:
    async with opened(config_file) as here:
        return await here.store.read(lambda tx: described(tx.models.current()) | {"history": _history(tx)})


def _history(tx: Transaction) -> dict[str, Any]:
    """What the company's own history has taught, as JSON and in words."""
    taught, on = tx.lessons.latest(), tx.lessons.is_on()
    if taught:
        lines = list(lesson_words.spoken(taught.tally, taught))
    else:
        lines = ["过去的介绍：还没有从中学到什么" if on else "过去的介绍：已关掉，不影响评分"]
    return {"on": on, "learned": lesson_words.as_json(taught), "lines": lines}


async def _versions(config_file: Path, limit: int) -> list[dict[str, Any]]:
    async with opened(config_file) as here:
        return await here.store.read(lambda tx: [_version(tx, each) for each in tx.models.versions(limit)])


def _version(tx: Transaction, found: Version) -> dict[str, Any]:
    """One version, and in `told` how it came about; of a reset who did it and why."""
    cause, _, count = found.why.partition(":")
    noted = "；".join(tx.audit.details("model.reset", str(found.version)))
    told = f"夜里学了 {count} 次邀请的结果" if cause == "asks" else f"从头开始（{noted}）" if noted else "从头开始"
    return {
        "version": found.version,
        "at": iso(found.at),
        "examples": found.examples,
        "why": found.why,
        "told": told,
    }
