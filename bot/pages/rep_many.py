"""One text to several customers: put together here, sent by the rep in WeCom, followed to its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from aiohttp import web

from bot.pages.rep import RepPages, to, worded
from bot.pages.rep_door import Form
from bot.pages.rep_look import page
from bot.pages.rep_reading import Reading
from referral import rep_list
from referral.broadcasts import FEWEST
from referral.rep_list import TooFew

LONGEST_TEXT = 1000  # characters; the platform takes 4000 bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RepMany:
    """The addresses of broadcasts."""

    pages: RepPages

    def routes(self) -> list[web.RouteDef]:
        """`/rep/many` and `/rep/b/{broadcast}`."""
        return [
            web.get("/rep/many", self.choose),
            web.post("/rep/many", self.ask),
            web.get("/rep/b/{broadcast}", self.follow),
        ]

    async def choose(self, request: web.Request) -> web.StreamResponse:
        """Who gets it, and the words."""
        return await self.pages.read(request, lambda reading: page(reading.many()))

    async def ask(self, request: web.Request) -> web.StreamResponse:
        """Put it before the rep in WeCom; where that cannot be, the page again, with why."""
        chosen: list[str] = []
        words = ""

        def unit(reading: Reading, form: Form) -> web.StreamResponse:
            nonlocal words
            chosen[:], words = form.get("n", []), worded(form, LONGEST_TEXT)
            asked = [nudge for nudge in reading.reachable() if nudge.id in chosen]
            if not asked and (before := reading.broadcast_of(chosen)):
                return to(f"/rep/b/{before}")
            problem = _problem(len(asked), words, bool(reading.objections(words)))
            if problem:
                return page(replace(reading.many(chosen, words), problem=problem))
            pages = self.pages
            handed = rep_list.ask_many(
                reading.tx, pages.facts, reading.rep.id, asked, words, now=reading.now, rng=pages.rng
            )
            return to(f"/rep/b/{handed.broadcast.id}")

        try:
            return await self.pages.write(request, unit)
        except TooFew as few:
            return await self.pages.read(request, _again(few, chosen, words))

    async def follow(self, request: web.Request) -> web.StreamResponse:
        """How a broadcast stands."""

        def unit(reading: Reading) -> web.Response:
            view = reading.broadcast(request.match_info["broadcast"])
            return page(view) if view else to("/rep")

        return await self.pages.read(request, unit)


def _again(few: TooFew, chosen: list[str], words: str) -> Callable[[Reading], web.Response]:
    def unit(reading: Reading) -> web.Response:
        view = reading.many(chosen, words)
        return page(replace(view, problem=f"{few}。", held=reading.held_words(few.held)))

    return unit


def _problem(count: int, words: str, objected: bool) -> str | None:
    if count < FEWEST:
        return f"至少选 {FEWEST} 位，只有一位的话单独聊更好。"
    if not words:
        return "还没有写要说的话。"
    return "有几处不能这样说，请改一改。" if objected else None
