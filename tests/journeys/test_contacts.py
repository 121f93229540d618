"""Adds, ends and reps in the orders that platforms really tell them: who greets, who is told, what counts."""

from datetime import datetime, timedelta

import pytest

from bot.conversations import rep as rep_chat
from referral import codes, contacts
from referral.contacts import Profile
from referral.events import FriendAdded, FriendLeft, RepOpened
from referral.identities import Identity, IdentityKind
from tests.journeys.town import MORNING

JUN = Identity(IdentityKind.WECOM, "wmJunToldInAnyOrder")


@pytest.fixture
async def code(town):
    """Mei's code in a running campaign, greeted by Lin; its contact QR has been asked for."""
    code = await town.code_of("mei", await town.campaign())
    await town.get(f"/i/{code}")
    await town.app.settle()
    return code


def minutes(count: float) -> datetime:
    return MORNING + timedelta(minutes=count)


async def told_added(town, at: datetime, code: str | None = None, rep: str = "lin") -> None:
    """The platform tells, now, of an add at that time."""

    def unit(tx):
        mark = tx.contact_ways.of_code(code, "lin").mark if code else None
        event = FriendAdded(who=JUN, rep=rep, mark=mark, welcome_code=None, confirmed=True, at=at)
        contacts.friend_added(tx, town.app.facts, event, now=town.machine.now, rng=town.app.world.rng)

    await town.app.store.write(unit)


async def told_left(town, at: datetime) -> None:
    event = FriendLeft(who=JUN, rep="lin", by_rep=False, at=at)
    now, rng = town.machine.now, town.app.world.rng
    await town.app.store.write(lambda tx: contacts.contact_ended(tx, town.app.facts, event, now=now, rng=rng))


async def standing(town):
    """(are contacts, touches) of Jun and Lin."""

    def unit(tx):
        jun = tx.people.find(JUN)
        return tx.reps.contact(jun.id, "lin").left_at is None, len(tx.touches.of_friend(jun.id))

    return await town.look(unit)


# --- told in any order ---------------------------------------------------------------------------------------------


async def test_an_end_told_before_its_add_stays_an_end_and_the_add_still_counts(town, code):
    await told_left(town, minutes(5))
    assert await standing(town) == (False, 0)

    await told_added(town, minutes(1), code)

    assert await standing(town) == (False, 1)


async def test_a_late_older_add_does_not_undo_an_end(town, code):
    await told_added(town, minutes(1), code)
    await told_left(town, minutes(5))

    await told_added(town, minutes(2), code)

    assert await standing(town) == (False, 1)


async def test_a_late_older_end_does_not_undo_an_add(town, code):
    await told_added(town, minutes(1), code)
    await told_added(town, minutes(9), code)

    await told_left(town, minutes(5))

    assert await standing(town) == (True, 1)


async def test_a_return_after_an_end_makes_them_contacts_again(town, code):
    await told_left(town, minutes(5))

    await told_added(town, minutes(6), code)

    assert await standing(town) == (True, 1)


# --- who is welcomed by whose name, and which rep is told ----------------------------------------------------------


async def test_who_comes_back_by_anothers_code_is_not_told_that_the_other_brought_them(town, code):
    bos = await town.code_of("bo", (await town.look(lambda tx: tx.codes.find(code))).campaign)
    await town.get(f"/i/{bos}")
    await town.act("jun", "add", code)
    await town.act("jun", "delete", "lin")
    await town.later(60)

    again = await town.act("jun", "add", bos)

    assert again["welcome"]
    assert "介绍您来的" not in again["welcome"]
    assert [touch.code for touch in await town.touches("jun")] == [code]


async def test_who_comes_back_by_the_code_that_counts_is_welcomed_by_that_name(town, code):
    await town.act("jun", "add", code)
    await town.act("jun", "delete", "lin")
    await town.later(60)

    assert "梅姐介绍您来的" in (await town.act("jun", "add", code))["welcome"]


async def test_only_the_rep_who_was_added_by_the_code_is_told_of_the_friend(town, code):
    await town.hire("wang", "王顾问")
    await town.act("jun", "add", "wang")

    await town.act("jun", "add", code)
    await town.later(5)

    assert sum("刚添加了您" in told for told in await town.log("lin")) == 1
    assert not any("刚添加了您" in told for told in await town.log("wang"))


async def test_a_later_look_at_a_friends_name_tells_no_other_rep(town, code):
    await town.hire("wang", "王顾问")
    await town.act("jun", "add", code)
    await town.act("jun", "add", "wang")
    now, rng, facts = town.machine.now, town.app.world.rng, town.app.facts
    who, known = Identity(IdentityKind.WECOM, town.handle("jun")), Profile(nickname="小君", avatar="")

    await town.app.store.write(lambda tx: contacts.profile_learned(tx, facts, who, known, now=now, rng=rng))
    await town.later(5)

    assert sum("刚添加了您" in told for told in await town.log("lin")) == 1
    assert not any("刚添加了您" in told for told in await town.log("wang"))


# --- reps who come and go ------------------------------------------------------------------------------------------


async def test_a_rep_who_no_longer_serves_greets_nobody_new(town, code):
    await town.hire("wang", "王顾问")
    await town.app.store.write(lambda tx: tx.reps.retire_all_but(["wang"]))
    mei = await town.person("mei")
    assert mei.rep == "lin"

    greeting = await town.look(lambda tx: codes.greeting_rep(tx, tx.codes.find(code)))
    own = await town.look(lambda tx: codes.rep_for(tx, mei.id, mei.rep))
    again = await town.code_of("mei", (await town.look(lambda tx: tx.codes.find(code))).campaign)

    assert (greeting, own, again) == ("wang", "wang", code)
    assert (await town.look(lambda tx: tx.codes.find(code))).rep == "wang"


async def test_a_rep_who_still_serves_keeps_their_codes(town, code):
    await town.hire("an", "安顾问")

    assert await town.look(lambda tx: codes.greeting_rep(tx, tx.codes.find(code))) == "lin"


async def test_a_rep_whom_no_list_named_keeps_their_customers(town, code):
    await town.app.store.write(lambda tx: tx.people.learn(tx.codes.find(code).advocate, rep="xu"))
    mei = await town.person("mei")

    assert await town.look(lambda tx: codes.rep_for(tx, mei.id, mei.rep)) == "xu"


async def test_when_nobody_serves_nobody_greets(town, code):
    await town.app.store.write(lambda tx: tx.reps.retire_all_but([]))

    assert await town.look(lambda tx: codes.greeting_rep(tx, tx.codes.find(code))) is None


async def test_whoever_opens_the_app_is_greeted_once_and_serves_only_when_the_list_says_so(town, code):
    opened = RepOpened(rep="it-admin", at=MORNING)
    await town.app.store.write(lambda tx: tx.reps.retire_all_but([]))

    def unit(tx):
        return [rep_chat.opened(tx, town.app.words, opened) for _ in range(2)]

    first, second = await town.app.store.write(unit)
    assert first
    assert second is None
    assert await town.look(lambda tx: tx.reps.active()) == []

    await town.hire("it-admin", "陈顾问")
    assert "it-admin" in [rep.id for rep in await town.look(lambda tx: tx.reps.active())]

    await town.app.store.write(lambda tx: rep_chat.opened(tx, town.app.words, opened))
    assert "it-admin" in [rep.id for rep in await town.look(lambda tx: tx.reps.active())]
