"""Thanks that another system makes real, told by webhook: until it has taken them, under one number, and no longer."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from bot.fulfilment.fulfilment import AT_ONCE
from bot.fulfilment.operating import listed
from referral import erasure
from referral.fulfilment import FULFIL
from referral.jobs import Job
from referral.rewards import RewardState
from tests.fulfilment.workshop import Receiver, Workshop


async def forgotten(workshop: Workshop) -> None:
    """Mei is erased."""
    now, rng = workshop.now, workshop.rng
    await workshop.store.write(
        lambda tx: erasure.erase(tx, "mei", lambda _identity: "0" * 64, who="cli", now=now, rng=rng)
    )


async def test_an_owed_thanks_is_told_under_its_bills_number_and_granted_when_it_is_taken(
    workshop: Workshop, receiver: Receiver
):
    workshop.webhook(receiver.url)

    await workshop.owe()

    bill = await workshop.bill()
    assert await workshop.stands() == ("done", "granted")
    assert receiver.numbers == [bill.id]
    assert receiver.asked[0].body == {
        "type": "reward.approved",
        "timestamp": "2026-11-21T12:00:00+08:00",
        "data": {
            "bill": bill.id,
            "reward": "w1",
            "campaign": "c1",
            "person": {
                "id": "mei",
                "crm_id": ["crm-mei-0"],
                "external_userid": ["wecom-mei-1"],
                "unionid": ["unionid-mei-2"],
            },
            "side": "advocate",
            "cause": "referral",
            "kind": "days",
            "unit": "days",
            "amount": 30,
            "value": "",
            "order": {"source": "shop", "order_no": "A1"},
        },
    }


async def test_without_a_connector_for_its_kind_a_thanks_is_granted_at_once(quick: Workshop, receiver: Receiver):
    quick.webhook(receiver.url, gives=("points",))

    assert (await quick.owe()).state == "granted"
    assert receiver.asked == []


async def test_what_is_not_taken_is_tried_eight_times_over_more_than_a_day_under_the_same_number(
    quick: Workshop, receiver: Receiver
):
    receiver.clock, receiver.usual = quick.clock, 500
    quick.webhook(receiver.url)

    await quick.owe()
    for _ in range(40):
        await quick.later(hours=1)

    waits = [(b.at - a.at).total_seconds() for a, b in zip(receiver.asked, receiver.asked[1:], strict=False)]
    assert len(set(receiver.numbers)) == 1
    assert len(receiver.asked) == 8
    assert waits[-1] >= 10 * 3600
    assert await quick.stands() == ("unknown", "approved")
    assert "没有办成：对方回应 500" in (await quick.told())[0]
    assert len(await quick.told()) == 1


async def test_the_waits_are_those_of_svix_each_up_to_a_tenth_longer(quick: Workshop, receiver: Receiver):
    receiver.clock, receiver.usual = quick.clock, 503
    quick.webhook(receiver.url)
    planned = [5, 300, 1800, 7200, 18000, 36000, 36000]

    await quick.owe()
    for wait in planned:
        before = len(receiver.asked)
        await quick.later(seconds=wait - 1)
        early = len(receiver.asked) - before
        await quick.later(seconds=wait * 0.1 + 1)
        assert (early, len(receiver.asked) - before) == (0, 1)

    await quick.later(days=3)
    assert len(receiver.asked) == 8


@pytest.mark.parametrize("how", ["seconds", "date"])
async def test_a_receiver_that_asks_for_time_gets_it(quick: Workshop, receiver: Receiver, how: str):
    asked = "3600" if how == "seconds" else format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    receiver.answers = [(429, {"Retry-After": asked})]
    quick.webhook(receiver.url)

    await quick.owe()
    await quick.later(minutes=58)
    early = len(receiver.asked)
    await quick.later(minutes=2)

    assert (early, len(receiver.asked)) == (1, 2)
    assert await quick.stands() == ("done", "granted")


async def test_a_redirect_is_a_failure_and_is_not_followed(quick: Workshop, receiver: Receiver):
    receiver.answers = [(302, {"Location": "/elsewhere"})]
    quick.webhook(receiver.url)

    await quick.owe()

    bill = await quick.bill()
    assert (bill.state, bill.note) == ("waiting", "status_302")


async def test_a_receiver_that_is_gone_is_disabled_and_what_is_owed_waits_until_somebody_enables_it(
    workshop: Workshop, receiver: Receiver
):
    receiver.answers = [410]
    workshop.webhook(receiver.url)

    await workshop.owe(1)
    await workshop.owe(2)
    await workshop.later(days=2)
    asked_while_disabled = len(receiver.asked)
    enabled = await workshop.operate("enable", name="erp")

    assert asked_while_disabled == 1
    assert (await workshop.told())[0].startswith("谢礼接口「erp」说不再接收")
    assert (enabled["bills"], len(receiver.asked)) == (2, 3)
    assert await workshop.stands(1) == await workshop.stands(2) == ("done", "granted")


async def test_a_receiver_that_only_fails_for_five_days_is_disabled_and_a_manager_is_told_once(
    quick: Workshop, receiver: Receiver
):
    receiver.usual = 400
    quick.webhook(receiver.url)

    for number in range(1, 8):
        await quick.owe(number)
        await quick.later(days=1)
    asked = len(receiver.asked)
    await quick.owe(8)

    told = [text for text in await quick.told() if "连续 5 天" in text]
    assert (len(told), len(receiver.asked)) == (1, asked)
    assert await quick.stands(8) == ("waiting", "approved")


async def test_one_success_in_five_days_keeps_a_receiver_in_use(quick: Workshop, receiver: Receiver):
    receiver.usual = 400
    quick.webhook(receiver.url)

    for number in range(1, 9):
        receiver.answers = [204] if number == 4 else []
        await quick.owe(number)
        await quick.later(days=1)

    assert not [text for text in await quick.told() if "连续 5 天" in text]


async def test_a_sender_killed_before_the_answer_sends_the_same_number_again_and_grants_once(
    workshop: Workshop, receiver: Receiver
):
    workshop.webhook(receiver.url)
    receiver.silent = asyncio.Event()
    dying = asyncio.create_task(workshop.owe())
    await receiver.heard.wait()
    dying.cancel()
    await asyncio.wait([dying])
    killed = await workshop.stands()
    receiver.silent.set()

    await workshop.restart()

    assert killed == ("unknown", "approved")
    assert len(receiver.numbers) == 2
    assert len(set(receiver.numbers)) == 1
    assert await workshop.stands() == ("done", "granted")


async def test_a_refund_calls_back_what_has_certainly_not_arrived(workshop: Workshop, receiver: Receiver):
    receiver.usual = 404
    workshop.webhook(receiver.url)
    await workshop.owe()
    used = await workshop.used_fen()

    await workshop.refund()
    await workshop.later(days=2)

    assert await workshop.stands() == ("cancelled", "reversed")
    assert len(receiver.asked) == 1
    assert used - await workshop.used_fen() == 3000


@pytest.mark.parametrize("why", ["refunded", "erased"])
async def test_what_may_have_arrived_and_is_not_owed_any_more_is_not_sent_again_and_a_manager_is_asked_to_decide(
    workshop: Workshop, receiver: Receiver, why: str
):
    # given a thanks that may have arrived
    receiver.answers = [500]
    workshop.webhook(receiver.url)
    await workshop.owe()
    number = (await workshop.bill()).id

    # when it is refunded, or its person wants to be forgotten
    await (workshop.refund() if why == "refunded" else forgotten(workshop))
    await workshop.until(timedelta(days=2), timedelta(hours=2))
    await workshop.operate("replay", name="erp")
    await workshop.later(minutes=5)

    # then nobody sends it again, and a manager is asked once
    assert len(receiver.asked) == 1
    assert await workshop.stands() == ("unknown", "approved")
    (told,) = await workshop.told()
    assert number in told
    assert ("订单已经退款" if why == "refunded" else "资料已经删除") in told
    (listing,) = await workshop.store.read(lambda tx: listed(tx, {}))
    assert [each["bill"] for each in listing["trouble"]] == [number]


@pytest.mark.parametrize(
    ("outcome", "stands", "reason"),
    [
        ("done", ("done", "granted"), "refund.after_payment"),
        ("failed", ("failed", "rejected"), "refund.before_grant"),
    ],
)
async def test_what_a_manager_found_out_about_a_refunded_thanks_stands(
    quick: Workshop, receiver: Receiver, outcome: str, stands: tuple[str, str], reason: str
):
    receiver.answers = [500]
    quick.webhook(receiver.url)
    await quick.owe()
    await quick.refund()
    await quick.later(minutes=1)

    await quick.operate("decide", bill=(await quick.bill()).id, outcome=outcome, why="ERP 里查过了")

    assert await quick.stands() == stands
    assert (await quick.reward()).reason == reason


async def test_a_refund_is_told_to_a_manager_although_the_receiver_is_disabled(quick: Workshop, receiver: Receiver):
    receiver.answers = [500, 410]
    quick.webhook(receiver.url)
    await quick.owe(1)
    await quick.owe(2)

    await quick.refund(1)
    await quick.later(hours=1)

    assert [text for text in await quick.told() if (await quick.bill(1)).id in text]


async def test_an_answer_that_comes_while_a_refund_is_under_way_settles_it(quick: Workshop, receiver: Receiver):
    # given a thanks whose receiver has not answered yet when it is refunded
    quick.webhook(receiver.url)
    receiver.silent = asyncio.Event()
    owing = asyncio.create_task(quick.owe())
    await receiver.heard.wait()
    await quick.refund()
    await quick.work()

    # when the answer comes
    receiver.silent.set()
    await owing
    await quick.later(hours=1)

    # then it is known what became of it, and nobody needs to decide
    assert await quick.stands() == ("done", "granted")
    assert (await quick.reward()).reason == "refund.after_payment"
    assert await quick.told() == []


async def test_a_refusal_that_comes_after_its_person_was_erased_ends_the_thanks(quick: Workshop, receiver: Receiver):
    quick.webhook(receiver.url)
    receiver.usual, receiver.silent = 404, asyncio.Event()
    owing = asyncio.create_task(quick.owe())
    await receiver.heard.wait()
    await forgotten(quick)
    receiver.silent.set()
    await owing

    await quick.later(days=1)

    assert len(receiver.asked) == 1
    assert await quick.stands() == ("cancelled", "rejected")
    assert (await quick.reward()).reason == "person.erased"
    assert await quick.used_fen() == 0


async def test_a_receiver_that_cannot_be_reached_has_got_nothing(quick: Workshop, receiver: Receiver):
    await receiver.stop()
    quick.webhook(receiver.url)

    await quick.owe()

    assert (await quick.bill()).note == "no_connection"
    assert await quick.stands() == ("waiting", "approved")


async def test_an_answer_that_breaks_off_leaves_it_unknown(quick: Workshop, receiver: Receiver):
    receiver.cut = True
    quick.webhook(receiver.url)

    await quick.owe()

    assert await quick.stands() == ("unknown", "approved")


async def test_what_failed_for_good_is_replayed_when_an_operator_says_so(workshop: Workshop, receiver: Receiver):
    receiver.usual = 422
    workshop.webhook(receiver.url)
    await workshop.owe()
    await workshop.until(timedelta(hours=66), timedelta(hours=6))
    gave_up = await workshop.stands()
    receiver.usual = 200

    none = await workshop.operate("replay", name="erp", since="2030-01-01")
    some = await workshop.operate("replay", name="erp", since="2026-11-21")

    assert gave_up == ("failed", "approved")
    assert (none["bills"], some["bills"]) == (0, 1)
    assert await workshop.stands() == ("done", "granted")
    assert len(set(receiver.numbers)) == 1


async def test_an_operator_decides_what_nobody_here_can_know(quick: Workshop, receiver: Receiver):
    receiver.usual = 500
    quick.webhook(receiver.url)
    await quick.owe(1)
    await quick.owe(2)
    used = await quick.used_fen()

    await quick.operate("decide", bill=(await quick.bill(1)).id, outcome="done", why="ERP 里查到了")
    await quick.operate("decide", bill=(await quick.bill(2)).id, outcome="failed", why="ERP 里没有")
    asked = len(receiver.asked)
    await quick.later(days=3)

    assert await quick.stands(1) == ("done", "granted")
    assert await quick.stands(2) == ("failed", "rejected")
    assert used - await quick.used_fen() == 3000
    assert len(receiver.asked) == asked


async def test_a_bill_whose_connector_was_taken_out_waits_until_it_is_back(quick: Workshop, receiver: Receiver):
    quick.webhook(receiver.url)
    erp = quick.connectors.pop("erp")
    await quick.owe()
    without = await quick.bill()

    quick.connectors["erp"] = erp
    await quick.restart()

    assert (without.state, without.note) == ("waiting", "no_connector")
    assert await quick.stands() == ("done", "granted")


async def test_a_name_that_leads_to_this_very_machine_is_not_followed(quick: Workshop, receiver: Receiver):
    quick.webhook(receiver.url.replace("127.0.0.1", "localhost"))

    await quick.owe()

    assert receiver.asked == []
    assert (await quick.bill()).note == "no_connection"


async def test_what_a_receiver_writes_is_neither_logged_nor_kept(
    quick: Workshop, receiver: Receiver, capsys: pytest.CaptureFixture[str]
):
    receiver.usual = 500
    quick.webhook(receiver.url)

    await quick.owe()

    written = capsys.readouterr()
    assert "私密" not in written.out + written.err + json.dumps(await quick.told(), ensure_ascii=False)
    assert (await quick.bill()).note == "status_500"


async def test_two_workers_with_one_bill_grant_it_once(workshop: Workshop, receiver: Receiver):
    workshop.webhook(receiver.url)
    await workshop.owe()
    again = Job(kind=FULFIL, key=(await workshop.bill()).id, due_at=workshop.now)
    await asyncio.gather(*(workshop.connectors["erp"].fulfil(again) for _ in range(3)))

    assert len(receiver.asked) == 1


async def test_a_slow_receiver_with_many_bills_leaves_room_for_other_work(quick: Workshop, receiver: Receiver):
    receiver.silent = asyncio.Event()
    quick.webhook(receiver.url)
    quick.connectors["busy"] = quick.connectors.pop("erp")
    for number in range(1, 31):
        await quick.owe(number)
    quick.connectors["erp"] = quick.connectors.pop("busy")

    receiver.awaited = AT_ONCE
    working = asyncio.create_task(quick.restart())
    await receiver.heard.wait()
    at_once = len(receiver.asked)
    receiver.silent.set()
    await working
    await quick.later(seconds=31)

    assert at_once == AT_ONCE
    assert [await quick.stands(number) for number in range(1, 31)] == [("done", "granted")] * 30
    assert len(set(receiver.numbers)) == len(receiver.numbers) == 30


async def test_a_thanks_that_ended_while_its_fate_was_unknown_stays_ended(quick: Workshop, receiver: Receiver):
    receiver.answers = [500]
    quick.webhook(receiver.url)
    await quick.owe()
    owed = await quick.reward()
    await quick.store.write(lambda tx: tx.rewards.move(owed, RewardState.REVERSED, "person.erased", quick.now))

    await quick.later(minutes=1)
    undecided = await quick.stands()
    await quick.operate("decide", bill=(await quick.bill()).id, outcome="done", why="ERP 里查到了")

    assert len(receiver.asked) == 1
    assert undecided == ("unknown", "reversed")
    assert await quick.stands() == ("done", "reversed")
