"""The rep's list of the day: whom to turn to, with which words, and what came of it. Every act is a plain form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from aiohttp import web

from bot.pages.rep_cares_reading import lines
from bot.pages.rep_door import HOME, Form, RepDoor, serving
from bot.pages.rep_labels import SKIPS
from bot.pages.rep_look import HEADERS, page, static_routes
from bot.pages.rep_people_reading import PeopleReading
from bot.pages.rep_reading import Reading
from bot.pages.rep_views import RepCardView, RepListView, Talk
from bot.words import Words
from referral import nudges, rep_list
from referral.consent import Answer
from referral.errors import RuleViolation
from referral.facts import Facts
from referral.ids import Bits, is_id
from referral.nudges import Go, Nudge, NudgeState, Purpose
from referral.times import Clock
from storage.store import Store
from storage.transaction import Transaction

T = TypeVar("T")

LONGEST_WORDS = 1000  # characters that a rep may say to one customer
_ANSWERS = {"yes": Answer.GRANTED, "no": Answer.REFUSED}

Act = Callable[[Reading, Nudge, Form], str]
"""Does what a button says, and returns where the browser goes next."""


class _Gone(Exception):
    """Not this rep's, or not there at all."""


class _Out(Exception):
    """The rep serves no customers any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepPages:
    """The addresses behind the door."""

    store: Store
    facts: Facts
    words: Words
    door: RepDoor
    clock: Clock
    rng: Bits
    wake: Callable[[], None]
    plain_links: bool

    def routes(self) -> list[web.RouteDef]:
        """`/rep` and what is below it, with its style sheet and scripts."""
        return [
            *self.door.routes(),
            web.get(HOME, self.show),
            web.post("/rep/said", self.said_all),
            web.get("/rep/c/{nudge}", self.card),
            web.post("/rep/c/{nudge}", self.act),
            web.get("/rep/c/{nudge}/poster", self.poster),
            web.post("/rep/q/{nudge}", self.answer),
            *static_routes(),
        ]

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The list."""
        after = _named(request.query.get("after", ""))
        return await self._shown(request, lambda reading: self._today(reading, after))

    async def card(self, request: web.Request) -> web.StreamResponse:
        """One customer."""
        after = _named(request.query.get("after", ""))
        return await self._shown(request, lambda reading: reading.card(_ask(reading, request), after))

    async def poster(self, request: web.Request) -> web.StreamResponse:
        """The poster that was made for a customer."""

        def unit(reading: Reading) -> web.Response:
            nudge = _ask(reading, request)
            view = reading.poster(nudge)
            return page(replace(view, plain_link=self.plain_links)) if view else to(f"/rep/c/{nudge.id}")

        return await self.read(request, unit)

    async def act(self, request: web.Request) -> web.StreamResponse:
        """A button on a customer's card; the words that stand in the form are kept with every act."""
        acts: Mapping[str, Act] = {
            "go": self._go,
            "said": self._said,
            "back": self._back,
            "skip": self._skip,
            "stop": self._stop,
            "poster": self._poster,
        }

        def unit(reading: Reading, form: Form) -> web.Response:
            nudge = _ask(reading, request)
            act = acts.get(_one(form, "act").partition(":")[0])
            if act is None:
                raise _Gone
            kept = rep_list.keep_words(reading.tx, nudge, worded(form, LONGEST_WORDS))
            return to(act(reading, kept, form))

        return await self.write(request, unit)

    async def said_all(self, request: web.Request) -> web.StreamResponse:
        """All that the rep saw as not told of yet was said."""

        def unit(reading: Reading, form: Form) -> web.Response:
            for name in form.get("n", []):
                nudge = reading.own(name)
                if nudge and nudge.purpose is Purpose.ASK and not reading.is_carried(nudge):
                    nudges.confirm(reading.tx, nudge, now=reading.now)
            return to(HOME)

        return await self.write(request, unit)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """征询: what the customer said, or that they were not asked yet."""

        def unit(reading: Reading, form: Form) -> web.Response:
            nudge = _own(reading, request)
            if answer := _ANSWERS.get(_one(form, "answer")):
                rep_list.permission(reading.tx, self.facts, nudge, answer, reading.rep.id, now=reading.now)
            return to(f"{HOME}#questions")

        return await self.write(request, unit)

    def _go(self, reading: Reading, nudge: Nudge, form: Form) -> str:
        """Turn to a customer now: judged once more, then on to the next one, with the chat to open above it."""
        here = f"/rep/c/{nudge.id}"
        if nudge.state is not NudgeState.SENT:
            if nudge.state is not NudgeState.LISTED or reading.objections(nudge.words):
                return here
            if not isinstance(nudges.start(reading.tx, self.facts, nudge, nudge.words, now=reading.now), Go):
                return here
        ahead = reading.next_waiting(nudge)
        return f"/rep/c/{ahead}?after={nudge.id}" if ahead else f"{HOME}?after={nudge.id}"

    def _said(self, reading: Reading, nudge: Nudge, form: Form) -> str:
        if not reading.is_carried(nudge):
            nudges.confirm(reading.tx, nudge, now=reading.now)
        return _where(form, nudge)

    def _back(self, reading: Reading, nudge: Nudge, form: Form) -> str:
        if not reading.is_carried(nudge):
            nudges.take_back(reading.tx, self.facts, nudge, now=reading.now)
        return f"/rep/c/{nudge.id}"

    def _skip(self, reading: Reading, nudge: Nudge, form: Form) -> str:
        reason = _one(form, "act").partition(":")[2]
        if reason not in SKIPS:
            raise _Gone
        nudges.skip(reading.tx, self.facts, nudge, reason, now=reading.now)
        return self._onwards(reading, nudge)

    def _stop(self, reading: Reading, nudge: Nudge, form: Form) -> str:
        rep_list.silence(reading.tx, self.facts, nudge, reading.rep.id, now=reading.now)
        return self._onwards(reading, nudge)

    def _poster(self, reading: Reading, nudge: Nudge, form: Form) -> str:
        try:
            with reading.tx.attempt():
                rep_list.poster(reading.tx, self.facts, nudge, reading.rep.id, now=reading.now, rng=self.rng)
        except RuleViolation:
            return f"/rep/c/{nudge.id}"
        return f"/rep/c/{nudge.id}/poster"

    def _onwards(self, reading: Reading, nudge: Nudge) -> str:
        ahead = reading.next_waiting(nudge)
        return f"/rep/c/{ahead}" if ahead else HOME

    async def read(self, request: web.Request, unit: Callable[[Reading], T]) -> T | web.StreamResponse:
        """Read for the rep whose browser it is; to the login without one."""
        name = self.door.name_in(request)
        if name is None:
            return self.door.to_login(request)
        now = self.clock()
        try:
            return await self.store.read(lambda tx: unit(self._reading(tx, name, now)))
        except _Out:
            return self.door.serves_nobody()
        except _Gone:
            return self.missing()

    async def write(
        self, request: web.Request, unit: Callable[[Reading, Form], web.StreamResponse]
    ) -> web.StreamResponse:
        """Act for the rep whose browser it is. Without one it is no login: a form must not lead to another host."""
        form = await self.door.form(request)
        if form is None:
            return self.missing()
        return await self.do(request, lambda reading: unit(reading, form))

    async def do(self, request: web.Request, unit: Callable[[Reading], web.StreamResponse]) -> web.StreamResponse:
        """`write` for a form that was read before."""
        name = self.door.name_in(request)
        if name is None:
            return self.stale()
        now = self.clock()
        try:
            answer = await self.store.write(lambda tx: unit(self._reading(tx, name, now)))
        except _Out:
            return self.door.serves_nobody()
        except _Gone:
            return self.missing()
        self.wake()
        return answer

    async def _shown(
        self, request: web.Request, unit: Callable[[Reading], RepListView | RepCardView]
    ) -> web.StreamResponse:
        """A page, with what opens a chat in WeCom where there is one to open."""
        view = await self.read(request, unit)
        if isinstance(view, web.StreamResponse):
            return view
        return page(await self._with_chats(request, view))

    async def _with_chats(self, request: web.Request, view: RepListView | RepCardView) -> RepListView | RepCardView:
        talks = [view.talk, view.own_talk if isinstance(view, RepCardView) else None]
        if not any(talk and talk.handle for talk in talks):
            return view
        config = await self.door.js_config(request)
        if config is None:
            return view
        told = json.dumps(config)
        if isinstance(view, RepCardView):
            return replace(view, talk=_armed(view.talk, told), own_talk=_armed(view.own_talk, told))
        return replace(view, talk=_armed(view.talk, told))

    def _today(self, reading: Reading, after: str | None) -> RepListView:
        about = PeopleReading(at=reading)
        today = replace(reading.today(after), cares=lines(reading))
        return replace(today, claims=about.claims(), unmatched=reading.tx.unmatched.count())

    def _reading(self, tx: Transaction, name: str, now: datetime) -> Reading:
        rep = serving(tx, name)
        if rep is None:
            raise _Out
        return Reading(tx=tx, facts=self.facts, words=self.words, rep=rep, now=now)

    def stale(self) -> web.Response:
        """For a form of somebody who has to come in again."""
        return self.door.refuse("请再进入一次", "离上次打开太久了，刚才这一步没有记下。")

    def missing(self) -> web.Response:
        """One page for everything that is not there, or not this rep's."""
        return self.door.refuse("没有找到这一页", "它不在您的名单上。", status=404, enter=True)


def to(address: str) -> web.Response:
    """On to another of our pages, by GET."""
    return web.Response(status=303, headers={**HEADERS, "Location": address})


def worded(form: Form, longest: int) -> str:
    """The words that a form has, with plain line ends, at most `longest` characters."""
    return _one(form, "words").replace("\r\n", "\n").strip()[:longest].strip()


def _own(reading: Reading, request: web.Request) -> Nudge:
    nudge = reading.own(request.match_info["nudge"])
    if nudge is None:
        raise _Gone
    return nudge


def _ask(reading: Reading, request: web.Request) -> Nudge:
    nudge = _own(reading, request)
    if nudge.purpose is not Purpose.ASK:
        raise _Gone
    return nudge


def _one(form: Form, name: str) -> str:
    return form.get(name, [""])[0]


def _named(text: str) -> str | None:
    return text if is_id(text, "g") else None


def _where(form: Form, nudge: Nudge) -> str:
    """Back to where the button was: another customer's card, this one's, or the list."""
    at = _one(form, "at")
    if at == "list":
        return HOME
    return f"/rep/c/{at}" if _named(at) else f"/rep/c/{nudge.id}"


def _armed(talk: Talk | None, config: str) -> Talk | None:
    return replace(talk, config=config) if talk and talk.handle else talk
