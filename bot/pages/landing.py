"""The page behind a code: records the touch, asks for the contact QR, and shows who invites."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from aiohttp import web

from bot.copy import PLACEHOLDERS
from bot.pages.answer import NO_SNIFFING, page, popular
from bot.pages.callers import caller
from bot.pages.cards import CardDesk
from bot.pages.doorway import Doorway
from bot.pages.look import SECURITY_HEADERS, static_file
from bot.pages.views import BusyView, EndedView, LandingView, MissingView, NothingView, RestingView
from bot.pages.visits import PICTURE_HEADERS, WAIT_S, Visit, Visits
from bot.posters.commissions import PosterDesk
from bot.words import Words
from referral import codes, contact_ways
from referral.campaigns import Campaign
from referral.codes import Code
from referral.contact_ways import ContactWay
from referral.facts import Facts
from referral.ids import Bits, is_id, new_id
from referral.nicknames import legible
from referral.people import Byline, Person
from referral.promises import is_full
from referral.shares import Share, ShareLevel, counts_as_seen, is_crawler
from referral.times import SHANGHAI, Clock, chinese_date
from referral.touches import Touch, TouchKind
from storage.store import Store
from storage.transaction import Transaction

_RELOADS = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """The addresses of a code's own page."""

    visits: Visits
    store: Store
    facts: Facts
    words: Words
    doorway: Doorway
    posters: PosterDesk
    cards: CardDesk
    pictures: Path
    clock: Clock
    rng: Bits
    wake: Callable[[], None]

    def routes(self) -> list[web.RouteDef]:
        """`/i/`, its upper-case form for short QRs, the face on it and the mirrored contact QRs."""
        return [
            web.get("/i/{code}", self.landing),
            web.get("/I/{code}", self.landing),
            web.get("/face/{code}.jpg", self.face),
            web.get("/qr/{name}", self.picture),
        ]

    async def landing(self, request: web.Request) -> web.Response:
        """Show who invites; the first view of a code also asks for its own contact QR."""
        cookie = web.Response()
        device = self.doorway.device(request) or self.doorway.mark(cookie, self.rng, secure=request.secure)
        visit = self.visits.visit(request, device)
        now = self.clock()
        view = await self.store.write(lambda tx: self._open(tx, visit, now))
        if isinstance(view, LandingView):
            self.doorway.remember(visit.caller, view.code)
            if view.refresh_s:
                self.wake()
            view = replace(view, script=await self.cards.script(request, view.cards))
        alike = isinstance(view, LandingView) and view.script is None
        answer = popular(request, view) if alike else page(view)
        answer.cookies.update(cookie.cookies)
        return answer

    async def face(self, request: web.Request) -> web.Response:
        """The advocate's portrait, where they chose to show it; a drawn one where it cannot be had."""
        visit = self.visits.visit(request)
        now = self.clock()
        refused = await self.store.write(lambda tx: self.visits.refusal(tx, visit, now))
        if refused:
            return page(refused)
        portrait = await self.posters.portrait(visit.code or "")
        if portrait is None:
            _, drawn = static_file("face.svg")
            return web.Response(body=drawn, content_type="image/svg+xml", headers=SECURITY_HEADERS | PICTURE_HEADERS)
        return web.Response(body=portrait, content_type="image/jpeg", headers=PICTURE_HEADERS)

    async def picture(self, request: web.Request) -> web.StreamResponse:
        """A mirrored contact QR."""
        name = request.match_info["name"]
        stem, _, suffix = name.partition(".")
        path = self.pictures / name
        if not is_id(stem, "q") or suffix not in ("png", "jpg") or not path.is_file():
            return page(NothingView(company=self.facts.company))
        return web.FileResponse(path, headers=NO_SNIFFING | {"Cache-Control": "public, max-age=86400"})

    def _open(
        self, tx: Transaction, visit: Visit, now: datetime
    ) -> LandingView | RestingView | BusyView | MissingView | EndedView:
        refused = self.visits.refusal(tx, visit, now)
        if refused:
            return refused
        code = tx.codes.find(visit.code or "")
        assert code
        campaign, advocate = tx.campaigns.get(code.campaign), tx.people.get(code.advocate)
        assert campaign and advocate
        if not campaign.is_open(now):
            return self._resting(campaign, now)
        code = codes.with_greeting_rep(tx, code)
        owners = tx.people.owners_of(visit.device)
        if not is_crawler(visit.agent):
            self._record(tx, visit, code, campaign, now, own=code.advocate in owners)
            contact_ways.for_code(tx, code, now=now, rng=self.rng)
        return replace(self._view(tx, code, campaign, advocate, owners), in_wechat=visit.in_wechat)

    def _resting(self, campaign: Campaign, now: datetime) -> RestingView:
        begins = None if campaign.has_begun(now) else chinese_date(campaign.starts_at)
        title = self.words.pack(campaign.pack).title
        contact, rules_url = self.words.contact, f"/rules/{campaign.id}"
        return RestingView(company=self.facts.company, title=title, begins=begins, contact=contact, rules_url=rules_url)

    def _record(
        self, tx: Transaction, visit: Visit, code: Code, campaign: Campaign, now: datetime, *, own: bool
    ) -> None:
        """A view is a touch, unless it is the advocate's own, or the page loading itself again for its QR."""
        if own or tx.touches.seen_by(visit.device, code.code, now - _RELOADS):
            return
        channel = visit.channel or code.channel
        touch = Touch(
            id=new_id(self.rng, "t"),
            code=code.code,
            campaign=campaign.id,
            advocate=code.advocate,
            friend=None,
            kind=TouchKind.VIEW,
            channel=channel,
            version=campaign.version,
            at=now,
            arrived_at=now,
            device=visit.device,
        )
        tx.touches.add(touch)
        prepared_at = tx.shares.first_at(code.code, ShareLevel.PREPARED)
        if counts_as_seen(agent=visit.agent, own_device=own, prepared_at=prepared_at, now=now):
            share = Share(
                person=code.advocate,
                campaign=campaign.id,
                code=code.code,
                channel=code.channel,
                level=ShareLevel.SEEN,
                first_at=now,
                evidence=f"touch:{touch.id}",
            )
            tx.shares.reach(share)

    def _view(
        self, tx: Transaction, code: Code, campaign: Campaign, advocate: Person, owners: Collection[str]
    ) -> LandingView:
        terms = tx.campaigns.terms(campaign.id, campaign.version)
        words = self.words.landing(advocate, campaign, terms, code.code)
        way = tx.contact_ways.of_code(code.code, code.rep) if code.rep else None
        own = way is not None and way.picture is not None
        shown = way if own else (tx.contact_ways.of_rep(code.rep) if code.rep else None)
        rep = tx.reps.get(code.rep) if code.rep else None
        ends = campaign.ends_at.astimezone(SHANGHAI) if campaign.ends_at else None
        return LandingView(
            company=self.facts.company,
            inviter=advocate.shown_name,
            inviter_avatar=f"/face/{code.code}.jpg" if _shows_face(advocate) else None,
            headline=words.headline,
            lines=words.lines,
            steps=words.steps,
            full=is_full(campaign),
            caller=caller(tx, owners, code, terms),
            advocate_thanked=bool(terms.thanks_for("referral", "advocate", tier=advocate.tier)),
            last_day=f"{ends.year}年{ends.month}月{ends.day}日" if ends else None,
            rep_name=(legible(rep.name, PLACEHOLDERS["rep"]) or None) if rep else None,
            contact_qr=_picture_of(shown),
            contact_qr_is_personal=own,
            code=code.code,
            code_spaced=f"{code.code[:4]} {code.code[4:]}",
            rules_url=f"/rules/{campaign.id}",
            privacy_url="/privacy",
            refresh_s=None if own or code.rep is None else WAIT_S,
            posters_url=f"/p/{code.code}",
            ad_label="广告",
            cards=self.cards.of(code.code, advocate.id, campaign, terms),
        )


def _shows_face(advocate: Person) -> bool:
    return advocate.byline is Byline.FACE and bool(advocate.avatar)


def _picture_of(way: ContactWay | None) -> str | None:
    return f"/qr/{way.picture}" if way and way.picture else None
