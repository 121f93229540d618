"""Tokens, forms of calls, limits and faults of the platform's API (supplement S3 items 1, 10, 11)."""

import pytest

from tests.sandbox.town import CORP, an_app, open_town


async def test_a_token_stays_the_same_until_it_runs_out(town):
    first = await town.ask("GET", "gettoken", corpid=CORP, corpsecret="secret-of-main")
    await town.later(7199)
    still = await town.token()
    await town.later(1)
    fresh = await town.token()

    assert (first["errcode"], first["expires_in"]) == (0, 7200)
    assert still == first["access_token"] != fresh
    old = await town.ask("GET", "externalcontact/get_follow_user_list", access_token=still)
    assert old["errcode"] == 42001


@pytest.mark.parametrize(
    ("query", "errcode"),
    [
        ({}, 41002),
        ({"corpid": CORP}, 41004),
        ({"corpid": "wwother", "corpsecret": "secret-of-main"}, 40013),
        ({"corpid": CORP, "corpsecret": "wrong"}, 40001),
    ],
)
async def test_gettoken_names_what_is_wrong(town, query, errcode):
    assert (await town.ask("GET", "gettoken", **query))["errcode"] == errcode


async def test_a_missing_and_an_unknown_token_are_told_apart(town):
    missing = await town.ask("GET", "externalcontact/get_follow_user_list")
    unknown = await town.ask("GET", "externalcontact/get_follow_user_list", access_token="made-up")

    assert (missing["errcode"], unknown["errcode"]) == (41001, 40014)
    assert "hint: [" in unknown["errmsg"]
    assert "from ip: 127.0.0.1" in unknown["errmsg"]
    assert unknown["errmsg"].endswith("devtool/query?e=40014")


async def test_the_operator_can_expire_the_token_now_and_once(town):
    token = await town.token()

    await town.act("platform", "break", "token")
    refused = await town.ask("GET", "externalcontact/get_follow_user_list", access_token=token)
    renewed = await town.get("externalcontact/get_follow_user_list")

    assert refused["errcode"] == 42001
    assert renewed["errcode"] == 0


async def test_each_app_has_its_own_token():
    async with open_town([an_app("one"), an_app("two", agent_id=1000003)]) as town:
        assert await town.token("one") != await town.token("two")


async def test_an_app_may_only_call_what_it_was_let_into():
    async with open_town([an_app("reps", uses=["rep"])]) as town:
        contacts = await town.get("externalcontact/get_follow_user_list", app="reps")
        desks = await town.post("kf/account/list", {}, app="reps")

    assert (contacts["errcode"], desks["errcode"]) == (84074, 95017)


async def test_unknown_paths_and_wrong_methods_have_errcodes(town):
    assert (await town.get("no/such/thing"))["errcode"] == 40066
    assert (await town.post("externalcontact/list", {}))["errcode"] == 43001
    assert (await town.get("kf/send_msg"))["errcode"] == 43002


@pytest.mark.parametrize(
    ("body", "errcode", "words"),
    [
        (b"{", 40058, "wrong json format"),
        (b"[]", 40058, "wrong json format"),
        (rb'{"remark":"\u6843"}', 40033, "uxxxx"),
        (rb'{"remark":"\\u6843"}', 41037, "type"),
    ],
)
async def test_bodies_must_be_json_objects_in_plain_utf8(town, body, errcode, words):
    query = {"access_token": await town.token()}
    async with town.client.post("/cgi-bin/externalcontact/add_contact_way", params=query, data=body) as response:
        answer = await response.json()

    assert answer["errcode"] == errcode
    assert words in answer["errmsg"]


async def test_a_platform_that_is_down_answers_no_json_at_all(town):
    await town.act("platform", "break", "down")

    async with town.client.get("/cgi-bin/gettoken") as response:
        status = response.status
    await town.act("platform", "break", "none")

    assert status == 502
    assert (await town.get("externalcontact/get_follow_user_list"))["follow_user"] == ["lin"]


async def test_a_platform_that_limits_refuses_until_told_otherwise(town):
    await town.act("platform", "break", "rate")
    refused = await town.get("externalcontact/get_follow_user_list")
    await town.act("platform", "break", "none")

    assert refused["errcode"] == 45009
    assert (await town.get("externalcontact/get_follow_user_list"))["errcode"] == 0


async def test_a_slow_platform_answers_late_but_rightly():
    async with open_town(slow_seconds=0.0) as town:
        await town.act("platform", "break", "slow")
        assert (await town.get("externalcontact/get_follow_user_list"))["errcode"] == 0


async def test_calls_above_the_limit_block_the_path_for_a_minute():
    async with open_town(calls_per_minute=2) as town:
        answers = [await town.get("externalcontact/get_follow_user_list") for _ in range(3)]
        await town.later(59)
        blocked = await town.get("externalcontact/get_follow_user_list")
        await town.later(61)
        free = await town.get("externalcontact/get_follow_user_list")

    assert [answer["errcode"] for answer in answers] == [0, 0, 45009]
    assert (blocked["errcode"], free["errcode"]) == (45009, 0)


JPEG = b"\xff\xd8\xff" + b"j" * 100


async def test_an_uploaded_picture_comes_back_for_three_days(town):
    uploaded = await town.upload(JPEG)
    query = {"access_token": await town.token(), "media_id": uploaded["media_id"]}
    async with town.client.get("/cgi-bin/media/get", params=query) as response:
        content, content_type = await response.read(), response.content_type
    await town.later(3 * 86400)
    expired = await town.get("media/get", media_id=uploaded["media_id"])

    assert (content, content_type) == (JPEG, "image/jpeg")
    assert (uploaded["type"], uploaded["errcode"]) == ("image", 0)
    assert expired["errcode"] == 40007


@pytest.mark.parametrize(
    ("content", "kind", "errcode"),
    [
        pytest.param(JPEG + bytes(10 * 1024 * 1024), "image", 40009, id="over 10 MB"),
        (JPEG[:5], "image", 40006),
        (b"GIF89a" + b"x" * 20, "image", 40005),
        (JPEG, "poster", 40004),
        (b"#!AMR\n", "voice", 0),
    ],
)
async def test_files_of_a_wrong_size_or_kind_are_refused(town, content, kind, errcode):
    assert (await town.upload(content, kind))["errcode"] == errcode


async def test_an_upload_without_a_file_is_refused(town):
    assert (await town.post("media/upload", {}))["errcode"] in (40004, 41005)


async def test_a_lasting_picture_has_an_address_that_serves_it(town):
    url = (await town.upload(JPEG, path="media/uploadimg"))["url"]
    await town.later(30 * 86400)

    async with town.client.get(url) as response:
        assert await response.read() == JPEG


async def test_the_directory_tells_a_rep_s_name_and_qr_picture(town):
    rep = await town.get("user/get", userid="lin")
    nobody = await town.get("user/get", userid="nobody")

    async with town.client.get(rep["qr_code"]) as response:
        assert response.content_type == "image/png"
    assert (rep["name"], nobody["errcode"]) == ("林顾问", 60111)
