"""Appeals are kept with what they are about, and with what a colleague answered."""

from __future__ import annotations

from dataclasses import replace

from referral.appeals import Appeal
from tests.storage.cast import NOON, after, settle

APPEAL = Appeal(
    id="a1", person="mei", about="referral:r1", reason="customer.existing", words="申诉", at=NOON, rep="lin", again=True
)


async def test_an_appeal_is_read_as_it_was_kept(store):
    def unit(tx):
        settle(tx)
        tx.appeals.add(APPEAL)
        return tx.appeals.get("a1"), tx.appeals.of_person("mei"), tx.appeals.waiting()

    got, of_mei, waiting = await store.write(unit)

    assert got == APPEAL
    assert of_mei == waiting == [APPEAL]


async def test_an_answered_appeal_waits_no_more(store):
    answered = replace(APPEAL, answer="核对过了", answered_by="cli", answered_at=after(hours=1))

    def unit(tx):
        settle(tx)
        tx.appeals.add(APPEAL)
        tx.appeals.save(answered)
        return tx.appeals.waiting(), tx.appeals.all()

    assert await store.write(unit) == ([], [answered])


async def test_an_appeal_that_nobody_made_is_none(store):
    assert await store.read(lambda tx: tx.appeals.get("a_none")) is None
