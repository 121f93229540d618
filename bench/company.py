"""The company of the engine's bench: people, touches and past orders of any number, laid straight into a SQLite file.

Ids are as long and as evenly spread as real ones but come in order, so that laying a row is quick, while whatever is
measured later meets indexes of the size and depth of a grown company's.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from crowd import DESK, NOW

from bot.words import Words
from referral import campaigns, codes
from storage.store import Store
from storage.times import ms
from storage.transaction import Transaction

KEY = bytes(32)

_PACKS = ("double-month", "table-for-two", "prime", "top-fans")
_SINCE = NOW - timedelta(days=120)
_DAY = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many there are of each, all from the number of touches: 10⁷ make 10⁶ people and 10⁵ orders."""

    touches: int

    @property
    def people(self) -> int:
        return self.touches // 10

    @property
    def customers(self) -> int:
        """The first of the people; the others are friends who may become customers."""
        return self.people * 3 // 10

    @property
    def advocates(self) -> int:
        """The first of the customers."""
        return self.people // 10

    @property
    def orders(self) -> int:
        return self.touches // 100


async def found(store: Store, words: Words) -> str:
    """Start the campaigns; the id of the first, to which four of five codes belong."""
    begun = [await store.write(lambda tx, pack=pack: _start(tx, words, pack)) for pack in _PACKS]
    return begun[0]


def _start(tx: Transaction, words: Words, pack: str) -> str:
    made = campaigns.start(
        tx,
        pack=pack,
        name=pack,
        terms=replace(words.pack(pack).terms, cap_per_day=20),
        starts_at=_SINCE,
        ends_at=None,
        budget_fen=10**12,
        now=_SINCE,
        rng=random.Random(pack),
    )
    return made.id


def lay(file: Path, size: Size, campaign: str) -> None:
    """Lay everybody, and what happened so far, into a file that nobody has open."""
    with _quick(file) as connection, _without_indexes(connection, "touches", "referrals"):
        _lay_codes(connection, size, campaign)
        for statement in (*_people(size), *_touches(size), *_orders(size, campaign)):
            connection.execute(statement)


@contextmanager
def _quick(file: Path) -> Iterator[sqlite3.Connection]:
    """A connection that keeps nothing for going back, and sorts in files."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for pragma in ("journal_mode=off", "synchronous=off", "foreign_keys=off", "cache_size=-65536", "temp_store=1"):
            connection.execute(f"pragma {pragma}")
        connection.execute("begin")
        yield connection
        connection.execute("commit")


@contextmanager
def _without_indexes(connection: sqlite3.Connection, *tables: str) -> Iterator[None]:
    """Take the indexes of these tables away, and make them anew, sorted, when all rows are there."""
    places = ", ".join("?" * len(tables))
    query = f"select name, sql from sqlite_master where type = 'index' and sql <> '' and tbl_name in ({places})"
    indexes = connection.execute(query, tables).fetchall()
    for name, _ in indexes:
        connection.execute(f"drop index {name}")
    yield
    for _, sql in indexes:
        connection.execute(sql)


def _lay_codes(connection: sqlite3.Connection, size: Size, campaign: str) -> None:
    others = [row[0] for row in connection.execute("select id from campaigns where id <> ?", (campaign,))]
    rows = (
        (row, codes.encode(row, KEY), campaign if row % 5 else others[row // 5 % len(others)], person(row - 1, size))
        for row in range(1, size.advocates + 1)
    )
    statement = "insert into codes (row, code, campaign, advocate, channel, created_at) values (?, ?, ?, ?, '', 0)"
    connection.executemany(statement, rows)


def person(number: int, size: Size) -> str:
    """The id of a person."""
    return f"p{number * (2**32 // size.people):08x}{number:08x}"


def number_of(person: str) -> int:
    """The number of a person, by their id."""
    return int(person[9:], 16)


def phone(number: int, size: Size) -> str:
    """A person's phone, as it is kept."""
    return f"{number * (2**32 // size.people):08x}{number:056x}"


def _people(size: Size) -> Iterator[str]:
    who, numbers = _id("p", "i", size.people), _numbers(size.people)
    joined = f"case when i < {size.customers} then {ms(NOW)} - i % 1000 * {_DAY} end"
    yield (
        "insert into people (id, nickname, rep, joined_at, created_at) "
        f"select {who}, '客户' || i, 'rep' || i % 200, {joined}, 0 from {numbers}"
    )
    handle = _id("wm", "i", size.people)
    hashed = f"printf('%08x%056x', i * {2**32 // size.people}, i)"
    for kind, value in (("phone", hashed), ("wecom", handle)):
        yield (f"insert into identities (kind, value, person, since) select '{kind}', {value}, {who}, 0 from {numbers}")
    yield (
        "insert into contacts (person, rep, added_at, last_added_at) "
        f"select {who}, 'rep' || i % 200, 0, 0 from {numbers}"
    )
    yield (
        "insert into moments (person, customer_since, orders, state, reason, due_at) "
        f"select {who}, 0, 1, 'idle', 'consent.unknown', null from {_numbers(size.customers)}"
    )
    said_at = ms(NOW - timedelta(hours=1))
    yield (
        "insert into windows (desk, person, handle, said_at) "
        f"select '{DESK}', {who}, {handle}, {said_at} from {numbers} where i % 50 = 0"
    )


def _touches(size: Size) -> Iterator[str]:
    """Three of five are a device's view; the others fall on friends as chance has it, a handful each."""
    friend = f"case when i % 5 > 2 then {size.customers + 1} + {_any(size.people - size.customers)} end"
    at = f"{ms(NOW)} - i * 1103515 % {90 * _DAY // 1000} * 1000"
    yield (
        "insert into touches (id, code, campaign, advocate, friend, kind, channel, device, version, at, arrived_at) "
        f"select {_id('t', 'i', size.touches)}, code, campaign, advocate, people.id, "
        "case i % 5 when 3 then 'add' when 4 then 'code' else 'view' end, '', "
        f"case when i % 5 < 3 then printf('%016x%016x', random(), i) end, 1, {at}, {at} "
        f"from {_numbers(size.touches)} join codes on codes.row = 1 + {_any(size.advocates)} "
        f"left join people on people.rowid = {friend}"
    )
    yield (
        "insert into referrals (id, campaign, friend, advocate, code, touch, version, method, status, reason, at) "
        "select 'r' || substr(friend, 2) || campaign, campaign, friend, advocate, code, id, 1, kind, 'pending', "
        "'conversion.waiting', max(at) from touches where friend is not null group by friend, campaign"
    )


def _orders(size: Size, campaign: str) -> Iterator[str]:
    """What friends bought so far, each with thanks for both sides that went all their way; and a quarter as many orders
    of nobody yet."""
    yield (
        "create temp table past as select row_number() over () as i, * from "
        "(select *, row_number() over (order by friend) as turn from referrals "
        f"where campaign = '{campaign}') where turn % 5 = 0 limit {size.orders}"
    )
    placed, now = _id("o", "i", size.orders), ms(NOW)
    yield (
        "insert into orders (id, source, order_no, kind, amount_fen, paid_at, received_at, person, digest, outcome, "
        f"reasons, referral) select {placed}, 'shop', 'past' || i, 'order.paid', 39900, at, at, friend, '', 'held', "
        "'[\"granted\"]', id from past"
    )
    yield (
        "insert into orders (id, source, order_no, kind, amount_fen, paid_at, received_at, digest, outcome, reasons) "
        f"select {_id('q', 'i', size.orders)}, 'shop', 'nobody' || i, 'order.paid', 39900, {now}, {now}, '', "
        f"'unmatched', '[\"buyer.unknown\"]' from {_numbers(size.orders // 4)}"
    )
    yield (
        f"insert into order_buyers select {placed}, 'phone', "
        f"substr(friend, 2, 8) || '{48 * '0'}' || substr(friend, 10) from past"
    )
    yield (
        f"update referrals set status = 'credited', reason = 'granted', decided_at = {now}, \"order\" = {placed} "
        "from past where past.id = referrals.id"
    )
    for place, side in enumerate(("advocate", "friend")):
        yield (
            "insert into rewards (id, campaign, referral, friend, person, side, cause, rule, kind, unit, amount, "
            'cost_fen, reserved_fen, says, state, reason, "order", created_at, held_at, due_at, granted_at) '
            f"select {_id('w', f'(2 * i + {place})', 2 * size.orders + 2)}, campaign, id, friend, {side}, '{side}', "
            "'referral', 'first-order', 'days', 'days', 30, 3000, 3000, '{amount}天会员', 'granted', 'granted', "
            f"{placed}, at, at, at + {15 * _DAY}, at + {15 * _DAY} from past"
        )
    yield (
        "insert into jobs (kind, key, payload, due_at, state) "
        f"select 'reward.grant', id, '{{}}', at + {15 * _DAY}, 'done' from past"
    )
    yield (
        "insert into notices (id, person, kind, ref, state, created_at, told_at) "
        "select 'n' || substr(id, 2), person, 'thanks.granted', id, 'told', held_at, held_at from rewards"
    )
    yield "drop table past"


def reward(number: int, size: Size) -> str:
    """The id of a past thanks, by its number from 2 on."""
    return f"w{number * (2**32 // (2 * size.orders + 2)):08x}{number:08x}"


def _numbers(most: int) -> str:
    return f"(with recursive n(i) as (select 0 union all select i + 1 from n where i < {most - 1}) select i from n)"


def _id(kind: str, number: str, most: int) -> str:
    """The id of a row of so many, as SQL."""
    return f"'{kind}' || printf('%08x%08x', {number} * {2**32 // most}, {number})"


def _any(most: int) -> str:
    """Any number from 0 on, below `most`, as SQL; other for every `i`, or SQLite would draw once for all rows."""
    return f"abs((random() >> 1) + i) % {most}"
