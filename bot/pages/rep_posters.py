"""Posters on the rep's pages: every look with a real poster in it, and the page on which she makes one her own.

A preview is a form like the others: it works without a script, which only sends it by itself while she types.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from aiohttp import web

from bot.designing import MOST_BYTES, Designing, Looks, PhotoRefused, in_look
from bot.pages.answer import plain
from bot.pages.rep import RepPages, to
from bot.pages.rep_door import Form
from bot.pages.rep_look import page
from bot.pages.rep_posters_reading import HOME, PostersReading
from bot.pages.rep_reading import Reading
from bot.pages.visits import PICTURE_HEADERS
from bot.posters.commissions import Commission, asked_for
from bot.posters.errors import PosterError
from referral import designs
from referral.campaigns import Campaign
from referral.designs import TEXTS, THE_PACKS, Design, Refusal, written
from referral.errors import NotFound
from referral.ids import is_id
from referral.offers import Edition, PosterCopy

_SHOWN = ("tall",)  # the size of the preview
_LONGEST = 64  # characters of what is no text: the name of a look, of a file
_GONE = Refusal(place="photo", why="刚才的照片已经不在了", suggestion="请再选一次")
_TOLD = {
    "saved": "用上了。您的客户再打开海报，就是这个样子。",
    "dropped": "恢复成活动原来的样子了。",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RepPosters:
    """The addresses below `/rep/posters`."""

    pages: RepPages
    designing: Designing

    def routes(self) -> list[web.RouteDef]:
        """The gallery, a campaign's posters, and their small pictures."""
        return [
            web.get(HOME, self.show),
            web.get(f"{HOME}/{{campaign}}", self.edit),
            web.post(f"{HOME}/{{campaign}}", self.act),
            web.get(f"{HOME}/{{campaign}}/look.jpg", self.picture),
        ]

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The gallery; `?size=`, `theme=` and `edition=` choose what is in it."""
        wanted, problem = asked_for(request.query)
        if wanted is None:
            return plain(400, problem)
        looks = await self.designing.looks()
        return await self.pages.read(request, lambda reading: page(self._at(reading, looks).gallery(wanted)))

    async def edit(self, request: web.Request) -> web.StreamResponse:
        """A campaign's posters as they are now; `?template=` looks at them in another look."""
        looks, told = await self.designing.looks(), _TOLD.get(request.query.get("told", ""), "")
        tried = request.query.get("template", "")

        def unit(reading: Reading) -> web.StreamResponse:
            campaign = self._campaign(reading, request)
            if campaign is None:
                return self.pages.missing()
            saved = reading.tx.designs.get(campaign.id, reading.rep.id)
            design = saved or Design(campaign=campaign.id, rep=reading.rep.id, changed_at=reading.now)
            design = replace(design, template=tried) if tried in looks else design
            design = self._in_look(design, campaign, looks)
            against = self.designing.judge(reading.tx, design, campaign, looks)
            view = self._at(reading, looks).design(design, campaign, against)
            return page(replace(view, told=told))

        return await self.pages.read(request, unit)

    async def act(self, request: web.Request) -> web.StreamResponse:
        """See what it would look like, publish it, or go back to the campaign's own."""
        if self.pages.door.name_in(request) is None:
            return self.pages.stale()
        found = await self.pages.read(request, lambda reading: (reading.rep.id, self._campaign(reading, request)))
        if isinstance(found, web.StreamResponse):
            return found
        rep, campaign = found
        posted = await self.pages.door.upload(request, most=MOST_BYTES) if campaign else None
        if campaign is None or posted is None:
            return self.pages.missing()
        form, file = posted
        if _one(form, "act") == "drop":
            return await self.pages.do(request, lambda reading: self._drop(reading, campaign.id))
        looks, now = await self.designing.looks(), self.pages.clock()
        saved = await self.designing.store.read(lambda tx: tx.designs.get(campaign.id, rep))
        asked = _typed(form, campaign.id, rep, now, saved)
        unknown = self.designing.unknown(asked, looks)
        design, against = await self._with_photo(self._in_look(asked, campaign, looks), form, file)
        publishes = _one(form, "act") == "publish"
        against += [*unknown, *await self._against(design, campaign, looks, thoroughly=publishes)]
        if publishes and not against:
            return await self.pages.do(request, lambda reading: self._publish(reading, request, design, looks))

        def again(reading: Reading) -> web.Response:
            return page(replace(self._at(reading, looks).design(design, campaign, against), held=publishes))

        return await self.pages.read(request, again)

    async def picture(self, request: web.Request) -> web.StreamResponse:
        """One poster; `?draft=` of the words and colours in the address, `width=` smaller."""
        wanted, problem = asked_for(request.query)
        if wanted is None:
            return plain(400, problem)
        found = await self.pages.read(request, lambda reading: (reading.rep.id, self._campaign(reading, request)))
        if isinstance(found, web.StreamResponse):
            return found
        rep, campaign = found
        if campaign is None:
            return plain(404, "没有这个活动。")
        if wanted.edition not in self.designing.editions(campaign):
            wanted = replace(wanted, edition="feed")
        try:
            drawn = await self._picture(request, campaign, rep, wanted)
        except (PosterError, NotFound):
            return plain(503, "这张图这会儿没做出来，请稍后再试。")
        if drawn is None:
            return plain(422, "这张图里有不能用的内容。")
        return web.Response(body=drawn, content_type="image/jpeg", headers=PICTURE_HEADERS)

    async def _picture(self, request: web.Request, campaign: Campaign, rep: str, wanted: Commission) -> bytes | None:
        """The poster as small as it is asked for, None for a draft against which something speaks."""
        given, designing = request.query, self.designing
        if "draft" in given:
            design = _drafted(given, wanted.edition, campaign.id, rep, self.pages.clock())
            if design.photo and not await designing.owns_photo(campaign.id, rep, design.photo):
                return None
            looks = await designing.looks()
            if await designing.store.read(lambda tx: designing.judge(tx, design, campaign, looks)):
                return None
            drawn = await designing.posters.draft(design, replace(wanted, template=""))
        else:
            drawn = await designing.posters.sample(campaign.id, rep, wanted)
        width = given.get("width", "")
        return await asyncio.to_thread(_shrunk, drawn, int(width)) if _is_width(width) else drawn

    async def _against(self, design: Design, campaign: Campaign, looks: Looks, *, thoroughly: bool) -> list[Refusal]:
        """What speaks against a design; `thoroughly` in every size in which it must fit."""
        designing = self.designing
        found = await designing.store.read(lambda tx: designing.judge(tx, design, campaign, looks))
        if any(each.place in ("template", "photo") for each in found) or (thoroughly and found):
            return found
        refused = {each.place.partition(".")[0] for each in found}
        shown = designing.editions(campaign)
        good: list[Edition] = [edition for edition in shown if edition not in refused]
        if thoroughly:
            return await designing.try_out(design, campaign, looks, editions=shown)
        return found + await designing.try_out(design, campaign, looks, editions=good, sizes=_SHOWN)

    async def _with_photo(self, design: Design, form: Form, file: bytes | None) -> tuple[Design, list[Refusal]]:
        """The design with the photo that came with the form, or the one that came before."""
        kept = "" if "no_photo" in form else design.photo
        if file is not None:
            try:
                return replace(design, photo=await self.designing.keep_photo(design.campaign, design.rep, file)), []
            except PhotoRefused as why:
                return replace(design, photo=""), [Refusal(place="photo", why=str(why))]
        if kept and not await self.designing.owns_photo(design.campaign, design.rep, kept):
            return replace(design, photo=""), [_GONE]
        return replace(design, photo=kept), []

    def _publish(self, reading: Reading, request: web.Request, design: Design, looks: Looks) -> web.Response:
        campaign = self._campaign(reading, request)
        if campaign is None:  # it ended while the design was tried out
            return self.pages.missing()
        if not self.designing.save(reading.tx, design):
            view = self._at(reading, looks).design(replace(design, photo=""), campaign, [_GONE])
            return page(replace(view, held=True))
        return to(f"{HOME}/{design.campaign}?told=saved")

    def _drop(self, reading: Reading, campaign: str) -> web.Response:
        designs.drop(reading.tx, campaign, reading.rep.id, now=reading.now)
        return to(f"{HOME}/{campaign}?told=dropped")

    def _campaign(self, reading: Reading, request: web.Request) -> Campaign | None:
        named = request.match_info["campaign"]
        open_now = self.designing.open(reading.tx) if is_id(named, "c") else []
        return next((each for each in open_now if each.id == named), None)

    def _in_look(self, design: Design, campaign: Campaign, looks: Looks) -> Design:
        """The design with the campaign's own look unnamed, and without colours that its look has not."""
        name = self.designing.look_of(design, campaign)
        own = name == self.designing.look_of(replace(design, template=""), campaign)
        return in_look(replace(design, template="" if own else name), looks.get(name))

    def _at(self, reading: Reading, looks: Looks) -> PostersReading:
        return PostersReading(at=reading, designing=self.designing, looks=looks)


def _typed(form: Form, campaign: str, rep: str, now: datetime, saved: Design | None = None) -> Design:
    """A design as it stands in the form; words that are not in it stay as they are saved."""

    def words(edition: Edition) -> PosterCopy:
        given = {name: written(form[f"{edition}.{name}"][0]) for name in TEXTS if f"{edition}.{name}" in form}
        return replace(saved.words(edition) if saved else THE_PACKS, **given)

    return Design(
        campaign=campaign,
        rep=rep,
        template=_one(form, "template")[:_LONGEST],
        palette=_one(form, "palette")[:_LONGEST],
        season=_one(form, "season")[:_LONGEST],
        photo=_one(form, "photo")[:_LONGEST],
        feed=words("feed"),
        friend=words("friend"),
        changed_at=now,
    )


def _drafted(given: Mapping[str, str], edition: Edition, campaign: str, rep: str, now: datetime) -> Design:
    """A design as it stands in an address, which has the words of one edition."""
    words = {f"{edition}.{name}": [given.get(name, "")] for name in TEXTS}
    return _typed({name: [value] for name, value in given.items()} | words, campaign, rep, now)


def _is_width(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 4 and 100 <= int(text) <= 1080


def _shrunk(poster: bytes, width: int) -> bytes:
    from bot.posters.small import shrunk  # noqa: PLC0415  # Pillow is loaded with the first picture, not before

    return shrunk(poster, width)


def _one(form: Form, name: str) -> str:
    return form.get(name, [""])[0]
