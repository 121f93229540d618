"""`demo`: everything embedded, fresh data, the story in the terminal, then served."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click

from bot.app import App, World
from bot.cli.house import read_config, run
from bot.clocks import next_working_morning
from bot.demo import NotConfirmed, Story
from bot.keys import load_keys

_CONFIG = """
[server]
port = {port}
[company]
name = "春和家居"
[database]
url = "sqlite:///taoli.db"
[files]
data_dir = "data"
[sandbox]
enabled = true
"""


@click.command()
@click.option("--once", is_flag=True, help="Stop after the story; exit 1 if a step was not confirmed.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Keep the data here.")
def demo(once: bool, port: int, data: Path | None) -> None:
    """Play the story with a local WeCom, then serve it."""
    folder = data or Path(tempfile.mkdtemp(prefix="taoli-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "taoli.toml"
    if not file.exists():
        file.write_text(_CONFIG.format(port=port), encoding="utf-8")
    code = run(_demo(file, folder, port, once=once))
    if code:
        raise click.exceptions.Exit(code)


async def _demo(file: Path, folder: Path, port: int, *, once: bool) -> int:
    config = read_config(file).at_port(port)
    app = App(config, load_keys(config, os.urandom, os.environ), World())
    stopped = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stopped.set)
    try:
        await app.start()
    except OSError as error:
        raise click.ClickException(f"端口 {port} 用不了（{error.strerror}）；换一个：taoli demo --port 8001") from error
    try:
        confirmed = await _tell(app, folder)
        if once or not confirmed:
            return 0 if confirmed else 1
        click.echo(f"\n已就绪：{app.own_address}/sandbox/log　（Ctrl+C 结束；数据在 {folder}）")
        await stopped.wait()
        return 0
    finally:
        await app.stop()


async def _tell(app: App, folder: Path) -> bool:
    """Play the story from the next working morning; whether every step was confirmed."""
    morning = next_working_morning(datetime.now(UTC))
    await app.time.set_to(morning - datetime.now(UTC))
    await app.settle()
    click.echo(f"春和家居 · 沙盒里的企业微信 · {morning:%Y-%m-%d %H:%M}（北京时间）\n")
    try:
        await Story(app, folder, _tick).play()
    except NotConfirmed as problem:
        click.echo(f"✗ {problem}", err=True)
        return False
    return True


def _tick(step: str, seen: str) -> None:
    click.echo(f"✓ {step}\n    {seen}")
