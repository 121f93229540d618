"""Bills, the standing of connectors and their news, the same on both databases."""

import random

import pytest

from referral import connectors, fulfilment
from referral.announcements import Announcement, AnnouncementState
from referral.connectors import Standing
from referral.fulfilment import Bill, BillState
from storage.store import Store
from tests.storage.cast import NOON, a_reward, after, settle_with_order


def a_bill(**changes) -> Bill:
    known = {"id": "b1", "reward": "w1", "connector": "erp", "state": BillState.WAITING}
    return Bill(**known | {"created_at": NOON, "changed_at": NOON} | changes)


def owed(tx) -> None:
    """Mei is owed a thanks, and a connector has its bill."""
    settle_with_order(tx)
    tx.rewards.add(a_reward())
    tx.bills.add(a_bill())


async def test_a_bill_comes_back_as_it_was_kept(store: Store):
    def story(tx):
        owed(tx)
        sent = tx.bills.move(a_bill(), BillState.UNKNOWN, after(hours=1), sent_at=after(hours=1), tries=1)
        tx.bills.move(sent, BillState.SENT, after(hours=2), needs="confirm", external="package", note="busy")
        return tx.bills.of_reward("w1")

    assert await store.write(story) == a_bill(
        state=BillState.SENT,
        changed_at=after(hours=2),
        sent_at=after(hours=1),
        tries=1,
        needs="confirm",
        external="package",
        note="busy",
    )


async def test_a_bill_moves_only_from_where_it_is_and_only_where_it_may(store: Store):
    def story(tx):
        owed(tx)
        done = tx.bills.move(a_bill(), BillState.DONE, NOON)
        late = tx.bills.move(a_bill(), BillState.CANCELLED, NOON)
        return done, late, tx.bills.get("b1")

    done, late, kept = await store.write(story)

    assert (late, kept) == (None, done)
    with pytest.raises(ValueError, match="a done bill cannot become waiting"):
        await store.write(lambda tx: tx.bills.move(done, BillState.WAITING, NOON))


async def test_the_bills_of_a_connector_are_found_by_state_and_day(store: Store):
    def story(tx):
        owed(tx)
        states = (BillState.WAITING, BillState.FAILED)
        found = [tx.bills.of_connector("erp", states, since) for since in (None, NOON, after(days=1))]
        others = tx.bills.of_connector("erp", (BillState.DONE,), None), tx.bills.of_connector("crm", states, None)
        return found, others, tx.bills.counts()

    (ever, today, tomorrow), others, counts = await store.write(story)

    assert ([b.id for b in ever], [b.id for b in today], tomorrow, others) == (["b1"], ["b1"], [], ([], []))
    assert counts == {"erp": {"waiting": 1}}


@pytest.mark.parametrize(
    ("state", "needs", "gone", "looked_into"),
    [
        (BillState.WAITING, "", True, 0),
        (BillState.NEEDS, "address", True, 0),
        (BillState.FAILED, "", True, 0),
        (BillState.CANCELLED, "", True, 0),
        (BillState.UNKNOWN, "", False, 1),
        (BillState.SENT, "", False, 0),
        (BillState.SENT, "confirm", False, 1),
        (BillState.DONE, "", False, 0),
    ],
)
async def test_only_what_has_not_gone_out_can_be_called_back(store: Store, state, needs, gone, looked_into):
    def story(tx):
        settle_with_order(tx)
        tx.rewards.add(a_reward())
        tx.bills.add(a_bill(state=state, needs=needs))
        cancelled = fulfilment.cancel(tx, a_reward(), now=after(hours=1))
        return cancelled, tx.bills.get("b1").state, tx.jobs.due(after(hours=1))

    cancelled, now, due = await store.write(story)

    assert (cancelled, now is BillState.CANCELLED) == (gone, gone)
    assert due == looked_into


async def test_a_parcel_on_our_own_list_can_be_called_back_until_it_is_out(store: Store):
    def story(tx):
        settle_with_order(tx)
        tx.rewards.add(a_reward())
        tx.bills.add(a_bill(state=BillState.SENT))
        tx.addresses.keep("w1", b"sealed", NOON)
        return fulfilment.cancel(tx, a_reward(), now=after(hours=1)), tx.bills.get("b1").state

    assert await store.write(story) == (True, BillState.CANCELLED)


async def test_a_connector_has_a_clean_standing_until_it_fails_and_after_it_works(store: Store):
    failing = Standing(connector="erp", failing_since=NOON, told_at=after(hours=1), disabled_at=after(days=5), why="x")

    def story(tx):
        before = tx.connectors.get("erp")
        tx.connectors.save(failing)
        kept = tx.connectors.get("erp"), tx.connectors.all()
        connectors.worked(tx, "erp")
        return before, kept, tx.connectors.get("erp")

    before, kept, worked = await store.write(story)

    assert before == worked == Standing(connector="erp")
    assert kept == (failing, [failing])


async def test_news_waits_until_it_is_taken(store: Store):
    news = [
        Announcement(id=f"e{n}", connector="erp", type="reward.granted", ref="w1", at=after(hours=n)) for n in range(2)
    ]
    about = {"touch": "t1", "order": "o1", "reason": "refund.full"}
    news += [Announcement(id="e2", connector="erp", type="referral.reversed", ref="r1", at=after(hours=2), **about)]

    def story(tx):
        for each in news:
            tx.announcements.add(each)
        tx.announcements.move(news[0], AnnouncementState.DONE, tries=1)
        failed = tx.announcements.move(news[1], AnnouncementState.FAILED, tries=8, note="status_500")
        waiting = tx.announcements.undelivered("erp", None), tx.announcements.undelivered("erp", after(hours=2))
        return failed, waiting, tx.announcements.counts("erp"), tx.announcements.get("e9")

    failed, (ever, lately), counts, nothing = await store.write(story)

    assert (ever, lately, nothing) == ([failed, news[2]], [news[2]], None)
    assert counts == {"done": 1, "failed": 1, "waiting": 1}


def test_eight_tries_take_up_to_thirty_hours_and_there_is_no_ninth():
    rng = random.Random(1)

    waits = [fulfilment.retry_in(tries, rng) for tries in range(1, 9)]

    hours = sum(wait.total_seconds() for wait in waits if wait) / 3600
    assert waits[-1] is None
    assert 27.5 < hours < 27.6 * 1.1
