"""What a person does with thanks on their own page: chooses a form, gives an address or a name, exchanges points."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass

import segno
from aiohttp import web

from bot.fulfilment.given import Address, Safe
from bot.pages.look import SECURITY_HEADERS
from bot.pages.me import OwnPage
from bot.pages.me_thanks import NAME_CONSENT
from referral import addresses, coupons, shop, thanks
from referral.coupons import Standing
from referral.errors import NotFound, RuleViolation
from referral.ids import is_id
from referral.people import Person
from referral.rewards import Reward
from storage.transaction import Transaction

_LONGEST = {"receiver": 30, "tel": 20, "address": 120}  # characters
_PHONE = re.compile(r"\+?[0-9][0-9 -]{5,18}[0-9]")
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[·•. '-]){0,28}[^\W\d_]")
_QR_PX = 9  # per module

Form = dict[str, str]
Unit = Callable[[Transaction, Person], str]
"""Does what a form asks for, and returns what the page then tells: a key of `bot.pages.me.THANKS_TOLD`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnThanks:
    """The addresses that the forms of thanks post to, and the QR of a coupon."""

    own: OwnPage
    safe: Safe

    def routes(self) -> list[web.RouteDef]:
        """Below `/me/{token}`."""
        return [
            web.post("/me/{token}/choose", self.choose),
            web.post("/me/{token}/address", self.address),
            web.post("/me/{token}/name", self.name),
            web.post("/me/{token}/redeem", self.redeem),
            web.get("/me/{token}/coupon/{reward}.png", self.qr),
        ]

    async def choose(self, request: web.Request) -> web.Response:
        """Take one of the forms."""
        person, form = await self.own.posted(request)
        number, now = form.get("number", ""), self.own.clock()

        def unit(tx: Transaction, known: Person) -> str:
            if not re.fullmatch(r"\d", number):
                return "choice-closed"
            try:
                with tx.attempt():
                    thanks.choose(tx, form.get("reward", ""), known.id, int(number), now=now, rng=self.own.rng)
            except RuleViolation:
                return "choice-closed"
            return "choice"

        return await self._do(request, person, unit)

    async def address(self, request: web.Request) -> web.Response:
        """Where a gift goes."""
        person, form = await self.own.posted(request)
        given, now = _address(form), self.own.clock()

        def unit(tx: Transaction, known: Person) -> str:
            reward = _own_reward(tx, known, form.get("reward", ""))
            if given is None:
                return "address-unclear"
            kept = self.safe.take_address(tx, reward, given, now=now, rng=self.own.rng)
            return "address" if kept else "address-late"

        return await self._do(request, person, unit)

    async def name(self, request: web.Request) -> web.Response:
        """Their real name, with the consent to it; or that it is withdrawn."""
        person, form = await self.own.posted(request)
        name, now = " ".join(form.get("real_name", "").split()), self.own.clock()
        words = NAME_CONSENT.format(company=self.own.facts.company)

        def unit(tx: Transaction, known: Person) -> str:
            if form.get("act") == "withdraw":
                addresses.withdraw_name(tx, known.id, words, now=now)
                return "name-withdrawn"
            if form.get("agree") != "yes":
                return "name-consent"
            if not _NAME.fullmatch(name):
                return "name-unclear"
            self.safe.take_name(tx, known.id, name, words, now=now, rng=self.own.rng)
            return "name"

        return await self._do(request, person, unit)

    async def redeem(self, request: web.Request) -> web.Response:
        """Exchange points."""
        person, form = await self.own.posted(request)
        item, once, now = form.get("item", ""), form.get("once", ""), self.own.clock()

        def unit(tx: Transaction, known: Person) -> str:
            if not is_id(item, "q") or not is_id(once, "f"):
                return "shop.closed"
            try:
                with tx.attempt():
                    shop.redeem(tx, self.own.facts, known.id, item, once, now=now, rng=self.own.rng)
            except RuleViolation as against:
                return against.code
            return "redeemed"

        return await self._do(request, person, unit)

    async def qr(self, request: web.Request) -> web.Response:
        """The picture that staff scan, as long as the coupon is good."""
        person, reward = self.own.tokens.read(request.match_info["token"]), request.match_info["reward"]
        now = self.own.clock()

        def unit(tx: Transaction) -> str | None:
            known, found = tx.people.get(person or ""), tx.rewards.get(reward)
            coupon = tx.coupons.of_reward(reward)
            if known is None or found is None or coupon is None or found.person != known.id:
                return None
            return coupon.token if coupons.standing(coupon, found, now) is Standing.GOOD else None

        token = await self.own.store.read(unit) if person and is_id(reward, "w") else None
        if token is None:
            return self.own.missing()
        picture = io.BytesIO()
        segno.make_qr(f"{self.own.facts.public_url}/rep/coupon/{token}", error="m").save(picture, "png", scale=_QR_PX)
        headers = SECURITY_HEADERS | {"Cache-Control": "no-store"}
        return web.Response(body=picture.getvalue(), content_type="image/png", headers=headers)

    async def _do(self, request: web.Request, person: str | None, unit: Unit) -> web.Response:
        def whole(tx: Transaction) -> str:
            known = tx.people.get(person or "")
            if known is None or tx.erasures.find(known.id):
                raise NotFound("没有这个人。")
            return unit(tx, known)

        try:
            told = await self.own.store.write(whole) if person else None
        except NotFound:
            told = None
        if told is None:
            return self.own.missing()
        self.own.wake()
        return self.own.back(request, told, at="thanks")


def _own_reward(tx: Transaction, known: Person, reward: str) -> Reward:
    found = tx.rewards.get(reward)
    if found is None or found.person != known.id:
        raise NotFound("没有这份谢礼。")
    return found


def _address(form: Form) -> Address | None:
    """What the form says, None where a part is missing, too long, or no phone."""
    cells = {name: " ".join(form.get(name, "").split()) for name in _LONGEST}
    if not all(cell and cell.isprintable() and len(cell) <= _LONGEST[name] for name, cell in cells.items()):
        return None
    if not _PHONE.fullmatch(cells["tel"]):
        return None
    return Address(name=cells["receiver"], phone=cells["tel"], address=cells["address"])
