"""Broadcasts wait for the rep (supplement S3 item 6); what reps say and note; tags; staff who serve nobody."""

import pytest

from tests.sandbox.town import Town, open_town


async def asked(town: Town, *names: str, **fields):
    to = [town.sandbox.external_userid(name) for name in names]
    body = {"chat_type": "single", "sender": "lin", "external_userid": to, "text": {"content": "春茶到了"}}
    return await town.post("externalcontact/add_msg_template", body | fields)


async def ends(town: Town, msgid: str) -> dict[str, int]:
    rows = (await town.post("externalcontact/get_groupmsg_send_result", {"msgid": msgid, "userid": "lin"}))["send_list"]
    return {row["external_userid"]: row["status"] for row in rows}


@pytest.fixture
async def friends(town):
    for name in ("jun", "bo"):
        await town.act(name, "add", "lin")
    return town


def told(town, kind="text"):
    return [(line.speaker, line.to, line.text) for line in town.sandbox.lines() if line.kind == kind]


async def test_a_broadcast_reaches_nobody_until_the_rep_presses_send(friends):
    made = await asked(friends, "mei", "jun")
    assert told(friends) == []
    assert told(friends, "broadcast") == [("platform", "lin", "春茶到了")]
    assert set((await ends(friends, made["msgid"])).values()) == {0}
    task = (await friends.post("externalcontact/get_groupmsg_task", {"msgid": made["msgid"]}))["task_list"]
    assert task == [{"userid": "lin", "status": 0}]

    pressed = await friends.act("lin", "press", "latest")

    assert pressed | {"replies": []} == {
        "msgid": made["msgid"], "sent": 2, "not_friend": 0, "cap": 0, "replies": [],
    }  # fmt: skip
    assert told(friends) == [("lin", "mei", "春茶到了"), ("lin", "jun", "春茶到了")]
    assert set((await ends(friends, made["msgid"])).values()) == {1}
    again = await friends.knock("act", {"persona": "lin", "do": "press", "value": made["msgid"]})
    assert (again["status"], again["ok"]) == (400, False)


async def test_strangers_are_told_at_once_and_those_who_left_meanwhile_at_the_press(friends):
    made = await asked(friends, "mei", "jun", "fei")
    assert made["fail_list"] == [friends.sandbox.external_userid("fei")]

    await friends.act("jun", "delete")
    await friends.act("lin", "press", made["msgid"])

    assert await ends(friends, made["msgid"]) == {
        friends.sandbox.external_userid("mei"): 1,
        friends.sandbox.external_userid("jun"): 2,
    }


async def test_a_customer_who_has_had_enough_this_month_gets_no_more():
    async with open_town(broadcast_cap=1) as town:
        await town.act("jun", "add", "lin")
        for _ in range(2):
            made = await asked(town, "mei", "jun")
            pressed = await town.act("lin", "press", "latest")

        assert (pressed["sent"], pressed["cap"]) == (0, 2)
        assert set((await ends(town, made["msgid"])).values()) == {3}
        await town.later(10 * 86400)  # December
        await asked(town, "mei")
        assert (await town.act("lin", "press", "latest"))["sent"] == 1


async def test_a_broadcast_that_was_taken_back_cannot_be_pressed(friends):
    made = await asked(friends, "mei", "jun")

    await friends.post("externalcontact/cancel_groupmsg_send", {"msgid": made["msgid"]})

    assert not (await friends.knock("act", {"persona": "lin", "do": "press", "value": "latest"}))["ok"]
    assert set((await ends(friends, made["msgid"])).values()) == {0}


async def test_a_rep_is_reminded_three_times_a_day_at_most(friends):
    made = await asked(friends, "mei", "jun")

    codes = [
        (await friends.post("externalcontact/remind_groupmsg_send", {"msgid": made["msgid"]}))["errcode"]
        for _ in range(4)
    ]

    assert codes[:3] == [0, 0, 0]
    assert codes[3] != 0
    assert len(told(friends, "remind")) == 3


async def test_broadcasts_are_listed_by_time_and_paged(friends):
    made = []
    for _ in range(3):
        made.append((await asked(friends, "mei", "jun"))["msgid"])
        await friends.later(60)
    now = int(friends.clock.now().timestamp())
    body = {"chat_type": "single", "start_time": now - 150, "end_time": now, "limit": 1}

    first = await friends.post("externalcontact/get_groupmsg_list_v2", body)
    second = await friends.post("externalcontact/get_groupmsg_list_v2", body | {"cursor": first["next_cursor"]})

    assert [first["group_msg_list"][0]["msgid"], second["group_msg_list"][0]["msgid"]] == made[1:]
    assert first["group_msg_list"][0]["text"] == {"content": "春茶到了"}
    assert "next_cursor" not in second


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"sender": "nobody"}, 40003),
        ({"text": {"content": ""}}, 44004),
        ({"text": {"content": "长" * 1400}}, 45002),
        ({"external_userid": ["wmNOBODY"]}, 41048),
        ({"external_userid": ["wm"] * 1}, 41048),
    ],
)
async def test_what_cannot_be_a_broadcast_is_refused(friends, fields, code):
    assert (await asked(friends, "mei", **fields))["errcode"] == code


async def test_a_reps_own_words_to_a_customer_are_in_the_log_and_nowhere_else(town):
    sent = await town.act("lin", "send", {"to": "mei", "text": "梅姐，春茶到了"})

    assert sent["to"] == "mei"
    assert told(town) == [("lin", "mei", "梅姐，春茶到了")]
    assert town.bot.heard == []
    for value in ({"to": "jun", "text": "您好"}, {"to": "mei"}, "您好"):
        assert not (await town.knock("act", {"persona": "lin", "do": "send", "value": value}))["ok"]


async def test_what_a_rep_notes_comes_with_the_customer_and_tags_by_their_ids(town):
    await town.act("lin", "note", {"to": "mei", "remark": "梅女士", "mobile": "13800000001", "tag": "老客户"})
    await town.act("lin", "note", {"to": "mei", "tag": "爱喝茶"})

    tags = (await town.post("externalcontact/get_corp_tag_list", {}))["tag_group"][0]["tag"]
    page = await town.post("externalcontact/batch/get_by_user", {"userid_list": ["lin"], "limit": 100})
    noted = page["external_contact_list"][0]["follow_info"]
    assert (noted["remark"], noted["remark_mobiles"]) == ("梅女士", ["13800000001"])
    assert [tag["name"] for tag in tags] == ["老客户", "爱喝茶"]
    assert noted["tag_id"] == [tag["id"] for tag in tags]
    assert [change["UserID"] for change in town.bot.events("edit_external_contact")] == ["lin", "lin"]


async def test_a_rep_without_customers_is_answered_with_an_error(town):
    await town.act("mei", "delete", "lin")

    assert (await town.post("externalcontact/batch/get_by_user", {"userid_list": ["lin"]}))["errcode"] == 84061


async def test_a_manager_is_staff_but_serves_no_customers(town):
    body = {"touser": "zhou", "msgtype": "textcard", "agentid": 1000002}
    card = {"title": "请看", "description": "新活动", "url": "http://127.0.0.1/rep"}

    await town.act("zhou", "say", "同意")
    assert (await town.post("message/send", body | {"textcard": card}))["errcode"] == 0

    assert (await town.get("externalcontact/get_follow_user_list"))["follow_user"] == ["lin"]
    assert (await town.get("user/get", userid="zhou"))["name"] == "周店长"
    line = town.sandbox.lines()[-1]
    assert (line.to, line.kind, line.text, line.url) == ("zhou", "card", "请看\n新活动", "http://127.0.0.1/rep")
    assert not (await town.knock("act", {"persona": "zhou", "do": "send", "value": {"to": "mei", "text": "x"}}))["ok"]
