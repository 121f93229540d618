"""What an order costs does not grow with the company: no statement on its way reads a whole table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import Connection

from referral.identities import Identity, IdentityKind
from referral.orders import Outcome
from storage.sqlite import driver_of
from tests.engine.books import NOON, Books, history

MEI = Identity(IdentityKind.WECOM, "wm-mei")
JUN = Identity(IdentityKind.WECOM, "wm-jun")
JUNS_PHONE = Identity(IdentityKind.PHONE, "ab" * 32)
STRANGER = Identity(IdentityKind.PHONE, "cd" * 32)
GROWS = (
    "announcements|codes|contacts|identities|ledger_\\w+|moments|notices|order_buyers|orders|outbox|people|referrals"
)
GROWS += "|refunds|rewards|shares|signals|touches|windows|consent|nudges|jobs|devices"


@contextmanager
def listening(books: Books) -> Iterator[list[str]]:
    """Every statement that SQLite runs meanwhile."""
    raw, heard = driver_of(books.tx.connection), []
    raw.set_trace_callback(heard.append)
    yield heard
    raw.set_trace_callback(None)


def read_whole(books: Books, statements: list[str]) -> set[str]:
    """Which tables these statements read from one end to the other, by the statement."""
    raw, found = driver_of(books.tx.connection), set()
    for statement in {each for each in statements if re.match(r"(?i)\s*(select|insert|update|delete)\b", each)}:
        for *_, step in raw.execute(f"explain query plan {statement}").fetchall():
            if re.match(rf"SCAN ({GROWS})\b", step) and not step.endswith("ix_people_staff"):  # of staff there are few
                found.add(f"{step}: {statement}")
    return found


def test_no_statement_of_an_order_reads_a_whole_table(pages: Connection):
    """Held, once more with a later code, from somebody unknown, given back, and its refund window over."""
    with history(pages) as books:
        campaign = books.campaign(cap_per_day=20, cap_campaign=300)
        code = books.code(MEI, campaign)
        books.met(JUN, JUNS_PHONE)

        with listening(books) as statements:
            books.touch(JUN, code, at=NOON - timedelta(days=3))
            first = books.order("1", JUNS_PHONE, JUN, at=NOON)
            books.order("2", JUNS_PHONE, at=NOON, code=code)
            books.order("3", STRANGER, at=NOON)
            books.refund("3", "r3", None)

        assert first.outcome is Outcome.HELD
        assert len(statements) > 100
        assert read_whole(books, statements) == set()


def test_no_statement_of_a_merge_reads_every_touch_or_order(pages: Connection):
    with history(pages) as books:
        code = books.code(MEI, books.campaign())
        books.touch(JUN, code, at=NOON - timedelta(days=3))
        books.order("1", JUNS_PHONE, at=NOON, code=code)

        with listening(books) as statements:
            books.met(JUN, JUNS_PHONE)

        assert any("UPDATE orders" in each for each in statements)
        assert [
            each for each in read_whole(books, statements) if re.match(r"SCAN (touches|orders|codes)\b", each)
        ] == []
