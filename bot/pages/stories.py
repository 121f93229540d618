"""The story wall: stories that staff selected, in their authors' own words, for people and for search engines."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

from aiohttp import web

from bot.pages.answer import NO_SNIFFING, page
from bot.pages.views import (
    StoriesView,
    StoryCard,
    StoryGoneView,
    StoryMissingView,
    StoryPhoto,
    StoryView,
    View,
)
from bot.photo_shelf import PhotoShelf
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
_PER_PAGE = 12
_BEGINNING = 60  # signs
_MOST_LISTED = 10_000  # of a sitemap, which may hold 50 000 (sitemaps.org)
_FILE = re.compile(r"[0-9a-f]{40}\.jpg")
_ASK_AGAIN = NO_SNIFFING | {"Cache-Control": "no-cache"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryPages:
    """The public addresses of stories."""

    store: Store
    facts: Facts
    shelf: PhotoShelf
    clock: Clock

    def routes(self) -> list[web.RouteDef]:
        """The wall, a story, its photos, and where search engines find them."""
        return [
            web.get("/stories", self.wall),
            web.get("/stories/{slug}", self.story),
            web.get("/stories/photos/{name}", self.photo),
            web.get("/sitemap.xml", self.sitemap),
            web.get("/robots.txt", self.robots),
        ]

    async def wall(self, request: web.Request) -> web.Response:
        """A dozen stories, the newest first; `?after=` a story gives those before it."""
        after = request.query.get("after") or None
        if after and not is_id(after, "h"):
            return page(StoryMissingView(company=self.facts.company))
        now = self.clock()
        return page(await self.store.read(lambda tx: self._wall(tx, after, now)))

    async def story(self, request: web.Request) -> web.Response:
        """One story; a withdrawn one is gone, and of one that was never shown nothing is known."""
        slug = request.match_info["slug"]
        found = await self.store.read(lambda tx: tx.stories.get(slug)) if is_id(slug, "h") else None
        return page(self._story(found))

    async def photo(self, request: web.Request) -> web.StreamResponse:
        """A photo, as long as its story is shown."""
        name = request.match_info["name"]
        if not _FILE.fullmatch(name) or not await self.store.read(lambda tx: tx.stories.shows(name)):
            return page(StoryMissingView(company=self.facts.company))
        path = self.shelf.path(name)
        if not await asyncio.to_thread(path.is_file):
            return page(StoryMissingView(company=self.facts.company))
        return web.FileResponse(path, headers=_ASK_AGAIN | {"Content-Type": "image/jpeg"})

    async def sitemap(self, request: web.Request) -> web.Response:
        """Every story's address, with the day it came."""
        found = await self.store.read(lambda tx: tx.stories.published(limit=_MOST_LISTED))
        places = [(f"{self.facts.public_url}/stories", found[0].selected_at if found else None)]
        places += [(self.facts.story_page(story.id), story.selected_at) for story in found]
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
        found = tx.stories.published(after=after, limit=_PER_PAGE + 1)
        shown, home = found[:_PER_PAGE], f"{self.facts.public_url}/stories"
        campaign = thanks.campaign_for_stories(tx, now)
        canonical = f"{home}?after={after}" if after else home
        return StoriesView(
            company=self.facts.company,
            canonical=canonical,
            cards=tuple(_card(story) for story in shown),
            is_first=after is None,
            older_url=f"/stories?after={shown[-1].id}" if len(found) > _PER_PAGE else None,
            write_url=self._write_url,
            rules_url=f"/rules/{campaign.id}" if campaign else None,
            ad_label=AD_LABEL,
            schema=self._list_schema(shown, canonical),
        )

    @property
    def _write_url(self) -> str | None:
        return "/desk" if self.facts.desk and not stories.is_closed(self.facts.industry) else None

    def _story(self, story: Story | None) -> View:
        if story is None or story.selected_at is None:
            return StoryMissingView(company=self.facts.company)
        if story.state is not StoryState.SELECTED:
            return StoryGoneView(company=self.facts.company)
        title, rest = headed(story.text)
        return StoryView(
            company=self.facts.company,
            canonical=self.facts.story_page(story.id),
            title=title,
            lines=tuple(rest.splitlines()),
            author=story.author or NAMELESS,
            at=_day(story.selected_at),
            thanked=story.thanked,
            photos=tuple(_photo(photo) for photo in story.photos if photo.file),
            write_url=self._write_url,
            ad_label=AD_LABEL,
            schema=self._schema(story, title),
        )

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
    photo = next((photo for photo in story.photos if photo.file), None)
    return StoryCard(
        url=f"/stories/{story.id}",
        title=title,
        beginning=_beginning(rest),
        author=story.author or NAMELESS,
        at=_day(story.selected_at),
        thanked=story.thanked,
        photo=_photo(photo) if photo else None,
    )


def _beginning(text: str) -> str:
    found = signs(" ".join(text.split()))
    return "".join(found) if len(found) <= _BEGINNING else "".join(found[: _BEGINNING - 1]).rstrip() + "…"


def _photo(photo: Photo) -> StoryPhoto:
    return StoryPhoto(src=f"/stories/photos/{photo.file}", width=photo.width, height=photo.height)


def _day(at: datetime | None) -> str:
    local = at.astimezone(SHANGHAI) if at else None
    return f"{local.year}年{local.month}月{local.day}日" if local else ""


def _iso_day(at: datetime | None) -> str:
    return at.astimezone(SHANGHAI).date().isoformat() if at else ""


def _place(address: str, at: datetime | None) -> str:
    when = f"<lastmod>{_iso_day(at)}</lastmod>" if at else ""
    return f"<url><loc>{escape(address)}</loc>{when}</url>\n"
