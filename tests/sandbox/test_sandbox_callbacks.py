"""How callbacks reach the bot and what may come back (supplement S3 items 2 and 3)."""

import asyncio

import pytest

from tests.sandbox.town import CORP, an_app, open_town


def a_reply(town_bot, app, text, *, to="lin", kind="text"):
    inner = (
        f"<xml><ToUserName><![CDATA[{to}]]></ToUserName><FromUserName><![CDATA[{CORP}]]></FromUserName>"
        f"<CreateTime>1</CreateTime><MsgType><![CDATA[{kind}]]></MsgType><Content><![CDATA[{text}]]></Content></xml>"
    )
    return town_bot.crypto(app).encrypt_message(inner, "nonce", "1409659813")


async def test_a_rep_s_words_arrive_signed_and_sealed_and_the_reply_reaches_the_rep(town):
    town.bot.reply = lambda app, message: a_reply(town.bot, app, "收到 <!好>")

    result = await town.act("lin", "say", "你好 ]]> 😀")

    app, tags, _ = town.bot.heard[0]
    assert (app, tags["FromUserName"], tags["Content"]) == ("main", "lin", "你好 ]]> 😀")
    assert (tags["ToUserName"], tags["MsgType"], tags["AgentID"]) == (CORP, "text", "1000002")
    assert tags["MsgId"].isdecimal()
    assert [line["text"] for line in result["replies"]] == ["收到 <!好>"]
    assert result["events"] == [{"app": "main", "event": "message.text", "status": 200, "tries": 1}]


async def test_two_messages_never_share_an_id(town):
    await town.act("lin", "say", "一")
    await town.act("lin", "say", "一")

    assert len({tags["MsgId"] for _, tags, _ in town.bot.heard}) == 2


async def test_the_platform_proves_the_callback_address(town):
    assert (await town.act("platform", "verify"))["verified"] is True
    town.bot.apps = {"main": an_app(token="another")}
    assert (await town.act("platform", "verify", "main"))["verified"] is False


async def test_a_failed_delivery_is_tried_three_times_more_with_the_same_words_newly_sealed(town):
    town.bot.statuses = [503, 500, 404, 200]

    result = await town.act("lin", "say", "在吗")

    assert (result["events"][0]["status"], result["events"][0]["tries"]) == (200, 4)
    assert len({inner for _, _, inner in town.bot.heard}) == 1
    assert len({query["nonce"] for query in town.bot.queries}) == 4
    assert len({query["msg_signature"] for query in town.bot.queries}) == 4


async def test_what_cannot_be_delivered_is_given_up_and_logged(town):
    town.bot.statuses = [503] * 4

    result = await town.act("lin", "say", "在吗")

    assert (result["events"][0]["status"], result["events"][0]["tries"]) == (503, 4)
    assert town.sandbox.lines()[-1].kind == "undelivered"


async def test_a_bot_that_answers_too_late_has_not_answered():
    async with open_town(answer_time=0.05) as town:
        town.bot.is_stuck = True

        result = await town.act("lin", "say", "在吗")

    assert (result["events"][0]["status"], result["events"][0]["tries"]) == (0, 4)


async def test_the_operator_can_deliver_the_last_event_many_times_at_once(town):
    await town.act("lin", "say", "在吗")

    result = await town.act("platform", "repeat", 32)

    assert [event["status"] for event in result["events"]] == [200] * 32
    assert len(town.bot.heard) == 33
    assert len({inner for _, _, inner in town.bot.heard}) == 1


async def test_contact_events_go_to_every_app_that_follows_contacts_under_its_own_key():
    apps = [
        an_app("one", uses=["contact"]),
        an_app("two", uses=["contact", "kf"], aes_key="kWxPEV2UEDyxWpmPdKC3F4dgPDmOvfKX1HGnEUDS1aR"),
        an_app("three", uses=["rep"]),
    ]
    async with open_town(apps) as town:
        await town.act("jun", "add", "lin")
        await town.act("jun", "say", "你好")

        assert sorted(app for app, tags, _ in town.bot.heard if tags["Event"] == "change_external_contact") == [
            "one",
            "two",
        ]
        assert [app for app, tags, _ in town.bot.heard if tags["Event"] == "kf_msg_or_event"] == ["two"]


async def test_two_adds_in_one_second_are_two_events_that_differ_only_in_their_ids(town):
    await asyncio.gather(town.act("jun", "add", "lin"), town.act("bo", "add", "lin"))

    added = town.bot.events("add_external_contact")
    assert {event["FromUserName"] for event in added} == {"sys"}
    assert len({event["CreateTime"] for event in added}) == 1
    assert len({event["ExternalUserID"] for event in added}) == 2


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (lambda bot, app: a_reply(bot, app, "x").replace("</Nonce>", "</Nonce><!ENTITY"), "document type"),
        (lambda bot, app: a_reply(bot, an_app(token="other"), "x"), "signature"),
        (lambda bot, app: a_reply(bot, app, "x", to="jun"), "another"),
        (lambda bot, app: a_reply(bot, app, "x", kind="transfer"), "type transfer"),
        (lambda bot, app: "<xml><Encrypt>1</Encrypt></xml>", "no MsgSignature"),
        (lambda bot, app: "{}", "not XML"),
    ],
)
async def test_a_reply_the_platform_would_drop_is_dropped_with_a_reason(town, reply, why):
    town.bot.reply = lambda app, message: reply(town.bot, app)

    result = await town.act("lin", "say", "在吗")

    assert result["replies"] == []
    assert town.sandbox.lines()[-1].kind == "refused"
    assert why in town.sandbox.lines()[-1].text


async def test_an_event_of_a_customer_takes_no_reply(town):
    town.bot.reply = lambda app, message: a_reply(town.bot, app, "x")

    await town.act("jun", "add", "lin")

    assert "takes no reply" in town.sandbox.lines()[-1].text


async def test_a_rep_can_send_a_photo_and_open_the_app(town):
    await town.act("lin", "say", {"kind": "image"})
    await town.act("lin", "enter")

    photo, opened = (tags for _, tags, _ in town.bot.heard)
    async with town.client.get(photo["PicUrl"]) as response:
        assert response.content_type == "image/png"
    assert (photo["MsgType"], opened["Event"], opened["EventKey"]) == ("image", "enter_agent", "")


async def test_app_messages_reach_reps_and_name_who_is_unknown(town):
    body = {"touser": "lin|nobody", "msgtype": "text", "agentid": 1000002, "text": {"content": "有新朋友"}}

    sent = await town.post("message/send", body)

    assert (sent["errcode"], sent["invaliduser"]) == (0, "nobody")
    line = town.sandbox.lines()[-1]
    assert (line.speaker, line.to, line.kind, line.text) == ("app", "lin", "text", "有新朋友")


async def test_cards_are_shown_by_their_words_and_link(town):
    card = {"title": "今日名单", "description": "三位客户", "url": "http://127.0.0.1/rep"}
    template = {"main_title": {"title": "推荐确认"}, "button_list": [{"text": "接单"}]}

    for kind, body in {"textcard": card, "template_card": template, "markdown": {"content": "**好**"}}.items():
        sent = {"touser": "lin", "msgtype": kind, "agentid": 1000002, kind: body}
        assert (await town.post("message/send", sent))["errcode"] == 0

    assert [(line.text, line.url) for line in town.sandbox.lines()] == [
        ("今日名单\n三位客户", "http://127.0.0.1/rep"),
        ("推荐确认\n[接单]", ""),
        ("**好**", ""),
    ]


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"touser": "nobody"}, 81013),
        ({"agentid": 7}, 40056),
        ({"msgtype": "song", "song": {}}, 40008),
        ({"text": {"content": ""}}, 44004),
        ({"msgtype": "image", "image": {"media_id": "M"}}, 40007),
    ],
)
async def test_app_messages_that_cannot_be_sent_are_refused(town, change, errcode):
    body = {"touser": "lin", "msgtype": "text", "agentid": 1000002, "text": {"content": "x"}} | change

    assert (await town.post("message/send", body))["errcode"] == errcode


async def test_the_31st_message_to_a_rep_in_a_minute_vanishes_without_an_error(town):
    body = {"touser": "lin", "msgtype": "text", "agentid": 1000002, "text": {"content": "长" * 1000}}

    answers = [await town.post("message/send", body) for _ in range(31)]

    assert {answer["errcode"] for answer in answers} == {0}
    kinds = [line.kind for line in town.sandbox.lines()]
    assert (kinds.count("text"), kinds[-1]) == (30, "dropped")
    assert len(town.sandbox.lines()[0].text.encode()) == 2046, "cut at a whole character"
