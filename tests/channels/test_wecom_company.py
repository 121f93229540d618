"""What the gateway does for staff: their customers, tags, cards, broadcasts, logins, and the JS interface."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.channels import errors
from bot.channels.jsapi import js_signature
from bot.channels.wecom.broadcasts import Delivery, Made
from bot.channels.wecom.customers import Customer, CustomerPage
from referral.broadcasts import End
from referral.messages import RepCard

AT = datetime.fromtimestamp(1763690000, UTC)
CARD = RepCard(
    rep="lin", title="今天可以聊聊的 3 位客户", text="点开看名单", url="https://i.example.cn/rep", button="看名单"
)
VECTORS = Path(__file__).parent / "vectors" / "wecom-vectors.json"


class TestCustomers:
    async def test_a_page_of_a_reps_customers_with_what_the_rep_noted(self, gateway, platform):
        platform.answers["externalcontact/batch/get_by_user"] = {
            "external_contact_list": [
                {
                    "external_contact": {
                        "external_userid": "wmMei", "name": "梅姐", "avatar": "http://a", "unionid": "u1",
                    },
                    "follow_info": {
                        "userid": "lin", "remark": "梅女士", "createtime": 1763690000, "tag_id": ["et1"],
                        "remark_mobiles": ["13800000001"], "state": "R8K2",
                    },
                },
                {"external_contact": {"external_userid": "woBo", "name": "阿博", "type": 2}, "follow_info": {}},
                {"external_contact": {}},
            ],
            "next_cursor": "C2",
        }  # fmt: skip

        page = await gateway.customers.page("lin", "C1")

        assert platform.body() == {"userid_list": ["lin"], "cursor": "C1", "limit": 100}
        mei = Customer(
            who="wmMei", nickname="梅姐", avatar="http://a", unionid="u1", remark="梅女士",
            phones=("13800000001",), tags=("et1",), mark="R8K2", added_at=AT,
        )  # fmt: skip
        bo = Customer(
            who="woBo",
            nickname="阿博",
            avatar="",
            unionid=None,
            remark="",
            phones=(),
            tags=(),
            mark=None,
            added_at=None,
        )
        assert page == CustomerPage(customers=(mei, bo), cursor="C2")

    async def test_a_rep_without_customers_has_an_empty_page_though_the_platform_calls_it_an_error(
        self, gateway, platform
    ):
        platform.answers["externalcontact/batch/get_by_user"] = {"errcode": 84061, "errmsg": "not external contact"}

        assert await gateway.customers.page("zhou", "") == CustomerPage(customers=(), cursor="")

    async def test_a_cursor_that_does_not_move_on_ends_the_pages(self, gateway, platform):
        platform.answers["externalcontact/batch/get_by_user"] = {"external_contact_list": [], "next_cursor": "C1"}

        assert (await gateway.customers.page("lin", "C1")).cursor == ""

    async def test_tags_are_known_by_their_ids_and_deleted_ones_are_gone(self, gateway, platform):
        tags = [{"id": "et1", "name": "老客户"}, {"id": "et2", "name": "旧", "deleted": True}]
        platform.answers["externalcontact/get_corp_tag_list"] = {"tag_group": [{"group_name": "等级", "tag": tags}]}

        assert await gateway.customers.tags() == {"et1": "老客户"}


class TestCards:
    async def test_a_card_is_sent_once_even_if_asked_twice(self, gateway, platform):
        await gateway.card_rep(CARD)

        sent = platform.body()
        assert (sent["touser"], sent["msgtype"], sent["enable_duplicate_check"]) == ("lin", "textcard", 1)
        assert sent["textcard"] == {
            "title": CARD.title, "description": CARD.text, "url": CARD.url, "btntxt": "看名单",
        }  # fmt: skip

    async def test_words_are_cut_to_what_a_card_takes_and_cannot_be_markup(self, gateway, platform):
        await gateway.card_rep(
            RepCard(rep="lin", title="长" * 60, text="<b>梅姐</b>" * 99, url="https://i.example.cn", button="看看今天")
        )

        card = platform.body()["textcard"]
        assert card["title"] == "长" * 42
        assert len(card["description"].encode()) <= 512
        assert "<" not in card["description"]


class TestBroadcasts:
    async def test_a_broadcast_is_put_before_its_rep_for_these_customers(self, gateway, platform):
        platform.answers["externalcontact/add_msg_template"] = {"msgid": "msg1", "fail_list": ["wmBo"]}

        made = await gateway.broadcasts.make("lin", ["wmMei", "wmBo"], "春茶到了")

        assert platform.body() == {
            "chat_type": "single", "external_userid": ["wmMei", "wmBo"], "sender": "lin",
            "text": {"content": "春茶到了"},
        }  # fmt: skip
        assert made == Made(msgid="msg1", unreachable=("wmBo",))

    async def test_what_became_of_it_is_read_page_by_page(self, gateway, platform):
        platform.answers["externalcontact/get_groupmsg_send_result"] = [
            {"send_list": [{"external_userid": "wmMei", "status": 1, "send_time": 1763690000}], "next_cursor": "C2"},
            {
                "send_list": [
                    {"external_userid": "wmJun", "status": 0},
                    {"external_userid": "wmBo", "status": 2},
                    {"external_userid": "wmFei", "status": 3},
                ]
            },
        ]

        deliveries = await gateway.broadcasts.deliveries("msg1", "lin")

        assert platform.body() == {"msgid": "msg1", "userid": "lin", "limit": 1000, "cursor": "C2"}
        assert deliveries == (
            Delivery(handle="wmMei", end=End.SENT, at=AT),
            Delivery(handle="wmBo", end=End.NOT_FRIEND, at=None),
            Delivery(handle="wmFei", end=End.CAP, at=None),
        )

    async def test_broadcasts_of_one_text_are_found_by_time_oldest_first(self, gateway, platform):
        def row(msgid, at, text):
            return {"msgid": msgid, "create_time": at, "create_type": 0, "text": {"content": text}}

        platform.answers["externalcontact/get_groupmsg_list_v2"] = [
            {"group_msg_list": [row("m3", 1763690300, "春茶到了"), row("m2", 1763690200, "别的")], "next_cursor": "C2"},
            {"group_msg_list": [row("m1", 1763690100, "春茶到了")]},
        ]

        found = await gateway.broadcasts.find("春茶到了", AT, AT + timedelta(minutes=10))

        assert found == ("m1", "m3")
        asked = platform.body(0)
        assert (asked["chat_type"], asked["filter_type"], asked["limit"]) == ("single", 0, 100)
        assert (asked["start_time"], asked["end_time"]) == (1763690000, 1763690601)

    async def test_who_has_it_and_has_pressed_send(self, gateway, platform):
        tasks = [{"userid": "lin", "status": 2, "send_time": 1763690000}, {"userid": "wei", "status": 0}]
        platform.answers["externalcontact/get_groupmsg_task"] = {"task_list": tasks}

        assert await gateway.broadcasts.reps("msg1") == {"lin": True, "wei": False}

    async def test_it_is_taken_back_and_reminded_of(self, gateway, platform):
        await gateway.broadcasts.cancel("msg1")
        await gateway.broadcasts.remind("msg1")

        assert [call for call, _, _ in platform.asked] == [
            "externalcontact/cancel_groupmsg_send", "externalcontact/remind_groupmsg_send",
        ]  # fmt: skip
        assert platform.body() == {"msgid": "msg1"}

    @pytest.mark.parametrize(
        ("number", "kind"), [(41048, errors.Refused), (41063, errors.NotYet), (45009, errors.RateLimited)]
    )
    async def test_a_broadcast_that_is_refused_says_why(self, gateway, platform, number, kind):
        platform.answers["externalcontact/add_msg_template"] = {"errcode": number, "errmsg": "no"}

        with pytest.raises(kind):
            await gateway.broadcasts.make("lin", ["wmMei", "wmJun"], "春茶到了")


class TestEntrance:
    async def test_a_member_of_staff_is_known_by_the_code_and_others_are_nobody(self, gateway, platform):
        platform.answers["auth/getuserinfo"] = [{"userid": "lin"}, {"openid": "o1", "external_userid": "wm1"}]

        assert await gateway.entrance.who("CODE") == "lin"
        assert platform.asked[0][2]["code"] == "CODE"
        assert await gateway.entrance.who("OTHER") is None

    async def test_a_code_used_before_is_expired(self, gateway, platform):
        platform.answers["auth/getuserinfo"] = {"errcode": 40029, "errmsg": "invalid code"}

        with pytest.raises(errors.Expired, match="login_code"):
            await gateway.entrance.who("CODE")

    async def test_tickets_are_fetched_once_and_the_apps_are_apart(self, make, platform):
        platform.answers["get_jsapi_ticket"] = {"ticket": "of-the-company", "expires_in": 7200}
        platform.answers["ticket/get"] = {"ticket": "of-the-app", "expires_in": 7200}
        entrance = make().entrance

        for _ in range(3):
            assert await entrance.company_ticket() == "of-the-company"
            assert await entrance.app_ticket() == "of-the-app"

        assert sorted(call for call, _, _ in platform.asked) == ["get_jsapi_ticket", "ticket/get"]
        assert next(query for call, _, query in platform.asked if call == "ticket/get")["type"] == "agent_config"

    async def test_a_ticket_that_cannot_be_read_is_no_ticket(self, gateway, platform):
        platform.answers["get_jsapi_ticket"] = lambda _: web.json_response({"errcode": 0})

        with pytest.raises(errors.Unreachable):
            await gateway.entrance.company_ticket()

    def test_the_platforms_own_example_has_the_signature_it_publishes(self):
        example = next(case for case in json.loads(VECTORS.read_text()) if case["name"] == "G1")

        signature = js_signature(
            example["jsapi_ticket"],
            nonce=example["noncestr"],
            timestamp=int(example["timestamp"]),
            url=example["url"],
        )

        assert signature == example["signature"]

    async def test_a_page_gets_two_signatures_of_its_address_without_what_follows_the_hash(self, gateway, platform):
        class Dice:
            def getrandbits(self, k):
                return 1

        platform.answers["get_jsapi_ticket"] = {"ticket": "C", "expires_in": 7200}
        platform.answers["ticket/get"] = {"ticket": "A", "expires_in": 7200}

        def js_config(url):
            return gateway.entrance.js_config(url, now=AT, rng=Dice())

        config = await js_config("https://i.example.cn/rep?a=1#top")

        assert (config["corpId"], config["agentId"]) == ("ww1", 1000002)
        assert config == await js_config("https://i.example.cn/rep?a=1")
        assert config["config"]["signature"] != config["agentConfig"]["signature"]
        assert config["config"]["signature"] == js_signature(
            "C", nonce=config["config"]["nonceStr"], timestamp=1763690000, url="https://i.example.cn/rep?a=1"
        )
