"""The gateway against a platform made here: real HTTP, real error numbers, one place where they get their meaning."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import pytest
from aiohttp import web

from bot.channels import errors
from bot.channels.wecom import errcodes
from bot.channels.wecom.gateway import PHOTO_LIMIT, Contact, ContactWay, Follow, Profile, Pulled
from bot.channels.wecom.line import RATES
from referral.events import DeskSaid
from referral.identities import Identity, IdentityKind
from referral.messages import MenuItem


class TestFromADesk:
    async def test_words_go_out_as_real_utf_8_under_our_message_id(self, gateway, platform):
        await gateway.say("wkMain", "wmMei", "李姐您好 😀", "out-1")

        call, raw, query = platform.asked[0]
        assert (call, query) == ("kf/send_msg", {"access_token": "t1"})
        assert "李姐您好 😀".encode() in raw
        assert platform.body() == {
            "touser": "wmMei",
            "open_kfid": "wkMain",
            "msgid": "out-1",
            "msgtype": "text",
            "text": {"content": "李姐您好 😀"},
        }

    async def test_long_words_are_cut_to_what_the_platform_takes(self, gateway, platform):
        await gateway.say("wkMain", "wmMei", "桃" * 1000, "out-1")

        assert platform.body()["text"]["content"] == "桃" * 682

    async def test_a_menu_has_lines_to_tap_and_lines_to_open(self, gateway, platform):
        poster, own_page = MenuItem(text="海报", id="101"), MenuItem(text="查看", url="https://x.example/me")
        items = (poster, own_page, MenuItem(text="规则"))

        await gateway.menu("wkMain", "wmMei", "请选择", items, "欢迎", "out-2")

        assert platform.body()["msgmenu"] == {
            "head_content": "请选择",
            "list": [
                {"type": "click", "click": {"id": "101", "content": "海报"}},
                {"type": "view", "view": {"url": "https://x.example/me", "content": "查看"}},
                {"type": "click", "click": {"id": "规则", "content": "规则"}},
            ],
            "tail_content": "欢迎",
        }

    async def test_a_picture_is_uploaded_with_its_name_and_sent_by_its_media_id(self, gateway, platform):
        platform.answers["media/upload"] = {"media_id": "M1", "type": "image"}

        media = await gateway.upload_image(b"\xff\xd8jpeg", "poster.jpg")
        await gateway.image("wkMain", "wmMei", media, "out-3")

        _, form, query = platform.asked[0]
        assert query["type"] == "image"
        assert b'name="media"; filename="poster.jpg"' in form
        assert b"\xff\xd8jpeg" in form
        assert platform.body(1)["image"] == {"media_id": "M1"}

    async def test_a_greeting_uses_the_code_of_the_opened_chat(self, gateway, platform):
        await gateway.greet("CODE", "您好", "out-4")

        assert platform.asked[0][0] == "kf/send_msg_on_event"
        assert platform.body() == {"code": "CODE", "msgtype": "text", "msgid": "out-4", "text": {"content": "您好"}}

    async def test_a_pull_names_the_desk_and_returns_events_and_the_place_to_go_on(self, gateway, platform):
        said = {"msgid": "m1", "open_kfid": "wkMain", "external_userid": "wmMei", "send_time": 1763690000, "origin": 3}
        platform.answers["kf/sync_msg"] = {
            "next_cursor": "c2",
            "has_more": 1,
            "msg_list": [said | {"msgtype": "text", "text": {"content": "海报"}}, {"msgid": "no desk"}],
        }

        pulled = await gateway.pull("wkMain", "c1", "TOKEN")

        assert platform.body() == {
            "cursor": "c1", "token": "TOKEN", "limit": 1000, "voice_format": 0, "open_kfid": "wkMain",
        }  # fmt: skip
        mei = Identity(IdentityKind.WECOM, "wmMei")
        at = datetime.fromtimestamp(1763690000, UTC)
        message = DeskSaid(desk="wkMain", who=mei, message_id="m1", kind="text", text="海报", menu=None, at=at)
        assert pulled == Pulled(events=(message,), cursor="c2", more=True, unread=1)

    async def test_a_pull_that_does_not_move_on_says_so_rather_than_loop(self, gateway, platform):
        platform.answers["kf/sync_msg"] = {"has_more": 1, "msg_list": []}

        pulled = await gateway.pull("wkMain", "c1", "")

        assert (pulled.cursor, pulled.more) == ("c1", False)

    async def test_profiles_are_asked_for_a_hundred_at_a_time(self, gateway, platform):
        def answer(request: web.Request) -> web.Response:
            ids = json.loads(platform.asked[-1][1])["external_userid_list"]
            people = [{"external_userid": each, "nickname": f"n-{each}", "avatar": "http://a"} for each in ids]
            return web.json_response({"errcode": 0, "customer_list": people})

        platform.answers["kf/customer/batchget"] = answer

        profiles = await gateway.desk_profiles([f"wm{n}" for n in range(230)])

        assert len(profiles) == 230
        assert len(platform.asked) == 3
        assert profiles["wm7"] == Profile(nickname="n-wm7", avatar="http://a", unionid=None)

    async def test_a_chat_is_handed_to_the_pool_of_colleagues(self, gateway, platform):
        await gateway.hand_over("wkMain", "wmMei")

        assert platform.asked[0][0] == "kf/service_state/trans"
        assert platform.body() == {"open_kfid": "wkMain", "external_userid": "wmMei", "service_state": 2}

    async def test_the_link_that_opens_a_desk(self, gateway, platform):
        platform.answers["kf/add_contact_way"] = {"url": "https://work.weixin.qq.com/kf/kfc?enc_scene=E"}

        assert await gateway.desk_link("wkMain", "me") == "https://work.weixin.qq.com/kf/kfc?enc_scene=E"
        assert platform.body() == {"open_kfid": "wkMain", "scene": "me"}

    async def test_a_picture_that_somebody_sent_is_fetched_as_it_is(self, gateway, platform):
        platform.answers["media/get"] = lambda _: web.Response(body=b"{\xff\xd8photo", content_type="image/jpeg")

        assert await gateway.photo("M1") == b"{\xff\xd8photo"
        assert platform.asked[-1][2]["media_id"] == "M1"

    async def test_a_picture_older_than_three_days_has_expired(self, gateway, platform):
        platform.answers["media/get"] = {"errcode": 40007, "errmsg": "invalid media_id"}

        with pytest.raises(errors.Expired):
            await gateway.photo("M1")

    async def test_a_picture_too_large_is_refused_before_it_is_read_to_its_end(self, gateway, platform):
        platform.answers["media/get"] = lambda _: web.Response(body=bytes(PHOTO_LIMIT + 1))

        with pytest.raises(errors.Refused, match="file_too_large"):
            await gateway.photo("M1")

    async def test_a_picture_is_asked_for_again_with_a_new_token(self, gateway, platform):
        platform.bad_tokens = {"t1"}
        platform.answers["media/get"] = lambda _: web.Response(body=b"photo")

        assert await gateway.photo("M1") == b"photo"
        assert platform.tokens == 2


class TestAboutContacts:
    async def test_a_contact_way_names_one_rep_and_carries_the_mark(self, gateway, platform):
        platform.answers["externalcontact/add_contact_way"] = {"config_id": "C1", "qr_code": "http://p.qpic.cn/q"}

        way = await gateway.add_contact_way("lin", "R8K2", "转介绍-" + "张" * 40)

        assert way == ContactWay(config="C1", picture="http://p.qpic.cn/q")
        assert platform.body() | {"remark": ""} == {
            "type": 1, "scene": 2, "user": ["lin"], "state": "R8K2", "remark": "",
            "skip_verify": True, "is_temp": False,
        }  # fmt: skip
        assert len(platform.body()["remark"]) == 30

    async def test_a_welcome_goes_out_with_its_code(self, gateway, platform):
        await gateway.welcome("CODE", "您好，李姐请您来坐坐")

        assert platform.asked[0][0] == "externalcontact/send_welcome_msg"
        assert platform.body() == {"welcome_code": "CODE", "text": {"content": "您好，李姐请您来坐坐"}}

    async def test_a_contact_is_read_with_all_pages_of_followers(self, gateway, platform):
        jun = {"external_userid": "wmJun", "name": "小军", "avatar": "http://a", "type": 1, "unionid": "u1"}
        by_lin = {"userid": "lin", "createtime": 1763690000, "state": "R8K2"}
        platform.answers["externalcontact/get"] = [
            {
                "external_contact": jun,
                "follow_user": [{**by_lin, "remark_mobiles": ["13800000001"]}],
                "next_cursor": "N",
            },
            {"external_contact": jun, "follow_user": [{"userid": "wei", "state": ""}], "next_cursor": ""},
        ]

        contact = await gateway.contact("wmJun")

        lin = Follow(rep="lin", added_at=datetime.fromtimestamp(1763690000, UTC), mark="R8K2", phones=("13800000001",))
        assert contact == Contact(
            nickname="小军",
            avatar="http://a",
            unionid="u1",
            follows=(lin, Follow(rep="wei", added_at=None, mark=None)),
        )
        assert platform.asked[1][2]["cursor"] == "N"

    async def test_the_reps_and_a_reps_name(self, gateway, platform):
        platform.answers["externalcontact/get_follow_user_list"] = {"follow_user": ["lin", "wei"]}
        platform.answers["user/get"] = {"userid": "lin", "name": "林晓"}

        assert await gateway.reps() == ("lin", "wei")
        assert await gateway.rep_name("lin") == "林晓"


class TestToARep:
    async def test_a_text_is_sent_once_even_if_asked_twice(self, gateway, platform):
        await gateway.tell_rep("lin", "有朋友到了")

        sent = platform.body()
        assert (sent["touser"], sent["agentid"], sent["text"]) == ("lin", 1000002, {"content": "有朋友到了"})
        assert sent["enable_duplicate_check"] == 1

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [({"invaliduser": "wei|LIN"}, "unknown_rep"), ({"unlicenseduser": "lin"}, "unlicensed_rep")],
    )
    async def test_a_rep_who_cannot_be_reached_is_an_error_though_the_platform_says_ok(
        self, gateway, platform, answer, reason
    ):
        platform.answers["message/send"] = answer

        with pytest.raises(errors.Refused, match=reason):
            await gateway.tell_rep("lin", "x")

    async def test_another_rep_in_the_list_is_not_ours(self, gateway, platform):
        platform.answers["message/send"] = {"invaliduser": "linda"}

        await gateway.tell_rep("lin", "x")


def code(number, message: str = "x, hint: [1], from ip: 1.2.3.4"):
    return {"errcode": number, "errmsg": message}


class TestWhenThePlatformSaysNo:
    @pytest.mark.parametrize(
        ("number", "kind", "reason"),
        [
            (-1, errors.Unreachable, "busy"),
            (6000, errors.Unreachable, "version_conflict"),
            (45009, errors.RateLimited, "too_often"),
            (45033, errors.RateLimited, "too_many_at_once"),
            (41050, errors.Expired, "welcome_code_expired"),
            (41051, errors.AlreadyDone, "already_welcomed"),
            (41096, errors.NotYet, "another_app_is_welcoming"),
            (84061, errors.NotYet, "not_a_contact"),
            (40007, errors.Expired, "media_expired"),
            (60020, errors.Misconfigured, "address_not_allowed"),
            (95018, errors.Refused, "session_state"),
            (95032, errors.AlreadyDone, "message_id_used"),
            (123456, errors.Refused, "errcode_123456"),
            ("45009", errors.RateLimited, "too_often"),
        ],
    )
    async def test_each_number_says_what_to_do_next(self, gateway, platform, number, kind, reason):
        platform.answers["kf/send_msg"] = code(number)

        with pytest.raises(kind) as problem:
            await gateway.say("wkMain", "wmMei", "私密的话", "out-1")

        assert problem.value.reason == reason
        assert len(platform.asked) == 1
        assert "私密" not in str(problem.value)

    def test_every_number_of_the_table_makes_an_error_with_a_slug(self):
        for number in errcodes._TABLE:
            problem = errcodes.error_of(number, "", "kf/send_msg")
            assert problem.reason.replace("_", "").isalpha()

    @pytest.mark.parametrize("message", ["duplicate msgid", "msgid already exists", "invalid msgid: used before"])
    async def test_a_message_id_used_before_counts_as_done_whatever_its_number(self, gateway, platform, message):
        platform.answers["kf/send_msg"] = code(40058, message)

        with pytest.raises(errors.AlreadyDone):
            await gateway.say("wkMain", "wmMei", "x", "out-1")

    async def test_after_too_many_calls_that_interface_rests_for_a_minute_and_others_go_on(
        self, gateway, platform, seconds
    ):
        platform.answers["kf/send_msg"] = [code(45009), {}]
        with pytest.raises(errors.RateLimited) as first:
            await gateway.say("wkMain", "wmMei", "x", "out-1")
        seconds.now += 20

        with pytest.raises(errors.RateLimited) as second:
            await gateway.say("wkMain", "wmMei", "x", "out-1")
        await gateway.welcome("CODE", "x")
        seconds.now += 40
        await gateway.say("wkMain", "wmMei", "x", "out-1")

        assert (first.value.retry_after, second.value.retry_after) == (60, 40)
        assert [call for call, *_ in platform.asked].count("kf/send_msg") == 2


class TestTokensInUse:
    async def test_fifty_calls_at_the_start_cost_one_token(self, gateway, platform):
        await asyncio.gather(*(gateway.say("wkMain", "wmMei", "x", f"out-{n}") for n in range(50)))

        assert platform.tokens == 1

    async def test_fifty_calls_with_an_ended_token_cost_one_more(self, gateway, platform):
        await gateway.reps()
        platform.bad_tokens.add("t1")

        await asyncio.gather(*(gateway.say("wkMain", "wmMei", "x", f"out-{n}") for n in range(50)))

        assert platform.tokens == 2

    @pytest.mark.parametrize("number", [40001, 40014, 42001])
    async def test_a_call_is_repeated_once_with_a_new_token(self, gateway, platform, number):
        platform.answers["media/upload"] = [code(number), {"media_id": "M1"}]

        assert await gateway.upload_image(b"jpeg!!", "poster.jpg") == "M1"

        assert [query["access_token"] for *_, query in platform.asked] == ["t1", "t2"]
        assert platform.asked[1][1].count(b"jpeg!!") == 1

    async def test_a_platform_that_never_accepts_a_token_is_left_in_peace(self, gateway, platform, seconds):
        platform.answers["kf/send_msg"] = code(40014)

        for _ in range(20):
            with pytest.raises(errors.Misconfigured, match="token_never_accepted"):
                await gateway.say("wkMain", "wmMei", "x", "out-1")

        assert (len(platform.asked), platform.tokens) == (2, 2)

    async def test_a_wrong_secret_is_a_setting_to_correct_and_asked_once_a_minute(self, make, platform, seconds):
        gateway = make(secret="wrong")

        for _ in range(100):
            with pytest.raises(errors.Misconfigured, match="wrong_secret"):
                await gateway.reps()
        seconds.now += 60
        with pytest.raises(errors.Misconfigured):
            await gateway.reps()

        assert (platform.tokens, platform.asked) == (2, [])


def raw(text: str | bytes, status: int = 200):
    return lambda _: web.Response(body=text if isinstance(text, bytes) else text.encode(), status=status)


class TestWhenNoUsableAnswerComes:
    @pytest.mark.parametrize(
        "answer",
        [
            "",
            "<html>busy</html>",
            "null",
            "[]",
            "{}",
            '{"errcode": "soon"}',
            '{"errcode": null}',
            '{"errcode": 0',
            b"\xff\xfe\x00",
            "[" * 100_000,
            "1" * 10_000,
        ],
    )
    async def test_garbage_leaves_open_whether_it_was_done(self, gateway, platform, answer):
        platform.answers["kf/send_msg"] = raw(answer)

        with pytest.raises(errors.Unreachable) as problem:
            await gateway.say("wkMain", "wmMei", "x", "out-1")

        assert problem.value.maybe_done

    @pytest.mark.parametrize(
        ("status", "kind"),
        [(500, errors.Unreachable), (502, errors.Unreachable), (429, errors.RateLimited), (404, errors.Misconfigured)],
    )
    async def test_a_status_is_judged(self, gateway, platform, status, kind):
        platform.answers["kf/send_msg"] = raw("x", status)

        with pytest.raises(kind):
            await gateway.say("wkMain", "wmMei", "x", "out-1")

    async def test_a_redirect_is_not_followed(self, gateway, platform):
        def moved(request: web.Request) -> web.Response:
            raise web.HTTPFound("http://127.0.0.1:1/elsewhere")

        platform.answers["kf/send_msg"] = moved

        with pytest.raises(errors.Misconfigured):
            await gateway.say("wkMain", "wmMei", "x", "out-1")

    async def test_a_connection_cut_after_sending_leaves_it_open(self, gateway, platform):
        def cut(request: web.Request) -> web.Response:
            request.transport.abort()
            return web.Response()

        platform.answers["kf/send_msg"] = cut

        with pytest.raises(errors.Unreachable) as problem:
            await gateway.say("wkMain", "wmMei", "x", "out-1")

        assert problem.value.maybe_done

    async def test_nobody_at_the_address_means_certainly_not_done(self, make):
        with pytest.raises(errors.Unreachable) as problem:
            await make(api_base="http://127.0.0.1:1").say("wkMain", "wmMei", "x", "out-1")

        assert not problem.value.maybe_done

    async def test_raw_control_characters_in_names_are_read(self, gateway, platform):
        platform.answers["user/get"] = raw('{"errcode":0,"name":"林\x01晓\\ud83d"}')

        assert await gateway.rep_name("lin") == "林\x01晓?"

    async def test_no_error_quotes_the_token(self, gateway, platform):
        for answer in (raw("x", 500), raw(""), code(60020)):
            platform.answers["kf/send_msg"] = answer
            with pytest.raises(errors.ChannelError) as problem:
                await gateway.say("wkMain", "wmMei", "x", "out-1")
            assert "t1" not in f"{problem.value} {problem.value.__cause__}"


async def test_no_more_than_ten_calls_to_one_interface_are_in_flight(gateway, platform):
    platform.gate = asyncio.Barrier(10)  # nobody is answered before ten are there: fewer at once would never end

    await asyncio.gather(*(gateway.say("wkMain", "wmMei", "x", f"out-{n}") for n in range(60)))

    assert platform.most_in_flight["kf/send_msg"] == 10


async def test_an_interface_that_is_not_in_use_cannot_be_called(gateway, platform):
    with pytest.raises(ValueError, match="not an interface in use"):
        await gateway._client.user.delete("lin")

    assert "user/delete" not in RATES
    assert platform.asked == []


class TestPictures:
    async def test_a_picture_of_the_platform_itself_is_fetched(self, gateway, make):
        assert await gateway.picture(make.address + "/qr/good") == b"\xff\xd8picture"

    @pytest.mark.parametrize(
        ("name", "reason"), [("large", "picture_too_large"), ("moved", "no_picture"), ("gone", "no_picture")]
    )
    async def test_what_is_no_small_picture_is_refused(self, gateway, make, name, reason):
        with pytest.raises(errors.Refused, match=reason):
            await gateway.picture(f"{make.address}/qr/{name}")

    @pytest.mark.parametrize(
        "address",
        [
            "http://127.0.0.1:1/x",
            "http://169.254.169.254/latest/meta-data",
            "http://localhost/x",
            "http://wx.qlogo.cn.evil.example/x",
            "http://wx.qlogo.cn@evil.example/x",
            "http://wx.qlogo.cn:22/x",
            "http://evilqlogo.cn/x",
            "ftp://wx.qlogo.cn/x",
            "file:///etc/passwd",
            "//wx.qlogo.cn/x",
            "/etc/passwd",
            "",
            "http://[::1",
        ],
    )
    async def test_other_hosts_are_never_asked(self, gateway, address):
        with pytest.raises(errors.Refused, match=r"host_not_allowed|bad_address"):
            await gateway.picture(address)
