"""An ask whose sender died over it: nobody knows whether it arrived, so it counts, and goes again only if it may."""

from datetime import timedelta

import pytest

from bot import planning
from referral import due_rows, nudges
from referral.nudges import Go, NudgeState, Stop
from referral.signals import Signal, SignalKind
from tests.hooks.house import opened

OPENS = timedelta(hours=1)


@pytest.fixture
async def house(sqlite_url):
    """Mei's desk chat is open, and an ask to her was just released when its sender died."""
    house = await opened(sqlite_url)
    house.mei = await house.customer()
    await house.start()
    await house.writes()
    await planning.plan_day(house.store, house.facts, clock=lambda: house.now, rng=house.rng)
    house.ask = (await house.store.read(lambda tx: tx.nudges.open_of(house.mei))).id
    assert await release(house) == Go()
    yield house
    await house.store.close()


async def release(house):
    return await house.store.write(lambda tx: nudges.release(tx, house.facts, house.ask, now=house.now))


async def ends(house, state, note):
    now = house.now
    await house.store.write(lambda tx: nudges.letter_ended(tx, house.ask, state, note, now=now))
    return await house.store.read(lambda tx: (tx.nudges.get(house.ask), tx.customers.load([house.mei], now)[0].asked))


async def test_it_goes_again_and_counts_from_then_on(house):
    house.now += OPENS
    assert await release(house) == Go()
    said, asked = await ends(house, "sent", "")
    assert (said.state, asked) == (NudgeState.SENT, (house.now,))
    assert (await house.moment()).nudged_at == house.now


async def test_it_does_not_go_again_to_somebody_who_has_complained_meanwhile(house):
    signal = Signal(person=house.mei, kind=SignalKind.COMPLAINT, at=house.now, source="shop")
    await house.store.write(lambda tx: due_rows.hear(tx, house.facts, signal, now=house.now))
    house.now += OPENS
    assert await release(house) == Stop("complaint.open")


@pytest.mark.parametrize("note", ["expired", "complaint.open"])
async def test_it_counts_as_said_when_it_is_given_up(house, note):
    said, asked = await ends(house, "dropped", note)
    assert (said.state, said.outcome, asked) == (NudgeState.SENT, f"dropped:{note}", (house.now,))


async def test_it_does_not_count_when_the_platform_refused_it(house):
    said, asked = await ends(house, "failed", "window_expired")
    assert (said.state, asked) == (NudgeState.ENDED, ())
