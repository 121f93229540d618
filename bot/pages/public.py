"""Pages for everyone: rules, privacy, the way to the desk, verification files, and what machines ask for."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from aiohttp import web

from bot import metrics
from bot.pages.answer import NO_SNIFFING, page, plain, static, trouble
from bot.pages.cards import CardDesk
from bot.pages.look import static_css
from bot.pages.views import NothingView, PrivacyView, RulesView
from bot.words import Words
from referral.campaigns import Campaign, current
from referral.facts import Facts
from referral.ids import is_id
from referral.times import Clock
from storage.errors import StorageError
from storage.store import Store
from storage.transaction import Transaction

_VERIFY = re.compile(r"(WW|MP)_verify_[0-9A-Za-z]{1,64}\.txt")
_VERIFY_LIMIT = 4096
_USUAL_PACK = "double-month"  # whose privacy page is everybody's


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPages:
    """What needs no name and no code."""

    store: Store
    facts: Facts
    words: Words
    cards: CardDesk
    verify_dir: Path
    clock: Clock
    ready: Callable[[], Awaitable[str | None]]

    def routes(self) -> list[web.RouteDef]:
        """The fixed addresses."""
        css, sheet = static_css()
        return [
            web.get("/rules/{campaign}", self.rules),
            web.get("/rules", self.rules),
            web.get("/privacy", self.privacy),
            web.get("/desk", self.desk),
            web.get(css, static(sheet, "text/css; charset=utf-8")),
            web.get("/{name:(?:WW|MP)_verify_[0-9A-Za-z]+\\.txt}", self.verification),
            web.get("/healthz", self.healthz),
            web.get("/readyz", self.readyz),
            web.get("/metrics", self.metrics),
        ]

    async def rules(self, request: web.Request) -> web.Response:
        """A campaign's whole rules; without a name, those of the newest running one."""
        name, now = request.match_info.get("campaign", ""), self.clock()

        def unit(tx: Transaction) -> RulesView | None:
            campaign = current(tx, now=now) if not name else tx.campaigns.get(name) if is_id(name, "c") else None
            if campaign is None:
                return None
            return self._rules(tx, campaign, now)

        view = await self.store.read(unit)
        if view is None:
            return page(NothingView(company=self.facts.company))
        return page(replace(view, script=await self.cards.script(request, view.cards)))

    async def privacy(self, request: web.Request) -> web.Response:
        """What is kept of people, why and how long."""
        title, text = f"隐私说明 · {self.facts.company}", "我们记下什么、谁看得到、怎样删除，都写在这里。"
        picture = f"/card/{self.words.pack(_USUAL_PACK).template}.jpg"
        cards = self.cards.of_page("/privacy", title=title, text=text, picture=picture)
        sections = tuple((s.title, (s.text,)) for s in self.words.privacy(_USUAL_PACK))
        script = await self.cards.script(request, cards)
        return page(PrivacyView(company=self.facts.company, sections=sections, cards=cards, script=script))

    async def desk(self, request: web.Request) -> web.Response:
        """On to the desk's chat, by the link the platform gave us."""
        desk = self.facts.desk
        link = await self.store.read(lambda tx: tx.desks.link(desk)) if desk else None
        if link is None:
            return trouble(request, self.facts.company, 503, "客服入口正在准备，请稍后再打开。")
        raise web.HTTPFound(link, headers=NO_SNIFFING)

    async def verification(self, request: web.Request) -> web.Response:
        """The platform's domain files, from `data_dir/verify`."""
        name = request.match_info["name"]
        path = self.verify_dir / name
        if not _VERIFY.fullmatch(name) or not path.is_file() or path.stat().st_size > _VERIFY_LIMIT:
            return page(NothingView(company=self.facts.company))
        return web.Response(body=path.read_bytes(), content_type="text/plain", headers=NO_SNIFFING)

    def _rules(self, tx: Transaction, campaign: Campaign, now: datetime) -> RulesView:
        pack = self.words.pack(campaign.pack)
        sections = self.words.rules(campaign, tx.campaigns.terms(campaign.id, campaign.version))
        title = f"「{pack.title}」活动规则"
        cards = self.cards.of_page(
            f"/rules/{campaign.id}",
            title=f"{title} · {self.facts.company}",
            text="怎样算、怎样退、怎样联系我们，都写在这里。",
            picture=f"/card/{pack.template}.jpg",
        )
        return RulesView(
            company=self.facts.company,
            title=title,
            sections=tuple((s.title, (s.text,)) for s in sections),
            ended=campaign.is_over(now),
            cards=cards,
        )

    async def healthz(self, request: web.Request) -> web.Response:
        """Alive."""
        return plain(200, "ok")

    async def readyz(self, request: web.Request) -> web.Response:
        """Able to take callbacks: the database answers and can be written."""
        problem = await self.ready()
        return plain(503, problem) if problem else plain(200, "ok")

    async def metrics(self, request: web.Request) -> web.Response:
        """Figures for Prometheus; while the database does not answer, those that need none."""
        try:
            now = self.clock()
            stored = await self.store.read(lambda tx: metrics.stored(tx, self.facts, now))
        except StorageError:
            stored = None
        return web.Response(
            body=metrics.page(stored),
            headers=NO_SNIFFING | {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )
