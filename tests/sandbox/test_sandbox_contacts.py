"""Contact ways, adding, leaving and the welcome (supplement S3 items 4 and 5)."""

import pytest

from tests.sandbox.town import an_app, open_town


async def test_a_contact_way_s_qr_leads_to_the_add_with_its_state(town):
    way = await town.a_way()
    town.bot.pages["R8K2M9QX"] = way["qr_code"]

    scanned = await town.act("jun", "scan", "r8k2-m9qx")
    added = await town.act("jun", "add")

    assert (scanned["status"], scanned["title"], scanned["qr"]) == (200, "梅姐请您来", way["qr_code"])
    assert scanned["url"].endswith("/i/R8K2M9QX")
    event = town.bot.events("add_external_contact")[0]
    assert (event["State"], event["UserID"], event["FromUserName"]) == ("R8K2M9QX", "lin", "sys")
    assert event["ExternalUserID"] == added["external_userid"] == town.sandbox.external_userid("jun")
    assert len(event["ExternalUserID"]) == 32
    assert event["ExternalUserID"].startswith("wm")
    assert (added["rep"], added["state"], added["already"], added["welcome"]) == ("lin", "R8K2M9QX", False, None)
    known = await town.get("externalcontact/get", external_userid=added["external_userid"])
    assert known["follow_user"][0]["state"] == "R8K2M9QX"


async def test_a_phone_is_wechat_s_and_keeps_its_cookies_to_itself(town):
    for persona in ("jun", "jun", "bo"):
        await town.act(persona, "scan", "R8K2M9QX")
        town.bot.pages["R8K2M9QX"] = "/x.png"
    await town.act("jun", "scan", "R8K2M9QX")

    agents = {agent for _, agent, _ in town.bot.visits}
    assert all("MicroMessenger/8" in agent for agent in agents)
    assert [cookie for _, _, cookie in town.bot.visits] == ["", "", "", "device=d1"]


async def test_a_code_that_leads_nowhere_shows_its_status(town):
    scanned = await town.act("jun", "scan", "ＢＡＤ 0000")
    refused = await town.knock("act", {"persona": "jun", "do": "add"})

    assert (scanned["status"], scanned["qr"]) == (404, None)
    assert town.bot.visits[0][0] == "BAD0000"
    assert (refused["status"], refused["ok"]) == (400, False)
    assert refused["error"].startswith("value:")


async def test_add_takes_a_code_and_scans_it_first(town):
    town.bot.pages["R8K2M9QX"] = (await town.a_way())["qr_code"]

    added = await town.act("jun", "add", "R8K2M9QX")

    assert (added["state"], len(town.bot.visits)) == ("R8K2M9QX", 2)


async def test_a_way_without_a_state_adds_without_one(town):
    town.bot.pages["R8K2M9QX"] = (await town.a_way(state=""))["qr_code"]

    added = await town.act("jun", "add", "R8K2M9QX")

    assert added["state"] is None
    assert "State" not in town.bot.events("add_external_contact")[0]


async def test_a_contact_way_s_own_link_can_be_scanned_from_a_poster(town):
    way = await town.a_way()

    await town.act("jun", "scan", way["qr_code"].replace("/qr/", "/add/").removesuffix(".png"))
    added = await town.act("jun", "add")

    assert added["state"] == "R8K2M9QX"


async def test_a_link_s_host_is_never_asked_only_the_bot_is(town):
    town.bot.pages["R8K2M9QX"] = "/x.png"

    scanned = await town.act("jun", "scan", "HTTPS://SHOP.EXAMPLE/i/R8K2M9QX?c=moments")

    assert scanned["status"] == 200
    assert scanned["url"].startswith("http://127.0.0.1:")
    assert scanned["url"].endswith("/i/R8K2M9QX?c=moments")


async def test_a_rep_s_own_qr_adds_without_a_state(town):
    town.bot.pages["R8K2M9QX"] = (await town.get("user/get", userid="lin"))["qr_code"]

    added = await town.act("jun", "add", "R8K2M9QX")

    assert (added["rep"], added["state"]) == ("lin", None)
    assert "State" not in town.bot.events("add_external_contact")[0]


@pytest.mark.parametrize("picture", ["data:image/png;base64,AAAA", "/i/R8K2M9QX", "/missing.png"])
async def test_a_contact_qr_that_cannot_be_read_is_an_error(town, picture):
    town.bot.pages["R8K2M9QX"] = picture

    refused = await town.knock("act", {"persona": "jun", "do": "add", "value": "R8K2M9QX"})

    assert "cannot be read" in refused["error"]


async def test_an_existing_friend_s_scan_fires_nothing_and_a_return_after_deletion_fires_again(town):
    first = await town.act("jun", "add", "lin")
    again = await town.act("jun", "add", "lin")
    deleted = await town.act("jun", "delete")
    back = await town.act("jun", "add", "lin")

    assert (first["already"], again["already"], back["already"]) == (False, True, False)
    assert again["events"] == []
    assert deleted["rep"] == "lin"
    assert [tags["ChangeType"] for _, tags, _ in town.bot.heard] == [
        "add_external_contact",
        "del_follow_user",
        "add_external_contact",
    ]
    assert "Source" not in town.bot.events("del_follow_user")[0]


async def test_a_rep_can_let_a_customer_go(town):
    await town.act("lin", "delete", "mei")

    assert [tags["ChangeType"] for _, tags, _ in town.bot.heard] == ["del_external_contact"]
    assert (await town.get("externalcontact/list", userid="lin"))["errcode"] == 84061


async def test_mei_has_been_lin_s_contact_for_two_years_and_others_are_nobody_s(town):
    listed = await town.get("externalcontact/list", userid="lin")
    mei = await town.get("externalcontact/get", external_userid=town.sandbox.external_userid("mei"))
    jun = await town.get("externalcontact/get", external_userid=town.sandbox.external_userid("jun"))

    assert listed["external_userid"] == [town.sandbox.external_userid("mei")]
    assert mei["external_contact"]["name"] == "梅姐"
    assert town.clock.now().timestamp() - mei["follow_user"][0]["createtime"] == 730 * 86400
    assert "state" not in mei["follow_user"][0]
    assert "unionid" not in mei["external_contact"]
    assert jun["errcode"] == 84061
    async with town.client.get(mei["external_contact"]["avatar"]) as response:
        assert response.content_type == "image/png"


async def test_a_rep_without_customers_gets_an_error_with_an_empty_list():
    async with open_town(reps={"lin": "林顾问", "wei": "魏顾问"}) as town:
        none = await town.get("externalcontact/list", userid="wei")

    assert (none["errcode"], none["external_userid"]) == (84061, [])


async def test_batches_of_contacts_are_paged(town):
    for name in ("a", "b"):
        await town.act(name, "add", "lin")

    first = await town.post("externalcontact/batch/get_by_user", {"userid_list": ["lin"], "limit": 2})
    rest = await town.post(
        "externalcontact/batch/get_by_user", {"userid_list": ["lin"], "limit": 2, "cursor": first["next_cursor"]}
    )

    names = [one["external_contact"]["name"] for page in (first, rest) for one in page["external_contact_list"]]
    assert names == ["梅姐", "a", "b"]
    assert "next_cursor" not in rest
    assert first["external_contact_list"][0]["follow_info"]["userid"] == "lin"


async def test_a_new_contact_is_unknown_to_the_api_for_a_while():
    async with open_town(contact_lag=3) as town:
        added = await town.act("jun", "add", "lin")
        early = await town.get("externalcontact/get", external_userid=added["external_userid"])
        await town.later(3)
        late = await town.get("externalcontact/get", external_userid=added["external_userid"])

    assert (early["errcode"], late["errcode"]) == (84061, 0)


def welcome_with(town, *, text="欢迎您", code=None, **more):
    """A duty of the bot: welcome the last friend; the answers are kept on the bot."""

    async def duty():
        welcome_code = code or town.bot.heard[-1][1]["WelcomeCode"]
        body = {"welcome_code": welcome_code, "text": {"content": text}} | more
        town.answer = await town.post("externalcontact/send_welcome_msg", body)

    return duty


async def test_a_welcome_in_time_reaches_the_friend_in_the_rep_s_name(town):
    town.bot.duties = [welcome_with(town)]

    added = await town.act("jun", "add", "lin")

    assert (town.answer["errcode"], added["welcome"]) == (0, "欢迎您")
    assert [(line["from"], line["kind"], line["text"]) for line in added["replies"]] == [("lin", "welcome", "欢迎您")]


async def test_a_welcome_is_said_once(town):
    town.bot.duties = [welcome_with(town)]
    await town.act("jun", "add", "lin")

    await welcome_with(town)()

    assert town.answer["errcode"] == 41051


@pytest.mark.parametrize(("seconds", "errcode"), [(20, 0), (21, 41050)])
async def test_a_welcome_code_lives_twenty_seconds(town, seconds, errcode):
    await town.act("jun", "add", "lin")
    await town.later(seconds)

    await welcome_with(town)()

    assert town.answer["errcode"] == errcode


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"code": "made-up"}, 41050),
        ({"text": "长" * 1334}, 45002),
        ({"text": ""}, 40063),
        ({"attachments": [{"msgtype": "image", "image": {"media_id": "M"}}]}, 40007),
        ({"attachments": [{"msgtype": "image", "image": {"pic_url": "http://elsewhere/p.jpg"}}]}, 40058),
        ({"attachments": [{"msgtype": "link", "image": {}}]}, 40058),
        ({"attachments": [{"msgtype": "link", "link": {"title": "t", "url": "u"}}] * 10}, 40058),
    ],
)
async def test_a_malformed_welcome_is_refused_and_leaves_the_code_good(town, change, errcode):
    await town.act("jun", "add", "lin")

    await welcome_with(town, **change)()
    refused = town.answer["errcode"]
    await welcome_with(town)()

    assert (refused, town.answer["errcode"]) == (errcode, 0)


async def test_a_welcome_may_carry_a_picture_and_a_link(town):
    media_id = (await town.upload(b"\xff\xd8\xff" + bytes(9)))["media_id"]
    link = {"msgtype": "link", "link": {"title": "我的页面", "url": "http://127.0.0.1/me/x"}}
    attachments = [{"msgtype": "image", "image": {"media_id": media_id}}, link]
    town.bot.duties = [welcome_with(town, attachments=attachments)]

    replies = (await town.act("jun", "add", "lin"))["replies"]

    assert [line["kind"] for line in replies] == ["welcome", "image", "link"]
    assert replies[2]["url"] == "http://127.0.0.1/me/x"
    async with town.client.get(replies[1]["url"]) as response:
        assert response.status == 200


async def test_of_two_apps_the_second_to_welcome_is_told_that_it_was_done():
    async with open_town([an_app("one"), an_app("two", agent_id=1000003)]) as town:
        await town.act("jun", "add", "lin")
        body = {"welcome_code": town.bot.heard[0][1]["WelcomeCode"], "text": {"content": "您好"}}

        answers = [await town.post("externalcontact/send_welcome_msg", body, app) for app in ("one", "two")]

    assert [answer["errcode"] for answer in answers] == [0, 41051]


async def test_a_half_add_comes_first_and_uses_up_the_welcome(town):
    town.bot.duties = [welcome_with(town)]

    added = await town.act("jun", "add", {"rep": "lin", "half": True})

    assert [tags["ChangeType"] for _, tags, _ in town.bot.heard] == [
        "add_half_external_contact",
        "add_external_contact",
    ]
    assert "WelcomeCode" not in town.bot.heard[1][1]
    assert added["welcome"] == "欢迎您"


@pytest.mark.parametrize(
    ("fields", "errcode"),
    [
        ({"state": "x" * 31}, 40058),
        ({"remark": "长" * 31}, 40058),
        ({"type": 3}, 41037),
        ({"scene": 9}, 41038),
        ({"user": []}, 40063),
        ({"user": ["nobody"]}, 40003),
        ({"type": 2, "user": ["lin"] * 101}, 41041),
        ({"state": 7}, 40058),
        ({"state": "x" * 30, "remark": "长" * 30}, 0),
    ],
)
async def test_contact_ways_are_checked(town, fields, errcode):
    assert (await town.a_way(**fields))["errcode"] == errcode


async def test_contact_ways_run_out_at_the_quota():
    async with open_town(way_quota=1) as town:
        first, second = await town.a_way(), await town.a_way()

    assert (first["errcode"], second["errcode"]) == (0, 41045)


async def test_contact_ways_can_be_read_listed_changed_and_removed(town):
    ways = [(await town.a_way(state=f"s{n}"))["config_id"] for n in range(3)]
    named = {"config_id": ways[0]}

    await town.post("externalcontact/update_contact_way", named | {"state": "new"})
    read = (await town.post("externalcontact/get_contact_way", named))["contact_way"]
    page = await town.post("externalcontact/list_contact_way", {"limit": 2})
    rest = await town.post("externalcontact/list_contact_way", {"limit": 2, "cursor": page["next_cursor"]})
    gone = [(await town.post("externalcontact/del_contact_way", named))["errcode"] for _ in range(2)]

    assert (read["state"], read["user"], len(read["config_id"])) == ("new", ["lin"], 32)
    assert [one["config_id"] for one in page["contact_way"] + rest["contact_way"]] == ways
    assert gone == [0, 41037]


async def test_the_qr_of_a_removed_way_leads_nowhere(town):
    way = await town.a_way()
    await town.act("jun", "scan", way["qr_code"].replace("/qr/", "/add/").removesuffix(".png"))
    await town.post("externalcontact/del_contact_way", {"config_id": way["config_id"]})

    refused = await town.knock("act", {"persona": "jun", "do": "add"})

    assert "deleted" in refused["error"]
    async with town.client.get(way["qr_code"]) as response:
        assert response.status == 404
