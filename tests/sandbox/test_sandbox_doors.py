"""The control doors, the shop, the log, the clock and what is kept between runs."""

import random
from datetime import datetime

import pytest

from bot.sandbox.state import StateUnreadable
from tests.sandbox.town import open_town


async def test_an_order_is_told_by_a_signed_webhook_on_the_sandbox_clock(town):
    await town.later(40 * 86400)

    bought = await town.act("jun", "buy", 19900)

    assert town.bot.orders[0] == {
        "type": "order.paid",
        "data": {
            "source": "sandbox",
            "order_no": "S0001",
            "buyer": {"external_userid": town.sandbox.external_userid("jun")},
            "amount_fen": 19900,
            "currency": "CNY",
            "paid_at": "2027-01-02T12:00:00+08:00",
        },
    }
    assert bought["order_no"] == "S0001"
    assert (bought["status"], bought["answer"]) == (200, {"outcome": "held", "reasons": []})


async def test_an_order_may_name_its_number_a_code_and_another_buyer(town):
    details = {"amount_fen": 1, "order_no": "S0001", "code": "R8K2M9QX", "buyer": {"phone": "13800000000"}}

    await town.act("jun", "buy", details)
    second = await town.act("jun", "buy", 1)

    told = town.bot.orders[0]["data"]
    assert (told["order_no"], told["code"], told["buyer"]) == ("S0001", "R8K2M9QX", {"phone": "13800000000"})
    assert second["order_no"] == "S0002"


async def test_refunds_are_whole_or_in_part_and_may_come_before_their_order(town):
    await town.act("jun", "buy", 19900)
    for value in ("S0001:500", "S0001", "X9:100"):
        await town.act("jun", "refund", value)

    told = [order["data"] for order in town.bot.orders[1:]]
    assert [(one["order_no"], one["refund_no"], one["amount_fen"]) for one in told] == [
        ("S0001", "R0001", 500),
        ("S0001", "R0002", 19900),
        ("X9", "R0003", 100),
    ]


@pytest.mark.parametrize(
    ("do", "value", "kind", "number", "words"),
    [
        ("visit", "望京店", "visit.completed", "V0001", "到店：望京店"),
        ("trial", "团队版", "trial.started", "T0001", "试用：团队版"),
        ("sign", {"contract": "年度服务"}, "contract.signed", "C0001", "签约：年度服务"),
        ("open", "营业部", "account.opened", "A0001", "开户：营业部"),
    ],
)
async def test_what_is_done_without_paying_is_told_with_a_number_and_a_time(town, do, value, kind, number, words):
    done = await town.act("bo", do, value)

    told = town.bot.orders[0]
    assert (told["type"], told["data"]["order_no"], done["order_no"]) == (kind, number, number)
    assert told["data"]["at"] == "2026-11-23T12:00:00+08:00"
    assert "amount_fen" not in told["data"]
    assert words in [line.text for line in town.sandbox.lines()]


async def test_the_shop_sends_again_under_the_same_id_when_the_order_was_not_stored(town):
    town.bot.order_statuses = [503, 503]

    bought = await town.act("jun", "buy", 100)

    assert bought["status"] == 200
    assert len(town.bot.order_ids) == 1


async def test_the_log_tells_everything_oldest_first(town):
    await town.act("mei", "say", "海报")
    await town.later(60)
    await town.act("jun", "buy", 100)

    async with town.client.get("/sandbox/log") as response:
        lines = await response.json()

    assert [(line["from"], line["to"], line["kind"], line["text"]) for line in lines] == [
        ("mei", "kf", "text", "海报"),
        ("jun", "shop", "order", "S0001 100 分"),
        ("app", "shop", "answer", 'S0001 200 {"outcome": "held", "reasons": []}'),
    ]
    assert set(lines[0]) == {"at", "from", "to", "kind", "text", "url"}
    assert [line["at"] for line in lines[:2]] == ["2026-11-23T12:00:00+08:00", "2026-11-23T12:01:00+08:00"]


async def test_replies_are_those_of_this_act_to_this_persona(town):
    desk = town.sandbox.desks()[0]

    def answer(persona, text):
        async def duty():
            who = town.sandbox.external_userid(persona)
            body = {"touser": who, "open_kfid": desk, "msgtype": "text", "text": {"content": text}}
            await town.post("kf/send_msg", body)

        return duty

    town.bot.duties = [answer("mei", "一")]
    first = await town.act("mei", "say", "你好")
    town.bot.duties = [answer("mei", "朋友来了"), answer("jun", "二")]
    second = await town.act("jun", "say", "你好")

    assert [line["text"] for line in first["replies"]] == ["一"]
    assert [line["text"] for line in second["replies"]] == ["二"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "body"),
        ({"do": "say", "value": "x"}, "persona"),
        ({"persona": "", "do": "say"}, "persona"),
        ({"persona": "a/b", "do": "say", "value": "x"}, "persona"),
        ({"persona": "kf", "do": "say", "value": "x"}, "persona"),
        ({"persona": "x" * 33, "do": "say", "value": "x"}, "persona"),
        ({"persona": "mei"}, "do"),
        ({"persona": "mei", "do": "fly"}, "do"),
        ({"persona": "lin", "do": "buy", "value": 1}, "do"),
        ({"persona": "mei", "do": "say", "value": " "}, "value"),
        ({"persona": "mei", "do": "say", "value": 7}, "value"),
        ({"persona": "mei", "do": "say"}, "value"),
        ({"persona": "mei", "do": "say", "value": {"text": "x", "desk": "wkNone"}}, "value"),
        ({"persona": "mei", "do": "say", "value": {"words": "x"}}, "value"),
        ({"persona": "mei", "do": "enter", "value": "no spaces"}, "value"),
        ({"persona": "mei", "do": "buy", "value": 0}, "value"),
        ({"persona": "mei", "do": "buy", "value": True}, "value"),
        ({"persona": "mei", "do": "buy", "value": "1.00"}, "value"),
        ({"persona": "mei", "do": "buy", "value": {"amount_fen": 1, "order_no": 7}}, "value"),
        ({"persona": "mei", "do": "refund", "value": "S9999"}, "value"),
        ({"persona": "mei", "do": "refund", "value": None}, "value"),
        ({"persona": "mei", "do": "visit"}, "value"),
        ({"persona": "mei", "do": "trial", "value": ""}, "value"),
        ({"persona": "mei", "do": "sign", "value": {"shop": "x"}}, "value"),
        ({"persona": "mei", "do": "open", "value": 7}, "value"),
        ({"persona": "jun", "do": "add"}, "value"),
        ({"persona": "jun", "do": "delete"}, "value"),
        ({"persona": "lin", "do": "delete", "value": "jun"}, "value"),
        ({"persona": "platform", "do": "break", "value": "windows"}, "value"),
        ({"persona": "platform", "do": "repeat", "value": 0}, "value"),
        ({"persona": "mei", "do": "say", "value": "x", "vlaue": 1}, "value"),
    ],
)
async def test_a_bad_act_is_refused_naming_its_field(town, body, field):
    refused = await town.knock("act", body)

    assert (refused["status"], refused["ok"]) == (400, False)
    assert refused["error"].startswith(f"{field}:")


async def test_a_body_that_is_no_json_is_refused(town):
    async with town.client.post("/sandbox/act", data=b"{") as response:
        assert response.status == 400
        assert (await response.json())["error"].startswith("body:")


async def test_the_clock_tells_beijing_time_and_moves_forward_only(town):
    moved = await town.knock("clock", {"advance_s": 86400})
    async with town.client.get("/sandbox/clock") as response:
        told = await response.json()

    assert moved["now"] == told["now"] == "2026-11-24T12:00:00+08:00"
    assert datetime.fromisoformat(told["now"]).utcoffset().total_seconds() == 8 * 3600


@pytest.mark.parametrize("seconds", [-1, 1.5, "60", True, None, 4 * 10**8])
async def test_the_clock_refuses_what_is_no_time_span(town, seconds):
    refused = await town.knock("clock", {"advance_s": seconds})

    assert (refused["status"], refused["ok"]) == (400, False)
    assert refused["error"].startswith("advance_s:")


async def test_moving_the_clock_waits_until_the_bot_is_idle(town):
    done = []

    async def duty():
        done.append(town.clock.now())

    town.bot.duties = [duty]
    await town.later(60)

    assert len(done) == 1


async def test_a_stranger_s_name_is_their_nickname_and_always_the_same_person(town):
    added = await town.act("小雨", "add", "lin")
    known = await town.get("externalcontact/get", external_userid=added["external_userid"])

    assert known["external_contact"]["name"] == "小雨"
    assert (await town.act("小雨", "add", "lin"))["already"] is True
    async with town.client.get(known["external_contact"]["avatar"]) as response:
        assert response.status == 200


async def test_a_bot_that_is_away_is_told_apart_from_a_bad_act(town):
    await town.sandbox.close()

    refused = await town.knock("act", {"persona": "jun", "do": "scan", "value": "R8K2M9QX"})

    assert (refused["status"], refused["error"][:4]) == (502, "bot:")


async def test_people_ways_files_and_log_survive_a_restart(tmp_path):
    state_file = tmp_path / "sandbox.json"
    async with open_town(state_file=state_file) as town:
        way = await town.a_way()
        media_id = (await town.upload(b"\xff\xd8\xff" + bytes(9)))["media_id"]
        await town.act("小雨", "add", "lin")
        await town.act("小雨", "buy", 100)
        said = await town.act("mei", "say", "你好")
        token, count = await town.token(), len(town.sandbox.lines())

    async with open_town(state_file=state_file) as town:
        assert (await town.act("小雨", "add", "lin"))["already"] is True
        assert (await town.act("小雨", "buy", 100))["order_no"] == "S0002"
        read = await town.post("externalcontact/get_contact_way", {"config_id": way["config_id"]})
        assert read["contact_way"]["state"] == "R8K2M9QX"
        assert (await town.a_way())["config_id"] != way["config_id"]
        assert await town.token() == token
        assert len(town.sandbox.lines()) == count + 2
        pulled = await town.post("kf/sync_msg", {"open_kfid": town.sandbox.desks()[0]})
        assert pulled["msg_list"][0]["msgid"] == said["msgid"]
        async with town.client.get(f"/sandbox/wecom/media/{media_id}") as response:
            assert response.status == 200
    assert state_file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", [b"", b"{}", b'{"version":99,"salt":""}'])
async def test_a_broken_or_foreign_state_file_is_refused_and_left_alone(tmp_path, content):
    state_file = tmp_path / "sandbox.json"
    state_file.write_bytes(content)

    with pytest.raises(StateUnreadable, match=r"sandbox\.json"):
        async with open_town(state_file=state_file):
            pass

    assert state_file.read_bytes() == content


async def test_two_worlds_with_different_chance_share_no_ids_but_the_same_people():
    async with open_town() as town, open_town(rng=random.Random(8)) as other:
        assert await town.token() != await other.token()
        assert town.sandbox.external_userid("mei") == other.sandbox.external_userid("mei")
