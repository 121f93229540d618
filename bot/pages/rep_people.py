"""Customers on the rep's pages: 登记推荐人, the phone that brings orders home, and who introduced a friend."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from bot.pages.rep import RepPages, to
from bot.pages.rep_door import Form
from bot.pages.rep_look import page
from bot.pages.rep_people_reading import REFUSALS, PeopleReading
from bot.pages.rep_reading import Reading
from bot.phone_hash import phone_hash
from referral import claims, matching, minors
from referral.claims import Claim
from referral.errors import BadInput, NotFound, RuleViolation
from referral.identities import Identity, IdentityKind
from referral.ids import is_id
from referral.matching import Matched
from referral.people import Person
from referral.rep_notes import Noted, note

FIND = "/rep/p"
_LONGEST = 40  # characters of a name looked for
_TOLD = {
    "named": "推荐人记上了。",
    "phone": "手机号记下了，有对得上的订单已经归到这位客户。",
    "phone-known": "这个手机号之前就记下了。",
    "staff": "已标为同事，不再计入活动。",
    "not-staff": "已改回客户。",
    "praise": "好评记上了。",
    "praise-again": "今天的好评已经记过了。",
    "complaint": "投诉记上了。了结之前，谁都不会请对方推荐。",
    "complaint-again": "已经有一条没了结的投诉。",
    "resolved": "投诉已经了结，辛苦您。",
    "resolved-again": "现在没有没了结的投诉。",
    "minor": "记上了，以后不再主动联系对方。",
    "adult": "记上了。",
    "age-again": "之前就是这样记的。",
}
Act = Callable[[Reading, Person, Form], web.Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepPeople:
    """The addresses of customers and claims; `phone_key` is what phones are hashed with."""

    pages: RepPages
    phone_key: bytes

    def routes(self) -> list[web.RouteDef]:
        """`/rep/p`, `/rep/p/{person}` and `/rep/k/{claim}`."""
        return [
            web.get(FIND, self.find),
            web.get(f"{FIND}/{{person}}", self.person),
            web.post(f"{FIND}/{{person}}", self.act),
            web.get("/rep/k/{claim}", self.claim),
            web.post("/rep/k/{claim}", self.decide),
        ]

    async def find(self, request: web.Request) -> web.StreamResponse:
        """A customer by name or number."""
        asked = _asked(request)
        return await self.pages.read(request, lambda reading: page(PeopleReading(at=reading).find(asked)))

    async def person(self, request: web.Request) -> web.StreamResponse:
        """One customer."""
        asked, told = _asked(request), _TOLD.get(request.query.get("told", ""), "")

        def unit(reading: Reading) -> web.Response:
            at = PeopleReading(at=reading)
            person = at.own_person(_named(request, "person", "p"))
            return page(at.person(person, asked, told=told)) if person else self.pages.missing()

        return await self.pages.read(request, unit)

    async def act(self, request: web.Request) -> web.StreamResponse:
        """A button on a customer's page; where a rule stands against it, the page again with why."""
        acts: Mapping[str, Act] = {
            "name": self._name,
            "phone": self._phone,
            "staff": self._staff,
            "not-staff": self._staff,
            "note": self._note,
            "minor": self._age,
            "adult": self._age,
        }

        def unit(reading: Reading, form: Form) -> web.StreamResponse:
            at = PeopleReading(at=reading)
            person = at.own_person(_named(request, "person", "p"))
            act = acts.get(_one(form, "act").partition(":")[0])
            if person is None or act is None:
                return self.pages.missing()
            try:
                with reading.tx.attempt():
                    return act(reading, person, form)
            except (RuleViolation, NotFound, BadInput) as against:
                said = against.problem if isinstance(against, BadInput) else str(against)
                return page(at.person(person, _one(form, "q")[:_LONGEST], problem=said))

        return await self.pages.write(request, unit)

    async def claim(self, request: web.Request) -> web.StreamResponse:
        """What a friend said, and who may be meant."""
        asked = _asked(request)

        def unit(reading: Reading) -> web.Response:
            at = PeopleReading(at=reading)
            claim = at.own_claim(_named(request, "claim", "k"))
            return page(at.claim(claim, asked)) if claim else self.pages.missing()

        return await self.pages.read(request, unit)

    async def decide(self, request: web.Request) -> web.StreamResponse:
        """It was this advocate, or none whom we know."""

        def unit(reading: Reading, form: Form) -> web.StreamResponse:
            at = PeopleReading(at=reading)
            claim = at.own_claim(_named(request, "claim", "k"))
            if claim is None:
                return self.pages.missing()
            try:
                with reading.tx.attempt():
                    self._decide(reading, claim, _one(form, "act"))
            except (RuleViolation, NotFound) as against:
                return page(at.claim(claim, _one(form, "q")[:_LONGEST], problem=str(against)))
            return to(f"/rep/k/{claim.id}")

        return await self.pages.write(request, unit)

    def _decide(self, reading: Reading, claim: Claim, act: str) -> None:
        verb, _, what = act.partition(":")
        tx, facts, by = reading.tx, self.pages.facts, f"rep:{reading.rep.id}"
        if verb == "confirm" and is_id(what, "p"):
            claims.confirm(tx, facts, claim, what, by=by, now=reading.now, rng=self.pages.rng)
        elif verb == "refuse" and what in REFUSALS:
            claims.refuse(tx, facts, claim, REFUSALS[what], by=by, now=reading.now, rng=self.pages.rng)
        else:
            raise NotFound("请选一位推荐人，或选一个不算的原因。")

    def _name(self, reading: Reading, person: Person, form: Form) -> web.Response:
        advocate = _one(form, "act").partition(":")[2]
        if not is_id(advocate, "p"):
            raise NotFound("请先找到推荐人，再点登记。")
        claims.register(
            reading.tx,
            self.pages.facts,
            person.id,
            advocate,
            by=reading.rep.id,
            now=reading.now,
            rng=self.pages.rng,
        )
        return to(f"{FIND}/{person.id}?told=named")

    def _phone(self, reading: Reading, person: Person, form: Form) -> web.Response:
        phone = Identity(IdentityKind.PHONE, phone_hash(_one(form, "phone")[:_LONGEST], self.phone_key))
        found, now_called = matching.phone_by_rep(
            reading.tx,
            self.pages.facts,
            person.id,
            phone,
            by=reading.rep.id,
            now=reading.now,
            rng=self.pages.rng,
        )
        return to(f"{FIND}/{now_called}?told={'phone' if found is Matched.JOINED else 'phone-known'}")

    def _note(self, reading: Reading, person: Person, form: Form) -> web.Response:
        what = _one(form, "act").partition(":")[2]
        if what not in {each.value for each in Noted}:
            raise NotFound("没有这一项可以记。")
        is_new = note(reading.tx, self.pages.facts, person.id, Noted(what), reading.rep.id, now=reading.now)
        return to(f"{FIND}/{person.id}?told={what if is_new else f'{what}-again'}")

    def _age(self, reading: Reading, person: Person, form: Form) -> web.Response:
        told, by = _one(form, "act"), f"rep:{reading.rep.id}"
        is_new = minors.say(
            reading.tx, self.pages.facts, person.id, told == "minor", who=by, by_staff=True, now=reading.now
        )
        return to(f"{FIND}/{person.id}?told={told if is_new else 'age-again'}")

    def _staff(self, reading: Reading, person: Person, form: Form) -> web.Response:
        told = _one(form, "act")
        reading.tx.people.learn(person.id, staff=told == "staff")
        reading.tx.audit.note(f"rep:{reading.rep.id}", f"person.{told}", person.id, "", reading.now)
        return to(f"{FIND}/{person.id}?told={told}")


def _asked(request: web.Request) -> str:
    return " ".join(request.query.get("q", "").split())[:_LONGEST]


def _named(request: web.Request, what: str, kind: str) -> str:
    """The id in the address, empty for what cannot be one."""
    given = request.match_info[what]
    return given if is_id(given, kind) else ""


def _one(form: Form, name: str) -> str:
    return form.get(name, [""])[0]
