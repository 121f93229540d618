"""Cash by transfer, against the sandbox's merchant platform over HTTP: one number per thanks, whatever goes wrong."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.sandbox.faults import TransferFault
from bot.sandbox.transfers import Transfers
from referral import erasure
from referral.identities import Identity, IdentityKind
from tests.fulfilment.workshop import APP_ID, NOON, Workshop, platform_for

CASH = {"kind": "cash", "unit": "fen", "amount": 5_000, "cost_fen": 5_000, "reserved_fen": 5_000, "says": "{yuan}元"}
DEAR = CASH | {"amount": 200_000, "cost_fen": 200_000, "reserved_fen": 200_000}
HOURLY = timedelta(hours=1)


@pytest.fixture
async def platform(quick: Workshop):
    """The platform, for a company on SQLite."""
    async with platform_for(quick) as opened:
        await known(quick)
        yield opened


async def known(workshop: Workshop) -> None:
    """Mei's openid is known."""
    openid = Identity(IdentityKind.OPENID, f"{APP_ID}/omei")
    await workshop.store.write(lambda tx: tx.people.attach("mei", openid, NOON))


async def name_is_given(workshop: Workshop) -> None:
    """Mei says what her identity card calls her."""
    now, rng = workshop.now, workshop.rng
    await workshop.store.write(lambda tx: workshop.given.take_name(tx, "mei", "梅芳", "同意", now=now, rng=rng))


def the_one(platform: Transfers) -> str:
    """The number of the only transfer that ever was asked for."""
    (number,) = platform.posts
    return number


async def test_a_transfer_that_its_person_confirms_makes_the_thanks_hers(workshop: Workshop):
    async with platform_for(workshop) as platform:
        await known(workshop)
        await workshop.owe(**CASH)
        bill = await workshop.bill()
        payout = platform.payout(bill.id)

        platform.confirm(bill.id)
        await workshop.later(minutes=1)

        assert (bill.state, bill.needs, bill.external) == ("sent", "confirm", f"affffddafdfafddffda=={bill.id}")
        assert payout
        assert payout.request["openid"] == "omei"
        assert payout.request["transfer_amount"] == 5_000
        assert await workshop.stands() == ("done", "granted")
        assert platform.posts == {bill.id: 1}


async def test_an_answer_that_gets_lost_never_makes_a_second_number(quick: Workshop, platform: Transfers):
    quick.faults.transfers = TransferFault.LOST
    await quick.owe(**CASH)
    lost = await quick.bill()
    quick.faults.transfers = TransferFault.NONE

    await quick.later(minutes=1)
    found = await quick.bill()
    platform.confirm(the_one(platform))
    await quick.later(hours=1)

    assert (lost.state, the_one(platform)) == ("unknown", lost.id)
    assert (found.state, bool(found.external)) == ("sent", True)
    assert await quick.stands() == ("done", "granted")


async def test_a_request_that_never_arrived_goes_out_again_under_its_number(quick: Workshop, platform: Transfers):
    quick.faults.transfers = TransferFault.DEAF
    await quick.owe(**CASH)
    await quick.later(minutes=1)
    nobody = platform.payout(the_one(platform))
    quick.faults.transfers = TransferFault.NONE

    await quick.later(minutes=2)

    assert nobody is None
    assert platform.payout(the_one(platform))
    assert (await quick.bill()).needs == "confirm"


async def test_a_payer_killed_before_the_answer_asks_first(quick: Workshop, platform: Transfers):
    quick.silent = asyncio.Event()
    dying = asyncio.create_task(quick.owe(**CASH))
    await quick.heard.wait()
    dying.cancel()
    await asyncio.wait([dying])
    killed = await quick.stands()
    quick.silent.set()

    await quick.restart()

    assert killed == ("unknown", "approved")
    assert (await quick.bill()).needs == "confirm"
    assert len(platform.posts) == 1


async def test_money_that_comes_late_is_waited_for(quick: Workshop, platform: Transfers):
    quick.faults.transfers = TransferFault.LATE
    await quick.owe(**CASH)
    platform.confirm(the_one(platform))

    await quick.later(hours=1)
    under_way = await quick.bill()
    await quick.until(timedelta(hours=3), HOURLY)

    assert (under_way.state, under_way.needs) == ("sent", "")
    assert await quick.stands() == ("done", "granted")


async def test_a_transfer_that_fails_ends_the_thanks_frees_its_budget_and_is_told_to_a_manager(
    quick: Workshop, platform: Transfers
):
    quick.faults.transfers = TransferFault.FAIL
    await quick.owe(**CASH)

    assert await quick.stands() == ("failed", "rejected")
    assert await quick.used_fen() == 0
    assert "ACCOUNT_FROZEN" in (await quick.told())[0]


async def test_a_transfer_that_nobody_confirms_lapses_after_a_day(quick: Workshop, platform: Transfers):
    await quick.owe(**CASH)

    await quick.until(timedelta(hours=23), HOURLY)
    before = await quick.stands()
    await quick.until(timedelta(hours=8), HOURLY)

    assert before == ("sent", "approved")
    assert await quick.stands() == ("failed", "rejected")
    assert "OVERDUE_CLOSE" in (await quick.told())[0]


async def test_a_refund_before_the_confirmation_asks_the_money_back(quick: Workshop, platform: Transfers):
    await quick.owe(**CASH)

    await quick.refund()
    await quick.work()

    payout = platform.payout(the_one(platform))
    assert payout
    assert payout.state == "CANCELLED"
    assert await quick.stands() == ("failed", "rejected")
    assert (await quick.reward()).reason == "refund.before_grant"
    assert await quick.used_fen() == 0
    assert await quick.told() == []


async def test_a_refund_after_the_confirmation_leaves_the_money_and_marks_it(quick: Workshop, platform: Transfers):
    await quick.owe(**CASH)
    platform.confirm(the_one(platform))

    await quick.refund()
    await quick.later(hours=1)

    assert await quick.stands() == ("done", "granted")
    assert (await quick.reward()).reason == "refund.after_payment"


async def test_a_refund_of_what_never_reached_the_platform_ends_it_without_another_try(
    quick: Workshop, platform: Transfers
):
    quick.faults.transfers = TransferFault.DEAF
    await quick.owe(**CASH)
    quick.faults.transfers = TransferFault.NONE

    await quick.refund()
    await quick.until(timedelta(hours=2), timedelta(minutes=10))

    assert await quick.stands() == ("cancelled", "rejected")
    assert platform.payout(the_one(platform)) is None
    assert await quick.used_fen() == 0


@pytest.mark.parametrize("refunded", [True, False])
async def test_a_transfer_that_the_platform_has_forgotten_is_never_made_again_and_a_manager_is_asked(
    quick: Workshop, platform: Transfers, refunded: bool
):
    # given a transfer whose result nobody asked about for so long that the platform has forgotten it
    await quick.owe(**CASH)
    number = the_one(platform)
    quick.now += timedelta(days=31)
    del quick.stage.world.payouts[number]

    # when it is refunded, or asked about once more
    await (quick.refund() if refunded else quick.operate("replay", name="transfer"))
    await quick.until(timedelta(days=2), timedelta(hours=2))

    # then it is not made again, and it is a person's to find out
    assert platform.posts == {number: 1}
    assert await quick.stands() == ("unknown", "approved")
    assert (await quick.bill()).note == "forgotten"
    assert [number in text for text in await quick.told()] == [True]
    assert await quick.store.read(lambda tx: tx.jobs.due(quick.now + timedelta(days=365))) == 0


async def test_a_refunded_transfer_that_the_platform_knows_no_more_within_its_time_ends(
    quick: Workshop, platform: Transfers
):
    await quick.owe(**CASH)
    number = the_one(platform)
    del quick.stage.world.payouts[number]

    await quick.refund()
    await quick.until(timedelta(hours=2), timedelta(minutes=10))

    assert await quick.stands() == ("cancelled", "rejected")
    assert platform.posts == {number: 1}
    assert await quick.used_fen() == 0


async def test_erasing_somebody_asks_back_what_they_have_not_confirmed(quick: Workshop, platform: Transfers):
    await quick.owe(**CASH)
    now, rng = quick.now, quick.rng

    await quick.store.write(lambda tx: erasure.erase(tx, "mei", lambda _: "0" * 64, who="cli", now=now, rng=rng))
    await quick.work()

    payout = platform.payout(the_one(platform))
    assert payout
    assert payout.state == "CANCELLED"
    assert await quick.stands() == ("failed", "rejected")
    assert (await quick.reward()).reason == "person.erased"
    assert await quick.told() == []


async def test_a_merchant_without_money_is_told_to_a_manager_once_and_it_goes_on_when_there_is_some(
    quick: Workshop, platform: Transfers
):
    quick.faults.transfers = TransferFault.POOR
    await quick.owe(**CASH)
    await quick.until(timedelta(hours=12), HOURLY)
    told = await quick.told()
    quick.faults.transfers = TransferFault.NONE

    await quick.until(timedelta(hours=12), HOURLY)

    assert len(told) == 1
    assert "NOT_ENOUGH" in told[0]
    assert (await quick.bill()).needs == "confirm"
    assert len(platform.posts) == 1


async def test_from_two_thousand_yuan_on_the_name_is_wanted_and_goes_out_sealed(quick: Workshop, platform: Transfers):
    await quick.owe(**DEAR)
    waiting = await quick.bill()

    await name_is_given(quick)
    await quick.work()

    payout = platform.payout(waiting.id)
    assert (waiting.state, waiting.needs) == ("needs", "name")
    assert payout
    assert "梅" not in payout.request["user_name"]
    assert len(payout.request["user_name"]) == 344


async def test_without_an_openid_of_this_merchants_app_the_person_is_asked_first(quick: Workshop):
    async with platform_for(quick) as platform:
        await quick.store.write(
            lambda tx: tx.people.attach("mei", Identity(IdentityKind.OPENID, "wxOther/o1"), quick.now)
        )
        await quick.owe(**CASH)

        needy = await quick.bill()
        await known(quick)
        await quick.later(hours=6)

        assert (needy.state, needy.needs) == ("needs", "openid")
        assert platform.posts == {needy.id: 1}
        assert (await quick.bill()).needs == "confirm"


async def test_more_than_one_transfer_may_be_is_never_sent_and_a_manager_is_told(quick: Workshop, platform: Transfers):
    await name_is_given(quick)
    quick.transfers(key=platform.public_key(), most_fen=20_000)

    await quick.owe(**DEAR)

    assert await quick.stands() == ("failed", "approved")
    assert platform.posts == {}
    assert "超过单笔上限" in (await quick.told())[0]


async def test_a_transfer_of_unknown_fate_is_a_persons_after_25_days_and_not_asked_about_after_30(
    quick: Workshop, platform: Transfers
):
    quick.faults.transfers = TransferFault.LATE
    await quick.owe(**CASH)
    number = the_one(platform)
    platform.confirm(number)
    quick.stage.world.payouts[number].ready_at = None  # it never arrives

    await quick.until(timedelta(days=24), timedelta(hours=6))
    quiet = await quick.told()
    await quick.until(timedelta(days=8), timedelta(hours=6))
    open_jobs = await quick.store.read(lambda tx: tx.jobs.due(quick.now + timedelta(days=365)))
    told = await quick.told()
    await quick.operate("decide", bill=number, outcome="done", why="商户平台上已到账")

    assert quiet == []
    assert len(told) == 1
    assert number in told[0]
    assert open_jobs == 0
    assert await quick.stands() == ("done", "granted")


async def test_an_answer_that_the_platform_did_not_sign_is_not_believed(quick: Workshop, platform: Transfers):
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    quick.transfers(key=stranger)

    await quick.owe(**CASH)
    platform.confirm(the_one(platform))
    await quick.later(hours=1)

    assert await quick.stands() == ("unknown", "approved")
    assert (await quick.bill()).note == "not_verified"


async def test_a_request_with_another_key_is_refused_by_the_platform(quick: Workshop, platform: Transfers):
    platform.merchant = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()

    await quick.owe(**CASH)

    assert (await quick.bill()).note == "SIGN_ERROR"
    assert platform.posts == {}
