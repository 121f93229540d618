"""Designing posters: what a rep asks for is judged, tried out, and only then published; or told what is against it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from bot.photo_shelf import PhotoShelf
from bot.photos import fitted
from bot.pictures import PictureRefused, PictureTooLarge
from bot.posters.commissions import Commission, PosterDesk
from bot.posters.errors import CopyDoesNotFit, FontMissing, PosterBroken, PosterError
from bot.posters.look import Look
from bot.words import Words
from referral.campaigns import Campaign, CampaignState
from referral.designs import NAMES, TEXTS, UNUSED_FOR, Design, Refusal, hold, objections, promised, save, typed, unused
from referral.facts import Facts
from referral.nicknames import legible, signs
from referral.offers import EDITIONS, Edition
from referral.promises import is_full
from referral.times import Clock
from storage.store import Store
from storage.transaction import Transaction

MOST_BYTES = 8 * 1024 * 1024
"""Of a photo as it comes."""

_TRIED = ("tall", "card", "square")
"""The sizes in which a design must fit before it is published; elsewhere the campaign's own words stand in for it."""

_OPEN = (CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.WAITING)

Looks = Mapping[str, Look]

log = structlog.get_logger()


class PhotoRefused(Exception):
    """A photo that cannot be taken; says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Designing:
    """Judges designs and keeps their photos."""

    store: Store
    facts: Facts
    words: Words
    posters: PosterDesk
    photos: PhotoShelf
    clock: Clock

    async def looks(self) -> Looks:
        """Every template that is whole, by name."""
        return {look.name: look for look in await asyncio.to_thread(self.posters.looks)}

    def open(self, tx: Transaction) -> list[Campaign]:
        """The campaigns that have posters now, the newest first."""
        now = self.clock()
        found = [each for each in tx.campaigns.all() if each.state in _OPEN and not each.is_over(now)]
        return sorted(found, key=lambda each: (each.starts_at, each.id), reverse=True)

    def look_of(self, design: Design, campaign: Campaign) -> str:
        """The name of the template that a design comes out in."""
        return design.template or self.words.pack(campaign.pack).template

    def editions(self, campaign: Campaign) -> tuple[Edition, ...]:
        """Those in which a campaign's posters are given out: one that can thank nobody now promises nothing."""
        return ("feed",) if is_full(campaign) else ("friend", "feed")

    def values(self, tx: Transaction, campaign: Campaign) -> dict[str, str]:
        """What may stand in braces, with what it is filled with here."""
        stock = self.words.offer(campaign.pack, tx.campaigns.terms(campaign.id, campaign.version))
        names = dict.fromkeys(name for edition in ("friend", "feed") for name in NAMES[edition])
        return {name: str(stock[name]) for name in names}

    def unknown(self, design: Design, looks: Looks) -> list[Refusal]:
        """Colours and ornaments that no look has; those of another look than hers are merely left behind."""
        palettes = {each.name for look in looks.values() for each in look.palettes}
        seasons = {season for look in looks.values() for season in look.seasons}
        asked = (("palette", design.palette, palettes, "颜色"), ("season", design.season, seasons, "时令"))
        return [
            Refusal(place=place, text=legible(name), why=f"没有这个{called}", suggestion="请换一个")
            for place, name, known, called in asked
            if name and name not in known
        ]

    def judge(self, tx: Transaction, design: Design, campaign: Campaign, looks: Looks) -> list[Refusal]:
        """What speaks against a design before it is drawn."""
        return [*self._against_look(design, campaign, looks), *self._against_words(tx, design, campaign)]

    async def try_out(
        self,
        design: Design,
        campaign: Campaign,
        looks: Looks,
        *,
        editions: Sequence[Edition] = EDITIONS,
        sizes: Sequence[str] = _TRIED,
    ) -> list[Refusal]:
        """What speaks against a design once it is drawn: in these editions, in those of the sizes that its look has."""
        look = looks[self.look_of(design, campaign)]
        tried = [self._drawn(design, edition, size) for edition in editions for size in sizes if size in look.frames]
        found = [refusal for refusals in await asyncio.gather(*tried) for refusal in refusals]
        return list(dict.fromkeys(found))

    async def keep_photo(self, campaign: str, rep: str, picture: bytes) -> str:
        """Draw a photo anew and keep it, for a day unless a design shows it then. Raises `PhotoRefused`."""
        if len(picture) > MOST_BYTES:
            raise PhotoRefused("照片超过 8 MB，请选小一点的")
        if not picture:
            raise PhotoRefused("这个文件是空的")
        try:
            photo = await asyncio.to_thread(fitted, picture)
        except PictureTooLarge:
            raise PhotoRefused("照片太大了，请选 2500 万像素以内的") from None
        except PictureRefused:
            raise PhotoRefused("打不开这个文件，请选 JPEG、PNG 或 WebP 的照片") from None
        try:
            name = await asyncio.to_thread(self.photos.keep, _photo_id(campaign, rep), photo.jpeg)
        except OSError as problem:
            log.warning("design.photo_not_kept", problem=problem.strerror)
            raise PhotoRefused("照片这会儿存不下，请稍后再试") from None
        due = self.clock() + UNUSED_FOR
        await self.store.write(lambda tx: unused(tx, name, due))
        return name

    async def owns_photo(self, campaign: str, rep: str, name: str) -> bool:
        """Whether a photo of that name is there and is this rep's, for this campaign."""
        return await asyncio.to_thread(self.photos.kept, _photo_id(campaign, rep), name)

    def save(self, tx: Transaction, design: Design) -> bool:
        """Keep a design; False, and nothing done, where its photo was deleted since it was tried out."""
        if design.photo:
            hold(tx, design.photo)
            if not self.photos.kept(_photo_id(design.campaign, design.rep), design.photo):
                return False
        save(tx, design)
        return True

    def _against_look(self, design: Design, campaign: Campaign, looks: Looks) -> Iterator[Refusal]:
        look = looks.get(self.look_of(design, campaign))
        if look is None:
            yield Refusal(place="template", why="这个图样现在用不了", suggestion="请换一个")
        elif design.photo and not look.takes_photo:
            takes = "、".join(f"「{each.title}」" for each in looks.values() if each.takes_photo)
            yield Refusal(place="photo", why=f"「{look.title}」不放照片", suggestion=f"请换成{takes}，或者勾选不用照片")

    def _against_words(self, tx: Transaction, design: Design, campaign: Campaign) -> Iterator[Refusal]:
        terms = tx.campaigns.terms(campaign.id, campaign.version)
        values = self.words.offer(campaign.pack, terms)
        saved, shown = tx.designs.get(design.campaign, design.rep), self.editions(campaign)
        for edition in EDITIONS:
            own = design.words(edition)
            if edition not in shown and saved and saved.words(edition) == own:
                continue  # she cannot see them now, and nobody is given them
            against = typed(own, edition, values)
            if not against and any(getattr(own, name) for name in TEXTS):
                filled = self.words.own_poster("", campaign, terms, edition=edition, own=own)
                against += objections(filled, edition, self.facts.industry)
            yield from against
            yield from (each for each in promised(own, edition) if not _is_said(each, against))

    async def _drawn(self, design: Design, edition: Edition, size: str) -> list[Refusal]:
        try:
            await self.posters.draft(design, Commission(edition=edition, size=size))
        except CopyDoesNotFit:
            return [Refusal(place=edition, why="字太多，这个图样里放不下", suggestion="请写短一点，或者换一个图样")]
        except FontMissing as problem:
            return [_undrawable(design, edition, str(problem))]
        except PosterBroken:
            return [Refusal(place="template", why="这样画出来二维码读不出", suggestion="请换一个图样或颜色")]
        except PosterError:
            return [Refusal(place="template", why="这个图样现在画不出来", suggestion="请换一个")]
        return []


def _is_said(refusal: Refusal, against: Sequence[Refusal]) -> bool:
    """Whether something is said already against these very words."""
    return any(each.place == refusal.place and refusal.text in each.text for each in against)


def _undrawable(design: Design, edition: Edition, problem: str) -> Refusal:
    """Where the sign stands that no font has."""
    for name in TEXTS:
        for sign in signs(getattr(design.words(edition), name)):
            if not sign.isascii() and (sign in problem or ascii(sign)[1:-1] in problem):
                return Refusal(place=f"{edition}.{name}", text=sign, why="这个字画不出来", suggestion="请换一个字")
    return Refusal(place=edition, why="有的字画不出来", suggestion="请换一个字")


def in_look(design: Design, look: Look | None) -> Design:
    """The design without colours and an ornament that its look has not."""
    if look is None:
        return replace(design, palette="", season="")
    return replace(
        design,
        palette=design.palette if any(each.name == design.palette for each in look.palettes) else "",
        season=design.season if design.season in look.seasons else "",
    )


def _photo_id(campaign: str, rep: str) -> str:
    return f"{campaign}:{rep}"
