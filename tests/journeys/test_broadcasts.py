"""One text to many: put before the rep, sent by the rep alone, followed to its end."""

from __future__ import annotations

import pytest

from bot.channels.errors import Expired
from referral import broadcasts
from referral.broadcasts import BroadcastState, End
from referral.messages import RepCard
from referral.outbox import Purpose, post
from storage.transaction import Transaction

TEXT = "今年的春茶到了，给您留了一盒"
TEN_MINUTES = 600


async def asked(town, *personas):
    """Lin wants to tell these customers something."""
    people = [(await town.person(persona)).id for persona in personas]
    now = town.app.clock()
    made = await town.app.store.write(
        lambda tx: broadcasts.ask(tx, "lin", people, TEXT, now=now, rng=town.app.world.rng)
    )
    await town.app.settle()
    return made


async def standing(town, broadcast):
    known = await town.look(lambda tx: tx.broadcasts.get(broadcast.id))
    targets = await town.look(lambda tx: tx.broadcasts.targets(broadcast.id))
    named = {town.handle(name): name for name in ("mei", "jun", "bo")}
    return known.state, {named[target.handle]: target.end for target in targets}


async def test_a_text_to_many_goes_when_the_rep_presses_and_what_became_of_it_is_known(either_town):
    town = either_town
    for friend in ("jun", "bo"):
        await town.act(friend, "add", "lin")

    made = await asked(town, "mei", "jun", "bo")
    await town.pass_time(TEN_MINUTES)
    assert await standing(town, made) == (BroadcastState.WAITING, {"mei": None, "jun": None, "bo": None})
    assert TEXT not in await town.log("mei")

    await town.act("bo", "delete", "lin")
    pressed = await town.act("lin", "press", "latest")
    assert (pressed["sent"], pressed["not_friend"]) == (2, 1)
    assert TEXT in await town.log("mei")
    await town.pass_time(TEN_MINUTES)

    assert await standing(town, made) == (
        BroadcastState.DONE,
        {"mei": End.SENT, "jun": End.SENT, "bo": End.NOT_FRIEND},
    )


async def test_a_rep_who_never_presses_is_not_pressed_for(town):
    await town.act("jun", "add", "lin")
    made = await asked(town, "mei", "jun")

    await town.pass_time(3 * 86_400 + TEN_MINUTES)

    assert await standing(town, made) == (BroadcastState.CANCELLED, {"mei": End.FAILED, "jun": End.FAILED})
    late = await town.knock("act", {"persona": "lin", "do": "press", "value": "latest"})
    assert not late["ok"]
    assert TEXT not in await town.log("mei")


async def test_a_card_opens_a_page_for_whoever_of_the_staff_gets_it(town):
    now = town.app.clock()
    url = f"{town.app.own_address}/rep"

    def unit(tx: Transaction) -> None:
        for rep in ("lin", "zhou"):
            card = RepCard(rep=rep, title="今天可以聊聊的客户", text="3 位，点开看看", url=url, button="看名单")
            post(tx, card, lane=f"rep:{rep}", purpose=Purpose.SYSTEM, now=now, rng=town.app.world.rng)

    await town.app.store.write(unit)
    await town.app.settle()

    cards = [line for line in await town.lines() if line["kind"] == "card"]
    assert sorted(line["to"] for line in cards) == ["lin", "zhou"]
    assert (cards[0]["text"], cards[0]["url"]) == ("今天可以聊聊的客户\n3 位，点开看看", url)


async def test_staff_log_in_by_the_sandbox_and_a_code_used_twice_lets_nobody_in(town):
    corp = town.app.config.wecom.corp_id
    path = f"/connect/oauth2/authorize?appid={corp}&redirect_uri={town.app.own_address}/rep&state=s&as=lin"

    page = await town.get(path)
    code = page.headers["Location"].partition("code=")[2].partition("&")[0]

    assert await town.app.lines.rep.entrance.who(code) == "lin"
    with pytest.raises(Expired):
        await town.app.lines.rep.entrance.who(code)
