"""Prepared statements keep to what SQLAlchemy promises: a closed connection is closed, a row has all its columns."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, bindparam, create_engine, insert, select
from sqlalchemy.exc import ResourceClosedError
from sqlalchemy.pool import StaticPool

from storage import tables as t
from storage.prepared import PreparedChange, PreparedLookup, PreparedSelect
from storage.store import Store

HOST = "i.qinghe.example"
OF_HOST = PreparedSelect(select(t.blocked_hosts).where(t.blocked_hosts.c.host == bindparam("what")))
ABOUT = PreparedLookup(
    lambda ids: (
        select(t.blocked_hosts)
        .where(t.blocked_hosts.c.host.in_(ids), t.blocked_hosts.c.since < bindparam("before"))
        .order_by(t.blocked_hosts.c.host)
    )
)
BLOCK = PreparedChange(insert(t.blocked_hosts).values(host=bindparam("what"), since=bindparam("when")))


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    with engine.connect() as opened:
        t.blocked_hosts.create(opened)
        yield opened
    engine.dispose()


def test_a_closed_connection_takes_no_statement(connection: Connection) -> None:
    assert BLOCK.run(connection, {"what": HOST, "when": 1}) == 1
    row = OF_HOST.first(connection, {"what": HOST})
    assert row
    assert (row.host, row.since) == (HOST, 1)

    connection.close()

    with pytest.raises(ResourceClosedError):
        OF_HOST.first(connection, {"what": HOST})
    with pytest.raises(ResourceClosedError):
        BLOCK.run_many(connection, [{"what": "b.example", "when": 2}])


def test_columns_of_one_name_are_told_apart(connection: Connection) -> None:
    BLOCK.run(connection, {"what": HOST, "when": 1})
    twice = PreparedSelect(select(t.blocked_hosts.c.host, t.blocked_hosts.c.host))

    assert tuple(twice.first(connection, {})) == (HOST, HOST)


@pytest.mark.parametrize("asked", [0, 1, 2, 4, 5, 17, 90])
async def test_several_are_found_at_once_however_long_the_list_and_nobody_twice(store: Store, asked: int) -> None:
    hosts = [f"h{number:03d}.example" for number in range(90)]
    await store.write(
        lambda tx: BLOCK.run_many(tx.connection, [{"what": host, "when": n} for n, host in enumerate(hosts)])
    )

    some = await store.read(lambda tx: ABOUT.all(tx.connection, [*hosts[:asked], "nobody.example"], before=50))
    none = await store.read(lambda tx: ABOUT.all(tx.connection, [], before=50))

    assert [(row.host, row.since) for row in some] == [(hosts[n], n) for n in range(min(asked, 50))]
    assert none == []
