"""A code's poster: the picture itself in every look there is, and the page to choose and save one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from bot.pages.answer import page, plain
from bot.pages.views import BusyView, ChoiceRow, EndedView, MissingView, PosterView
from bot.pages.visits import PICTURE_HEADERS, Visits
from bot.posters import pdf
from bot.posters.commissions import USUAL, Commission, PosterDesk, asked_for
from bot.posters.errors import PosterError, SizeUnknown, TemplateUnknown
from bot.posters.look import PRINTED
from bot.words import Words
from referral.errors import NotFound
from referral.facts import Facts
from referral.promises import is_full
from referral.times import Clock
from storage.store import Store
from storage.transaction import Transaction

_SIZES: Mapping[str, str] = {
    "tall": "竖版",
    "card": "小红书",
    "square": "方形",
    "end": "短视频片尾",
    "a4": "A4 张贴",
    "a6": "桌卡",
}
_EDITIONS: Mapping[str, str] = {"feed": "公开版", "friend": "朋友版"}
_THEMES: Mapping[str, str] = {"light": "浅色", "dark": "深色"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PosterPages:
    """The addresses of posters."""

    visits: Visits
    store: Store
    facts: Facts
    words: Words
    posters: PosterDesk
    clock: Clock

    def routes(self) -> list[web.RouteDef]:
        """`/p/CODE.jpg`, `/p/CODE.pdf` for print, and `/p/CODE`."""
        return [
            web.get("/p/{code}.jpg", self.picture),
            web.get("/p/{code}.pdf", self.printed),
            web.get("/p/{code}", self.show),
        ]

    async def picture(self, request: web.Request) -> web.Response:
        """The picture; `?edition=friend`, `template=`, `size=` and `theme=` choose another."""
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
        return web.Response(body=pdf.page(drawn), content_type="application/pdf", headers=PICTURE_HEADERS)

    async def show(self, request: web.Request) -> web.Response:
        """The page: the poster to be saved, its other looks, and words to copy."""
        visit, now = self.visits.visit(request), self.clock()
        wanted, problem = asked_for(request.query)
        if wanted is None:
            return plain(400, problem)

        def unit(tx: Transaction) -> PosterView | BusyView | MissingView | EndedView:
            return self.visits.refusal(tx, visit, now) or self._view(tx, visit.code or "", wanted, now)

        try:
            view = await self.store.write(unit)
        except (TemplateUnknown, SizeUnknown):
            return plain(400, "没有这个样式，或者这个样式没有这个尺寸")
        if isinstance(view, PosterView):
            self.visits.doorway.remember(visit.caller, visit.code or "")
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
        except PosterError:
            return plain(503, "海报这会儿没做出来，请稍后再试。")
        self.visits.doorway.remember(visit.caller, visit.code or "")
        return drawn

    def _view(self, tx: Transaction, code: str, wanted: Commission, now: datetime) -> PosterView:
        found = tx.codes.find(code)
        campaign = tx.campaigns.get(found.campaign) if found else None
        advocate = tx.people.get(found.advocate) if found else None
        assert found and campaign and advocate
        full = _promises_nothing(tx, code)
        wanted = replace(wanted, edition="feed") if full else wanted
        template = wanted.template or self.words.pack(campaign.pack).template
        look = self.posters.look(template)
        if wanted.size not in look.frames:
            raise SizeUnknown(wanted.size)
        chosen = replace(wanted, template=template)
        terms = tx.campaigns.terms(campaign.id, campaign.version)
        link = f"{self.facts.public_url}/i/{code}"
        words = self.words.share(advocate, campaign, terms, edition=chosen.edition, link=link, code=code, now=now)
        return PosterView(
            company=self.facts.company,
            picture=f"/p/{code}.jpg?{_query(chosen)}",
            picture_url=f"{self.facts.public_url}/p/{code}.jpg",
            width=look.frames[chosen.size].size.width,
            height=look.frames[chosen.size].size.height,
            print_url=f"/p/{code}.pdf?{_query(chosen)}" if chosen.size in PRINTED else None,
            looks=_rows(code, chosen, "template", {each.name: each.title for each in self.posters.looks()}),
            sizes=_rows(code, chosen, "size", {name: title for name, title in _SIZES.items() if name in look.frames}),
            themes=() if chosen.size in PRINTED else _rows(code, chosen, "theme", _THEMES),
            editions=() if full else _rows(code, chosen, "edition", _EDITIONS),
            words=words,
            landing_url=f"/i/{code}",
            rules_url=f"/rules/{campaign.id}",
            privacy_url="/privacy",
        )


def _promises_nothing(tx: Transaction, code: str) -> bool:
    """Whether a poster that names thanks would promise what cannot be given now."""
    found = tx.codes.find(code)
    campaign = tx.campaigns.get(found.campaign) if found else None
    return campaign is not None and is_full(campaign)


def _rows(code: str, chosen: Commission, name: str, titles: Mapping[str, str]) -> tuple[ChoiceRow, ...]:
    """What else there is of one kind, each with the way to it."""
    return tuple(
        ChoiceRow(
            title=title,
            url=f"/p/{code}?{_query(replace(chosen, **_one(name, value)))}",
            is_chosen=getattr(chosen, name) == value,
        )
        for value, title in titles.items()
    )


def _one(name: str, value: str) -> dict[str, Any]:
    return {name: value}


def _query(chosen: Commission) -> str:
    return urlencode(
        {"template": chosen.template, "size": chosen.size, "theme": chosen.theme, "edition": chosen.edition}
    )
