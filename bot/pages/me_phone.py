"""对上我的订单: a person gives the phone they bought with, on their own page. Nothing is said of what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from bot.pages.me import OwnPage
from bot.phone_hash import phone_hash
from referral import matching
from referral.errors import BadInput
from referral.identities import Identity, IdentityKind
from storage.transaction import Transaction

_LONGEST = 32  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPhone:
    """The address that the form posts to; `phone_key` is what phones are hashed with."""

    own: OwnPage
    phone_key: bytes

    def routes(self) -> list[web.RouteDef]:
        """`/me/{token}/phone`."""
        return [web.post("/me/{token}/phone", self.give)]

    async def give(self, request: web.Request) -> web.Response:
        """Take a phone; the answer is one and the same whoever it belongs to."""
        person, form = await self.own.posted(request)
        if person is None:
            return self.own.missing()
        phone, now = self._hashed(form.get("phone", "")), self.own.clock()

        def unit(tx: Transaction) -> str:
            known = tx.people.get(person)
            if known is None or not matching.may_try(tx, known.id, now=now):
                return "phone-busy"
            if phone is None:
                return "phone-unclear"
            matching.phone_by_self(tx, self.own.facts, known.id, phone, now=now, rng=self.own.rng)
            return "phone"

        told = await self.own.store.write(unit)
        self.own.wake()
        return self.own.back(request, told)

    def _hashed(self, number: str) -> Identity | None:
        """None where it cannot be a phone."""
        try:
            return Identity(IdentityKind.PHONE, phone_hash(number.strip()[:_LONGEST], self.phone_key))
        except BadInput:
            return None
