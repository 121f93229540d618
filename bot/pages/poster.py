"""A code's poster: the picture itself in every look there is, and the page to choose and save one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from aiohttp import web

from bot.offers import SPOKEN_OVER, spoken_seconds
from bot.pages.answer import NO_SNIFFING, page, plain
from bot.pages.cards import CARD_CACHE, CardDesk
from bot.pages.views import BusyView, ChoiceRow, EndedView, MissingView, NothingView, PosterView
from bot.pages.visits import PICTURE_HEADERS, WAIT_S, Visit, Visits
from bot.posters import pdf
from bot.posters.commissions import USUAL, Commission, PosterDesk, asked_for
from bot.posters.errors import (
    PaletteUnknown,
    PosterError,
    PosterWaits,
    SeasonUnknown,
    SizeUnknown,
    TemplateUnknown,
)
from bot.posters.look import NO_SEASON, OWN, PRINTED, SEASONS, Look
from bot.words import Words
from referral import designs, poster_links
from referral.designs import Design
from referral.errors import NotFound
from referral.facts import Facts
from referral.promises import is_full
from referral.times import Clock
from storage.store import Store
from storage.transaction import Transaction

SPOKEN_SIZES: Mapping[str, str] = {
    "tall": "竖版",
    "card": "小红书",
    "square": "方形",
    "end": "短视频片尾",
    "a4": "A4 张贴",
    "a6": "桌卡",
}
"""What people call each size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PosterPages:
    """The addresses of posters."""

    visits: Visits
    store: Store
    facts: Facts
    words: Words
    posters: PosterDesk
    cards: CardDesk
    clock: Clock

    def routes(self) -> list[web.RouteDef]:
        """`/p/CODE.jpg`, `/p/CODE.pdf` for print, `/p/CODE`, and the small pictures of cards."""
        return [
            web.get("/p/{code}.jpg", self.picture),
            web.get("/p/{code}.pdf", self.printed),
            web.get("/p/{code}", self.show),
            web.get("/p/{code}/card.jpg", self.small),
            web.get("/card/{template}.jpg", self.card),
        ]

    async def picture(self, request: web.Request) -> web.Response:
        """The picture; `?edition=friend`, `template=`, `size=`, `theme=`, `palette=`, `season=` choose another."""
        drawn = await self._drawn(request, USUAL)
        if isinstance(drawn, web.Response):
            return drawn
        return web.Response(body=drawn, content_type="image/jpeg", headers=PICTURE_HEADERS)

    async def printed(self, request: web.Request) -> web.Response:
        """For a printer: A4 unless `?size=a6`."""
        if request.query.get("size", PRINTED[0]) not in PRINTED:
            return plain(400, f"size: {'、'.join(PRINTED)}")
        drawn = await self._drawn(request, replace(USUAL, size=PRINTED[0]))
        if isinstance(drawn, web.Response):
            return drawn
        sheet = await asyncio.to_thread(pdf.page, drawn)
        return web.Response(body=sheet, content_type="application/pdf", headers=PICTURE_HEADERS)

    async def small(self, request: web.Request) -> web.Response:
        """What stands beside the words of a card, 300 x 300 px."""
        visit, now = self.visits.visit(request), self.clock()
        refused = await self.store.write(lambda tx: self.visits.refusal(tx, visit, now))
        if refused:
            return page(refused)
        try:
            drawn = await self.posters.thumbnail(visit.code or "")
        except PosterError:
            return plain(503, "图片这会儿没做出来，请稍后再试。")
        return web.Response(body=drawn, content_type="image/jpeg", headers=PICTURE_HEADERS)

    async def card(self, request: web.Request) -> web.Response:
        """What stands beside the words of a card of a page without a code, 300 x 300 px."""
        try:
            drawn = await self.posters.card_picture(request.match_info["template"])
        except TemplateUnknown:
            return page(NothingView(company=self.facts.company))
        except PosterError:
            return plain(503, "图片这会儿没做出来，请稍后再试。")
        return web.Response(body=drawn, content_type="image/jpeg", headers=NO_SNIFFING | CARD_CACHE)

    async def show(self, request: web.Request) -> web.Response:
        """The page: the poster to be saved, its other looks, and words to copy."""
        visit, now = self.visits.visit(request), self.clock()
        wanted, problem = asked_for(request.query)
        if wanted is None:
            return plain(400, problem)

        looks = {look.name: look for look in await asyncio.to_thread(self.posters.looks)}

        def unit(tx: Transaction) -> PosterView | BusyView | MissingView | EndedView:
            return self.visits.refusal(tx, visit, now) or self._view(tx, visit, wanted, looks, now)

        try:
            view = await self.store.write(unit)
        except (TemplateUnknown, SizeUnknown, PaletteUnknown, SeasonUnknown):
            return plain(400, "没有这个样式，或者这个样式没有这个尺寸、颜色或时令")
        if isinstance(view, PosterView):
            if view.refresh_s:
                self.posters.hurry()
            self.visits.doorway.remember(visit.caller, visit.code or "")
            view = replace(view, script=await self.cards.script(request, view.cards))
        return page(view)

    async def _drawn(self, request: web.Request, usual: Commission) -> bytes | web.Response:
        visit, now = self.visits.visit(request), self.clock()
        refused = await self.store.write(lambda tx: self.visits.refusal(tx, visit, now))
        if refused:
            return page(refused)
        wanted, problem = asked_for(request.query, usual)
        if wanted is None:
            return plain(400, problem)
        if await self.store.read(lambda tx: _promises_nothing(tx, visit.code or "")):
            wanted = replace(wanted, edition="feed")
        try:
            drawn = await self.posters.poster(visit.code or "", wanted)
        except NotFound:
            return page(MissingView(company=self.facts.company))
        except TemplateUnknown:
            return plain(400, "template: 没有这个样式")
        except SizeUnknown:
            return plain(400, "size: 这个样式没有这个尺寸")
        except PaletteUnknown:
            return plain(400, "palette: 这个样式没有这套颜色")
        except SeasonUnknown:
            return plain(400, "season: 这个样式没有这个时令")
        except PosterWaits:
            waits = plain(503, "海报上的二维码正在准备，通常只要几秒钟，请稍后再打开。")
            waits.headers["Retry-After"] = str(WAIT_S)
            return waits
        except PosterError:
            return plain(503, "海报这会儿没做出来，请稍后再试。")
        self.visits.doorway.remember(visit.caller, visit.code or "")
        return drawn

    def _view(
        self, tx: Transaction, visit: Visit, wanted: Commission, looks: Mapping[str, Look], now: datetime
    ) -> PosterView:
        code = visit.code or ""
        found = tx.codes.find(code)
        campaign = tx.campaigns.get(found.campaign) if found else None
        advocate = tx.people.get(found.advocate) if found else None
        assert found and campaign and advocate
        full = is_full(campaign)
        own = self.posters.template_of(tx, found, campaign)
        own = own if own in looks else self.words.pack(campaign.pack).template
        chosen = replace(wanted, template=wanted.template or own)
        chosen = replace(chosen, edition="feed") if full else chosen
        look = looks.get(chosen.template)
        if look is None:
            raise TemplateUnknown(chosen.template)
        if chosen.size not in look.frames:
            raise SizeUnknown(chosen.size)
        chosen = _said_out(chosen, look, designs.of_code(tx, found), own)
        palettes = {each.title: replace(chosen, palette=each.name or OWN) for each in look.palettes}
        seasons = {"不加": replace(chosen, season=NO_SEASON)} | {
            title: replace(chosen, season=name) for name, title in SEASONS.items()
        }
        themes = {"浅色": replace(chosen, theme="light"), "深色": replace(chosen, theme="dark")}
        editions = {"公开版": replace(chosen, edition="feed"), "朋友版": replace(chosen, edition="friend")}
        terms = tx.campaigns.terms(campaign.id, campaign.version)
        ready = self.posters.is_ready(tx, found, campaign, now)
        link = poster_links.link_in_words(tx, self.facts, code)
        words = self.words.share(advocate, campaign, terms, edition=chosen.edition, link=link, code=code, now=now)
        spoken = self.words.spoken(advocate.id, campaign) if chosen.size == SPOKEN_OVER else ""
        return PosterView(
            company=self.facts.company,
            picture=f"/p/{code}.jpg?{_query(chosen)}",
            width=look.frames[chosen.size].size.width,
            height=look.frames[chosen.size].size.height,
            print_url=f"/p/{code}.pdf?{_query(chosen)}" if chosen.size in PRINTED else None,
            looks=_rows(code, chosen, {each.title: _in_look(chosen, each, chosen.size) for each in looks.values()}),
            sizes=_rows(code, chosen, {SPOKEN_SIZES[name]: _in_look(chosen, look, name) for name in look.frames}),
            themes=() if chosen.size in PRINTED else _rows(code, chosen, themes),
            editions=() if full else _rows(code, chosen, editions),
            palettes=_rows(code, chosen, palettes),
            seasons=_rows(code, chosen, seasons) if look.frames[chosen.size].season else (),
            words=words,
            landing_url=f"/i/{code}",
            rules_url=f"/rules/{campaign.id}",
            privacy_url="/privacy",
            cards=self.cards.of(code, advocate.id, campaign, terms),
            refresh_s=None if ready else WAIT_S,
            spoken=spoken,
            spoken_s=spoken_seconds(spoken),
            in_wechat=visit.in_wechat,
        )


def _promises_nothing(tx: Transaction, code: str) -> bool:
    """Whether a poster that names thanks would promise what cannot be given now."""
    found = tx.codes.find(code)
    campaign = tx.campaigns.get(found.campaign) if found else None
    return campaign is not None and is_full(campaign)


def _rows(code: str, chosen: Commission, titled: Mapping[str, Commission]) -> tuple[ChoiceRow, ...]:
    """What else there is of one kind, each with the way to it."""
    return tuple(
        ChoiceRow(title=title, url=f"/p/{code}?{_query(each)}", is_chosen=each == chosen)
        for title, each in titled.items()
    )


def _said_out(chosen: Commission, look: Look, design: Design | None, own: str) -> Commission:
    """With the colours and the ornament it has now, the rep's too. Raises `PaletteUnknown` and `SeasonUnknown`."""
    look.colours(chosen.palette)
    look.ornament(chosen.season, chosen.size, chosen.theme)
    hers = design.palette if design and chosen.template == own else ""
    palette = chosen.palette or (hers if hers in {each.name for each in look.palettes} else "")
    season = chosen.season or (design.season if design and look.frames[chosen.size].season else "")
    return replace(chosen, palette=palette or OWN, season=season if season in SEASONS else NO_SEASON)


def _in_look(chosen: Commission, look: Look, size: str) -> Commission:
    """The same in another look or size: in the usual one where it has not this, with what it has of the rest."""
    size = size if size in look.frames else USUAL.size
    return replace(
        chosen,
        template=look.name,
        size=size,
        palette=chosen.palette if any(each.name == chosen.palette for each in look.palettes) else OWN,
        season=chosen.season if look.frames[size].season else NO_SEASON,
    )


def _query(chosen: Commission) -> str:
    return urlencode(asdict(chosen))
