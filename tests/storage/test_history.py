"""What of a customer's history is read for her words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from referral.history import UNKNOWN, History, history_of
from referral.identities import Identity, IdentityKind
from referral.moments import Due, Moment, State
from referral.orders import Order
from referral.people import Person
from referral.signals import SignalKind
from referral.stories import Story
from storage.store import Store
from storage.transaction import Transaction

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
IDLE = Due(state=State.IDLE, reason="", score=0.0, due_at=None)


def an_order(
    number: str, person: str, *, days: int, product: str = "", kind: str = "order.paid", **known: object
) -> Order:
    at = NOW - timedelta(days=days)
    return Order(
        id=f"o-{number}",
        source="shop",
        order_no=number,
        kind=kind,
        amount_fen=9900,
        paid_at=at,
        received_at=at,
        digest=number,
        person=person,
        product=product,
        **known,  # type: ignore[arg-type]
    )


async def test_history_is_read_from_orders_moments_and_stories(store: Store):
    def unit(tx: Transaction) -> tuple[History, History]:
        for who in ("mei", "jun"):
            tx.people.create(Person(id=who), NOW)
        mei = Identity(IdentityKind.CRM, "mei")
        tx.orders.add(an_order("A1", "mei", days=40, product="桂花乌龙"), [mei])
        tx.orders.add(an_order("A2", "mei", days=5, product="白毫银针"), [mei])
        tx.orders.add(an_order("A3", "mei", days=1, product="退了的茶", refunded_fen=9900), [mei])
        tx.orders.add(an_order("A4", "mei", days=1, kind="trial.started"), [mei])
        tx.moments.save(Moment(person="mei", orders=7, good=SignalKind.PRAISE, good_at=NOW - timedelta(days=3)), IDLE)
        tx.stories.add(Story(id="s-1", person="mei", begun_at=NOW, changed_at=NOW))
        return history_of(tx, "mei"), history_of(tx, "jun")

    mei, jun = await store.write(unit)

    assert mei == History(
        orders=7,
        item="白毫银针",
        item_on=TODAY - timedelta(days=5),
        good=SignalKind.PRAISE,
        good_on=TODAY - timedelta(days=3),
        wrote=False,
    )
    assert jun == UNKNOWN
