"""Options that many commands share, and how results are printed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from bot.cli.columns import columns

Command = TypeVar("Command", bound=Callable[..., Any])
Row = Callable[[dict[str, Any]], Sequence[str]]
"""How one thing found is laid out: a cell for each column."""


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


def show_list(found: Sequence[dict[str, Any]], head: Sequence[str], row: Row, *, nothing: str, json_: bool) -> None:
    """Print what a list holds: as JSON, or as a table; `nothing` says on stderr that it is empty."""
    if json_:
        return show(found)
    if not found:
        return click.echo(nothing, err=True)
    return click.echo("\n".join(columns(head, [row(each) for each in found])))
