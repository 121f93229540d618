"""The demo told in a terminal: a tick for every step that was confirmed, what was seen below it, and then it serves."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import closing
from pathlib import Path

import click

from bot.app import App
from bot.cli.columns import wrapped
from bot.cli.house import on_loop, read_config
from bot.cli.running import running
from bot.clocks import demo_start
from bot.config import Config
from bot.demo import Story
from bot.demo_door import NotConfirmed
from bot.keys import load_keys
from bot.log import set_up
from bot.machine import World
from referral.errors import RuleViolation
from referral.times import SHANGHAI

LOG = "demo.log"
_INDENT = "    "
_WIDEST = 96


def tell(file: Path, folder: Path, port: int, *, once: bool) -> bool:
    """Play the story with the configuration in `file`, then serve unless `once`; whether every step was confirmed.

    What the bot logs goes to a file in its data folder: the terminal belongs to the story.
    """
    config = read_config(file)
    if not config.sandbox.enabled:
        raise RuleViolation("demo.real", f"--data: {folder} 里是真的企业微信（[sandbox] 没有打开），演示不碰它")
    with closing((config.files.data_dir / LOG).open("a", encoding="utf-8")) as log:
        set_up(log)
        try:
            return on_loop(_demo(config.at_port(port), folder, once=once))
        finally:
            set_up()


async def _demo(config: Config, folder: Path, *, once: bool) -> bool:
    world = World()
    app = App(config, load_keys(config, world.random_bytes, os.environ), world)
    async with running(app) as stop:
        confirmed = await _until(stop, _tell(app, folder))
        if confirmed and not once:
            click.echo(f"\n数据在 {folder}，运行日志在 {config.files.data_dir / LOG}")
            click.echo("在浏览器里打开，Ctrl+C 结束 · Open it in a browser; Ctrl+C ends it")
            click.echo(f"已就绪：{app.own_address}/sandbox/")
            await stop.wait()
    return confirmed


async def _until(stop: asyncio.Event, telling: asyncio.Future[bool]) -> bool:
    """The story's outcome, or False where somebody asked to stop before its end."""
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait((telling, stopping), return_when=asyncio.FIRST_COMPLETED)
    for task in (telling, stopping):
        task.cancel()
    await asyncio.wait((telling, stopping))
    if not telling.cancelled():
        return telling.result()
    click.echo("没有演完就停下了", err=True)
    return False


def _tell(app: App, folder: Path) -> asyncio.Future[bool]:
    return asyncio.ensure_future(_telling(app, folder))


async def _telling(app: App, folder: Path) -> bool:
    """Play the story from the next working morning; whether every step was confirmed."""
    monotonic = app.world.monotonic
    began = monotonic()
    morning = demo_start(app.clock(), app.facts.workdays)
    await app.time.set_to(morning - app.world.clock())
    await app.settle()
    click.echo(f"{app.config.company.name}，{morning.astimezone(SHANGHAI):%Y-%m-%d %H:%M}（北京时间）\n")
    try:
        steps = await Story(app, folder, _tick).play()
    except NotConfirmed as problem:
        click.echo(f"{click.style('✗', fg='red')} {problem}", err=True)
        click.echo(f"{_INDENT}运行日志在 {app.config.files.data_dir / LOG}", err=True)
        return False
    if app.sandbox:
        app.sandbox.start_session()
    click.echo(f"\n{steps} 步都核对过了，用时 {monotonic() - began:.1f} 秒")
    return True


def _tick(step: str, *seen: str) -> None:
    """A confirmed step. An address or a path stays in one piece, so that it can be clicked."""
    click.echo(f"{click.style('✓', fg='green')} {step}")
    width = min(shutil.get_terminal_size((80, 24)).columns, _WIDEST) - len(_INDENT)
    for fact in seen:
        for line in wrapped(fact, width):
            click.echo(_INDENT + line)
