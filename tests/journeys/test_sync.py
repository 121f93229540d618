"""Bringing in a company's customers from WeCom: page by page, taken up where it broke off, and nothing twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.phone_hash import phone_hash
from bot.sandbox.state import Bond
from bot.syncing import SyncBroken
from referral.identities import Identity, IdentityKind
from referral.people import Person
from storage import tables as t
from tests.journeys.town import MORNING, Machine, open_town

YEAR = timedelta(days=365)
MOBILE = "138 0000 0001"


def befriend(town, *names, rep="lin", since=MORNING - YEAR):
    """Customers of a rep whom nobody told us of: they were there before us."""
    sandbox = town.app.sandbox
    for name in names:
        who = sandbox.external_userid(name)
        sandbox._stage.world.bonds[f"{rep}/{who}"] = Bond(rep=rep, who=who, since=int(since.timestamp()))


async def step(town, times=1):
    for _ in range(times):
        progress = await town.app.syncing.step()
    return progress


async def sync(town):
    """A whole sync, or what is left of one; its counts."""
    for _ in range(50):
        progress = await step(town)
        if progress["done"]:
            return progress["counts"]
    raise AssertionError(progress)


async def everything(town):
    """All that a sync may write."""

    def unit(tx):
        tables = (t.people, t.identities, t.contacts, t.reps, t.touches)
        return {table.name: sorted(map(repr, tx.connection.execute(select(table)).all())) for table in tables}

    return await town.look(unit)


async def tags(town, persona):
    person = await town.person(persona)
    return await town.look(lambda tx: tx.tags.of_person(person.id))


async def test_customers_come_in_with_their_rep_and_time_and_nothing_that_wecom_does_not_know(either_town):
    town = either_town
    befriend(town, "fei", since=MORNING - YEAR)
    await town.act("lin", "note", {"to": "fei", "remark": "王菲", "mobile": MOBILE, "tag": "爱喝茶"})
    await town.app.settle()

    counts = await sync(town)

    assert counts == {"reps": 1, "customers": 2, "new": 1, "changed": 1, "tags": 1}
    fei = await town.person("fei")
    assert (fei.nickname, fei.name, fei.rep, fei.joined_at) == ("fei", "王菲", "lin", None)
    assert fei.avatar
    contact = await town.look(lambda tx: tx.reps.contact(fei.id, "lin"))
    assert (contact.added_at, contact.left_at) == (MORNING - YEAR, None)
    assert await town.touches("fei") == []
    assert await tags(town, "fei") == ("爱喝茶",)
    phone = Identity(IdentityKind.PHONE, phone_hash(MOBILE, town.app.keys.phone))
    assert (await town.look(lambda tx: tx.people.find(phone))).id == fei.id


async def test_a_sync_told_the_same_again_changes_nothing(either_town):
    town = either_town
    befriend(town, "fei", "lan")
    await town.act("lin", "note", {"to": "fei", "mobile": MOBILE, "tag": "爱喝茶"})
    await sync(town)
    before = await everything(town)
    town.machine.tick(3600)

    counts = await sync(town)

    assert counts == {"reps": 1, "customers": 3, "new": 0, "changed": 0, "tags": 1}
    assert await everything(town) == before


async def test_a_sync_that_was_killed_goes_on_where_it_was(ready_url, tmp_path):
    # given 250 customers, of whom the first hundred were brought in when the process died
    async with open_town(tmp_path, ready_url) as town:
        befriend(town, *(f"客户{n}" for n in range(250)))
        await step(town, 2)
        asked = town.app.sandbox._stage.world.calls

    # when the next one takes it up
    async with open_town(tmp_path, ready_url, machine=Machine(MORNING + timedelta(minutes=5))) as town:
        calls = []
        page = town.app.lines.contact.customers.page

        async def seen(rep, cursor):
            calls.append((rep, cursor))
            return await page(rep, cursor)

        town.app.lines.contact.customers.page = seen
        counts = await sync(town)

        # then it asks for the rest only, and ends with all of them
        assert calls == [("lin", "100"), ("lin", "200")]
        assert counts == {"reps": 1, "customers": 251, "new": 250, "changed": 1, "tags": 0}
        assert asked
        assert len((await everything(town))["contacts"]) == 251
        # and the next sync starts over
        await step(town, 2)
        assert calls[2:] == [("lin", "")]


async def test_a_sync_left_for_a_day_starts_over(town):
    befriend(town, *(f"客户{n}" for n in range(120)))
    await step(town, 2)
    town.machine.tick(86_400)

    counts = await sync(town)

    assert (counts["customers"], counts["new"]) == (121, 21)  # Mei and 99 others were in the first page


async def test_a_rep_without_customers_and_one_who_is_served_no_more_stop_nothing(town):
    await town.hire("wei", "魏顾问")
    await town.hire("ann", "安顾问")
    befriend(town, "fei")
    await step(town)
    del town.app.sandbox._people.reps["ann"]  # between the list and their page

    counts = await sync(town)

    assert (counts["reps"], counts["customers"]) == (3, 2)
    again = await sync(town)
    assert again["reps"] == 2
    assert not (await town.look(lambda tx: tx.reps.get("ann"))).active


async def test_a_customer_of_two_reps_is_one_customer_with_the_tags_of_both(town):
    await town.hire("wei", "魏顾问")
    befriend(town, "fei")
    befriend(town, "fei", rep="wei", since=MORNING - 2 * YEAR)
    await town.act("lin", "note", {"to": "fei", "tag": "爱喝茶"})
    await town.act("wei", "note", {"to": "fei", "tag": "老客户"})

    first, second = await sync(town), await sync(town)

    assert (first["customers"], first["new"]) == (2, 1)
    assert (second["customers"], second["changed"]) == (2, 0)
    assert set(await tags(town, "fei")) == {"爱喝茶", "老客户"}
    town.app.sandbox._stage.world.bonds[f"wei/{town.handle('fei')}"].tags.clear()
    assert (await sync(town))["changed"] == 1
    assert await tags(town, "fei") == ("爱喝茶",)


async def test_tags_from_a_file_stay(town):
    mei = await town.person("mei")
    await town.app.store.write(lambda tx: tx.tags.put(mei.id, ["会员日"]))
    await town.act("lin", "note", {"to": "mei", "tag": "爱喝茶"})
    await sync(town)
    town.app.sandbox._stage.world.bonds[f"lin/{town.handle('mei')}"].tags.clear()

    await sync(town)

    assert await tags(town, "mei") == ("会员日",)


async def test_who_is_known_by_phone_from_the_companys_own_file_is_the_same_person(town):
    phone = Identity(IdentityKind.PHONE, phone_hash(MOBILE, town.app.keys.phone))

    def known(tx):
        tx.people.create(Person(id="p-file", name="王菲", joined_at=MORNING - 3 * YEAR), MORNING)
        tx.people.attach("p-file", phone, MORNING)

    await town.app.store.write(known)
    befriend(town, "fei")
    await town.act("lin", "note", {"to": "fei", "mobile": MOBILE})
    await sync(town)

    fei = await town.person("fei")
    assert (fei.name, fei.joined_at, fei.rep) == ("王菲", MORNING - 3 * YEAR, "lin")
    assert (await town.look(lambda tx: tx.people.find(phone))).id == fei.id


async def test_two_customers_who_share_a_phone_stay_two(town):
    befriend(town, "fei", "lan")
    for name in ("fei", "lan"):
        await town.act("lin", "note", {"to": name, "mobile": MOBILE})

    await sync(town)

    assert (await town.person("fei")).id != (await town.person("lan")).id


async def test_an_add_whose_news_is_still_on_its_way_is_left_to_it(town):
    # given a friend who scanned Mei's code, and a callback that has not reached us yet
    code = await town.code_of("mei", await town.campaign())
    await town.get(f"/i/{code}")
    await town.app.settle()
    mark = await town.look(lambda tx: tx.contact_ways.of_code(code, "lin").mark)
    who = town.handle("jun")
    bonds = town.app.sandbox._stage.world.bonds
    bonds[f"lin/{who}"] = Bond(rep="lin", who=who, since=int(MORNING.timestamp()), state=mark)

    await sync(town)
    del bonds[f"lin/{who}"]
    await town.act("jun", "scan", code)
    await town.act("jun", "add")

    # then it is the add that tells who brought them
    assert [touch.code for touch in await town.touches("jun")] == [code]


async def test_a_deleted_contact_does_not_come_back_by_a_sync(town):
    await town.act("jun", "add", "lin")
    since = MORNING - timedelta(hours=1)
    await town.later(60)
    await town.act("jun", "delete", "lin")
    befriend(town, "jun", since=since)  # the rep's list still has them

    await sync(town)

    jun = await town.person("jun")
    assert (await town.look(lambda tx: tx.reps.contact(jun.id, "lin"))).left_at is not None


async def test_a_platform_that_is_down_stops_it_with_a_sentence_and_loses_nothing(town):
    befriend(town, *(f"客户{n}" for n in range(120)))
    await step(town, 2)
    await town.platform("down")

    with pytest.raises(SyncBroken, match="接着"):
        await step(town)

    await town.platform("none")
    assert (await sync(town))["customers"] == 121


async def test_a_platform_that_wants_a_pause_gets_one(town):
    await step(town)
    await town.platform("rate")

    progress = await step(town)

    assert (progress["done"], progress["wait_s"]) == (False, 60.0)
