"""The story wall: stories that staff selected, in their authors' own words, for people and for search engines."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from xml.sax.saxutils import escape

from aiohttp import web

from bot.pages.answer import NO_SNIFFING, page, static
from bot.pages.cards import CardDesk
from bot.pages.look import static_file
from bot.pages.views import (
    Cards,
    StoriesView,
    StoryCard,
    StoryGoneView,
    StoryMissingView,
    StoryPhoto,
    StoryView,
    View,
)
from bot.photo_shelf import SMALL_WIDTH, PhotoShelf, small_of
from bot.photos import squared
from bot.words import Words
from referral import stories, thanks
from referral.facts import Facts
from referral.ids import is_id
from referral.nicknames import signs
from referral.stories import Photo, Story, StoryState
from referral.story_words import headed
from referral.times import SHANGHAI, Clock
from storage.store import Store
from storage.transaction import Transaction

AD_LABEL = "广告"
NAMELESS = "一位客户"
_OF_WALL = (
    "{company}的客户自己写的故事：为什么来、遇到了什么、哪里满意、哪里不满意，都照作者的原话登在这里，好的、不好的都有。"
    "广告；作者获赠感谢礼的，页面上都写明。"
)
_OF_STORY = "文字和照片由作者本人授权展示，好的、不好的都照原话登出，作者随时可以撤回。"
_CLOSING = " ，、；：,;:"
_PER_PAGE = 12
_ON_FIRST = 13  # the newest has a row to itself
_BEGINNING, _LONG_BEGINNING = 60, 130  # signs: beside a photo, and where there is none
_DESCRIBED = (60, 120)  # signs: what search engines show in whole (Baidu)
_MORE = 2  # stories to read on with
_MOST_LISTED = 10_000  # of a sitemap, which may hold 50 000 (sitemaps.org)
_FILE = re.compile(rf"([0-9a-f]{{40}})(-{SMALL_WIDTH})?\.jpg")
_ASK_AGAIN = NO_SNIFFING | {"Cache-Control": "no-cache"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryPages:
    """The public addresses of stories."""

    store: Store
    facts: Facts
    words: Words
    cards: CardDesk
    shelf: PhotoShelf
    clock: Clock

    def routes(self) -> list[web.RouteDef]:
        """The wall, a story, its photos and its card's picture, their style, and what search engines read."""
        css, sheet = static_file("stories.css")
        return [
            web.get(css, static(sheet, "text/css; charset=utf-8")),
            web.get("/stories", self.wall),
            web.get("/stories/{slug}", self.story),
            web.get("/stories/{slug}/card.jpg", self.card),
            web.get("/stories/photos/{name}", self.photo),
            web.get("/sitemap.xml", self.sitemap),
            web.get("/robots.txt", self.robots),
        ]

    async def wall(self, request: web.Request) -> web.Response:
        """A dozen stories, the newest first; `?after=` a story gives those selected before it."""
        after = request.query.get("after") or None
        if after and not is_id(after, "h"):
            return page(StoryMissingView(company=self.facts.company))
        now = self.clock()
        view = await self.store.read(lambda tx: self._wall(tx, after, now))
        return page(replace(view, script=await self.cards.script(request, view.outside)))

    async def story(self, request: web.Request) -> web.Response:
        """One story; a withdrawn one is gone, and of one that was never shown nothing is known."""
        slug = request.match_info["slug"]
        view: View = StoryMissingView(company=self.facts.company)
        if is_id(slug, "h"):
            view = await self.store.read(lambda tx: self._story(tx, tx.stories.get(slug)))
        if isinstance(view, StoryView):
            view = replace(view, script=await self.cards.script(request, view.cards))
        return page(view)

    async def card(self, request: web.Request) -> web.Response:
        """The middle of a story's first photo, 300 x 300 px, as long as the story is shown."""
        slug = request.match_info["slug"]
        found = await self.store.read(lambda tx: tx.stories.get(slug)) if is_id(slug, "h") else None
        photo = _first_photo(found) if found and found.state is StoryState.SELECTED else None
        if photo is None or photo.file is None:
            return page(StoryMissingView(company=self.facts.company))
        try:
            small = await asyncio.to_thread(_square, self.shelf.path(photo.file))
        except OSError:
            return page(StoryMissingView(company=self.facts.company))
        return web.Response(body=small, headers=_ASK_AGAIN | {"Content-Type": "image/jpeg"})

    async def photo(self, request: web.Request) -> web.StreamResponse:
        """A photo or its smaller copy, as long as its story is shown."""
        asked = _FILE.fullmatch(request.match_info["name"])
        name = f"{asked[1]}.jpg" if asked else ""
        if asked is None or not await self.store.read(lambda tx: tx.stories.shows(name)):
            return page(StoryMissingView(company=self.facts.company))
        path = await asyncio.to_thread(self.shelf.smaller if asked[2] else self.shelf.path, name)
        if not await asyncio.to_thread(path.is_file):
            return page(StoryMissingView(company=self.facts.company))
        return web.FileResponse(path, headers=_ASK_AGAIN | {"Content-Type": "image/jpeg"})

    async def sitemap(self, request: web.Request) -> web.Response:
        """Every story's address, with the day it came."""
        found = await self.store.read(lambda tx: tx.stories.places(limit=_MOST_LISTED))
        places = [(f"{self.facts.public_url}/stories", found[0][1] if found else None)]
        places += [(self.facts.story_page(story), selected_at) for story, selected_at in found]
        urls = "".join(_place(address, at) for address, at in places)
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n'
        )
        return web.Response(body=body.encode(), headers=_ASK_AGAIN | {"Content-Type": "application/xml; charset=utf-8"})

    async def robots(self, request: web.Request) -> web.Response:
        """Where the sitemap is; every page says for itself whether it may be listed."""
        return web.Response(
            text=f"User-agent: *\nAllow: /\nSitemap: {self.facts.public_url}/sitemap.xml\n", headers=_ASK_AGAIN
        )

    def _wall(self, tx: Transaction, after: str | None, now: datetime) -> StoriesView:
        most = _PER_PAGE if after else _ON_FIRST
        found = tx.stories.published(after=after, limit=most + 1)
        shown, home = found[:most], f"{self.facts.public_url}/stories"
        campaign = thanks.campaign_for_stories(tx, now)
        canonical = f"{home}?after={after}" if after else home
        return StoriesView(
            company=self.facts.company,
            canonical=canonical,
            description=_clipped(_OF_WALL.format(company=self.facts.company), _DESCRIBED[1]),
            cards=tuple(_card(story) for story in shown),
            newer_url=_newer(tx, after) if after else None,
            older_url=f"/stories?after={shown[-1].id}" if len(found) > most else None,
            write_url=self._write_url,
            rules_url=f"/rules/{campaign.id}" if campaign else None,
            ad_label=AD_LABEL,
            schema=self._list_schema(shown, canonical),
            outside=self._outside(canonical),
        )

    @property
    def _write_url(self) -> str | None:
        return "/desk" if self.facts.desk and not stories.is_closed(self.facts.industry) else None

    def _outside(self, canonical: str) -> Cards:
        """The card of the wall."""
        title, text = f"客户的故事 · {self.facts.company}", "客户自己写的，好的、不好的都在这里。"
        path = canonical.removeprefix(self.facts.public_url)
        return self.cards.of_page(path, title=title, text=text, picture=self._picture)

    def _card_of(self, story: Story, title: str) -> Cards:
        """The card of one story; that its author was thanked stands on it too (reliability R12)."""
        author = story.author or NAMELESS
        text = f"{author}写给{self.facts.company}的故事" + ("。广告，作者获赠感谢礼" if story.thanked else "")
        path = f"/stories/{story.id}"
        picture = f"{path}/card.jpg" if _first_photo(story) else self._picture
        return self.cards.of_page(path, title=title, text=text, picture=picture)

    @property
    def _picture(self) -> str:
        """The small picture where there is no photo."""
        return f"/card/{self.words.pack('traveller').template}.jpg"

    def _story(self, tx: Transaction, story: Story | None) -> View:
        if story is None or story.selected_at is None:
            return StoryMissingView(company=self.facts.company)
        if story.state is not StoryState.SELECTED:
            return StoryGoneView(company=self.facts.company)
        title, rest = headed(story.text)
        return StoryView(
            company=self.facts.company,
            canonical=self.facts.story_page(story.id),
            description=self._described(story, story.text if title.endswith("…") else rest or title),
            title=title,
            lines=tuple(rest.splitlines()),
            author=story.author or NAMELESS,
            at=_day(story.selected_at),
            day=_iso_day(story.selected_at),
            thanked=story.thanked,
            photos=tuple(_photo(photo) for photo in story.photos if photo.file),
            more=tuple(_card(each) for each in _others(tx, story)),
            write_url=self._write_url,
            ad_label=AD_LABEL,
            schema=self._schema(story, title),
            cards=self._card_of(story, title),
        )

    def _described(self, story: Story, text: str) -> str:
        """What search engines show of a story, marked as what it is."""
        label = f"{AD_LABEL}，作者获赠感谢礼" if story.thanked else AD_LABEL
        head = f"{story.author or NAMELESS}写给{self.facts.company}的故事（{label}）："
        whole = f"{head}{' '.join(text.split())}"
        return _clipped(whole if len(signs(whole)) >= _DESCRIBED[0] else f"{whole} {_OF_STORY}", _DESCRIBED[1])

    def _schema(self, story: Story, title: str) -> dict[str, object]:
        """The story as schema.org has it: an article about the company by one of its customers."""
        company = {"@type": "Organization", "name": self.facts.company, "url": self.facts.public_url}
        author: dict[str, object] = {"@type": "Person", "name": story.author or NAMELESS}
        told: dict[str, object] = {
            "@context": "https://schema.org",
            "@type": "Article",
            "url": self.facts.story_page(story.id),
            "headline": title,
            "articleBody": story.text,
            "author": author,
            "datePublished": _iso_day(story.selected_at),
            "inLanguage": "zh-CN",
            "isAccessibleForFree": True,
            "about": company,
            "publisher": company,
        }
        images = [f"{self.facts.public_url}{_photo(photo).src}" for photo in story.photos if photo.file]
        thanked = {"creditText": "广告，作者获赠感谢礼"} if story.thanked else {"creditText": AD_LABEL}
        return told | thanked | ({"image": images} if images else {})

    def _list_schema(self, shown: list[Story], canonical: str) -> dict[str, object]:
        """The page as a list of what it leads to."""
        items = [
            {"@type": "ListItem", "position": place, "url": self.facts.story_page(story.id)}
            for place, story in enumerate(shown, 1)
        ]
        return {
            "@context": "https://schema.org",
            "@type": "CollectionPage",
            "url": canonical,
            "name": "客户的故事",
            "inLanguage": "zh-CN",
            "mainEntity": {"@type": "ItemList", "itemListElement": items},
        }


def _card(story: Story) -> StoryCard:
    title, rest = headed(story.text)
    photo = _first_photo(story)
    return StoryCard(
        url=f"/stories/{story.id}",
        title=title,
        beginning=_clipped(" ".join(rest.split()), _BEGINNING if photo else _LONG_BEGINNING),
        author=story.author or NAMELESS,
        at=_day(story.selected_at),
        day=_iso_day(story.selected_at),
        thanked=story.thanked,
        photo=_photo(photo) if photo else None,
    )


@lru_cache(maxsize=256)
def _square(photo: Path) -> bytes:
    """The picture of a card, drawn once: a photo's name tells of its content."""
    return squared(photo)


def _first_photo(story: Story) -> Photo | None:
    return next((photo for photo in story.photos if photo.file), None)


def _newer(tx: Transaction, after: str) -> str:
    """The page before the one that begins after a story."""
    before = tx.stories.newer(after, limit=_ON_FIRST)
    return f"/stories?after={before[_PER_PAGE - 1].id}" if len(before) >= _ON_FIRST else "/stories"


def _others(tx: Transaction, story: Story) -> list[Story]:
    """What to read on with: the stories selected before, and where there are none left, the newest."""
    found = tx.stories.published(after=story.id, limit=_MORE)
    if len(found) < _MORE:
        known = {story.id, *(each.id for each in found)}
        found += [each for each in tx.stories.published(limit=2 * _MORE) if each.id not in known]
    return found[:_MORE]


def _clipped(text: str, most: int) -> str:
    found = signs(text)
    return text if len(found) <= most else "".join(found[: most - 1]).rstrip(_CLOSING) + "…"


def _photo(photo: Photo) -> StoryPhoto:
    file = photo.file or ""
    small = f"/stories/photos/{small_of(file)}" if photo.width > SMALL_WIDTH else ""
    return StoryPhoto(src=f"/stories/photos/{file}", width=photo.width, height=photo.height, small=small)


def _day(at: datetime | None) -> str:
    local = at.astimezone(SHANGHAI) if at else None
    return f"{local.year}年{local.month}月{local.day}日" if local else ""


def _iso_day(at: datetime | None) -> str:
    return at.astimezone(SHANGHAI).date().isoformat() if at else ""


def _place(address: str, at: datetime | None) -> str:
    when = f"<lastmod>{_iso_day(at)}</lastmod>" if at else ""
    return f"<url><loc>{escape(address)}</loc>{when}</url>\n"
