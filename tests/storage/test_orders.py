"""Orders and refunds, the thanks they lead to, and the news of it; what desks remember."""

from dataclasses import replace

import pytest

from referral.attribution import Reason
from referral.identities import Identity
from referral.notices import Window
from referral.orders import Outcome
from referral.people import Person
from referral.referrals import ReferralStatus
from referral.rewards import RewardState, Side
from referral.shares import ShareLevel
from storage.errors import StorageError
from storage.orders import Delivery
from storage.results import Results
from storage.store import Store
from tests.storage.cast import (
    CRM,
    NOON,
    PHONE,
    WECOM,
    a_notice,
    a_refund,
    a_reward,
    a_share,
    a_touch,
    after,
    an_order,
    settle,
    settle_with_order,
)


async def test_an_order_comes_back_as_it_was_with_who_bought(store: Store):
    buyer = [Identity(WECOM, "wm-jun"), Identity(PHONE, "ab" * 32)]
    order = an_order(code="ABCD1234", reasons=(Reason.BUYER_UNKNOWN, Reason.REFUND_PARTIAL), refunded_fen=100)

    await store.write(lambda tx: tx.orders.add(order, buyer))

    assert await store.read(lambda tx: tx.orders.find("shop", "A1", "order.paid")) == order
    assert await store.read(lambda tx: tx.orders.get("o1")) == order
    assert set(await store.read(lambda tx: tx.orders.buyer("o1"))) == set(buyer)
    assert await store.read(lambda tx: tx.orders.find("shop", "A1", "visit.completed")) is None


async def test_one_number_may_name_a_visit_and_a_purchase_but_not_two_purchases(store: Store):
    def story(tx):
        tx.orders.add(an_order(), [])
        tx.orders.add(an_order(id="o2", kind="visit.completed", amount_fen=0), [])
        return [order.id for order in tx.orders.named("shop", "A1")]

    assert await store.write(story) == ["o1", "o2"]
    with pytest.raises(StorageError):
        await store.write(lambda tx: tx.orders.add(an_order(id="o3", digest="other"), []))


async def test_an_order_without_a_known_buyer_waits_under_every_name_given(store: Store):
    def story(tx):
        settle(tx)
        tx.orders.add(an_order(), [Identity(WECOM, "wm-jun"), Identity(CRM, "7")])
        waiting = [tx.orders.waiting_for(Identity(CRM, "7")), tx.orders.waiting_for(Identity(WECOM, "wm-bo"))]
        tx.orders.save(an_order(person="jun", outcome=Outcome.NO_REFERRAL, reasons=(Reason.TOUCH_NONE,)))
        return waiting, tx.orders.waiting_for(Identity(CRM, "7")), tx.orders.of_person("jun")

    waiting, decided, of_jun = await store.write(story)

    assert waiting == [[an_order()], []]
    assert decided == []
    assert of_jun == [an_order(person="jun", outcome=Outcome.NO_REFERRAL, reasons=(Reason.TOUCH_NONE,))]


async def test_a_reason_that_no_longer_holds_is_replaced(store: Store):
    def story(tx):
        tx.orders.add(an_order(reasons=(Reason.LATE_CLAIM, Reason.HOLD_RUNNING)), [])
        tx.orders.explain("o1", Reason.HOLD_RUNNING, Reason.GRANTED)
        return tx.orders.get("o1").reasons

    assert await store.write(story) == (Reason.LATE_CLAIM, Reason.GRANTED)


async def test_a_refund_waits_for_its_order_and_then_finds_it(store: Store):
    def story(tx):
        tx.orders.add_refund(a_refund(amount_fen=None))
        tx.orders.add_refund(a_refund(id="f2", refund_no="R2", at=after(days=1)))
        tx.orders.add(an_order(), [])
        tx.orders.add_refund(a_refund(amount_fen=None, order="o1"))

    await store.write(story)

    found = a_refund(amount_fen=None, order="o1")
    assert await store.read(lambda tx: tx.orders.find_refund("shop", "A1", "R1")) == found
    of_order = await store.read(lambda tx: tx.orders.refunds_of("shop", "A1"))
    assert of_order == [found, a_refund(id="f2", refund_no="R2", at=after(days=1))]


async def test_a_refund_number_counts_once_per_order(store: Store):
    await store.write(lambda tx: tx.orders.add_refund(a_refund()))

    with pytest.raises(StorageError):
        await store.write(lambda tx: tx.orders.add_refund(a_refund(id="f2")))


async def test_a_webhook_that_was_answered_gets_the_same_answer_again(store: Store):
    delivery = Delivery(id="msg_1", digest="ab", status=200, answer='{"outcome":"held"}')

    await store.write(lambda tx: tx.deliveries.add(delivery, NOON))

    assert await store.read(lambda tx: tx.deliveries.get("msg_1")) == delivery
    assert await store.read(lambda tx: tx.deliveries.get("msg_2")) is None
    with pytest.raises(StorageError):
        await store.write(lambda tx: tx.deliveries.add(replace(delivery, digest="cd"), NOON))


async def test_both_sides_are_thanked_once_per_friend_and_rule(store: Store):
    friends = a_reward(id="w2", person="jun", side=Side.FRIEND)

    def story(tx):
        settle_with_order(tx)
        tx.rewards.add(a_reward())
        tx.rewards.add(friends)

    await store.write(story)

    with pytest.raises(StorageError):
        await store.write(lambda tx: tx.rewards.add(a_reward(id="w3", person="bo")))
    assert await store.read(lambda tx: tx.rewards.of_referral("r1")) == [a_reward(), friends]
    assert await store.read(lambda tx: tx.rewards.of_person("jun")) == [friends]


async def test_a_reward_moves_only_from_where_it_was_seen(store: Store):
    def story(tx):
        settle_with_order(tx)
        held = a_reward()
        tx.rewards.add(held)
        moved = [
            tx.rewards.move(held, RewardState.GRANTED, "granted", after(days=15)),
            tx.rewards.move(held, RewardState.REVERSED, "refund.full", after(days=16)),
        ]
        granted = tx.rewards.get("w1")
        moved.append(tx.rewards.move(granted, RewardState.REVERSED, "refund.full", after(days=17)))
        return moved, tx.rewards.get("w1")

    moved, reward = await store.write(story)

    assert [each and each.state for each in moved] == [RewardState.GRANTED, None, RewardState.REVERSED]
    assert (reward.state, reward.reason) == (RewardState.REVERSED, "refund.full")
    assert (reward.granted_at, reward.reversed_at) == (after(days=15), after(days=17))


async def test_the_cap_counts_the_friends_whose_thanks_an_advocate_holds_or_was_granted_this_year(store: Store):
    states = [RewardState.HELD, RewardState.GRANTED, RewardState.REVERSED, RewardState.REJECTED]

    def story(tx):
        settle_with_order(tx)
        for number, state in enumerate(states):
            friend = f"friend-{number}"
            tx.people.create(Person(id=friend), NOON)
            tx.rewards.add(a_reward(id=f"w{number}", friend=friend, state=state))
        tx.rewards.add(a_reward(id="w7", friend="friend-0", rule="points"))  # two thanks for one friend
        tx.rewards.add(a_reward(id="w8", person="jun", side=Side.FRIEND))
        tx.rewards.add(a_reward(id="w9", friend="bo", held_at=after(days=-400)))
        return [
            tx.rewards.counted_friends("c1", "mei", after(days=-300)),
            tx.rewards.counted_friends("c1", "mei", None),
            tx.rewards.counted_friends("c1", None, None),
        ]

    assert await store.write(story) == [3, 4, 4]


async def test_news_is_given_once_and_told_once(store: Store):
    def story(tx):
        settle(tx)
        added = [tx.notices.add(a_notice()), tx.notices.add(a_notice(id="n2", created_at=after(hours=1)))]
        tx.notices.add(a_notice(id="n3", ref="w2", created_at=after(hours=-1)))
        waiting = tx.notices.waiting("mei")
        tx.notices.tell("n1", NOON)
        left = tx.notices.waiting("mei")
        tx.notices.wait_again("n1")
        return added, waiting, left, tx.notices.waiting("mei")

    added, waiting, left, again = await store.write(story)

    assert added == [True, False]
    assert [notice.id for notice in waiting] == ["n3", "n1"]
    assert [notice.id for notice in left] == ["n3"]
    assert again == waiting


async def test_news_nobody_heard_can_be_taken_back_and_stays_silent(store: Store):
    def story(tx):
        settle(tx)
        tx.notices.add(a_notice())
        taken_back = [tx.notices.void("mei", "w1"), tx.notices.void("mei", "w1"), tx.notices.void("mei", "w9")]
        tx.notices.wait_again("n1")
        return taken_back, tx.notices.waiting("mei")

    assert await store.write(story) == ([True, False, False], [])


async def test_news_that_was_told_in_part_was_not_wholly_unheard(store: Store):
    def story(tx):
        settle(tx)
        tx.notices.add(a_notice())
        tx.notices.tell("n1", NOON)
        tx.notices.add(a_notice(id="n2", kind="thanks.granted"))
        return tx.notices.void("mei", "w1"), tx.notices.waiting("mei")

    assert await store.write(story) == (False, [])


async def test_news_taken_back_unheard_may_be_given_again(store: Store):
    def story(tx):
        settle(tx)
        tx.notices.add(a_notice())
        tx.notices.void("mei", "w1")
        return tx.notices.add(a_notice(id="n9")), tx.notices.waiting("mei")

    again, waiting = await store.write(story)

    assert again
    assert [notice.id for notice in waiting] == ["n1"]


async def test_news_whose_letter_was_lost_waits_again_unless_newer_news_came(store: Store):
    def story(tx):
        settle(tx)
        tx.notices.add(a_notice())
        tx.notices.tell("n1", NOON)
        tx.notices.wait_again("n1")
        alone = tx.notices.waiting("mei")
        tx.notices.tell("n1", NOON)
        tx.notices.add(a_notice(id="n2", kind="thanks.granted", created_at=after(days=15)))
        tx.notices.wait_again("n1")
        return alone, tx.notices.waiting("mei")

    alone, after_newer = await store.write(story)

    assert [notice.id for notice in alone] == ["n1"]
    assert [notice.id for notice in after_newer] == ["n2"]


async def test_a_chat_window_counts_what_went_back_since_the_last_words(store: Store):
    def story(tx):
        settle(tx)
        tx.windows.opened("wk1", "mei", "wm-mei", NOON)
        tx.windows.spend("wk1", "mei", 2)
        tx.windows.spend("wk1", "mei", 1)
        spent = tx.windows.latest("mei")
        tx.windows.opened("wk2", "mei", "wm-mei", after(hours=1))
        elsewhere = tx.windows.latest("mei")
        tx.windows.opened("wk1", "mei", "wm-mei", after(hours=2))
        return spent, elsewhere, tx.windows.latest("mei"), tx.windows.latest("jun")

    spent, elsewhere, fresh, none = await store.write(story)

    assert spent == Window(desk="wk1", person="mei", handle="wm-mei", said_at=NOON, sent=3)
    assert (elsewhere.desk, elsewhere.sent) == ("wk2", 0)
    assert (fresh.desk, fresh.sent, fresh.said_at) == ("wk1", 0, after(hours=2))
    assert none is None


async def test_a_reps_figures_count_people_and_only_since_the_day_asked_for(store: Store):
    def story(tx):
        code = settle_with_order(tx)
        for hour, level in enumerate([ShareLevel.PREPARED, ShareLevel.SEEN]):
            tx.shares.reach(a_share(code=code.code, level=level, first_at=after(hours=hour)))
        tx.touches.add(a_touch(id="t2", code=code.code, at=after(hours=1)))
        tx.referrals.decide("r1", ReferralStatus.CREDITED, "hold.running", NOON)
        tx.rewards.add(a_reward())
        tx.rewards.move(a_reward(), RewardState.GRANTED, "granted", after(days=15))
        moments = (NOON, after(days=1), after(days=16))
        return [tx.results.of_rep("lin", since) for since in moments], tx.results.of_rep("wu", NOON)

    of_lin, of_wu = await store.write(story)

    assert of_lin[0] == Results(advocates=1, friends=1, bought=1, granted=1)
    assert of_lin[1] == Results(advocates=0, friends=0, bought=0, granted=1)
    assert of_lin[2] == of_wu == Results(advocates=0, friends=0, bought=0, granted=0)


async def test_a_conversation_is_remembered_where_it_stood(store: Store):
    def story(tx):
        settle(tx)
        tx.conversations.save("wk1", "mei", {"asked": "名字", "tries": 1}, NOON)
        tx.conversations.save("wk1", "mei", {"asked": "名字", "tries": 2}, after(minutes=1))
        return tx.conversations.get("wk1", "mei"), tx.conversations.get("wk1", "jun")

    assert await store.write(story) == ({"asked": "名字", "tries": 2}, {})


async def test_a_desk_remembers_how_far_it_was_read_and_its_link(store: Store):
    def story(tx):
        before = tx.desks.cursor("wk1"), tx.desks.link("wk1")
        tx.desks.read_to("wk1", "cursor-1")
        link = "https://work.weixin.qq.com/kfid/wk1"
        tx.desks.linked("wk1", link, f"{link}&scene_param=")
        tx.desks.read_to("wk1", "cursor-2")
        return before, tx.desks.cursor("wk1"), (tx.desks.link("wk1"), tx.desks.prefix("wk1"), tx.desks.prefix("wk2"))

    link = "https://work.weixin.qq.com/kfid/wk1"
    assert await store.write(story) == (("", None), "cursor-2", (link, f"{link}&scene_param=", None))


async def test_an_upload_is_used_again_until_it_expires(store: Store):
    def story(tx):
        tx.media.keep("sha", "media-1", after(days=3))
        found = tx.media.find("sha", after(days=2)), tx.media.find("sha", after(days=3)), tx.media.find("other", NOON)
        tx.media.keep("sha", "media-2", after(days=6))
        renewed = tx.media.find("sha", after(days=3))
        tx.media.forget("sha")
        return found, renewed, tx.media.find("sha", NOON)

    assert await store.write(story) == (("media-1", None, None), "media-2", None)


async def test_a_mark_holds_its_latest_value_and_says_whose_database_it_is(store: Store):
    def story(tx):
        tx.marks.set("clock", "1")
        tx.marks.set("clock", "2")
        return tx.marks.get("clock"), tx.marks.get("program"), tx.marks.get("nothing")

    assert await store.write(story) == ("2", "taoli", None)
