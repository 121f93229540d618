"""After a restore nothing that may have gone out already goes out again, and raw callbacks grow old."""

from datetime import timedelta

from bot.retention import KEPT, forget_old
from referral import restored
from referral.messages import DeskText, FetchProfile
from referral.outbox import Purpose
from storage.store import Store
from storage.transaction import Transaction
from tests.storage.cast import NOON, a_letter, after, settle


def posted(tx: Transaction) -> None:
    settle(tx)
    words = DeskText(desk="d", to="wm-mei", text="您好")
    tx.outbox.post(a_letter("m1", message=words, person="mei", lane="a"), NOON)
    tx.outbox.post(a_letter("m2", message=words, person="mei", lane="b", purpose=Purpose.NUDGE), NOON)
    tx.outbox.post(a_letter("m3", message=words, person="mei", lane="c"), NOON)
    tx.outbox.post(a_letter("m4", message=FetchProfile(who="wm-mei"), lane="d", purpose=Purpose.SYSTEM), NOON)
    tx.outbox.finish("m3", "sent", "", NOON)


async def test_letters_of_unknown_fate_are_given_up_and_questions_are_asked_again(store: Store):
    await store.write(posted)
    await store.write(lambda tx: tx.outbox.claim(NOON, limit=1, lease=timedelta(minutes=1)))

    given_up = await store.write(lambda tx: restored.give_up_letters(tx, now=after(hours=1)))

    assert given_up == 2
    assert [letter.id for letter in await store.read(lambda tx: tx.outbox.unfinished())] == ["m4"]


async def test_a_raw_callback_is_let_go_after_thirty_days_and_its_repeat_is_still_known(store: Store):
    def came(tx: Transaction, key: str, days: float) -> bool:
        return tx.inbox.receive(key, channel="wecom", kind="x", body=b"<xml/>", now=NOON - timedelta(days=days))

    for key, days in (("old", 30.5), ("new", 29.5)):
        await store.write(lambda tx, key=key, days=days: came(tx, key, days))

    assert timedelta(days=30) == KEPT
    assert await forget_old(store, clock=lambda: NOON) == 1

    assert await store.read(lambda tx: tx.inbox.with_body(after(days=1), limit=9)) == ["new"]
    assert not await store.write(lambda tx: came(tx, "old", 0))
    assert await forget_old(store, clock=lambda: NOON) == 0
