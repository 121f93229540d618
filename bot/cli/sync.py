"""`sync`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from bot import control
from bot.app import lines_of
from bot.cli.house import opened, read_config, run
from bot.cli.options import as_json, configured, show
from bot.egress import way_out
from bot.machine import World
from bot.syncing import SYNC, SyncBroken, Syncing
from storage.errors import DatabaseInUse

_TRIES = 50
_PAUSE_S = 0.2

Step = Callable[[], Awaitable[dict[str, Any]]]
Seen = Callable[[dict[str, Any]], None]


@click.command()
@configured
@as_json
def sync(config_file: Path, json_: bool) -> None:
    """Bring in reps, customers and tags from WeCom. Broken off, it goes on where it was."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("顾问 {task.completed}/{task.total}"),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
    with bar:
        task = bar.add_task("同步企业微信", total=None)

        def seen(progress: dict[str, Any]) -> None:
            said = f"同步企业微信：客户 {progress['counts']['customers']}"
            bar.update(task, description=said, completed=progress["place"], total=progress["of"])

        counts = run(_sync(config_file, seen))
    if json_:
        return show(counts)
    return click.echo(
        f"顾问 {counts['reps']} 位，客户 {counts['customers']} 位"
        f"（新 {counts['new']}，有变化 {counts['changed']}），标签 {counts['tags']} 个"
    )


async def _sync(file: Path, seen: Seen) -> dict[str, int]:
    """Step through the running bot; by ourselves where none runs. One that is just starting is waited for."""
    folder = read_config(file).files.data_dir
    for _ in range(_TRIES):
        try:
            return await _to_the_end(lambda: control.ask(folder, SYNC, {}), seen)
        except control.NobodyThere:
            pass
        try:
            return await _by_ourselves(file, seen)
        except DatabaseInUse as error:
            in_use = error
        await asyncio.sleep(_PAUSE_S)
    raise in_use


async def _by_ourselves(file: Path, seen: Seen) -> dict[str, int]:
    async with opened(file, writing=True) as here, way_out(trusted=here.config.platforms) as session:
        if here.config.wecom and not here.config.wecom.api_base:
            raise SyncBroken("沙盒里的企业微信和机器人一起运行：请先 taoli serve")
        world = World()
        syncing = Syncing(
            here.store,
            lines_of(here.config, session, world),
            facts=here.facts,
            phone_key=here.keys.phone,
            clock=here.clock,
            rng=world.rng,
        )
        return await _to_the_end(syncing.step, seen)


async def _to_the_end(step: Step, seen: Seen) -> dict[str, int]:
    while True:
        progress = await step()
        seen(progress)
        if progress["done"]:
            counts: dict[str, int] = progress["counts"]
            return counts
        if progress["wait_s"]:
            await asyncio.sleep(progress["wait_s"])
