"""What a rep's messages to the app mean."""

import pytest

from referral.conversations.commands import (
    Answered,
    AskedAbout,
    ConfirmsClaim,
    NotUnderstood,
    RefusesClaim,
    WantsCampaign,
    WantsCampaigns,
    WantsClaims,
    WantsHelp,
    WantsList,
    WantsPoster,
    WantsResults,
    read,
)
from referral.conversations.names import Named, called


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("名单", WantsList()),
        (" 名 单 。", WantsList()),
        ("「名单」", WantsList()),
        ("\u200b名单\u200f", WantsList()),
        ("活动", WantsCampaigns()),
        ("活动？", WantsCampaigns()),
        ("业绩", WantsResults()),
        ("介绍", WantsClaims()),
        ("确认", WantsClaims()),
        ("不算。", WantsClaims()),
        ("帮助", WantsHelp()),
        ("ＨＥＬＰ", WantsHelp()),
        ("?", WantsHelp()),
        ("？", WantsHelp()),
    ],
)
def test_a_word_alone_is_understood_however_it_is_written(text, meant):
    assert read(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("新活动", WantsCampaign("")),
        ("新活动 一起多一个月", WantsCampaign("一起多一个月")),
        ("新活动　「一起多一个月」", WantsCampaign("一起多一个月")),
        ("新活动：<double-month>", WantsCampaign("double-month")),
        ("新活动ｄｏｕｂｌｅ－ｍｏｎｔｈ", WantsCampaign("double-month")),
        ("客户", AskedAbout("")),
        ("客户 梅姐", AskedAbout("梅姐")),
        ("客户梅姐", AskedAbout("梅姐")),
        ("客户\n王 梅", AskedAbout("王 梅")),
        ("客户 …", AskedAbout("...")),
        ("确认 ab12 2", ConfirmsClaim("ab12 2")),
        ("确认AB12", ConfirmsClaim("AB12")),
        ("确认 AB12 3F9K-2A7B", ConfirmsClaim("AB12 3F9K-2A7B")),
        ("不算 AB12 问过了，对方不认识", RefusesClaim("AB12 问过了,对方不认识")),
        ("海报 “梅姐”", WantsPoster("梅姐")),
        ("「海报 梅姐」", WantsPoster("梅姐")),
        ("海报 🌸小花🌸", WantsPoster("🌸小花🌸")),
        ("海报 \u202bנועה\u202c", WantsPoster("נועה")),
    ],
)
def test_what_follows_a_word_is_taken_without_its_quotes(text, meant):
    assert read(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("同意", Answered(yes=True, handle="")),
        ("同意。", Answered(yes=True, handle="")),
        ("同意 7KQ2", Answered(yes=True, handle="7KQ2")),
        ("同意７ｋｑ２", Answered(yes=True, handle="7KQ2")),
        ("同意 7k q2 ！", Answered(yes=True, handle="7KQ2")),
        ("不同意「7kq2」", Answered(yes=False, handle="7KQ2")),
        ("不 同意 o1lz", Answered(yes=False, handle="011Z")),
        ("同意 7KQ2 但预算减半", Answered(yes=True, handle="7KQ2但预算减半")),
    ],
)
def test_an_answer_carries_its_handle_and_nothing_said_beside_it_is_lost(text, meant):
    assert read(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "\u200b",
        "今天吃什么",
        "名单在哪里看",
        "活动规则",
        "我不同意",
        "老客户",
        "客户说海报上的字有点小，能不能换一张",
        "海报真好看!谢谢",
    ],
)
def test_other_words_are_not_understood(text):
    assert read(text) == NotUnderstood()


def person(number, nickname, name=""):
    return Named(person=f"p{number}", nickname=nickname, name=name)


PEOPLE = [
    person(1, "梅姐", "王梅"),
    person(2, "梅姐姐"),
    person(3, "👩\u200d🍳小厨\ufe0f"),
    person(4, "\u202eנועה\u202c"),
    person(5, "Ａｎｎａ  Wang"),
    person(6, "", ""),
]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("梅", ["p1", "p2"]),
        ("梅姐", ["p1"]),  # exactly so called: the other could be asked for by the rest of the name
        ("王 梅", ["p1"]),
        ("小厨", ["p3"]),
        ("👩🍳", ["p3"]),
        ("נועה", ["p4"]),
        ("anna wang", ["p5"]),
        ("annaw", ["p5"]),
        ("", []),
        ("\u200b", []),
        ("李", []),
    ],
)
def test_a_person_is_found_by_any_part_of_a_name(asked, found):
    assert [each.person for each in called(PEOPLE, asked)] == found


def test_two_of_one_name_are_both_found():
    twins = [person(1, "小军"), person(2, "小军"), person(3, "小军军")]

    assert [each.person for each in called(twins, "小军")] == ["p1", "p2", "p3"]


@pytest.mark.parametrize("text", ["确认收到", "确认一下时间", "不算贵", "不算 吧", "确认，我明天来", "确认 12345"])
def test_a_word_of_claims_without_a_handle_is_talk(text):
    assert read(text) == NotUnderstood()
