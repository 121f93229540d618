"""A code's poster: gathers what it shows from where it is kept, and has it made.

The advocate's choice of name and face is read each time, so a change of mind shows on the very next poster.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, get_args

import structlog

from bot.photo_shelf import PhotoShelf
from bot.posters.carrying import Asking, carried, said_by
from bot.posters.dressing import Dressing
from bot.posters.engine import Edition, PosterSpec
from bot.posters.errors import AvatarRefused, CopyDoesNotFit, FontMissing, PosterError, PosterWaits
from bot.posters.look import SIZES, Look, Theme
from bot.posters.portraits import Fetch, Portraits
from bot.posters.qr import link_for
from bot.posters.studio import Studio
from bot.words import Words
from referral import designs, experiments, poster_links, quoting
from referral.campaigns import Campaign
from referral.carriers import Carrier
from referral.codes import Code
from referral.designs import Design
from referral.errors import NotFound
from referral.facts import Facts
from referral.people import Byline, Person
from referral.terms import Terms
from referral.times import Clock
from storage.store import Store
from storage.transaction import Transaction

log = structlog.get_logger()

SAMPLE_CODE = "SAMP1E00"
"""What stands for a code where a rep has no customer's to show: the check symbol is wrong, so that it is nobody's."""

AUTHOR, THANKED_AUTHOR = "一位客户的话", "一位客户的话，作者获赠感谢礼"
"""Whose words a poster quotes."""

_PORTRAIT = 192  # pixels
_NOBODY = Person(id="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commission:
    """Which of a code's posters is wanted; empty is the campaign's own template, its own colours, no ornament."""

    edition: Edition = "feed"
    template: str = ""
    size: str = "tall"
    theme: Theme = "light"
    palette: str = ""
    season: str = ""


USUAL = Commission()

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "edition": get_args(Edition),
    "size": tuple(SIZES),
    "theme": get_args(Theme),
}
_NAMED = ("template", "palette", "season")  # which ones there are only the engine knows


def asked_for(given: Mapping[str, str], usual: Commission = USUAL) -> tuple[Commission | None, str]:
    """The poster that an address asks for, `usual` where it says nothing; or None and which of its values cannot be."""
    for name, choices in _CHOICES.items():
        if name in given and given[name] not in choices:
            return None, f"{name}: {'、'.join(choices)}"
    said: dict[str, Any] = {name: given[name] for name in (*_CHOICES, *_NAMED) if name in given}
    return replace(usual, **said), ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """`spec` as the rep has it, `plain` as the campaign has it; `photo` is a file on the shelf of designs."""

    spec: PosterSpec
    plain: PosterSpec
    avatar: str
    photo: str


class PosterDesk:
    """Takes orders for posters by code."""

    def __init__(
        self,
        store: Store,
        studio: Studio,
        *,
        facts: Facts,
        words: Words,
        photos: PhotoShelf,
        fetch: Fetch | None,
        clock: Clock,
        asking: Asking | None = None,
    ) -> None:
        """Without `asking` a QR that the platform has not made yet is not asked for."""
        self._store = store
        self._studio = studio
        self._facts = facts
        self._words = words
        self._dressing = Dressing(words=words, photos=photos, industry=facts.industry)
        self._portraits = Portraits(fetch, clock) if fetch else None
        self._clock = clock
        self._asking = asking

    async def poster(self, code: str, wanted: Commission = USUAL) -> bytes:
        """The JPEG of a code's poster. Raises `NotFound`, or `PosterError` where it cannot be drawn.

        `PosterWaits` while the platform makes what its QR leads to; that has been asked for then.
        """
        asked = await self._store.read(lambda tx: self._asked(tx, code, wanted))
        return await self._drawn(asked if asked.spec.link else await self._prepared(code, wanted))

    async def sample(self, campaign: str, rep: str, wanted: Commission = USUAL) -> bytes:
        """The JPEG of the poster of a rep's newest code, or of `SAMPLE_CODE` where she has none. Raises as `poster`."""
        return await self._drawn(await self._store.read(lambda tx: self._sample(tx, campaign, rep, wanted)))

    async def draft(self, design: Design, wanted: Commission = USUAL) -> bytes:
        """The same in a design that is not kept yet, as it is or not at all; nor is it. Raises as `poster` does."""
        asked = await self._store.read(lambda tx: self._sample(tx, design.campaign, design.rep, wanted, design))
        return await self._with_room(await self._whole(asked), keep=False)

    async def portrait(self, code: str) -> bytes | None:
        """The advocate's face as a small JPEG, None where they show none or it cannot be had. Raises `NotFound`."""
        asked = await self._store.read(lambda tx: self._asked(tx, code, USUAL))
        face = await self._face(asked)
        return await asyncio.to_thread(_squared, face) if face else None

    async def thumbnail(self, code: str) -> bytes:
        """The small square JPEG of a code's cards: its campaign's, without words or names. Raises `NotFound`."""
        template = await self._store.read(lambda tx: self._asked(tx, code, USUAL).spec.template)
        return await self._studio.thumbnail(template)

    async def card_picture(self, template: str) -> bytes:
        """The small square JPEG of a template, for cards of pages without a code. Raises `TemplateUnknown`."""
        return await self._studio.thumbnail(template)

    def looks(self) -> list[Look]:
        """Every template, in order."""
        return self._studio.looks()

    def is_ready(self, tx: Transaction, code: Code, campaign: Campaign, now: datetime) -> bool:
        """Whether the QR of a code's poster is known; what is missing is asked for, and made after `hurry`."""
        asking = self._asking
        if asking is None:
            return bool(said_by(tx, self._facts, campaign, code)[1])
        return poster_links.prepare(tx, self._facts, campaign, code, now=now, rng=asking.rng)

    def hurry(self) -> None:
        """What was asked of the platform is to be asked now."""
        if self._asking:
            self._asking.wake()

    def template_of(self, tx: Transaction, code: Code, campaign: Campaign) -> str:
        """The template of a code's poster where nobody asks for another."""
        design, advocate = designs.of_code(tx, code), tx.people.get(code.advocate)
        return (design.template if design else "") or self._usual(tx, campaign, advocate or _NOBODY)

    def _usual(self, tx: Transaction, campaign: Campaign, advocate: Person) -> str:
        """The template that nobody had to choose: of an experiment's arm, else of the campaign's pack."""
        return experiments.template_for(tx, campaign.id, advocate) or self._words.pack(campaign.pack).template

    async def _prepared(self, code_text: str, wanted: Commission) -> _Asked:
        """With the QR, where asking the platform, or doing without it, brings one at once. Raises `PosterWaits`."""
        asking, now = self._asking, self._clock()
        if asking is None:
            raise PosterWaits(f"the platform has made no QR for {code_text} yet")

        def unit(tx: Transaction) -> _Asked:
            code = tx.codes.find(code_text)
            campaign = tx.campaigns.get(code.campaign) if code else None
            if code and campaign:
                poster_links.prepare(tx, self._facts, campaign, code, now=now, rng=asking.rng)
            return self._asked(tx, code_text, wanted)

        asked = await self._store.write(unit)
        self.hurry()
        if not asked.spec.link:
            raise PosterWaits(f"the platform is making the QR of {code_text}")
        return asked

    async def _drawn(self, asked: _Asked) -> bytes:
        """As the rep has it; where that cannot be drawn (any more), as the campaign has it."""
        whole = await self._whole(asked)
        plain = replace(asked.plain, avatar=whole.avatar)
        try:
            return await self._with_room(whole)
        except PosterError as problem:
            if whole == plain:
                raise
            log.warning("poster.design_failed", template=whole.template, problem=str(problem))
            return await self._with_room(plain)

    async def _with_room(self, spec: PosterSpec, *, keep: bool = True) -> bytes:
        """With the customer's words where there is room for them, else without: they are never cut."""
        try:
            return await self._studio.poster(spec, keep=keep)
        except (CopyDoesNotFit, FontMissing) as problem:
            if not spec.quote:
                raise
            log.warning("poster.no_room_for_quote", template=spec.template, size=spec.size, problem=str(problem))
            return await self._studio.poster(replace(spec, quote="", quote_by=""), keep=keep)

    async def _whole(self, asked: _Asked) -> PosterSpec:
        """The spec with its face, its photo, and of colours and ornaments those that the look has."""
        spec = replace(asked.spec, avatar=await self._face(asked))
        if spec == replace(asked.plain, avatar=spec.avatar) and not asked.photo:
            return spec
        return await asyncio.to_thread(lambda: self._dressing.fit(spec, asked.photo, self._studio.looks()))

    def _asked(self, tx: Transaction, code_text: str, wanted: Commission) -> _Asked:
        code = tx.codes.find(code_text)
        campaign = tx.campaigns.get(code.campaign) if code else None
        advocate = tx.people.get(code.advocate) if code else None
        if code is None or campaign is None or advocate is None:
            raise NotFound(f"没有这个邀请码：{code_text}")
        design, usual = designs.of_code(tx, code), self._usual(tx, campaign, advocate)
        return self._carried(tx, campaign, code, self._of(tx, campaign, advocate, code.code, wanted, design, usual))

    def _carried(self, tx: Transaction, campaign: Campaign, code: Code, asked: _Asked) -> _Asked:
        """With the QR that the campaign's carrier says, none where it is not known yet."""
        carrier, link = said_by(tx, self._facts, campaign, code)
        if carrier is Carrier.LANDING:
            return asked
        return replace(asked, spec=carried(asked.spec, carrier, link), plain=carried(asked.plain, carrier, link))

    def _sample(
        self, tx: Transaction, campaign_id: str, rep: str, wanted: Commission, draft: Design | None = None
    ) -> _Asked:
        campaign = tx.campaigns.get(campaign_id)
        if campaign is None:
            raise NotFound(f"没有这个活动：{campaign_id}")
        code = tx.codes.newest_of_rep(rep, campaign_id)
        advocate = tx.people.get(code.advocate) if code else None
        design = draft or tx.designs.get(campaign_id, rep)
        if code is None or advocate is None:
            return self._of(tx, campaign, _NOBODY, SAMPLE_CODE, wanted, design)
        landing = self._of(tx, campaign, advocate, code.code, wanted, design)
        asked = self._carried(tx, campaign, code, landing)
        return asked if asked.spec.link else landing

    def _of(
        self,
        tx: Transaction,
        campaign: Campaign,
        advocate: Person,
        code: str,
        wanted: Commission,
        design: Design | None,
        usual: str = "",
    ) -> _Asked:
        plain = self._words.pack(campaign.pack).template
        usual = usual or plain
        terms = tx.campaigns.terms(campaign.id, campaign.version)
        words = self._words.poster(advocate.id, campaign, terms, edition=wanted.edition)
        quote, quote_by = self._quote(tx, campaign)
        spec = PosterSpec(
            template=wanted.template or usual,
            size=wanted.size,
            theme=wanted.theme,
            palette=wanted.palette,
            season=wanted.season,
            edition=wanted.edition,
            company=self._facts.company,
            headline=words.headline,
            body=words.body,
            note=words.note,
            quote=quote,
            quote_by=quote_by,
            nickname=advocate.shown_name,
            code=code,
            link=link_for(self._facts.public_url, code),
        )
        hers = wanted.template in ("", (design.template if design else "") or usual)
        return _Asked(
            spec=self._dressed(spec, design, campaign, advocate, terms, hers=hers) if design else spec,
            plain=replace(spec, template=wanted.template or plain),
            avatar=advocate.avatar if advocate.byline is Byline.FACE else "",
            photo=design.photo if design else "",
        )

    def _quote(self, tx: Transaction, campaign: Campaign) -> tuple[str, str]:
        """A customer's own words, and whose they are; that their author was thanked stands beside (reliability R12)."""
        quoted = quoting.quoted(tx, self._facts, campaign.id)
        if quoted is None:
            return "", ""
        return quoted.words, THANKED_AUTHOR if quoted.thanked else AUTHOR

    def _dressed(
        self, plain: PosterSpec, design: Design, campaign: Campaign, advocate: Person, terms: Terms, *, hers: bool
    ) -> PosterSpec:
        """A poster with what the rep has changed; a look other than `hers` that an address names comes in its own
        colours."""
        dress = self._dressing.dress if hers else self._dressing.word
        return dress(plain, design, campaign, advocate.id, terms)

    async def _face(self, asked: _Asked) -> bytes | None:
        return await self._portraits.get(asked.avatar) if asked.avatar and self._portraits else None


def _squared(face: bytes) -> bytes | None:
    """A picture fit for our own page: decoded with care and drawn anew, None where it is refused."""
    from bot.posters import avatar  # noqa: PLC0415  # Pillow is loaded with the first face, not before

    try:
        return avatar.square(face, side=_PORTRAIT)
    except AvatarRefused:
        return None
