"""Batches of rows of a people file, read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from bot.files.people import PeopleReader
from bot.files.reading import Row
from bot.files.rows import Problem
from bot.hooks.reading import Naming

ToldRow = tuple[int, bytes, list[str], float | None]
"""What a row says: its line, the body, of whom, their activity."""

Parsed = tuple[list[ToldRow], list[Problem]]
"""Of a batch what each row says, and what is wrong with the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a people file is to be read: its columns, and what `PeopleReader` asks for."""

    fields: Sequence[str]
    naming: Naming
    scale: int
    now: datetime


def parser(reading: Reading) -> Callable[[Sequence[Row]], Parsed]:
    """What reads batches."""
    reader = PeopleReader(reading.fields, reading.naming, scale=reading.scale, now=reading.now)
    return lambda batch: _parse(reader, batch)


def _parse(reader: PeopleReader, batch: Sequence[Row]) -> Parsed:
    told, problems = [], []
    for found in map(reader.read, batch):
        if isinstance(found, Problem):
            problems.append(found)
        else:
            names = [*map(str, found.identities)]
            told.append((found.line, msgspec.json.encode(found), names, found.activity))
            if doubt := reader.doubt(found):
                problems.append(doubt)
    return told, problems
