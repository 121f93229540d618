"""Reading the rows of a large people file in a process beside, so that reading and keeping go on at the same time.

The other process is a child that ends with us: its end of the pipe closes when we do, however that happens.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from bot.files.people import PeopleReader
from bot.files.reading import Row
from bot.files.rows import Problem
from bot.hooks.reading import Naming

MANY = 50_000  # rows from which on another process is worth its start

Parsed = tuple[list[tuple[int, bytes, list[str], float | None]], list[Problem]]
"""Of a batch what each row says (line, body, of whom, their activity), and what is wrong with the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a people file is to be read: its columns, and what `PeopleReader` asks for."""

    fields: Sequence[str]
    naming: Naming
    scale: int
    now: datetime


def parsed(batches: Iterator[Sequence[Row]], reading: Reading) -> Iterator[Parsed]:
    """Read batches here."""
    reader = PeopleReader(reading.fields, reading.naming, scale=reading.scale, now=reading.now)
    for batch in batches:
        yield _parse(reader, batch)


def parsed_beside(batches: Iterator[Sequence[Row]], reading: Reading) -> Iterator[Parsed]:
    """Read each batch in another process while the one before it is being used."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    child = context.Process(target=_serve, args=(there, reading), daemon=True)
    child.start()
    there.close()
    try:
        yield from _exchanged(batches, here)
    finally:
        here.close()
        child.join()


def _exchanged(batches: Iterator[Sequence[Row]], child: Connection[Any, Any]) -> Iterator[Parsed]:
    """Never two batches on the way: then neither side waits for the other to read."""
    waiting = False
    for batch in batches:
        found = child.recv() if waiting else None
        child.send(batch)
        waiting = True
        if found is not None:
            yield found
    if waiting:
        yield child.recv()


def _serve(parent: Connection[Any, Any], reading: Reading) -> None:
    reader = PeopleReader(reading.fields, reading.naming, scale=reading.scale, now=reading.now)
    try:
        while True:
            parent.send(_parse(reader, parent.recv()))
    except (EOFError, OSError, KeyboardInterrupt):
        return


def _parse(reader: PeopleReader, batch: Sequence[Row]) -> Parsed:
    told, problems = [], []
    for found in map(reader.read, batch):
        if isinstance(found, Problem):
            problems.append(found)
        else:
            names = [*map(str, found.identities)]
            told.append((found.line, msgspec.json.encode(found), names, found.activity))
    return told, problems
