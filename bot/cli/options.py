"""Options that many commands share, and how results are printed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def configured(command: Command) -> Command:
    """Give a command its `--config FILE`."""
    option = click.option(
        "--config",
        "config_file",
        required=True,
        type=click.Path(dir_okay=False, path_type=Path),
        help="The TOML file.",
    )
    return option(command)


def as_json(command: Command) -> Command:
    """Give a command its `--json`."""
    return click.option("--json", "json_", is_flag=True, help="Print one JSON value.")(command)


def signed(command: Command) -> Command:
    """Give a command its `--by NAME`: who decides."""
    return click.option("--by", required=True, metavar="NAME", help="Who decides.")(command)


def show(value: Any) -> None:
    """Print a JSON value on one line."""
    click.echo(json.dumps(value, ensure_ascii=False))
