"""One thanks on a page of its own: what it is and how it is used, its voucher large, and its place in the ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from bot.pages.answer import page, trouble
from bot.pages.look import SECURITY_HEADERS
from bot.pages.me import OwnPage
from bot.pages.thanks_views import ThanksRow
from bot.pages.views import Cards, RewardView
from referral.errors import NotFound
from referral.ids import is_id
from storage import proofs
from storage.errors import NotYetPlaced
from storage.transaction import Transaction

_SHOWN = 16  # signs of a fingerprint: enough to compare two by eye
Found = tuple[ThanksRow, dict[str, Any], Cards | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnReward:
    """The address of one thanks."""

    own: OwnPage

    def routes(self) -> list[web.RouteDef]:
        """`/me/{token}/proof/{reward}`."""
        return [web.get("/me/{token}/proof/{reward}", self.proof)]

    async def proof(self, request: web.Request) -> web.Response:
        """A page where a browser asks; the ledger's own proof, as JSON, for anything else and with `?as=json`."""
        token, reward = request.match_info["token"], request.match_info["reward"]
        person = self.own.tokens.read(token)
        try:
            known = person if is_id(reward, "w") else None
            found = await self.own.store.read(lambda tx: self._find(tx, known, token, reward)) if known else None
        except NotFound:
            found = None
        except NotYetPlaced:
            return trouble(request, self.own.facts.company, 503, "这一笔刚刚记下，过一秒再打开就能看到。")
        if found is None:
            return self.own.missing()
        row, proof, cards = found
        if not _wants_page(request):
            return _file(proof)
        script = await self.own.cards.own_script(request, cards)
        return page(replace(self._view(row, proof, token), script=script))

    def _find(self, tx: Transaction, person: str, token: str, reward: str) -> Found | None:
        known, found, now = tx.people.get(person), tx.rewards.get(reward), self.own.clock()
        if known is None or found is None or found.person != known.id or tx.erasures.find(known.id):
            return None
        row = self.own.reading(tx, token, now).row(found)
        return row, proofs.prove(tx, reward), self.own.newest_cards(tx, known.id, now)

    def _view(self, row: ThanksRow, proof: dict[str, Any], token: str) -> RewardView:
        return RewardView(
            company=self.own.facts.company,
            home=f"/me/{token}",
            row=row,
            place=int(proof["leaf_index"]) + 1,
            size=int(proof["tree_size"]),
            fingerprint=str(proof["leaf_hash"])[:_SHOWN],
            file_url=f"{row.proof_url}?as=json",
        )


def _wants_page(request: web.Request) -> bool:
    return "text/html" in request.headers.get("Accept", "") and request.query.get("as") != "json"


def _file(proof: dict[str, Any]) -> web.Response:
    return web.Response(
        text=json.dumps(proof, ensure_ascii=False, indent=2),
        content_type="application/json",
        headers=SECURITY_HEADERS | {"Cache-Control": "no-store"},
    )
