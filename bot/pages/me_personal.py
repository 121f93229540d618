"""个性化推荐: the switch on a person's own page."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from bot.pages.answer import plain
from bot.pages.me import OwnPage
from referral import personal
from storage.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPersonal:
    """The address that the switch posts to."""

    own: OwnPage

    def routes(self) -> list[web.RouteDef]:
        """`/me/{token}/personal`."""
        return [web.post("/me/{token}/personal", self.switch)]

    async def switch(self, request: web.Request) -> web.Response:
        """Switch it off or on."""
        own = self.own
        person, form = await own.posted(request)
        said = form.get("personal", "")
        if person is None:
            return own.missing()
        if said not in ("on", "off"):
            return plain(400, "personal: on 或 off")
        now, evidence = own.clock(), f"me:{request.match_info['token']}:{said}"

        def unit(tx: Transaction) -> bool:
            known = tx.people.get(person)
            if known is None or tx.erasures.find(known.id):
                return False
            on = said == "on"
            personal.switch(tx, own.facts, known.id, on=on, evidence=evidence, channel="me", now=now)
            return True

        if not await own.store.write(unit):
            return own.missing()
        own.wake()
        return own.back(request, f"personal-{said}", at="personal")
