"""`demo`: everything embedded, fresh data, the story in the terminal, then served."""

from __future__ import annotations

import errno
import socket
import tempfile
from contextlib import closing
from pathlib import Path

import click

from bot.cli.refusals import Refused, said

_CONFIG = """\
[server]
port = {port}

[company]
name = "春和家居"

[database]
url = "sqlite:///taoli.db"

[files]
data_dir = "data"

[sending]
holdout = 0.0  # a story of a few people needs all of them

[sandbox]
enabled = true
"""


@click.command()
@click.option("--once", is_flag=True, help="Stop after the story; exit 1 if a step was not confirmed.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Keep the data here.")
def demo(once: bool, port: int, data: Path | None) -> None:
    """Play the story with a local WeCom, then serve it."""
    _try(port)
    click.echo("一位老客户介绍一位朋友：本机扮演企业微信，每一步都从另一头读回来核对")
    click.echo("A customer brings a friend. This machine plays WeCom; every step is checked.")
    from bot.cli.telling import tell  # noqa: PLC0415  # the first line does not wait for the whole house to load

    folder = data or Path(tempfile.mkdtemp(prefix="taoli-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "taoli.toml"
    if not file.exists():
        file.write_text(_CONFIG.format(port=port), encoding="utf-8")
    if not tell(file, folder.absolute(), port, once=once):
        raise click.exceptions.Exit(1)


def _try(port: int) -> None:
    """Refuse a port that cannot be had before anything is made or told."""
    with closing(socket.socket()) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError as error:
            why = "已被占用" if error.errno == errno.EADDRINUSE else f"用不了（{said(error)}）"
            other = f'make demo ARGS="--port {port + 1 if 1024 <= port < 65535 else 8001}"'
            sentence = f"端口 {port} {why}，换一个 · Port {port} is not free, choose another: {other}"
            raise Refused(sentence) from error
