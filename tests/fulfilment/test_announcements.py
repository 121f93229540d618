"""News of referrals and rewards for another system of the company, kept with the change and sent until it is taken."""

from __future__ import annotations

from referral import announcements
from referral.announcements import REFERRAL_CREDITED, REWARD_GRANTED, TYPES
from tests.fulfilment.workshop import Receiver, Workshop


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
