"""What commands work with: the configuration, the keys, the database, read-only or by way of the running bot."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from bot import control
from bot.app import house, naming_of
from bot.clocks import ahead
from bot.config import Config, load, with_sandbox_secrets
from bot.erasing import Folder
from bot.hooks.reading import Naming
from bot.keys import Keys, load_keys
from bot.log import set_up
from bot.machine import World
from bot.operator import ADDRESS, Operator
from bot.pages.tokens import Tokens
from bot.words import Words
from referral.facts import Facts
from referral.times import Clock
from storage.errors import DatabaseInUse
from storage.open import open_beside, open_store
from storage.store import Store

T = TypeVar("T")

_TRIES = 50
_PAUSE_S = 0.2


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's own coroutine, with talk on stderr."""
    set_up()
    return on_loop(work)


def on_loop(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine; on uvloop where that is installed (the extra `fast`)."""
    with asyncio.Runner(loop_factory=_fast_loop()) as runner:
        return runner.run(work)


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        return import_module("uvloop").new_event_loop  # type: ignore[no-any-return]
    except ImportError:
        return None


def read_config(file: Path) -> Config:
    """Load the file with its secrets. Raises `ConfigError`."""
    return with_sandbox_secrets(load(file, os.environ), World().random_bytes)


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
async def opened(
    file: Path, *, writing: bool = False, in_bulk: bool = False, url: str | None = None
) -> AsyncIterator[House]:
    """Open the database that a configuration names, or another; beside a running bot only for reading."""
    config, world = await _where_it_runs(read_config(file)), World()
    address = url or config.database.url
    store = await (open_store(address, in_bulk=in_bulk) if writing else open_beside(address))
    try:
        keys = load_keys(config, world.random_bytes, os.environ)
        desks = [desk for app in config.wecom.apps for desk in app.kf_accounts] if config.wecom else []
        facts, words = house(config, keys, Tokens(keys.tokens), desk=desks[0] if desks else None)
        naming, clock = naming_of(config, keys), await _clock(config, store, world.clock)
        yield House(config=config, keys=keys, store=store, facts=facts, words=words, naming=naming, clock=clock)
    finally:
        await store.close()


async def operate(file: Path, command: str, args: dict[str, Any]) -> Any:
    """Have a writing command done by the running bot; by ourselves where none runs.

    A bot that is just starting, or another command, holds the database for a moment: then we look again.
    """
    config = read_config(file)
    for _ in range(_TRIES):
        try:
            return await control.ask(config.files.data_dir, command, args)
        except control.NobodyThere:
            pass
        try:
            return await _by_ourselves(file, command, args)
        except DatabaseInUse as error:
            in_use = error
        await asyncio.sleep(_PAUSE_S)
    raise in_use


async def _by_ourselves(file: Path, command: str, args: dict[str, Any]) -> Any:
    async with opened(file, writing=True) as here:
        return await operator(here).run(command, args)


def operator(here: House) -> Operator:
    """The operator of a house that is open for writing."""
    return Operator(
        store=here.store,
        facts=here.facts,
        words=here.words,
        naming=here.naming,
        clock=here.clock,
        rng=World().rng,
        folder=Folder(path=here.config.files.data_dir, seal=here.keys.seal),
    )


async def _clock(config: Config, store: Store, machine: Clock) -> Clock:
    """The machine's clock, ahead by as much as the sandbox's is."""
    if not config.sandbox.enabled:
        return machine
    offset = await store.read(ahead)
    return lambda: machine() + offset


async def _where_it_runs(config: Config) -> Config:
    """With `port = 0` only the running bot knows the address that links start with."""
    if config.server.port or config.server.public_url != config.server.own_address:
        return config
    try:
        address = await control.ask(config.files.data_dir, ADDRESS, {})
    except control.NobodyThere:
        return config
    return config.at_port(urlsplit(address).port or 0)
