"""`check`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from bot.cli.options import configured
from bot.config import load


@click.command()
@configured
def check(config_file: Path) -> None:
    """Check the file only, offline."""
    load(config_file, os.environ)
    click.echo("配置没有问题", err=True)
