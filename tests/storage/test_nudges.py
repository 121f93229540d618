"""Nudges: what is on reps' lists is found without walking through all that was ever planned."""

import pytest
from sqlalchemy import text

from storage.nudges import _LEFT_OVER, _LISTED
from storage.open import open_store

BOUNDS = {"before": 9, "since": 1, "at": 5}


@pytest.mark.parametrize("query", [_LEFT_OVER, _LISTED])
async def test_who_stands_on_a_list_is_looked_for_between_two_times(ready_sqlite_url: str, query):
    def plan(tx):
        compiled = query._statement.params(**BOUNDS).compile(
            dialect=tx.connection.dialect, compile_kwargs={"literal_binds": True}
        )
        return "\n".join(row.detail for row in tx.connection.execute(text(f"explain query plan {compiled}")))

    store = await open_store(ready_sqlite_url)
    try:
        steps = await store.read(plan)
    finally:
        await store.close()

    assert steps.splitlines()[0] == "SEARCH nudges USING INDEX ix_nudges_planned (planned_at>? AND planned_at<?)"
