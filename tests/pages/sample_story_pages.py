"""The story wall as the cast would see it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.pages.views import StoriesView, StoryCard, StoryGoneView, StoryMissingView, StoryPhoto, StoryView, View

COMPANY = "青禾书店"
LAKE = StoryPhoto(src="/stories/photos/lake.jpg", width=1600, height=1200)
TOWER = StoryPhoto(src="/stories/photos/tower.jpg", width=900, height=1600)


def a_card(**changes: Any) -> StoryCard:
    card = StoryCard(
        url="/stories/h0000000000000001",
        title="住进来就碰上停水",
        beginning="老板娘半夜起来给我们烧热水，还一直道歉。早饭一般，房间很安静，窗外就是湖。孩子第二天不肯走，我们就又住了一晚…",
        author="李姐",
        at="2026年11月20日",
        thanked=True,
        photo=LAKE,
    )
    return replace(card, **changes)


def a_wall(**changes: Any) -> StoriesView:
    wall = StoriesView(
        company=COMPANY,
        canonical="https://stories.example/stories",
        cards=(
            a_card(),
            a_card(
                title="失望。热水没有，被子是潮的，打电话也没人接，说好的接站也没有来…",
                beginning="",
                author="一位客户",
                thanked=False,
                photo=None,
            ),
            a_card(title="客房小了些", photo=TOWER, author="👨‍👩‍👧 小军一家", thanked=False),
        ),
        is_first=True,
        older_url="/stories?after=h0000000000000003",
        write_url="/desk",
        rules_url="/rules/7",
        ad_label="广告",
        schema={"@context": "https://schema.org", "@type": "CollectionPage"},
    )
    return replace(wall, **changes)


def a_story(**changes: Any) -> StoryView:
    story = StoryView(
        company=COMPANY,
        canonical="https://stories.example/stories/h0000000000000001",
        title="住进来就碰上停水",
        lines=(
            "老板娘半夜起来给我们烧热水，还一直道歉。其实我们也没有怪她，山里的管子冻住了，谁也没办法。",
            "早饭一般，房间很安静，窗外就是湖。孩子第二天不肯走，我们就又住了一晚。",
            "要说不好的：上山的路牌太小，我们开过了两次；Wi-Fi 只有大堂有。",
        ),
        author="李姐",
        at="2026年11月20日",
        thanked=True,
        photos=(LAKE, TOWER),
        write_url="/desk",
        ad_label="广告",
        schema={"@context": "https://schema.org", "@type": "Article", "headline": "住进来就碰上停水"},
    )
    return replace(story, **changes)


def story_pages() -> dict[str, View]:
    """One of each page, and the states in which a page looks different."""
    return {
        "stories": a_wall(),
        "stories-older": a_wall(is_first=False, older_url=None, rules_url=None),
        "stories-none": a_wall(cards=(), older_url=None, write_url=None, rules_url=None),
        "story": a_story(),
        "story-plain": a_story(photos=(), thanked=False, author="一位客户", lines=(), write_url=None),
        "story-gone": StoryGoneView(company=COMPANY),
        "story-missing": StoryMissingView(company=COMPANY),
    }
