"""Desks: event and pull, the five messages, the 48 hours, the states, the codes (supplement S3 item 7)."""

import pytest

from tests.sandbox.town import an_app, open_town

HOUR = 3600
MENU = {
    "head_content": "您想做什么？",
    "list": [
        {"type": "click", "click": {"id": "101", "content": "我要推荐"}},
        {"type": "view", "view": {"url": "http://127.0.0.1/me/x", "content": "我的页面"}},
    ],
    "tail_content": "随时找我",
}


@pytest.fixture
def desk(town):
    return town.sandbox.desks()[0]


async def pull(town, desk, **fields):
    return await town.post("kf/sync_msg", {"open_kfid": desk} | fields)


async def pull_known(town, desk, **fields):
    """Pull with the token of the last event."""
    return await pull(town, desk, token=town.bot.events("kf_msg_or_event")[-1]["Token"], **fields)


async def send(town, desk, persona="mei", **fields):
    body = {"touser": town.sandbox.external_userid(persona), "open_kfid": desk, "msgtype": "text"}
    return await town.post("kf/send_msg", body | {"text": {"content": "您好"}} | fields)


async def test_what_a_customer_says_is_an_event_and_then_pulled(town, desk):
    said = await town.act("mei", "say", "海报")

    event = town.bot.events("kf_msg_or_event")[0]
    assert (event["OpenKfId"], "FromUserName" in event, "MsgId" in event) == (desk, False, False)
    pulled = await pull(town, desk, token=event["Token"])
    assert pulled["has_more"] == 0
    assert pulled["msg_list"] == [
        {
            "msgid": said["msgid"],
            "send_time": int(town.clock.now().timestamp()),
            "open_kfid": desk,
            "external_userid": town.sandbox.external_userid("mei"),
            "origin": 3,
            "msgtype": "text",
            "text": {"content": "海报"},
        }
    ]


async def test_a_cursor_goes_on_where_it_ended_and_more_is_announced():
    async with open_town(pull_page=2) as town:
        desk = town.sandbox.desks()[0]
        for word in "一二三":
            await town.act("mei", "say", word)

        first = await pull_known(town, desk)
        rest = await pull_known(town, desk, cursor=first["next_cursor"])
        none = await pull_known(town, desk, cursor=rest["next_cursor"])

    words = [[line["text"]["content"] for line in page["msg_list"]] for page in (first, rest, none)]
    assert words == [["一", "二"], ["三"], []]
    assert [page["has_more"] for page in (first, rest, none)] == [1, 0, 0]
    assert none["next_cursor"] == rest["next_cursor"]
    assert len(first["next_cursor"]) <= 64


async def test_a_limit_is_kept_and_a_wrong_cursor_refused(town, desk):
    for word in "一二":
        await town.act("mei", "say", word)

    one = await pull_known(town, desk, limit=1)

    assert (len(one["msg_list"]), one["has_more"]) == (1, 1)
    assert (await pull_known(town, desk, cursor="made-up"))["errcode"] == 40058
    assert (await pull_known(town, desk, limit=1001))["errcode"] == 40058


async def test_history_reaches_back_three_days(town, desk):
    await town.act("mei", "say", "旧")
    await town.later(3 * 24 * HOUR)
    just_kept = (await pull(town, desk))["msg_list"]
    await town.later(1)
    gone = (await pull(town, desk))["msg_list"]
    await town.act("mei", "say", "新")

    assert (len(just_kept), gone) == (1, [])
    assert [line["text"]["content"] for line in (await pull_known(town, desk))["msg_list"]] == ["新"]


async def test_the_tenth_pull_in_a_minute_without_a_good_token_blocks_pulling(town, desk):
    answers = [(await pull(town, desk))["errcode"] for _ in range(10)]

    assert answers == [0] * 9 + [45009]
    await town.act("mei", "say", "在吗")
    assert (await pull_known(town, desk))["errcode"] == 0
    assert (await pull(town, desk, token="old"))["errcode"] == 45009


async def test_desks_are_named_by_the_apps_and_kept_apart():
    async with open_town([an_app(kf_accounts=["wkA"]), an_app("two", agent_id=3, kf_accounts=["wkB"])]) as town:
        await town.act("mei", "say", {"text": "给B", "desk": "wkB"})

        assert [app for app, _, _ in town.bot.heard] == ["two"]
        assert (await pull(town, "wkB"))["errcode"] == 95017
        assert (await pull(town, "wkC"))["errcode"] == 95004
        assert (await pull(town, ""))["errcode"] == 95000
        listed = (await town.post("kf/account/list", {"offset": 0, "limit": 100}))["account_list"]
        assert [one["open_kfid"] for one in listed] == ["wkA"]
        assert (await town.get("kf/account/list", "two"))["account_list"][0]["open_kfid"] == "wkB"


async def test_five_messages_may_follow_a_customer_s_word_and_a_new_word_opens_five_more(town, desk):
    await town.act("mei", "say", "在吗")
    answers = [(await send(town, desk))["errcode"] for _ in range(6)]
    await town.act("mei", "say", "还在吗")

    assert answers == [0] * 5 + [95001]
    assert (await send(town, desk))["errcode"] == 0


@pytest.mark.parametrize(("seconds", "errcode"), [(48 * HOUR, 0), (48 * HOUR + 1, 95018)])
async def test_the_window_closes_after_48_hours(town, desk, seconds, errcode):
    await town.act("mei", "say", "在吗")
    await town.later(seconds)

    assert (await send(town, desk))["errcode"] == errcode


async def test_nobody_is_written_to_who_never_wrote(town, desk):
    assert (await send(town, desk))["errcode"] == 95018


async def test_a_message_id_is_good_once_for_a_desk_and_a_refusal_does_not_use_it_up(town, desk):
    refused = await send(town, desk, msgid="row-1")
    await town.act("mei", "say", "在吗")
    sent = await send(town, desk, msgid="row-1")
    again = await send(town, desk, msgid="row-1")

    assert [answer["errcode"] for answer in (refused, sent, again)] == [95018, 0, 95032]
    assert sent["msgid"] == "row-1"
    assert [line.text for line in town.sandbox.lines() if line.speaker == "kf"] == ["您好"]


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"text": {"content": "长" * 682 + "ab"}}, 0),
        ({"text": {"content": "长" * 683}}, 45002),
        ({"text": {"content": ""}}, 44004),
        ({"msgid": "with space"}, 40058),
        ({"msgid": "x" * 33}, 40058),
        ({"msgtype": "dance", "dance": {}}, 40008),
        ({"msgtype": "image", "image": {"media_id": "M"}}, 40007),
        ({"msgtype": "msgmenu", "msgmenu": {"list": [{"type": "click", "view": {}}]}}, 40058),
        ({"msgtype": "msgmenu", "msgmenu": {"list": []}}, 40063),
        ({"touser": "wmNobody"}, 40096),
    ],
)
async def test_messages_are_checked(town, desk, change, errcode):
    await town.act("mei", "say", "在吗")

    assert (await send(town, desk, **change))["errcode"] == errcode


async def test_a_menu_is_shown_with_its_items_and_a_tap_comes_back_with_its_id(town, desk):
    await town.act("mei", "say", "在吗")
    await send(town, desk, msgtype="msgmenu", msgmenu=MENU)

    shown = town.sandbox.lines()[-1]
    await town.act("mei", "tap", "101")

    assert (shown.kind, shown.text) == ("menu", "您想做什么？\n· 我要推荐\n· 我的页面\n随时找我")
    assert shown.url == "http://127.0.0.1/me/x"
    assert (await pull_known(town, desk))["msg_list"][-1]["text"] == {"content": "我要推荐", "menu_id": "101"}


async def test_only_an_offered_item_can_be_tapped(town):
    refused = await town.knock("act", {"persona": "mei", "do": "tap", "value": "101"})

    assert (refused["status"], refused["error"][:6]) == (400, "value:")


async def test_a_poster_is_seen_by_the_customer_even_after_its_file_expired(town, desk):
    media_id = (await town.upload(b"\xff\xd8\xff" + bytes(9)))["media_id"]
    await town.act("mei", "say", "海报")
    await send(town, desk, msgtype="image", image={"media_id": media_id})
    url = town.sandbox.lines()[-1].url
    await town.later(3 * 24 * HOUR)
    await town.act("mei", "say", "海报")

    async with town.client.get(url) as response:
        assert response.status == 200
    assert (await send(town, desk, msgtype="image", image={"media_id": media_id}))["errcode"] == 40007


async def test_opening_the_chat_by_its_link_is_an_event_with_the_scene_and_a_welcome_code(town, desk):
    link = (await town.post("kf/add_contact_way", {"open_kfid": desk, "scene": "ref_h5"}))["url"]

    await town.act("jun", "enter", link + "&scene_param=R8K2%20M9QX")

    line = (await pull_known(town, desk))["msg_list"][0]
    assert (line["msgtype"], line["origin"], "external_userid" in line) == ("event", 4, False)
    event = line["event"]
    assert (event["event_type"], event["scene"], event["scene_param"]) == ("enter_session", "ref_h5", "R8K2 M9QX")
    assert (event["open_kfid"], event["external_userid"]) == (desk, town.sandbox.external_userid("jun"))
    assert event["welcome_code"]
    async with town.client.get(link) as response:
        assert response.status == 200


async def entering(town, desk, persona="jun"):
    await town.act(persona, "enter")
    return (await pull_known(town, desk))["msg_list"][-1]["event"].get("welcome_code")


async def greet(town, code, **fields):
    return await town.post(
        "kf/send_msg_on_event", {"code": code, "msgtype": "text", "text": {"content": "欢迎"}} | fields
    )


async def test_a_greeting_is_said_once_within_twenty_seconds(town, desk):
    code = await entering(town, desk)
    wrong = await greet(town, code, msgtype="image", image={"media_id": "M"})
    first, second = await greet(town, code), await greet(town, code)
    late_code = await entering(town, desk, "bo")
    await town.later(21)

    assert [answer["errcode"] for answer in (wrong, first, second)] == [40008, 0, 41051]
    assert (await greet(town, late_code))["errcode"] == 41050
    assert [(line.to, line.text) for line in town.sandbox.lines() if line.speaker == "kf"] == [("jun", "欢迎")]


async def test_no_code_comes_to_the_lately_greeted_or_to_those_who_wrote(town, desk):
    await greet(town, await entering(town, desk))
    lately = await entering(town, desk)
    await town.later(48 * HOUR)
    later = await entering(town, desk)
    await town.act("jun", "say", "你好")
    wrote = await entering(town, desk)

    assert (lately, bool(later), wrote) == (None, True, None)


async def state_of(town, desk, persona="mei"):
    who = town.sandbox.external_userid(persona)
    return await town.post("kf/service_state/get", {"open_kfid": desk, "external_userid": who})


async def move(town, desk, state, servicer="", persona="mei"):
    who = town.sandbox.external_userid(persona)
    body = {"open_kfid": desk, "external_userid": who, "service_state": state, "servicer_userid": servicer}
    return await town.post("kf/service_state/trans", body)


async def test_a_session_goes_forward_only_and_starts_anew_when_the_customer_writes(town, desk):
    await town.act("mei", "say", "人工")
    await town.post("kf/servicer/add", {"open_kfid": desk, "userid_list": ["lin"]})

    steps = [await move(town, desk, 1), await move(town, desk, 2), await move(town, desk, 1)]
    taken = await move(town, desk, 3, "lin")
    while_taken = await send(town, desk)
    taken_state = await state_of(town, desk)
    ended = await move(town, desk, 4)
    after = await send(town, desk)
    await town.act("mei", "say", "你好")

    assert [step["errcode"] for step in steps] == [0, 0, 95016]
    assert (taken_state["service_state"], taken_state["servicer_userid"]) == (3, "lin")
    assert (while_taken["errcode"], after["errcode"]) == (95018, 95018)
    assert taken["msg_code"]
    assert ended["msg_code"]
    assert (await state_of(town, desk))["service_state"] == 0
    assert (await send(town, desk))["errcode"] == 0


async def test_a_session_code_is_void_once_the_session_moved_on(town, desk):
    await town.act("mei", "say", "人工")
    waiting = (await move(town, desk, 2))["msg_code"]
    first = await greet(town, waiting)
    ended = (await move(town, desk, 4))["msg_code"]

    assert first["errcode"] == 0
    assert (await greet(town, waiting))["errcode"] == 41050
    assert (await greet(town, ended))["errcode"] == 0


async def test_only_a_servicer_of_the_desk_can_take_a_session(town, desk):
    await town.act("mei", "say", "人工")

    assert (await move(town, desk, 3, "lin"))["errcode"] == 40003
    added = await town.post("kf/servicer/add", {"open_kfid": desk, "userid_list": ["lin", "nobody"]})
    assert [one["errcode"] for one in added["result_list"]] == [0, 40003]
    assert (await town.get("kf/servicer/list", open_kfid=desk))["servicer_list"] == [{"userid": "lin", "status": 0}]
    await town.post("kf/servicer/del", {"open_kfid": desk, "userid_list": ["lin"]})
    assert (await move(town, desk, 3, "lin"))["errcode"] == 40003


async def test_a_customer_who_refuses_messages_makes_an_accepted_send_fail_later(town, desk):
    await town.act("mei", "say", "在吗")
    await town.act("mei", "reject", "on")

    async def duty():
        town.answer = await send(town, desk, msgid="row-7")

    town.bot.duties = [duty]
    await town.act("lin", "say", "触发")

    assert town.answer["errcode"] == 0
    failed = (await pull_known(town, desk))["msg_list"][-1]["event"]
    assert (failed["event_type"], failed["fail_msgid"], failed["fail_type"]) == ("msg_send_fail", "row-7", 10)
    assert len(town.bot.events("kf_msg_or_event")) == 2
    assert not [line for line in town.sandbox.lines() if line.speaker == "kf"]


async def test_profiles_are_told_of_those_who_wrote_lately(town, desk):
    await town.act("mei", "enter", "ref_h5")
    await town.act("mei", "say", "你好")
    mei, jun = town.sandbox.external_userid("mei"), town.sandbox.external_userid("jun")
    body = {"external_userid_list": [mei, jun], "need_enter_session_context": 1}

    told = await town.post("kf/customer/batchget", body)

    assert told["invalid_external_userid"] == [jun]
    known = told["customer_list"][0]
    assert (known["nickname"], known["enter_session_context"]["scene"]) == ("梅姐", "ref_h5")
    assert "unionid" not in known
    async with town.client.get(known["avatar"]) as response:
        assert response.status == 200


async def test_photos_and_voices_arrive_as_files(town, desk):
    await town.act("mei", "say", {"kind": "image"})
    await town.act("mei", "say", {"kind": "voice"})

    photo, voice = (await pull_known(town, desk))["msg_list"]
    assert (photo["msgtype"], voice["msgtype"]) == ("image", "voice")
    query = {"access_token": await town.token(), "media_id": photo["image"]["media_id"]}
    async with town.client.get("/cgi-bin/media/get", params=query) as response:
        assert response.content_type == "image/png"
