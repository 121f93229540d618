"""The story wall as the cast would see it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.pages.views import (
    Card,
    Cards,
    StoriesView,
    StoryCard,
    StoryGoneView,
    StoryMissingView,
    StoryPhoto,
    StoryView,
    View,
)

COMPANY = "青禾书店"
LAKE = StoryPhoto(src="/stories/photos/lake.jpg", width=1600, height=1200, small="/stories/photos/lake-640.jpg")
TOWER = StoryPhoto(src="/stories/photos/tower.jpg", width=900, height=1600, small="/stories/photos/tower-640.jpg")
SQUARE = StoryPhoto(src="/stories/photos/window.jpg", width=600, height=600)


def one_card(title: str, path: str) -> Cards:
    """The card of a page that has one for everybody."""
    home = "https://stories.example"
    card = Card(title=title, text="客户自己写的", link=f"{home}{path}", picture=f"{home}/card/coast.jpg")
    return Cards(feed=card, moments=card.link, friend=card)


def a_card(**changes: Any) -> StoryCard:
    card = StoryCard(
        url="/stories/h0000000000000001",
        title="住进来就碰上停水",
        beginning="老板娘半夜起来给我们烧热水，还一直道歉。早饭一般，房间很安静，窗外就是湖。孩子第二天不肯走，我们就又住了一晚…",
        author="李姐",
        at="2026年11月20日",
        day="2026-11-20",
        thanked=True,
        photo=LAKE,
    )
    return replace(card, **changes)


HARSH = (
    "热水没有，被子是潮的，打电话也没人接，说好的接站也没有来。我们自己打车上去的，到了已经十一点。"
    "退了一晚房费，这一点还算讲理。"
)
CARDS = (
    a_card(),
    a_card(
        url="/stories/h0000000000000002",
        title="失望。说好的接站没有来，我们自己打车上的山…",
        beginning=HARSH,
        author="一位客户",
        thanked=False,
        photo=None,
    ),
    a_card(url="/stories/h0000000000000003", title="客房小了些", photo=TOWER, author="👨‍👩‍👧 小军一家", thanked=False),
    a_card(url="/stories/h0000000000000004", title="早饭的粥很好喝", beginning="", photo=None, author="老周"),
    a_card(url="/stories/h0000000000000005", title="带爸妈出远门，他们说比跟团自在…"),
    a_card(
        url="/stories/h0000000000000006",
        title="下雨天在窗边坐了一下午",
        beginning="什么也没干。",
        photo=SQUARE,
        author="W" * 64,
    ),
)


def a_wall(**changes: Any) -> StoriesView:
    wall = StoriesView(
        company=COMPANY,
        canonical="https://stories.example/stories",
        description="青禾书店的客户自己写的故事：为什么来、遇到了什么，都照作者的原话登在这里，好的、不好的都有。广告；作者获赠感谢礼的，页面上都写明。",
        cards=CARDS,
        newer_url=None,
        older_url="/stories?after=h0000000000000006",
        write_url="/desk",
        rules_url="/rules/7",
        ad_label="广告",
        schema={"@context": "https://schema.org", "@type": "CollectionPage"},
        outside=one_card("客户的故事", "/stories"),
    )
    return replace(wall, **changes)


def a_story(**changes: Any) -> StoryView:
    story = StoryView(
        company=COMPANY,
        canonical="https://stories.example/stories/h0000000000000001",
        description="李姐写给青禾书店的故事（广告，作者获赠感谢礼）：老板娘半夜起来给我们烧热水，还一直道歉。早饭一般，房间很安静。",
        title="住进来就碰上停水",
        lines=(
            "老板娘半夜起来给我们烧热水，还一直道歉。其实我们也没有怪她，山里的管子冻住了，谁也没办法。",
            "早饭一般，房间很安静，窗外就是湖。孩子第二天不肯走，我们就又住了一晚。",
            "要说不好的：上山的路牌太小，我们开过了两次；Wi-Fi 只有大堂有。",
        ),
        author="李姐",
        at="2026年11月20日",
        day="2026-11-20",
        thanked=True,
        photos=(LAKE, TOWER),
        more=CARDS[1:3],
        write_url="/desk",
        ad_label="广告",
        schema={"@context": "https://schema.org", "@type": "Article", "headline": "住进来就碰上停水"},
        cards=one_card("住进来就碰上停水", "/stories/h0000000000000001"),
    )
    return replace(story, **changes)


def story_pages() -> dict[str, View]:
    """One of each page, and the states in which a page looks different."""
    return {
        "stories": a_wall(),
        "stories-older": a_wall(newer_url="/stories", older_url=None, rules_url=None),
        "stories-none": a_wall(cards=(), older_url=None, write_url=None, rules_url=None),
        "story": a_story(),
        "story-plain": a_story(photos=(), thanked=False, author="一位客户", lines=(), write_url=None, more=()),
        "story-upright": a_story(photos=(TOWER,)),
        "story-three": a_story(photos=(LAKE, TOWER, SQUARE)),
        "story-nine": a_story(photos=(LAKE, TOWER, SQUARE) * 3),
        "story-gone": StoryGoneView(company=COMPANY),
        "story-missing": StoryMissingView(company=COMPANY),
    }
