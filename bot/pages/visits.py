"""Who opens which code, and whether it is opened for them: the same for its page, its poster and its face."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from bot.pages.answer import NO_SNIFFING
from bot.pages.doorway import MISSES, Doorway, since
from bot.pages.views import BusyView, EndedView, MissingView
from bot.words import Words
from referral import codes
from referral.facts import Facts
from referral.shares import CHANNELS
from storage.transaction import Transaction

WAIT_S = 5  # before a page looks again for a QR that is being made
PICTURE_HEADERS = NO_SNIFFING | {"Cache-Control": "private, max-age=60"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who opens which code, as far as the request tells."""

    code: str | None
    caller: str
    device: str
    agent: str
    channel: str
    known: bool

    @property
    def in_wechat(self) -> bool:
        """Whether a long press on a QR reads it: in WeChat's own browser, and in WeCom's."""
        return in_wechat(self.agent)


def in_wechat(agent: str) -> bool:
    """Whether a browser is WeChat's own, or WeCom's, by what it says of itself."""
    return "MicroMessenger/" in agent or "wxwork/" in agent


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """Reads visits out of requests, and turns away whoever asks for what is not open."""

    facts: Facts
    words: Words
    doorway: Doorway

    def visit(self, request: web.Request, device: str = "") -> Visit:
        """What a request says; `device` where its browser is known."""
        code = codes.normalise(request.match_info["code"])
        valid = code if code and codes.is_valid(code) else None
        caller = self.doorway.caller(request)
        channel = request.query.get("c", "")
        return Visit(
            code=valid,
            caller=caller,
            device=device,
            agent=request.headers.get("User-Agent", ""),
            channel=channel if channel in CHANNELS else "",
            known=valid is not None and self.doorway.knows(caller, valid),
        )

    def refusal(self, tx: Transaction, visit: Visit, now: datetime) -> BusyView | MissingView | EndedView | None:
        """Why this code is not opened for this caller, None if it is."""
        if not visit.known and tx.codes.misses(visit.caller, since(now)) >= MISSES:
            return BusyView(company=self.facts.company)
        code = tx.codes.find(visit.code) if visit.code else None
        campaign = tx.campaigns.get(code.campaign) if code else None
        if code is None or campaign is None:
            tx.codes.missed(visit.caller, now)
            return MissingView(company=self.facts.company)
        if campaign.is_over(now):
            title = self.words.pack(campaign.pack).title
            contact = self.words.contact
            return EndedView(
                company=self.facts.company, title=title, contact=contact, rules_url=f"/rules/{campaign.id}"
            )
        return None
