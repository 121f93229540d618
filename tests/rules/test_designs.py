"""What a rep may write on posters: the offer's own names, no thanks of her own making, nothing the linter finds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from referral.designs import NAMES, TEXTS, THE_PACKS, Design, objections, promised, said, typed, written
from referral.offers import EDITIONS, Edition, PosterCopy

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
VALUES = dict.fromkeys((name for names in NAMES.values() for name in names), "好") | {"minimum": ""}
PLAIN = Design(campaign="c1", rep="lin", changed_at=NOW)


def against(text: str, edition: Edition = "friend", **values: str) -> list[str]:
    own = replace(THE_PACKS, body=text)
    found = [*typed(own, edition, VALUES | values), *promised(own, edition)]
    assert all(each.place == f"{edition}.body" for each in found)
    return [each.text for each in found]


@pytest.mark.parametrize(
    "text",
    [
        "{company}的{product}，首单{minimum}过了{hold}，送你{friend_thanks}。",
        "{both_friend}，你{after_peer}就给你{friend_thanks}",
        "一块儿来看看，十年老店，三天到货",
        "送货上门，送到家，有一说一，百里挑一的耐心",
        "24小时都有人，第3代，1对1",
        "赠你{friend_thanks}，领{friend_thanks}",
        "满{minimum}就给你{friend_thanks}，奖励{friend_thanks}",
        "免费停车，免费咨询，茶水管够",
        "讲礼貌，大礼堂也布置过，婚礼、礼服都懂，彬彬有礼",
        "证券公司，债券，胜券在握，100%纯棉",
        "省10分钟，省心，省三步，省一半时间，降2度，全省30家店，往返30分钟",
        "年满18岁，满3年经验，十分满意，获奖20余次",
        "一人一方案，每人一份方案，一对一，每单48小时内发货，各三种口味",
        "给你24小时考虑，来就有人接待，奖励自己一回",
    ],
)
def test_plain_words_and_the_offers_own_names_may_stand(text: str) -> None:
    assert against(text) == []


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("首单送{friend_thanks}，再减50元", ["50元"]),
        ("¥88立得", ["¥88"]),
        ("打八折", ["八折"]),
        ("便宜两块", ["两块"]),
        ("再加30天会员", ["30天会员"]),
        ("三个月的免费课", ["三个月的免费"]),
        ("给你1000积分，一百块钱", ["1000积分", "一百块钱"]),
        ("两张优惠券", ["两张优惠券"]),
        ("送你一台手机，真的", ["送你一台手机"]),
        ("领取礼品", ["领取礼品"]),
        ("免费体验三次", ["免费体验三次"]),
        ("首月免单，来了就知道", ["免单"]),
        ("新客免费一个月", ["免费"]),
        ("满100减20，来就有红包", ["满100", "减20", "红包"]),
        ("半价入会，一人返50给你", ["半价", "返50"]),
        ("抵扣100", ["抵扣100"]),
        ("奖50给我", ["奖50"]),
        ("一人一百", ["一人一百"]),
        ("每人一箱苹果", ["每人一箱"]),
        ("来就有礼，新人礼包", ["有礼", "新人礼"]),
        ("红包等你拿", ["红包"]),
        ("首单免邮，包邮到家", ["免邮", "包邮"]),
        ("半价入会，直降一百", ["半价", "降一百"]),
        ("第二杯半价", ["半价"]),
        ("一年会员免费", ["一年会员", "免费"]),
        ("现金券，奖励，折扣", ["券", "奖励", "折扣"]),
        ("返100%，省30%", ["返100", "30%"]),
        ("便宜20，给你50，各拿100", ["便宜20", "给你50", "各拿100"]),
    ],
)
@pytest.mark.parametrize("edition", EDITIONS)
def test_amounts_and_gifts_typed_by_hand_are_refused(edition: Edition, text: str, pieces: list[str]) -> None:
    assert [piece for piece in against(text, edition) if piece != "{friend_thanks}"] == pieces


def test_who_promises_by_hand_is_told_how_to_say_it_or_that_a_feed_does_not() -> None:
    own = replace(THE_PACKS, body="减20，有红包")

    assert [each.suggestion[:3] for each in promised(own, "friend")] == ["请写 ", "要写谢"]
    assert {each.suggestion for each in promised(own, "feed")} == {"公开版不写优惠和谢礼，请换个说法"}


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("{{7*7}}", ["{", "{7*7}", "}"]),
        ("{% if x %}", ["{% if x %}"]),
        ("{nickname.__class__}", ["{nickname.__class__}"]),
        ("{nickname}", ["{nickname}"]),
        ("{code}{link}", ["{code}", "{link}"]),
        ("{}", ["{}"]),
        ("}{", ["}", "{"]),
    ],
)
def test_nothing_else_may_stand_in_braces(text: str, pieces: list[str]) -> None:
    assert against(text) == pieces


def test_a_feed_names_no_thanks() -> None:
    [refusal] = typed(replace(THE_PACKS, body="{friend_thanks}"), "feed", VALUES)

    assert (refusal.place, refusal.text, refusal.why) == ("feed.body", "{friend_thanks}", "公开版不写谢礼")
    assert refusal.suggestion == "可以写：{company}、{product}"


def test_a_name_that_this_offer_has_nothing_for_is_refused_but_a_minimum_may_be_none() -> None:
    assert against("{friend_thanks}", friend_thanks="") == ["{friend_thanks}"]
    assert against("首单{minimum}") == []


def test_each_text_has_its_longest() -> None:
    rules = "规则见页内"
    long = PosterCopy(headline="好" * 25, body="好" * 81, note=rules + "好" * 26)

    assert [each.place for each in typed(long, "friend", VALUES)] == [f"friend.{name}" for name in TEXTS]
    assert typed(PosterCopy(headline="好" * 24, body="好" * 80, note=rules + "好" * 25), "friend", VALUES) == []


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_small_line_always_says_where_the_rules_are(edition: Edition) -> None:
    [refusal] = typed(replace(THE_PACKS, note="老朋友推荐"), edition, VALUES)

    assert (refusal.place, refusal.suggestion) == (f"{edition}.note", "请留着「规则见页内」几个字")
    assert typed(replace(THE_PACKS, note="我的客户推荐 · 规则见页内"), edition, VALUES) == []


def test_words_are_on_one_line_without_what_cannot_be_seen() -> None:
    assert written(" 一句\r\n\u202e二\u200b句\x00 ") == "一句 二句"
    assert written("好" * 10_000) == "好" * 10_000


def test_the_linter_says_where_why_and_what_instead() -> None:
    found = objections(replace(THE_PACKS, headline="转发朋友圈领红包"), "feed", "retail")

    assert found[0].place == "feed.headline"
    assert all(each.text and each.why and each.suggestion for each in found)


def test_what_only_both_texts_together_say_is_found_as_well() -> None:
    copy = replace(THE_PACKS, headline="转发这张图到朋友圈", body="就能领红包")

    assert objections(copy, "friend", "retail")


def test_the_rules_of_a_sector_hold() -> None:
    copy = replace(THE_PACKS, body="保本保收益，稳赚不赔")

    assert objections(copy, "friend", "bank")


@pytest.mark.parametrize("edition", EDITIONS)
def test_a_design_knows_its_words_and_whether_it_changes_anything(edition: Edition) -> None:
    changed = replace(PLAIN, **{edition: replace(THE_PACKS, note="见页内")})

    assert PLAIN.is_plain
    assert not changed.is_plain
    assert changed.words(edition).note == "见页内"
    assert said(replace(changed, template="coast", photo="a.jpg")) == f"template: coast\nphoto\n{edition}.note"
