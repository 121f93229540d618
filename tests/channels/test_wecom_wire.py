"""Callbacks and pulled messages become typed events; nothing a sender can write crashes the reading."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

import pytest

from bot.channels.wecom.crypto import Malformed
from bot.channels.wecom.desk import desk_event
from bot.channels.wecom.markup import read_fields
from bot.channels.wecom.wire import cut, event_key, read_event, text_reply
from referral.events import (
    ContactEdited,
    DeskEntered,
    DeskNoted,
    DeskRang,
    DeskSaid,
    DeskSendFailed,
    FriendAdded,
    FriendLeft,
    RepOpened,
    RepSaid,
    Unrecognised,
)
from referral.identities import Identity, IdentityKind
from tests.channels.envelopes import happened, said

AT = datetime.fromtimestamp(1763690000, UTC)
JUN = Identity(IdentityKind.WECOM, "wmJun")
ADDED = {"Event": "change_external_contact", "UserID": "lin", "ExternalUserID": "wmJun"}


def event(xml: str | bytes):
    return read_event(xml if isinstance(xml, bytes) else xml.encode())


def test_a_reps_text_is_read():
    assert event(said("查一下 Jun")) == RepSaid(
        rep="lin", kind="text", text="查一下 Jun", message_id="4561255354251345929", at=AT
    )


@pytest.mark.parametrize("kind", ["image", "voice", "video", "location", "link", "file"])
def test_a_reps_other_message_keeps_its_kind_and_has_no_text(kind):
    read = event(said("PicUrl").replace("[text]", f"[{kind}]"))

    assert (read.kind, read.text) == (kind, "")


@pytest.mark.parametrize("name", ["enter_agent", "subscribe"])
def test_a_rep_who_opens_the_app_is_noticed(name):
    assert event(happened(Event=name, FromUserName="lin", EventKey="")) == RepOpened(rep="lin", at=AT)


def test_a_friend_added_through_a_contact_way_carries_its_mark_and_welcome_code():
    read = event(happened(**ADDED, ChangeType="add_external_contact", State="R8K2", WelcomeCode="CODE"))

    assert read == FriendAdded(who=JUN, rep="lin", mark="R8K2", welcome_code="CODE", confirmed=True, at=AT)


def test_a_friend_added_without_mark_or_code_has_none():
    empty = event(happened(**ADDED, ChangeType="add_half_external_contact", State="", WelcomeCode=""))
    absent = event(happened(**ADDED, ChangeType="add_half_external_contact"))

    assert empty == absent == FriendAdded(who=JUN, rep="lin", mark=None, welcome_code=None, confirmed=False, at=AT)


@pytest.mark.parametrize(("change", "by_rep"), [("del_external_contact", True), ("del_follow_user", False)])
def test_a_leaving_tells_who_ended_it(change, by_rep):
    assert event(happened(**ADDED, ChangeType=change)) == FriendLeft(who=JUN, rep="lin", by_rep=by_rep, at=AT)


def test_an_edited_contact_is_told():
    assert event(happened(**ADDED, ChangeType="edit_external_contact")) == ContactEdited(who=JUN, rep="lin", at=AT)


def test_a_desk_rings_as_in_the_official_sample_without_sender():
    read = event(
        "<xml><ToUserName><![CDATA[ww12345678910]]></ToUserName><CreateTime>1763690000</CreateTime>"
        "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[kf_msg_or_event]]></Event>"
        "<Token><![CDATA[ENCApHxn]]></Token><OpenKfId><![CDATA[wkMain]]></OpenKfId></xml>"
    )

    assert read == DeskRang(desk="wkMain", token="ENCApHxn", at=AT)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"Event": "change_external_contact", "ChangeType": "invented"}, "change_external_contact/invented"),
        ({"Event": "customer_acquisition", "ChangeType": "friend_request"}, "customer_acquisition/friend_request"),
        ({"Event": "LOCATION"}, "LOCATION"),
        ({}, "event"),
        (
            {**ADDED, "ChangeType": "add_external_contact", "ExternalUserID": ""},
            "change_external_contact/add_external_contact",
        ),
        ({**ADDED, "ChangeType": "del_follow_user", "CreateTime": "soon"}, "change_external_contact/del_follow_user"),
        ({**ADDED, "ChangeType": "del_follow_user", "CreateTime": "9" * 30}, "change_external_contact/del_follow_user"),
        (
            {**ADDED, "ChangeType": "del_follow_user", "CreateTime": "253402300799"},
            "change_external_contact/del_follow_user",
        ),
        ({**ADDED, "ChangeType": "del_follow_user", "CreateTime": "0"}, "change_external_contact/del_follow_user"),
        ({"Event": "kf_msg_or_event", "Token": "T"}, "kf_msg_or_event"),
        ({"Event": "x" * 5000}, "x" * 100),
    ],
)
def test_what_is_unknown_or_lacks_a_field_is_kept_as_unrecognised(fields, kind):
    read = event(happened(**fields))

    assert isinstance(read, Unrecognised)
    assert read.kind == kind


def test_a_message_without_an_id_is_unrecognised():
    assert event(said().replace("MsgId", "Other")) == Unrecognised(kind="text", at=AT)


def test_repeated_and_unknown_fields_change_nothing():
    plain = said("first")
    more = plain.replace("</xml>", "<Content><![CDATA[second]]></Content><New><Deep a='1'>x</Deep></New></xml>")

    assert event(more) == event(plain)


def test_a_nested_event_is_read_past_its_nested_parts():
    read = event(
        happened(Event="template_card_event", EventKey="accept").replace(
            "</xml>", "<SelectedItems><SelectedItem><Event>forged</Event></SelectedItem></SelectedItems></xml>"
        )
    )

    assert read == Unrecognised(kind="template_card_event", at=AT)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("👨‍👩‍👧‍👦 🇨🇳", "👨‍👩‍👧‍👦 🇨🇳"),
        ("\u202eabc", "\u202eabc"),
        ("a\0b", "ab"),
        ("<!DOCTYPE html> <b>&amp;", "<!DOCTYPE html> <b>&amp;"),
        ("]] ]>", "]] ]>"),
        ("", ""),
    ],
)
def test_odd_words_of_a_rep_are_kept_readable(written, kept):
    assert event(said(written)).text == kept


def test_bytes_that_are_no_utf_8_are_replaced_not_refused():
    plain = said("X").encode()

    assert event(plain.replace(b"[X]", b"[\xff\xfe\xed\xa0\xbd]")).text == "\ufffd" * 5


def test_escaped_and_split_texts_are_joined():
    assert event(said("X").replace("<![CDATA[X]]>", "a&lt;b&#128512;<![CDATA[]]]]><![CDATA[>]]>")).text == "a<b😀]]>"


def test_a_section_cannot_be_stretched_over_other_markup():
    fields = read_fields("<xml><A><![CDATA[x]]><Evil/><![CDATA[y]]></A><B>z</B></xml>")

    assert fields == {"A": "xy", "B": "z"}


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b" \n",
        b"hello",
        b'{"a": 1}',
        b"<xml></xml>",
        b"<xml><MsgType>text</xml>",
        b"<xml><a>1</a></xml><xml/>",
        b"<!DOCTYPE xml><xml><MsgType>text</MsgType></xml>",
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><MsgType>&a;</MsgType></xml>',
        b"<xml><MsgType>&undefined;</MsgType></xml>",
        b"\xff\xfe<\x00x\x00",
    ],
)
def test_what_is_no_message_is_malformed(xml):
    with pytest.raises(Malformed):
        read_event(xml)


def test_a_billion_laughs_are_refused_at_the_first():
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]><xml><MsgType>&l9;</MsgType></xml>'

    with pytest.raises(Malformed):
        event(bomb)


def test_two_customers_added_in_one_second_have_two_keys_and_a_retry_has_the_same():
    jun = happened(**ADDED, ChangeType="add_external_contact").encode()
    bo = jun.replace(b"wmJun", b"wmBo")

    assert event_key("ww", "main", jun) == event_key("ww", "main", jun)
    assert len({event_key("ww", "main", jun), event_key("ww", "main", bo), event_key("ww", "second", jun)}) == 3


def test_a_reply_is_what_the_platform_expects():
    reply = read_fields(text_reply("lin", "ww1", AT, "好的 ]]> 👍").decode())

    assert reply == {
        "ToUserName": "lin",
        "FromUserName": "ww1",
        "CreateTime": "1763690000",
        "MsgType": "text",
        "Content": "好的 ]]> 👍",
    }


def test_a_long_reply_ends_on_a_whole_character_within_the_platforms_limit():
    reply = read_fields(text_reply("lin", "ww1", AT, "汉😀" * 1000).decode())

    assert 2044 < len(reply["Content"].encode()) <= 2048
    assert set(reply["Content"]) == {"汉", "😀"}


@pytest.mark.parametrize(("limit", "kept"), [(0, ""), (2, ""), (3, "汉"), (6, "汉"), (7, "汉😀"), (9, "汉😀")])
def test_a_cut_never_halves_a_character(limit, kept):
    assert cut("汉😀", limit) == kept


def item(**fields):
    common = {"msgid": "m1", "open_kfid": "wkMain", "external_userid": "wmJun", "send_time": 1763690000}
    return common | {"origin": 3, "msgtype": "text", "text": {"content": "我要推荐"}} | fields


def noted(**fields):
    return item(origin=4, msgtype="event", event={"open_kfid": "wkMain", "external_userid": "wmJun"} | fields)


class TestAtTheDesk:
    """What `sync_msg` lists becomes desk events."""

    common: ClassVar = {"desk": "wkMain", "who": JUN, "message_id": "m1", "at": AT}

    def test_a_customers_words(self):
        assert desk_event(item()) == DeskSaid(**self.common, kind="text", text="我要推荐", menu=None)

    def test_a_tapped_menu_line(self):
        read = desk_event(item(text={"content": "海报", "menu_id": "101"}))

        assert read == DeskSaid(**self.common, kind="text", text="海报", menu="101")

    def test_a_picture_has_no_text(self):
        read = desk_event(item(msgtype="image", image={"media_id": "M"}, text={"content": "x"}))

        assert read == DeskSaid(**self.common, kind="image", text="", menu=None, media="M")

    def test_an_opened_chat_carries_what_our_link_carried(self):
        read = desk_event(noted(event_type="enter_session", scene="ref_h5", scene_param="7K3M9QXA", welcome_code="W"))

        assert read == DeskEntered(**self.common, scene="ref_h5", scene_param="7K3M9QXA", welcome_code="W")

    def test_a_chat_opened_again_has_no_code(self):
        read = desk_event(noted(event_type="enter_session", scene="", scene_param="", welcome_code=""))

        assert read == DeskEntered(**self.common, scene=None, scene_param=None, welcome_code=None)

    @pytest.mark.parametrize(("kind", "reason"), [(6, "over_five"), (10, "refused_by_customer"), (77, "unknown_77")])
    def test_a_message_that_did_not_arrive_names_ours_and_why(self, kind, reason):
        read = desk_event(noted(event_type="msg_send_fail", fail_msgid="out-1", fail_type=kind))

        assert read == DeskSendFailed(**self.common, failed_id="out-1", reason=reason)

    def test_a_servicers_words_are_only_noted(self):
        assert desk_event(item(origin=5)) == DeskNoted(**self.common, kind="servicer/text")

    def test_a_session_change_without_a_customer_is_noted(self):
        change = {"event_type": "servicer_status_change", "open_kfid": "wkMain", "status": 1}
        read = desk_event({"msgid": "m1", "send_time": 1763690000, "origin": 4, "msgtype": "event", "event": change})

        assert read == DeskNoted(desk="wkMain", who=None, message_id="m1", kind="servicer_status_change", at=AT)

    def test_half_a_surrogate_pair_and_nul_never_reach_the_database(self):
        read = desk_event(item(text={"content": "a\ud83d\0b"}))

        assert read.text.encode() == b"a?b"

    @pytest.mark.parametrize(
        "odd",
        [
            None,
            "text",
            [],
            {},
            item(msgid=""),
            item(open_kfid=None),
            item(send_time="soon"),
            item(send_time=None),
            item(send_time=1e300),
        ],
    )
    def test_an_item_that_cannot_be_kept_is_none(self, odd):
        assert desk_event(odd) is None

    @pytest.mark.parametrize(
        "odd", [item(text=None), item(text=[1]), item(external_userid=7), item(msgtype=None), noted(event_type=[])]
    )
    def test_values_of_another_type_do_no_harm(self, odd):
        assert desk_event(odd) is not None
