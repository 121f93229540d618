"""What a story is made of, what may not be published of it, and what is meant while one is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from referral import stories
from referral.conversations.actions import Say
from referral.conversations.heard import AskedForPerson, AskedProgress, SaidOther, SentMedia, Stopped, hear
from referral.conversations.story_actions import (
    AskLicence,
    BeginStory,
    DropStory,
    HandIn,
    TakeBack,
    TakePhoto,
    TellStory,
    WriteDown,
)
from referral.conversations.story_flow import QUIET_FOR, Noted, StoryDesk, Writing, follow, hear_writing
from referral.conversations.story_heard import (
    AskedToWrite,
    Dropped,
    Finished,
    Licensed,
    NotYet,
    SentElse,
    SentPhoto,
    TookBack,
    Unclear,
    WroteOn,
)
from referral.stories import MOST_LETTERS, MOST_PHOTOS, MOST_WAITING, Story, StoryState
from referral.story_words import headed, in_places, may_be_told, objections, tidy

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def writing(**changes):
    return Writing(**{"letters": 200, "photos": 1, "asked": False} | changes)


def meant(text, *, menu=None, kind="text", media="", asked=False):
    return hear_writing(text, menu=menu, kind=kind, media=media, asked=asked)


def after(heard, desk, noted=None, now=NOON):
    return follow(heard, desk, noted, now)[1]


# ---- states ----------------------------------------------------------------------------------------------------------


def test_every_state_says_what_may_follow():
    assert stories.NEXT.keys() == set(StoryState)
    assert stories.NEXT[StoryState.WITHDRAWN] == set()


def test_nothing_is_selected_that_was_not_handed_in():
    assert [state for state, to in stories.NEXT.items() if StoryState.SELECTED in to] == [StoryState.SUBMITTED]


def test_a_draft_is_being_written_for_two_hours_after_the_last_piece():
    draft = Story(id="h1", person="mei", begun_at=NOON, changed_at=NOON)

    assert draft.is_being_written(NOON + timedelta(minutes=119))
    assert not draft.is_being_written(NOON + timedelta(minutes=120))


# ---- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "写故事",
        "我想写故事",
        "我想分享体验",
        "分享我的体验",
        "投稿",
        "我要投稿",
        "讲一个故事",
        "我有个故事",
        "写篇游记",
        "「写故事」",
    ],
)
def test_words_that_ask_to_tell_a_story(text):
    assert hear(text) == AskedToWrite()


@pytest.mark.parametrize(
    "text", ["撤回故事", "我想撤回我的故事", "删除我的故事", "撤下那篇故事", "撤回稿子", "撤回故事。"]
)
def test_words_that_take_a_story_back(text):
    assert hear(text) == TookBack()


@pytest.mark.parametrize(
    "text", ["说来话长，这是个故事", "故事书还有吗", "给孩子讲故事的活动几点开始", "订单撤回", "分享给朋友"]
)
def test_words_that_only_speak_of_stories_are_other_talk(text):
    assert isinstance(hear(text), SaidOther)


def test_menu_items_of_stories_are_understood_at_any_time():
    assert hear("写故事", menu="story") == AskedToWrite()
    assert hear("同意，用昵称", menu="story.signed") == Licensed(signed=True)
    assert hear("随便", menu="story.back:h1") == TookBack("h1")


@pytest.mark.parametrize("text", ["退订", "不要再发消息了，太烦了。", "取消"])
def test_a_wish_for_silence_wins_while_writing(text):
    assert meant(text) == Stopped()


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("写完了", Finished()),
        ("好了。", Finished()),
        ("不写了", Dropped()),
        ("进度", AskedProgress()),
        ("人工", AskedForPerson()),
        ("撤回故事", TookBack()),
    ],
)
def test_short_wishes_are_heard_while_writing(text, heard):
    assert meant(text) == heard


@pytest.mark.parametrize(
    "text",
    [
        "谢谢",
        "可以",
        "9",
        "为什么这么说呢，因为我等了两个小时。",
        "我的朋友来了吗？没有，他走错了路口。",
        "码头上 3F9K2A7B 是船号",
        "是李姐介绍的",
    ],
)
def test_everything_else_said_while_writing_is_the_story(text):
    assert meant(text) == WroteOn(text)


def test_a_photo_belongs_to_the_story_only_while_one_is_written():
    assert meant("", kind="image", media="m1") == SentPhoto("m1")
    assert hear("", kind="image") == SentMedia("image")
    assert meant("", kind="voice") == SentElse()
    assert meant("", kind="image", media="") == SentElse()


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("用昵称", Licensed(signed=True)),
        ("同意，不署名", Licensed(signed=False)),
        ("匿名", Licensed(signed=False)),
        ("可以", Unclear()),
        ("好的", Unclear()),
        ("不同意", NotYet()),
        ("再想想", NotYet()),
    ],
)
def test_the_licence_needs_a_clear_choice(text, heard):
    assert meant(text, asked=True) == heard


def test_a_name_typed_unasked_is_a_part_of_the_story():
    assert meant("匿名") == WroteOn("匿名")


# ---- flow ------------------------------------------------------------------------------------------------------------


def test_a_story_begins_and_is_gone_on_with():
    assert after(AskedToWrite(), StoryDesk()) == [BeginStory(), TellStory("story.begin")]
    assert after(AskedToWrite(), StoryDesk(writing=writing())) == [BeginStory(), TellStory("story.resume")]


def test_no_story_begins_where_the_law_bars_it_or_too_many_wait():
    assert after(AskedToWrite(), StoryDesk(closed=True)) == [Say("story.closed")]
    assert after(AskedToWrite(), StoryDesk(waiting=MOST_WAITING)) == [Say("story.enough")]


def test_pieces_that_come_close_together_get_one_line():
    desk, noted = StoryDesk(writing=writing()), None

    told = []
    for second in range(5):
        noted, actions = follow(SentPhoto("m"), desk, noted, NOON + timedelta(seconds=second))
        told += [action for action in actions if isinstance(action, TellStory)]

    assert told == [TellStory("story.noted")]
    assert TellStory("story.noted") in after(WroteOn("还有"), desk, noted, NOON + QUIET_FOR)


def test_another_line_is_said_even_a_moment_later():
    noted = Noted(key="story.noted", at=NOON)

    assert after(SentPhoto("m"), StoryDesk(writing=writing(photos=MOST_PHOTOS)), noted) == [
        TellStory("story.photos_full")
    ]


def test_what_does_not_fit_is_not_kept():
    desk = StoryDesk(writing=writing(letters=MOST_LETTERS - 1))

    assert after(WroteOn("两字"), desk) == [TellStory("story.full")]
    assert after(WroteOn("一"), desk) == [WriteDown("一"), TellStory("story.noted")]
    assert after(SentPhoto("m"), desk) == [TakePhoto("m"), TellStory("story.noted")]


def test_the_licence_is_asked_for_before_anything_is_handed_in():
    unasked, asked = StoryDesk(writing=writing()), StoryDesk(writing=writing(asked=True))

    assert after(Finished(), unasked) == [AskLicence("story.licence")]
    assert after(Licensed(signed=True), unasked) == [AskLicence("story.licence")]
    assert after(Licensed(signed=True), asked) == [HandIn(True), Say("story.sent")]
    assert after(Unclear(), asked) == [AskLicence("story.choose")]


def test_too_little_is_not_handed_in():
    assert after(Finished(), StoryDesk(writing=writing(letters=9))) == [TellStory("story.short")]


def test_a_draft_is_dropped_and_a_story_taken_back():
    assert after(Dropped(), StoryDesk(writing=writing())) == [DropStory(), Say("story.dropped")]
    assert after(TookBack("h1"), StoryDesk()) == [TakeBack("h1")]


@pytest.mark.parametrize(
    "heard", [Finished(), Dropped(), Licensed(signed=True), NotYet(), WroteOn("x"), SentPhoto("m")]
)
def test_without_a_draft_nothing_is_done(heard):
    assert after(heard, StoryDesk()) == [Say("story.none")]


def test_what_was_last_said_is_read_as_it_was_kept():
    noted = Noted(key="story.noted", at=NOON)

    assert Noted.read(noted.keep()) == noted
    assert Noted.read(None) is Noted.read({"key": 1}) is None


# ---- publishing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "head", "rest"),
    [
        ("半夜停水。老板娘起来烧热水。", "半夜停水", "老板娘起来烧热水。"),
        ("太好了！下次还来", "太好了！", "下次还来"),
        ("一句话没有标点", "一句话没有标点", ""),
        ("标题一行\n正文一行", "标题一行", "正文一行"),
        ("", "", ""),
    ],
)
def test_the_first_sentence_is_the_heading(text, head, rest):
    assert headed(text) == (head, rest)


@pytest.mark.parametrize(
    ("text", "head", "rest"),
    [
        (
            "这一天我们从早上五点开始爬山，一路上下着雨，到山顶的时候什么也看不见。可是很开心。",
            "这一天我们从早上五点开始爬山，一路上下着雨…",
            "到山顶的时候什么也看不见。可是很开心。",
        ),
        (
            "去年冬天我妈在你们店里摔了一跤之后店长每个礼拜都来家里看她。谢谢。",
            "去年冬天我妈在你们店里摔了一跤之后…",
            "店长每个礼拜都来家里看她。谢谢。",
        ),
        (
            "I came for the coffee and stayed for the people who make it. Thanks.",
            "I came for the coffee…",
            "and stayed for the people who make it. Thanks.",
        ),
        ("那天，" + "好" * 30, "那天，" + "好" * 21 + "…", "好" * 9),
    ],
)
def test_a_long_first_sentence_is_headed_by_its_first_clauses_and_never_told_twice(text, head, rest):
    assert headed(text) == (head, rest)
    assert len(head.rstrip("…")) + len(rest) <= len(text)


def test_a_piece_is_kept_without_what_cannot_be_seen():
    assert tidy(" 早上\r\n\r\n\u202e六点\x00 \ufeff出发\ud800\u3000\n") == "早上\n六点 出发"


@pytest.mark.parametrize(
    "text",
    [
        "我的电话是13812345678，欢迎来问",
        "打 138-1234-5678 找我",
        "全角１３８１２３４５６７８也一样",
        "身份证110101199003071234",
        "卡号6222 0202 0011 2233",
        "写信到 mei@example.com",
        "加微信号: mei_2024x",
        "QQ 12345678",
        "我今年15岁，第一次坐火车",
        "本人现在十六岁",
    ],
)
def test_private_numbers_and_minors_are_not_published(text):
    assert any(found.rule == "R6" for found in objections(text, "travel")), text


@pytest.mark.parametrize(
    "text",
    [
        "花了1280元，走了二十公里",
        "订单20261123001已经完成",
        "我今年35岁",
        "孩子才5岁",
        "2026年11月23日早上6:30出发",
        "房号 1302，电梯坏了",
        "我十岁那年来过这里",
    ],
)
def test_ordinary_numbers_may_stand(text):
    assert objections(text, "travel") == []


@pytest.mark.parametrize("text", ["全国第一的酒店", "转发就送红包", "下线越多提成越多"])
def test_words_that_break_the_law_are_found_with_their_place(text):
    found = objections(f"早上出发。{text}", "travel")

    assert found
    assert "第6" in in_places(found) or "字「" in in_places(found)
    assert all(text.find(each.text) >= 0 for each in found)


@pytest.mark.parametrize(
    "text", ["服务很差，热水没有，再也不来了。", "很喜欢，下次还来。", "老板娘人好，我跟朋友说起过这里。"]
)
def test_praise_and_blame_are_published_alike(text):
    assert objections(text, "travel") == []


@pytest.mark.parametrize(
    "industry", ["medical", "insurance", "securities", "loans", "bank", "education", "training", "k12"]
)
def test_customers_do_not_vouch_where_the_law_bars_it(industry):
    assert not may_be_told(industry)


@pytest.mark.parametrize("industry", ["retail", "catering", "travel", "software", "property", "luxury", "other"])
def test_customers_tell_their_stories_elsewhere(industry):
    assert may_be_told(industry)
