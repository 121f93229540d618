"""Letters on their way out: in order, once, and never blindly again."""

import asyncio
from datetime import timedelta

from sqlalchemy import text

from referral.messages import (
    DeskGreeting,
    DeskMenu,
    DeskPoster,
    DeskText,
    FetchPhoto,
    FetchProfile,
    FetchReps,
    HandOver,
    MakeBroadcast,
    MakeContactWay,
    MakeDeskLink,
    MenuItem,
    Message,
    RepCard,
    RepText,
    Welcome,
)
from referral.outbox import Purpose
from storage.open import open_store
from storage.outbox import _ASKS, _SOON, _TOLD
from storage.store import Store
from tests.storage.cast import NOON, a_letter, after, settle

LEASE = timedelta(minutes=1)

MESSAGES = [
    DeskText(desk="wk1", to="wm-mei", text="您好🌸"),
    DeskMenu(
        desk="wk1", to="wm-mei", head="可以", items=(MenuItem(text="海报", id="a"), MenuItem(text="看", url="/me"))
    ),
    DeskPoster(desk="wk1", to="wm-mei", code="ABCD1234", edition="friend"),
    DeskGreeting(desk="wk1", code="welcome", text="您好"),
    HandOver(desk="wk1", to="wm-mei"),
    Welcome(welcome_code="w", text="欢迎"),
    RepText(rep="lin", text="来了一位新朋友"),
    RepCard(rep="lin", title="今天可以聊聊的客户", text="3 位", url="https://i.example.cn/rep", button="看名单"),
    MakeBroadcast(broadcast="b1", rep="lin", to=("wm-mei", "wm-jun"), text="春茶到了"),
    MakeContactWay(way="q1", rep="lin", mark="s1", remark="老朋友推荐"),
    MakeDeskLink(desk="wk1", scene="page"),
    FetchPhoto(desk="wk1", to="wm-mei", photo="h1", media="m1"),
    FetchProfile(who="wm-mei"),
    FetchReps(),
]


def ids(letters) -> list[str]:
    return [letter.id for letter in letters]


async def test_letters_are_claimed_with_the_words_they_were_written_with(store: Store):
    letters = [
        a_letter(f"m{n}", lane=f"{n}", message=message, expires_at=after(seconds=20), dedupe=f"once:{n}", person="mei")
        for n, message in enumerate(MESSAGES)
    ]

    def post(tx):
        for letter in letters:
            tx.outbox.post(letter, NOON)

    await store.write(post)

    assert await store.write(lambda tx: tx.outbox.claim(NOON, limit=100, lease=LEASE)) == letters


def test_every_kind_of_message_was_tried():
    assert {type(message) for message in MESSAGES} == set(Message.__args__)


async def test_letters_of_one_lane_leave_one_after_another_and_lanes_do_not_wait_for_each_other(store: Store):
    def story(tx):
        for number, lane in enumerate(["mei", "mei", "jun", "mei", "jun"]):
            tx.outbox.post(a_letter(f"m{number}", lane=lane), NOON)
        first = tx.outbox.claim(NOON, limit=10, lease=LEASE)
        meanwhile = tx.outbox.claim(NOON, limit=10, lease=LEASE)
        tx.outbox.finish("m0", "sent", "", NOON)
        return ids(first), ids(meanwhile), ids(tx.outbox.claim(NOON, limit=10, lease=LEASE))

    assert await store.write(story) == (["m0", "m2"], [], ["m1"])


async def test_a_letter_is_marked_before_it_is_sent_so_that_nobody_else_sends_it(store: Store):
    def post(tx):
        for number in range(20):
            tx.outbox.post(a_letter(f"m{number:02}", lane=f"lane-{number}"), NOON)

    await store.write(post)

    claims = await asyncio.gather(
        *(store.write(lambda tx: tx.outbox.claim(NOON, limit=6, lease=LEASE)) for _ in range(8))
    )

    claimed = sorted(letter for claim in claims for letter in ids(claim))
    assert claimed == [f"m{number:02}" for number in range(20)]
    assert await store.read(lambda tx: tx.outbox.in_flight()) == 20


async def test_the_same_cause_writes_one_letter(store: Store):
    def story(tx):
        return [
            tx.outbox.post(a_letter("m1", dedupe="welcome:1"), NOON),
            tx.outbox.post(a_letter("m2", dedupe="welcome:1"), NOON),
            tx.outbox.post(a_letter("m3"), NOON),
            tx.outbox.post(a_letter("m4"), NOON),
        ]

    assert await store.write(story) == [True, False, True, True]


async def test_after_an_opt_out_only_answers_to_the_persons_own_words_remain(store: Store):
    def story(tx):
        settle(tx)
        for purpose in Purpose:
            tx.outbox.post(a_letter(purpose.value, lane=purpose.value, purpose=purpose, person="mei"), NOON)
        tx.outbox.post(a_letter("jun", lane="jun", purpose=Purpose.NUDGE, person="jun"), NOON)
        dropped = tx.outbox.drop_unasked("mei", "opt-out", NOON)
        return len(dropped), ids(tx.outbox.claim(NOON, limit=10, lease=LEASE))

    assert await store.write(story) == (2, ["reply", "system", "jun"])


async def test_a_letter_that_is_already_under_way_is_not_dropped(store: Store):
    def story(tx):
        tx.outbox.post(a_letter("m1", purpose=Purpose.NUDGE, person="mei"), NOON)
        tx.outbox.claim(NOON, limit=1, lease=LEASE)
        return tx.outbox.drop_unasked("mei", "opt-out", NOON)

    assert await store.write(story) == []


async def test_an_ask_that_waits_for_its_hour_holds_up_no_answer(store: Store):
    def post(tx):
        tx.outbox.post(a_letter("ask", lane="mei", purpose=Purpose.NUDGE, due_at=after(hours=7)), NOON)
        tx.outbox.post(a_letter("answer", lane="mei", due_at=NOON), NOON)
        tx.outbox.post(a_letter("later", lane="mei", due_at=after(hours=8)), NOON)

    await store.write(post)

    first = await store.write(lambda tx: tx.outbox.claim(NOON, limit=9, lease=LEASE))
    await store.write(lambda tx: tx.outbox.finish("answer", "sent", "", NOON))
    then = await store.write(lambda tx: tx.outbox.claim(after(hours=9), limit=9, lease=LEASE))

    assert [letter.id for letter in first] == ["answer"]
    assert [letter.id for letter in then] == ["ask"]


async def test_an_ask_that_need_not_wait_any_more_leaves_behind_the_answer_that_came_meanwhile(store: Store):
    def story(tx):
        tx.outbox.post(a_letter("ask", purpose=Purpose.NUDGE, due_at=after(hours=7), dedupe="nudge:g1"), NOON)
        tx.outbox.post(a_letter("answer"), NOON)
        hastened = tx.outbox.hasten("nudge:g1", NOON), tx.outbox.hasten("nudge:g1", NOON)
        (first,) = tx.outbox.claim(NOON, limit=9, lease=LEASE)
        tx.outbox.finish("answer", "sent", "", NOON)
        (then,) = tx.outbox.claim(NOON, limit=9, lease=LEASE)
        tx.outbox.finish("ask", "sent", "", NOON)
        return hastened, first.id, then.id, tx.outbox.claim(after(hours=8), limit=9, lease=LEASE)

    assert await store.write(story) == ((True, False), "answer", "ask", [])


async def test_a_letter_that_is_under_way_over_or_unknown_cannot_be_hastened(store: Store):
    def story(tx):
        for letter in ("taken", "over"):
            tx.outbox.post(a_letter(letter, lane=letter, due_at=after(hours=7), dedupe=letter), NOON)
        tx.outbox.finish("over", "dropped", "opted_out", NOON)
        tx.outbox.claim(after(hours=7), limit=1, lease=LEASE)
        return [tx.outbox.hasten(cause, NOON) for cause in ("taken", "over", "unknown")]

    assert await store.write(story) == [False, False, False]


async def test_taken_and_hastened_at_once_it_leaves_once(store: Store):
    hours = after(hours=7)
    letters = [a_letter(f"m{n}", lane=f"{n}", due_at=hours, dedupe=f"once:{n}") for n in range(12)]
    await store.write(lambda tx: [tx.outbox.post(letter, NOON) for letter in letters])

    hastenings = [store.write(lambda tx, n=n: tx.outbox.hasten(f"once:{n}", NOON)) for n in range(12)]
    claims = [store.write(lambda tx: tx.outbox.claim(hours, limit=2, lease=LEASE)) for _ in range(12)]
    done = await asyncio.gather(*(work for pair in zip(hastenings, claims, strict=True) for work in pair))
    rest = await store.write(lambda tx: tx.outbox.claim(hours, limit=20, lease=LEASE))

    claimed = [letter.id for some in (*done[1::2], rest) for letter in some]
    assert sorted(claimed) == sorted(letter.id for letter in letters)


async def test_a_dropped_letter_does_not_hold_up_its_lane(store: Store):
    def story(tx):
        tx.outbox.post(a_letter("m1", purpose=Purpose.NUDGE, person="mei"), NOON)
        tx.outbox.post(a_letter("m2"), NOON)
        tx.outbox.drop_unasked("mei", "opt-out", NOON)
        return ids(tx.outbox.claim(NOON, limit=1, lease=LEASE))

    assert await store.write(story) == ["m2"]


async def test_letters_whose_sender_died_are_found_when_the_lease_is_over_and_not_sent_again(store: Store):
    def story(tx):
        tx.outbox.post(a_letter("m1"), NOON)
        tx.outbox.claim(NOON, limit=1, lease=LEASE)
        early, late = (ids(tx.outbox.orphaned(when)) for when in (after(seconds=59), after(seconds=60)))
        again = tx.outbox.claim(after(days=1), limit=1, lease=LEASE)
        tx.outbox.finish("m1", "unknown", "sender died", after(minutes=2))
        return early, late, again, tx.outbox.orphaned(after(days=1)), tx.outbox.in_flight()

    assert await store.write(story) == ([], ["m1"], [], [], 0)


async def test_a_postponed_letter_keeps_its_place_and_its_lane_waits_with_it(store: Store):
    def story(tx):
        for letter in ("m1", "m2"):
            tx.outbox.post(a_letter(letter), NOON)
        tx.outbox.claim(NOON, limit=1, lease=LEASE)
        tx.outbox.postpone("m1", after(minutes=5), "45009")
        waiting = tx.outbox.claim(after(minutes=4), limit=10, lease=LEASE)
        due = tx.outbox.next_due()
        (again,) = tx.outbox.claim(after(minutes=5), limit=10, lease=LEASE)
        return waiting, due, again.id, again.attempts

    assert await store.write(story) == ([], after(minutes=5), "m1", 1)


async def test_nothing_leaves_before_it_is_due(store: Store):
    def story(tx):
        none = tx.outbox.next_due()
        tx.outbox.post(a_letter("m1", due_at=after(minutes=1)), NOON)
        early = tx.outbox.claim(NOON, limit=1, lease=LEASE)
        due = tx.outbox.next_due()
        return none, early, due, ids(tx.outbox.claim(after(minutes=1), limit=1, lease=LEASE))

    assert await store.write(story) == (None, [], after(minutes=1), ["m1"])


async def test_what_cannot_wait_leaves_first(store: Store):
    def story(tx):
        tx.outbox.post(a_letter("thanks", lane="mei"), NOON)
        tx.outbox.post(a_letter("welcome", lane="jun", expires_at=after(seconds=20)), NOON)
        return ids(tx.outbox.claim(NOON, limit=1, lease=LEASE))

    assert await store.write(story) == ["welcome"]


async def test_what_a_rep_was_told_lately_can_be_counted(store: Store):
    def story(tx):
        words, lane = RepText(rep="lin", text="您好"), {"lane": "rep:lin"}
        for number, state in enumerate(["sent", "sent", "failed"]):
            tx.outbox.post(a_letter(f"m{number}", message=words, **lane), NOON)
            tx.outbox.finish(f"m{number}", state, "", after(minutes=number))
        return tx.outbox.told_since("rep:lin", NOON), tx.outbox.told_since("rep:fang", NOON)

    assert await store.write(story) == (1, 0)


async def test_what_was_sent_long_ago_is_not_walked_through(ready_sqlite_url: str):
    def plan(tx):
        told = {}
        for name, query in {"due": _SOON, "asks": _ASKS, "told": _TOLD}.items():
            words = query._statement.compile(dialect=tx.connection.dialect)
            fixed = [words.binds[each].value or 1 for each in words.positiontup]
            rows = tx.connection.exec_driver_sql(f"explain query plan {words}", tuple(fixed))
            told[name] = "\n".join(row.detail for row in rows)
        under_way = "select sql from sqlite_master where name = 'ix_outbox_lane'"
        return told, tx.connection.execute(text(under_way)).scalar_one()

    opened = await open_store(ready_sqlite_url)
    try:
        steps, lane = await opened.read(plan)
    finally:
        await opened.close()

    assert all("ix_outbox_lane (lane=? AND seq<?)" in steps[name] for name in ("due", "asks"))
    assert "ix_outbox_told (lane=? AND finished_at>?)" in steps["told"]
    assert "queued" in lane


async def test_a_letter_can_be_looked_up_again(store: Store):
    await store.write(lambda tx: tx.outbox.post(a_letter("m1"), NOON))

    assert await store.read(lambda tx: tx.outbox.by_id("m1")) == a_letter("m1")
    assert await store.read(lambda tx: tx.outbox.by_id("m2")) is None
