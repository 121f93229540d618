"""A large file is read in a process beside, with the same result."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.files.parsing import Reading, parsed, parsed_beside
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
    assert list(parsed_beside(batches(), READING)) == list(parsed(batches(), READING))


def test_leaving_halfway_leaves_no_process_behind():
    reading = parsed_beside(batches(), READING)

    first = next(reading)
    reading.close()

    assert len(first[0]) + len(first[1]) == 100
