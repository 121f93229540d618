"""`/lift`: what asking has brought, as the command line says it, and night by night."""

from __future__ import annotations

from datetime import timedelta

from bot.lift_report import as_json
from bot.lifting import measure
from referral import due_rows
from referral.decisions import Route
from referral.lift import report
from referral.moments import Moment
from referral.nudges import Nudge, NudgeState

HOUR = timedelta(hours=1)


async def ask(api):
    """Mei, a customer for a year, who brought Jun, had been asked an hour before."""
    await api.a_friend_bought()
    person = (await api.post("/people/find", {"identity": "crm:mei"})).body["id"]
    app, now = api.town.app, api.town.app.clock()
    nudge = Nudge(
        id="g0123456789abcdef",
        person=person,
        decision="send",
        why="good",
        state=NudgeState.SENT,
        route=Route.KF,
        created_at=now - HOUR,
        planned_at=now - HOUR,
        sent_at=now - HOUR,
    )

    def unit(tx):
        due_rows.keep(tx, app.facts, Moment(person=person, customer_since=now - 9000 * HOUR), now=now)
        tx.nudges.add(nudge)

    await app.store.write(unit)


async def test_before_anything_was_planned_there_is_nothing_to_tell(either_api):
    told = (await either_api.get("/lift")).body

    assert (told["verdict"], told["since"]) == ("none", None)
    assert (await either_api.get("/lift/days")).body == {"items": []}


async def test_it_says_what_the_command_line_says(either_api):
    await ask(either_api)
    app = either_api.town.app

    told = (await either_api.get("/lift")).body

    seen = report(await measure(app.store, clock=app.clock), holdout=app.facts.holdout)
    expected = as_json(seen)
    assert {name: told[name] for name in expected if name != "at"} == {n: v for n, v in expected.items() if n != "at"}


async def test_every_night_is_kept(either_api):
    await ask(either_api)

    for _ in range(2):
        await either_api.town.pass_time(86_400)

    nights = (await either_api.get("/lift/days")).body["items"]
    latest = (await either_api.get("/lift")).body
    assert len(nights) == 2
    assert nights[0]["day"] > nights[1]["day"]
    assert latest["at"][:10] == nights[0]["day"]
    assert nights[0]["incremental"] == latest["incremental"]
    assert (await either_api.get("/lift/days", limit=1)).body["items"] == nights[:1]


async def test_so_many_nights_there_are_not(api):
    assert (await api.get("/lift/days", limit=401)).wrong.keys() == {"limit"}
