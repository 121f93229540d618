"""The platform fails in its usual ways: what was promised arrives, or is dropped with its reason, and once."""

import asyncio
import time

import pytest
from sqlalchemy import select

from storage import tables
from tests.journeys.town import open_town


@pytest.fixture
async def code(town):
    return await town.code_of("mei", await town.campaign())


async def letters(town, kind):
    """(state, note) of the letters of one kind."""
    outbox = tables.outbox.c
    asked = select(outbox.state, outbox.note).where(outbox.kind == kind).order_by(outbox.seq)
    return [tuple(row) for row in await town.look(lambda tx: tx.connection.execute(asked).all())]


def tokens_issued(town):
    return len(town.app.sandbox._stage.world.tokens)


async def test_an_expired_token_is_renewed_once_and_the_message_arrives(town, code):
    await town.say("mei", "您好")
    before = tokens_issued(town)

    await town.platform("token")
    replies = await town.say("mei", "规则")

    assert len(replies) == 1
    assert tokens_issued(town) == before + 1


async def test_many_messages_at_once_renew_an_expired_token_once(town, code):
    friends = [f"朋友{n}" for n in range(6)]
    for friend in friends:
        await town.act(friend, "scan", code)
    before = tokens_issued(town)
    await town.platform("token")

    added = await asyncio.gather(*(town.app.sandbox._acts.act(friend, "add", None) for friend in friends))

    assert all(one["welcome"] for one in added)
    assert tokens_issued(town) == before + 1


async def test_a_token_ages_while_the_sandbox_moves_on_and_nobody_notices(town, code):
    await town.say("mei", "您好")
    await town.pass_time(3 * 86_400)

    assert len(await town.say("mei", "规则")) == 1


async def test_a_platform_down_for_a_moment_still_lets_the_welcome_through(town, code):
    await town.act("jun", "scan", code)
    await town.act("jun", "scan", code)
    await town.platform("down")
    added = await town.act("jun", "add")
    assert [event["status"] for event in added["events"]] == [200]
    assert added["welcome"] is None
    await town.later(3)

    await town.platform("none")
    await town.later(10)

    assert sum("梅姐介绍您来的" in told for told in await town.log("jun")) == 1
    assert len(await town.touches("jun")) == 1


async def test_a_platform_down_for_long_costs_the_welcome_and_nothing_else(town, code):
    await town.act("jun", "scan", code)
    await town.platform("down")
    await town.act("jun", "add")
    for _ in range(6):
        await town.later(5)

    await town.platform("none")
    for _ in range(4):
        await town.later(60)

    assert not any("介绍您来的" in told for told in await town.log("jun"))
    ((state, note),) = await letters(town, "Welcome")
    assert state == "dropped"
    assert "expired" in note
    assert any("梅姐介绍的" in told for told in await town.log("lin"))
    assert (await town.buy("jun"))["answer"]["outcome"] == "held"


async def test_a_message_written_while_the_platform_is_down_is_answered_after(town, code):
    await town.say("mei", "您好")
    await town.platform("down")
    assert await town.say("mei", "规则") == []

    await town.platform("none")
    await town.later(60)

    assert sum("30天内完成首单" in told for told in await town.log("mei")) == 1


async def test_a_rate_limit_is_waited_for_and_not_hammered(town, code):
    await town.say("mei", "您好")
    await town.platform("rate")
    assert await town.say("mei", "规则") == []
    await town.platform("none")
    assert not any("30天内完成首单" in told for told in await town.log("mei"))

    for _ in range(5):
        await town.later(61)

    assert sum("30天内完成首单" in told for told in await town.log("mei")) == 1


async def test_a_slow_platform_keeps_no_callback_waiting(town, code):
    await town.act("jun", "scan", code)
    town.app.sandbox._api._faults.slow_seconds = 0.8
    town.app.sandbox._delivery._answer_time = 0.6
    await town.platform("slow")

    started = time.perf_counter()
    added = await town.act("jun", "add")

    assert [(event["status"], event["tries"]) for event in added["events"]] == [(200, 1)]
    assert "梅姐介绍您来的" in added["welcome"]
    assert time.perf_counter() - started < 5


async def test_a_customer_who_refuses_messages_hears_the_news_on_her_page(town, code):
    await town.act("jun", "add", code)
    await town.say("mei", "您好")
    await town.act("mei", "reject", "on")

    await town.buy("jun")

    assert not any("已下单" in told for told in await town.log("mei"))
    assert "已下单。给您的30天会员正在确认" in (await town.get(await town.me("mei"))).text


async def test_the_platform_finds_our_address_to_be_ours(town):
    assert (await town.act("platform", "verify"))["verified"]


async def test_a_photo_that_cannot_be_read_does_not_hold_up_what_follows(town, code):
    await town.say("mei", "您好")
    await town.act("mei", "say", {"text": "", "kind": "image"})

    assert len(await town.say("mei", "规则")) == 1


async def test_a_code_whose_own_qr_could_not_be_made_gets_it_once_the_platform_is_back(town, code):
    await town.platform("down")
    await town.get(f"/i/{code}")
    await town.later(1)
    await town.platform("none")

    await town.later(121)
    await town.get(f"/i/{code}")
    await town.later(1)

    assert "扫码添加时会自动带上" in (await town.get(f"/i/{code}")).text
    assert await letters(town, "MakeContactWay") == [("sent", ""), ("unknown", "server_error"), ("sent", "")]


# --- stopping and starting -----------------------------------------------------------------------------------------


async def test_what_was_queued_at_a_stop_goes_out_once_after_the_start(quick_url, tmp_path):
    async with open_town(tmp_path, quick_url) as town:
        code = await town.code_of("mei", await town.campaign())
        await town.say("mei", "您好")
        await town.act("jun", "scan", code)
        await town.platform("down")
        await town.act("jun", "add")
        await town.say("mei", "规则")
        machine = town.machine

    machine.tick(5)
    async with open_town(tmp_path, quick_url, machine=machine) as town:
        await town.later(5)
        assert sum("梅姐介绍您来的" in told for told in await town.log("jun")) == 1
        assert sum("30天内完成首单" in told for told in await town.log("mei")) == 1
        assert "梅姐介绍的小军刚添加了您。" in await town.log("lin")
        assert (await town.buy("jun"))["answer"]["outcome"] == "held"
        machine = town.machine

    async with open_town(tmp_path, quick_url, machine=machine) as town:
        assert sum("梅姐介绍您来的" in told for told in await town.log("jun")) == 1
        assert "确认中1份" in (await town.say("mei", "进度"))[0]
        assert (await town.act("jun", "add", code))["already"]


async def test_what_falls_due_while_the_bot_is_away_is_done_at_the_next_start(quick_url, tmp_path):
    async with open_town(tmp_path, quick_url) as town:
        code = await town.code_of("mei", await town.campaign())
        await town.act("jun", "add", code)
        await town.buy("jun")
        machine = town.machine

    machine.tick(16 * 86_400)
    async with open_town(tmp_path, quick_url, machine=machine) as town:
        assert await town.standing("mei") == [("granted", "granted")]


async def test_the_sandbox_clock_is_kept(quick_url, tmp_path):
    async with open_town(tmp_path, quick_url) as town:
        await town.pass_time(86_400)
        before = town.app.clock()

    async with open_town(tmp_path, quick_url) as town:
        assert town.app.clock() == before
