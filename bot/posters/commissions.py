"""A code's poster: gathers what it shows from where it is kept, and has it made.

The advocate's choice of name and face is read each time, so a change of mind shows on the very next poster.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

from bot.posters.engine import Edition, PosterSpec
from bot.posters.errors import AvatarRefused
from bot.posters.look import SIZES, Look, Theme
from bot.posters.portraits import Fetch, Portraits
from bot.posters.qr import link_for
from bot.posters.studio import Studio
from bot.words import Words
from referral.errors import NotFound
from referral.facts import Facts
from referral.people import Byline
from referral.times import Clock
from storage.store import Store
from storage.transaction import Transaction

_PORTRAIT = 192  # pixels


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


def asked_for(given: Mapping[str, str], usual: Commission = USUAL) -> tuple[Commission | None, str]:
    """The poster that an address asks for, `usual` where it says nothing; or None and which of its values cannot be."""
    for name, choices in _CHOICES.items():
        if name in given and given[name] not in choices:
            return None, f"{name}: {'、'.join(choices)}"
    said: dict[str, Any] = {name: given[name] for name in (*_CHOICES, "template") if name in given}
    return replace(usual, **said), ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    spec: PosterSpec
    avatar: str


class PosterDesk:
    """Takes orders for posters by code."""

    def __init__(
        self, store: Store, studio: Studio, *, facts: Facts, words: Words, fetch: Fetch | None, clock: Clock
    ) -> None:
        self._store = store
        self._studio = studio
        self._facts = facts
        self._words = words
        self._portraits = Portraits(fetch, clock) if fetch else None

    async def poster(self, code: str, wanted: Commission = USUAL) -> bytes:
        """The JPEG of a code's poster. Raises `NotFound`, or `PosterError` where it cannot be drawn."""
        asked = await self._store.read(lambda tx: self._asked(tx, code, wanted))
        return await self._studio.poster(replace(asked.spec, avatar=await self._face(asked)))

    async def portrait(self, code: str) -> bytes | None:
        """The advocate's face as a small JPEG, None where they show none or it cannot be had. Raises `NotFound`."""
        asked = await self._store.read(lambda tx: self._asked(tx, code, USUAL))
        face = await self._face(asked)
        return await asyncio.to_thread(_squared, face) if face else None

    async def thumbnail(self, code: str) -> bytes:
        """The small square JPEG of a code's cards: its campaign's, without words or names. Raises `NotFound`."""
        template = await self._store.read(lambda tx: self._asked(tx, code, USUAL).spec.template)
        return await self._studio.thumbnail(template)

    def looks(self) -> list[Look]:
        """Every template, in order."""
        return self._studio.looks()

    def _asked(self, tx: Transaction, code_text: str, wanted: Commission) -> _Asked:
        code = tx.codes.find(code_text)
        campaign = tx.campaigns.get(code.campaign) if code else None
        advocate = tx.people.get(code.advocate) if code else None
        if code is None or campaign is None or advocate is None:
            raise NotFound(f"没有这个邀请码：{code_text}")
        terms = tx.campaigns.terms(campaign.id, campaign.version)
        words = self._words.poster(advocate.id, campaign, terms, edition=wanted.edition)
        spec = PosterSpec(
            template=wanted.template or self._words.pack(campaign.pack).template,
            size=wanted.size,
            theme=wanted.theme,
            palette=wanted.palette,
            season=wanted.season,
            edition=wanted.edition,
            company=self._facts.company,
            headline=words.headline,
            body=words.body,
            note=words.note,
            nickname=advocate.shown_name,
            code=code.code,
            link=link_for(self._facts.public_url, code.code),
        )
        return _Asked(spec=spec, avatar=advocate.avatar if advocate.byline is Byline.FACE else "")

    async def _face(self, asked: _Asked) -> bytes | None:
        return await self._portraits.get(asked.avatar) if asked.avatar and self._portraits else None


def _squared(face: bytes) -> bytes | None:
    """A picture fit for our own page: decoded with care and drawn anew, None where it is refused."""
    from bot.posters import avatar  # noqa: PLC0415  # Pillow is loaded with the first face, not before

    try:
        return avatar.square(face, side=_PORTRAIT)
    except AvatarRefused:
        return None
