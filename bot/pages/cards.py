"""Share cards: what WeChat shows of a page that is passed on, and how the page tells it (platform reference 7.8).

WeChat listens only to pages signed in the name of an Official Account, by a script of its own. That script says nowhere
that others may hand it on, so the company brings it into its data folder. Without either a page is a plain link and
carries no script. Nothing is tied to passing on, and nothing of it comes back: it cannot be seen (design 2).

A page that is somebody's own has no card: WeChat, left alone, would pass on the address with the token in it. Such a
page tells WeChat the landing page of its person's newest code instead, and takes the ways to copy or open its address
off the menu; where there is no code to tell of, the ways to pass it on as well. A coupon's page is one of these.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog
from aiohttp import web

from bot.channels.errors import ChannelError
from bot.channels.jsapi import js_signature
from bot.config import Config
from bot.pages.answer import static
from bot.pages.look import dated, static_file
from bot.pages.views import Card, Cards, Script
from bot.words import Words
from referral.campaigns import Campaign
from referral.facts import Facts
from referral.ids import Bits, new_id
from referral.offers import Edition
from referral.promises import is_full
from referral.terms import Terms
from referral.times import Clock

log = structlog.get_logger()

FOLDER = "jssdk"
"""In the data folder: where WeChat's script lies, under its own name (jweixin-1.6.0.js)."""

CARD_CACHE = {"Cache-Control": "public, max-age=86400"}
"""How long a card's picture that is the same for everybody may be kept."""

_SDK_LIMIT = 256 * 1024  # bytes
_PATIENCE_S = 1.0  # a page does not wait longer for a ticket
_CALLS = ("updateAppMessageShareData", "updateTimelineShareData")
_HIDING = (*_CALLS, "hideMenuItems")
_ADDRESS = ("copyUrl", "favorite", "openWithQQBrowser", "openWithSafari", "share:email")
_PASSING = ("share:appMessage", "share:timeline", "share:qq", "share:QZone", "share:weiboApp")
_SCRIPT = "text/javascript; charset=utf-8"


class Tickets(Protocol):
    """Where the JS interface's tickets of one Official Account come from."""

    @property
    def app_id(self) -> str:
        """The account's own id."""
        ...

    async def ticket(self) -> str:
        """Return a ticket in use. Raises `ChannelError`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CardDesk:
    """Writes the cards of an invite code, and the script that hands them to WeChat.

    `sdk` is WeChat's own script, the path under which it is served and its content.
    """

    facts: Facts
    words: Words
    sdk: tuple[str, bytes] | None
    tickets: Tickets | None
    clock: Clock
    rng: Bits

    @property
    def is_heard(self) -> bool:
        """Whether WeChat takes cards from these pages at all."""
        return self.sdk is not None and self.tickets is not None

    def routes(self) -> list[web.RouteDef]:
        """Both scripts, each under a name that changes with it; none where no page loads them."""
        if self.sdk is None or self.tickets is None:
            return []
        return [web.get(at, static(body, _SCRIPT)) for at, body in (self.sdk, static_file("share.js"))]

    def of(self, code: str, advocate: str, campaign: Campaign, terms: Terms) -> Cards:
        """The cards of a code's pages. Of a campaign that is full nothing is promised to a friend either."""
        to_friends: Edition = "feed" if is_full(campaign) else "friend"
        link = f"{self.facts.public_url}/i/{code}"
        picture = f"{self.facts.public_url}/p/{code}/card.jpg"

        def card(edition: Edition) -> Card:
            words = self.words.card(advocate, campaign, terms, edition=edition)
            return Card(title=words.title, text=words.text, link=link, picture=picture)

        return Cards(feed=card("feed"), moments=f"{link}?c=moments", friend=card(to_friends))

    def of_page(self, path: str, *, title: str, text: str, picture: str) -> Cards:
        """The card of a page without a code, the same for everybody; `path` and `picture` are on our own host."""
        home = self.facts.public_url
        card = Card(title=title, text=text, link=f"{home}{path}", picture=f"{home}{picture}")
        return Cards(feed=card, moments=card.link, friend=card)

    async def script(self, request: web.Request, cards: Cards) -> Script | None:
        """What the page needs to tell its cards; None outside WeChat, and where no ticket is to be had in time."""
        return await self._script(request, _told(cards), _CALLS)

    async def own_script(self, request: web.Request, cards: Cards | None) -> Script | None:
        """What keeps the address of somebody's own page to themselves; `cards` are of their newest code, if any."""
        hidden = [f"menuItem:{item}" for item in (_ADDRESS if cards else _ADDRESS + _PASSING)]
        return await self._script(request, (_told(cards) if cards else {}) | {"hide": hidden}, _HIDING)

    async def _script(self, request: web.Request, told: dict[str, object], calls: tuple[str, ...]) -> Script | None:
        if not (self.sdk and self.tickets and _listens(request)):
            return None
        try:
            async with asyncio.timeout(_PATIENCE_S):
                ticket = await self.tickets.ticket()
        except (ChannelError, TimeoutError) as problem:
            log.warning("card.not_signed", reason=getattr(problem, "reason", "late"))
            return None
        signed = self._signed(f"{self.facts.public_url}{request.raw_path}", ticket, self.tickets.app_id)
        whole = json.dumps({"config": signed | {"jsApiList": calls}} | told, ensure_ascii=False)
        return Script(sdk=self.sdk[0], file=static_file("share.js")[0], told=whole)

    def _signed(self, url: str, ticket: str, app_id: str) -> dict[str, object]:
        """What `wx.config` takes besides the calls it is for."""
        nonce, timestamp = new_id(self.rng, "j"), int(self.clock().timestamp())
        return {
            "appId": app_id,
            "timestamp": timestamp,
            "nonceStr": nonce,
            "signature": js_signature(ticket, nonce=nonce, timestamp=timestamp, url=url),
        }


def sdk_in(data_dir: Path) -> tuple[str, bytes] | None:
    """WeChat's script as the company brought it, the newest by its name: its path and content. None: there is none."""
    found = sorted((data_dir / FOLDER).glob("jweixin-*.js"), reverse=True)
    fitting = (file for file in found if file.is_file() and file.stat().st_size <= _SDK_LIMIT)
    return next(map(dated, fitting), None)


def missing(config: Config) -> str:
    """What keeps the pages from having cards, in words for staff."""
    if not config.official:
        return "没有配置公众号（[[official]]）"
    if sdk_in(config.files.data_dir) is None:
        return f"数据目录的 {FOLDER} 文件夹里没有微信的脚本 jweixin-1.6.0.js"
    return "公众号还没有接到网页上"


def _told(cards: Cards) -> dict[str, object]:
    """The arguments of both calls, by whom they are for."""
    friend, feed = cards.friend, cards.feed
    return {
        "friend": {"title": friend.title, "desc": friend.text, "link": friend.link, "imgUrl": friend.picture},
        "feed": {"title": feed.title, "link": cards.moments, "imgUrl": feed.picture},
    }


def _listens(request: web.Request) -> bool:
    """Whether this is WeChat's own browser: WeCom's, which names it too, knows no Official Account."""
    agent = request.headers.get("User-Agent", "")
    return "MicroMessenger/" in agent and "wxwork/" not in agent and request.raw_path.startswith("/")
