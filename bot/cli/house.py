"""What every command needs: the configuration, the keys, and the database, read-only or by way of the running bot."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from bot import control
from bot.app import house, machine_clock, naming_of
from bot.clocks import ahead
from bot.config import Config, load, with_sandbox_secrets
from bot.hooks.reading import Naming
from bot.keys import Keys, load_keys
from bot.log import set_up
from bot.operator import Operator
from bot.pages.tokens import Tokens
from bot.words import Words
from referral.facts import Facts
from referral.times import Clock
from storage.errors import DatabaseInUse
from storage.open import open_beside, open_store
from storage.store import Store

T = TypeVar("T")
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


def read_config(file: Path) -> Config:
    """Load the file with its secrets. Raises `ConfigError`."""
    return with_sandbox_secrets(load(file, os.environ), os.urandom)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A configured company, with its database open for reading or writing."""

    config: Config
    keys: Keys
    store: Store
    facts: Facts
    words: Words
    naming: Naming
    clock: Clock


@asynccontextmanager
async def opened(file: Path, *, writing: bool = False) -> AsyncIterator[House]:
    """Open the database that a configuration names; beside a running bot only for reading."""
    config = read_config(file)
    store = await (open_store if writing else open_beside)(config.database.url)
    try:
        keys = load_keys(config, os.urandom, os.environ)
        offset = await store.read(ahead) if config.sandbox.enabled else None
        desks = [desk for app in config.wecom.apps for desk in app.kf_accounts] if config.wecom else []
        facts, words = house(config, keys, Tokens(keys.tokens), desk=desks[0] if desks else None)
        yield House(
            config=config,
            keys=keys,
            store=store,
            facts=facts,
            words=words,
            naming=naming_of(config, keys),
            clock=(lambda: machine_clock() + offset) if offset else machine_clock,
        )
    finally:
        await store.close()


async def operate(file: Path, command: str, args: dict[str, Any]) -> Any:
    """Have a writing command done by the running bot; by ourselves where none runs."""
    from random import SystemRandom

    config = read_config(file)
    try:
        return await control.ask(config.files.data_dir, command, args)
    except control.NobodyThere:
        pass
    try:
        async with opened(file, writing=True) as here:
            operator = Operator(
                store=here.store,
                facts=here.facts,
                words=here.words,
                naming=here.naming,
                clock=here.clock,
                rng=SystemRandom(),
            )
            return await operator.run(command, args)
    except DatabaseInUse:  # a bot started between our two looks
        return await control.ask(config.files.data_dir, command, args)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's own coroutine, with talk on stderr; on uvloop where that is installed (the extra `fast`)."""
    set_up()
    with asyncio.Runner(loop_factory=_fast_loop()) as runner:
        return runner.run(work)


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        from uvloop import new_event_loop
    except ImportError:
        return None
    return new_event_loop


def show(value: Any) -> None:
    """Print a JSON value."""
    click.echo(json.dumps(value, ensure_ascii=False))
