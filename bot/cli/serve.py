"""`serve`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
import structlog

from bot.app import App
from bot.cli.house import read_config, run
from bot.cli.options import configured
from bot.cli.running import running
from bot.config import Config
from bot.keys import load_keys
from bot.machine import World

log = structlog.get_logger()


@click.command()
@configured
def serve(config_file: Path) -> None:
    """Run the bot."""
    run(_serve(read_config(config_file)))


async def _serve(config: Config) -> None:
    world = World()
    app = App(config, load_keys(config, world.random_bytes, os.environ), world)
    async with running(app) as stop:
        _announce(app)
        await stop.wait()
        log.info("serve.stopping")
    log.info("serve.stopped")


def _announce(app: App) -> None:
    """A sentence for somebody at a terminal, a line for a log."""
    company, sandbox = app.config.company.name, app.config.sandbox.enabled
    if not sys.stderr.isatty():
        log.info("serve.started", company=company, address=app.own_address, sandbox=sandbox)
        return
    click.echo(f"{company} 已启动：{app.own_address}", err=True)
    if sandbox:
        click.echo(f"沙盒：{app.own_address}/sandbox/", err=True)
