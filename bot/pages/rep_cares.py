"""Care on the rep's list: whom to greet, to thank or to help today, and what she says came of it."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from bot.pages.rep import RepPages, to
from bot.pages.rep_door import HOME, Form
from bot.pages.rep_reading import Reading
from referral import caring, news
from referral.care import Care, CareKind
from referral.ids import is_id
from referral.signals import Signal, SignalKind

_SCORES = {f"score:{score}": float(score) for score in range(11)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RepCares:
    """The address of what a rep says of one care."""

    pages: RepPages

    def routes(self) -> list[web.RouteDef]:
        """`/rep/v/{care}`."""
        return [web.post("/rep/v/{care}", self.act)]

    async def act(self, request: web.Request) -> web.StreamResponse:
        """It was done, or is left for now; a customer's score is kept like one that they sent us."""
        asked = request.match_info["care"]

        def unit(reading: Reading, form: Form) -> web.Response:
            care = reading.tx.cares.get(asked) if is_id(asked, "v") else None
            if care is None or care.rep != reading.rep.id:
                return self.pages.missing()
            said = form.get("act", [""])[0]
            if said == "later":
                caring.not_now(reading.tx, self.pages.facts, care, now=reading.now)
            elif said == "done":
                caring.done(reading.tx, self.pages.facts, care, now=reading.now)
            elif said in _SCORES and care.kind is CareKind.SURVEY:
                self._keep_score(reading, care, _SCORES[said])
            return to(f"{HOME}#cares")

        return await self.pages.write(request, unit)

    def _keep_score(self, reading: Reading, care: Care, score: float) -> None:
        if caring.done(reading.tx, self.pages.facts, care, now=reading.now, outcome="scored"):
            told = Signal(person=care.person, kind=SignalKind.SURVEY, at=reading.now, source="rep", score=score)
            news.take_in(reading.tx, self.pages.facts, told, now=reading.now, rng=self.pages.rng)
