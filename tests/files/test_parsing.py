"""A large file is worked on in a process beside, with the same result."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from bot.files.beside import Deserted, beside
from bot.files.parsing import Reading, parser
from bot.hooks.reading import Naming

READING = Reading(
    fields=("crm_id", "phone", "name", "activity"),
    naming=Naming(phone_key=bytes(32), app_id=None),
    scale=10,
    now=datetime(2026, 11, 22, tzinfo=UTC),
)


def batches():
    rows = [(line, f"C{line}", "13800138000" if line % 5 else "13", "梅姐", f"{line}.5") for line in range(2, 302)]
    return iter([rows[:100], rows[100:200], rows[200:]])


def test_another_process_reads_what_we_would_and_ends_with_us():
    assert list(beside(batches(), parser, READING)) == list(map(parser(READING), batches()))


def test_leaving_halfway_leaves_no_process_behind():
    reading = beside(batches(), parser, READING)

    first = next(reading)
    reading.close()

    assert len(first[0]) + len(first[1]) == 100


def make_one_that_dies(code):
    return lambda _: os._exit(code)


def test_a_process_that_dies_is_said_in_a_sentence():
    with pytest.raises(Deserted):
        list(beside(batches(), make_one_that_dies, 3))
