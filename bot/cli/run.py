"""`serve`, `migrate`, `check`."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import click

from bot.app import App, World
from bot.cli.house import configured, read_config, run
from bot.config import Config, load
from bot.keys import load_keys
from storage.open import migrate_database


@click.command()
@configured
def serve(config_file: Path) -> None:
    """Run the bot."""
    config = read_config(config_file)
    run(_serve(config))


@click.command()
@configured
def migrate(config_file: Path) -> None:
    """Bring the database to this program's version."""
    config = read_config(config_file)
    ran = run(migrate_database(config.database.url))
    click.echo("数据库已升级" if ran else "数据库已是最新", err=True)


@click.command()
@configured
def check(config_file: Path) -> None:
    """Check the file only, offline."""
    load(config_file, os.environ)
    click.echo("配置没有问题", err=True)


async def _serve(config: Config) -> None:
    app = App(config, load_keys(config, os.urandom, os.environ), World())
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stopped.set)
    await app.start()
    click.echo(f"{app.config.company.name} 已启动：{app.own_address}", err=True)
    if app.sandbox:
        click.echo(f"沙盒：{app.own_address}/sandbox/log", err=True)
    try:
        await stopped.wait()
    finally:
        await app.stop()
