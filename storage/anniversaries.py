"""Who may have become a customer on a day, found by the day alone: no other customer is looked at."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, union

from storage import tables as t
from storage.times import ms


def came_between(connection: Connection, since: datetime, until: datetime) -> list[str]:
    """Whoever joined or bought something then, in the order of ids; since when they are a customer is in their moment.

    `people.joined_at` and `orders.paid_at` have an index each. `moments.customer_since`, which is made from both, has
    none: every event would pay for it.
    """
    start, end = ms(since), ms(until)
    joined = select(t.people.c.id).where(t.people.c.joined_at >= start, t.people.c.joined_at < end)
    bought = select(t.orders.c.person).where(
        t.orders.c.paid_at >= start, t.orders.c.paid_at < end, t.orders.c.person.is_not(None)
    )
    return list(connection.execute(union(joined, bought).order_by("id")).scalars())
