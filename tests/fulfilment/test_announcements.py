"""News of referrals and rewards for another system of the company, kept with the change and sent until it is taken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from referral import announcements
from referral.announcements import REFERRAL_CREDITED, REFERRAL_REVERSED, REWARD_GRANTED, TYPES
from tests.fulfilment.workshop import Receiver, Workshop
from tests.storage.cast import NOON, a_touch, an_order


async def tell(workshop: Workshop, type_: str, ref: str) -> None:
    facts, now, rng = workshop.facts, workshop.now, workshop.rng
    await workshop.store.write(lambda tx: announcements.announce(tx, facts, type_, ref, now=now, rng=rng))
    await workshop.work()


async def test_a_listener_hears_of_what_it_asked_for_and_of_nothing_else(workshop: Workshop, receiver: Receiver):
    workshop.webhook(receiver.url, gives=(), events=(REFERRAL_CREDITED,))
    await workshop.owe()
    before = len(receiver.asked)

    await tell(workshop, REFERRAL_CREDITED, "r1")
    await tell(workshop, REWARD_GRANTED, "w1")

    heard = receiver.asked[before:]
    assert [each.body["type"] for each in heard] == [REFERRAL_CREDITED]
    assert heard[0].body["data"]["advocate"]["crm_id"] == ["crm-mei-0"]
    assert heard[0].body["data"]["friend"] == {"id": "jun"}
    assert heard[0].body["data"]["order"] == {"source": "shop", "order_no": "A1"}
    assert "phone" not in str(heard[0].body)


async def test_news_that_is_not_taken_comes_again_under_its_number_and_can_be_replayed(
    workshop: Workshop, receiver: Receiver
):
    receiver.usual = 500
    workshop.webhook(receiver.url, gives=(), events=TYPES)
    await workshop.owe()
    receiver.asked.clear()
    await tell(workshop, REFERRAL_CREDITED, "r1")
    for _ in range(40):
        await workshop.later(hours=2)
    tried = [each for each in receiver.asked if each.body["type"] == REFERRAL_CREDITED]
    receiver.usual = 200

    replayed = await workshop.operate("replay", name="erp")

    heard = [each for each in receiver.asked if each.body["type"] == REFERRAL_CREDITED]
    assert (len(tried), len({each.number for each in heard})) == (8, 1)
    assert replayed["announcements"] >= 1
    assert len(heard) == 9


async def test_news_of_a_referral_that_was_handed_on_names_whom_it_was_about(workshop: Workshop, receiver: Receiver):
    # given a credit that was told while the receiver took nothing, and then went to another advocate
    receiver.answers = [500]
    workshop.webhook(receiver.url, gives=(), events=(REFERRAL_CREDITED, REFERRAL_REVERSED))
    await workshop.owe()
    await tell(workshop, REFERRAL_CREDITED, "r1")
    bos = await workshop.store.write(handed_on)

    # when it takes the news
    await tell(workshop, REFERRAL_CREDITED, "r1")
    await workshop.later(minutes=1)

    # then each names the advocate, the code, the reason and the order that were meant
    his, hers = [each.body["data"] for each in receiver.asked[-2:]]
    meis = await workshop.store.read(lambda tx: tx.touches.of_friend("jun")[0].code)
    assert summed_up(hers) == ("mei", meis, "granted", "A1")
    assert summed_up(his) == ("bo", bos, "credited", "A2")


def handed_on(tx) -> str:
    """Jun came by a code of Bo's as well, and an order of his goes to Bo now."""
    bos: str = tx.codes.issue(bytes(32), campaign="c1", advocate="bo", channel="", rep="lin", now=NOON).code
    tx.touches.add(a_touch(id="t2", code=bos, advocate="bo"))
    tx.orders.add(an_order(id="o2", order_no="A2", person="jun", digest="d2"), [])
    known = tx.referrals.get("r1")
    tx.referrals.save(replace(known, advocate="bo", code=bos, touch="t2", order="o2", reason="credited"))
    return bos


def summed_up(news: dict[str, Any]) -> tuple[str, str, str, str]:
    """Whom news of a referral is about, by which code, why, and for which order."""
    return news["advocate"]["id"], news["code"], news["reason"], news["order"]["order_no"]


async def test_news_waits_for_a_disabled_receiver(quick: Workshop, receiver: Receiver):
    receiver.answers = [410]
    quick.webhook(receiver.url, gives=(), events=(REFERRAL_CREDITED,))
    await quick.owe()
    await tell(quick, REFERRAL_CREDITED, "r1")
    await tell(quick, REFERRAL_CREDITED, "r1")
    asked = len(receiver.asked)

    await quick.operate("enable", name="erp")

    assert asked == 1
    assert len(receiver.asked) == 3
