"""People, their names, their reps, what they agreed to."""

from itertools import permutations

import pytest

from referral.consent import Answer, Consent
from referral.identities import Identity
from referral.people import Byline, Person
from storage.errors import StorageError
from storage.store import Store
from tests.storage.cast import CRM, KEY, NOON, PHONE, WECOM, a_merge, a_referral, a_touch, after, an_order, settle


async def test_a_person_is_found_by_every_name_they_go_by(store: Store):
    names = [Identity(WECOM, "wm-mei"), Identity(CRM, "42"), Identity(PHONE, "ab" * 32)]

    def introduce(tx):
        tx.people.create(Person(id="mei", nickname="梅🌸", joined_at=NOON, holdout=True), NOON)
        for name in names:
            tx.people.attach("mei", name, NOON)

    await store.write(introduce)

    found = [await store.read(lambda tx, name=name: tx.people.find(name)) for name in names]
    assert found == [Person(id="mei", nickname="梅🌸", joined_at=NOON, holdout=True)] * 3
    assert await store.read(lambda tx: tx.people.find(Identity(WECOM, "42"))) is None
    assert set(await store.read(lambda tx: tx.people.identities("mei"))) == set(names)


async def test_a_name_belongs_to_whoever_had_it_first(store: Store):
    def story(tx):
        settle(tx)
        tx.people.attach("mei", Identity(WECOM, "wm-1"), NOON)
        tx.people.attach("bo", Identity(WECOM, "wm-1"), NOON)
        return tx.people.find(Identity(WECOM, "wm-1")), tx.people.identities("bo")

    found, of_bo = await store.write(story)

    assert found.id == "mei"
    assert of_bo == []


async def test_what_is_learned_of_a_person_is_kept(store: Store):
    def story(tx):
        settle(tx)
        tx.people.learn("mei", byline=Byline.FACE, avatar="a.jpg", rep="lin")
        tx.people.learn("mei", joined_at=after(days=-700), profiled_at=NOON)

    await store.write(story)

    mei = await store.read(lambda tx: tx.people.get("mei"))
    assert (mei.byline, mei.avatar, mei.rep) == (Byline.FACE, "a.jpg", "lin")
    assert (mei.joined_at, mei.profiled_at) == (after(days=-700), NOON)
    assert mei.nickname == "Mei"


async def test_folding_two_into_one_keeps_the_names_and_what_only_the_other_knew(store: Store):
    def story(tx):
        tx.people.create(Person(id="mei", nickname="梅姐"), NOON)
        tx.people.create(Person(id="mei2", nickname="Mei", joined_at=NOON, rep="lin"), NOON)
        tx.people.attach("mei2", Identity(CRM, "42"), NOON)
        tx.merges.fold(a_merge("mei", "mei2"), [])
        return tx.people.find(Identity(CRM, "42")), tx.people.all()

    found, everyone = await store.write(story)

    assert found == Person(id="mei", nickname="梅姐", joined_at=NOON, rep="lin")
    assert everyone == [found]


async def test_who_was_folded_is_still_got_by_an_old_id_however_often_they_moved_on(store: Store):
    def story(tx):
        for person in ("mei", "mei2", "mei3"):
            tx.people.create(Person(id=person), NOON)
        tx.merges.fold(a_merge("mei2", "mei3"), [])
        tx.merges.fold(a_merge("mei", "mei2"), [])
        return [tx.people.get(person).id for person in ("mei", "mei2", "mei3")], tx.people.get("nobody")

    assert await store.write(story) == (["mei", "mei", "mei"], None)


HISTORY = {
    "touched as a friend": lambda tx, code: tx.touches.add(a_touch(friend="bo", code=code)),
    "has a code": lambda tx, code: tx.codes.issue(KEY, campaign="c1", advocate="bo", channel="", rep=None, now=NOON),
    "has bought": lambda tx, code: tx.orders.add(an_order(person="bo"), []),
    "has a referral": lambda tx, code: tx.referrals.save(a_referral(friend="bo")),
    "is a contact": lambda tx, code: tx.reps.add_contact("bo", "lin", NOON),
    "chatted at a desk": lambda tx, code: tx.windows.opened("wk1", "bo", "wm-bo", NOON),
    "was asked for consent": lambda tx, code: tx.consent.record(said(Answer.REFUSED, person="bo")),
}


@pytest.mark.parametrize("happened", HISTORY)
async def test_whoever_has_a_history_is_known_to_have_one(store: Store, happened: str):
    def story(tx):
        code = settle(tx)
        before = tx.people.has_history("bo")
        HISTORY[happened](tx, code.code)
        return before, tx.people.has_history("bo")

    assert await store.write(story) == (False, True)


async def test_a_browser_may_belong_to_several_people(store: Store):
    def story(tx):
        settle(tx)
        for person in ("mei", "bo", "mei"):
            tx.people.own_device("phone-1", person, NOON)
        return tx.people.owners_of("phone-1"), tx.people.owners_of("phone-2")

    assert await store.write(story) == ({"mei", "bo"}, set())


async def test_a_rep_is_new_once_and_comes_back_after_leaving(store: Store):
    def story(tx):
        seen = [tx.reps.see("lin", "林"), tx.reps.see("lin", ""), tx.reps.see("wu", "吴")]
        tx.reps.retire_all_but(["wu"])
        left = tx.reps.active()
        tx.reps.see("lin", "林经理")
        return seen, left, tx.reps.active()

    seen, left, after_return = await store.write(story)

    assert seen == [True, False, True]
    assert [rep.id for rep in left] == ["wu"]
    assert [(rep.id, rep.name) for rep in after_return] == [("lin", "林经理"), ("wu", "吴")]


async def test_when_nobody_serves_any_more_nobody_is_active(store: Store):
    def story(tx):
        tx.reps.see("lin", "林")
        tx.reps.retire_all_but([])
        return tx.reps.active(), tx.reps.get("lin")

    active, lin = await store.write(story)

    assert active == []
    assert lin is not None
    assert not lin.active


async def test_a_rep_noted_as_not_serving_is_no_active_one_and_nobody_is_retired_by_it(store: Store):
    def story(tx):
        new = [tx.reps.see("it", "", active=False), tx.reps.see("lin", "林"), tx.reps.see("lin", "", active=False)]
        before = [rep.id for rep in tx.reps.active()]
        tx.reps.see("it", "")
        return new, before, [rep.id for rep in tx.reps.active()]

    assert await store.write(story) == ([True, True, False], ["lin"], ["it", "lin"])


async def test_the_first_time_two_became_contacts_stays_on_record(store: Store):
    def story(tx):
        settle(tx)
        tx.reps.add_contact("jun", "lin", NOON)
        tx.reps.end_contact("jun", "lin", after(days=1))
        parted = tx.reps.contact("jun", "lin")
        tx.reps.add_contact("jun", "lin", after(days=2))
        return parted, tx.reps.contact("jun", "lin"), tx.reps.contacts_of("jun")

    parted, again, all_of_jun = await store.write(story)

    assert (parted.added_at, parted.left_at) == (NOON, after(days=1))
    assert (again.added_at, again.left_at) == (NOON, None)
    assert all_of_jun == [again]


async def test_the_latest_answer_counts_and_each_purpose_has_its_own(store: Store):
    def story(tx):
        settle(tx)
        for answer in (Answer.GRANTED, Answer.WITHDRAWN):
            tx.consent.record(said(answer))
        tx.consent.record(said(Answer.GRANTED, purpose="stories"))
        return tx.consent.latest("mei", "nudges"), tx.consent.latest("jun", "nudges")

    assert await store.write(story) == (said(Answer.WITHDRAWN), None)


async def test_nobody_is_made_up_by_a_row_that_names_them(store: Store):
    with pytest.raises(StorageError):
        await store.write(lambda tx: tx.consent.record(said(Answer.GRANTED, person="nobody")))


def said(answer: Answer, *, person: str = "mei", purpose: str = "nudges") -> Consent:
    return Consent(person=person, purpose=purpose, answer=answer, evidence="sha256:ab", channel="kf", at=NOON)


@pytest.mark.parametrize("days", [3, 4])
async def test_contacts_come_to_the_same_in_whatever_order_they_are_told(store: Store, days: int):
    """Jun adds on day 0, leaves on day 1, adds again on day 2 and leaves for good on day 3."""
    orders = list(permutations(range(days)))

    def story(tx):
        settle(tx)
        for number, order in enumerate(orders):
            for day in order:
                happened = tx.reps.end_contact if day % 2 else tx.reps.add_contact
                happened("jun", f"rep-{number}", after(days=day))
        return {(contact.added_at, contact.left_at) for contact in tx.reps.contacts_of("jun")}

    assert await store.write(story) == {(NOON, after(days=3) if days == 4 else None)}


async def test_an_end_alone_knows_no_add(store: Store):
    def story(tx):
        settle(tx)
        tx.reps.end_contact("jun", "lin", after(days=1))
        tx.reps.add_contact("jun", "wang", NOON)
        return tx.reps.contact("jun", "lin"), [contact.rep for contact in tx.reps.contacts_of("jun")]

    contact, reps = await store.write(story)

    assert (contact.added_at, contact.left_at) == (None, after(days=1))
    assert reps == ["wang", "lin"]
