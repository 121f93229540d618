"""A code's poster: gathers what it shows from where it is kept, and has it made.

The advocate's choice of name and face is read each time, so a change of mind shows on the very next poster.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from bot.posters.engine import Edition, PosterSpec
from bot.posters.errors import AvatarRefused
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

    async def poster(self, code: str, *, edition: str = "feed", template: str = "") -> bytes:
        """The JPEG of a code's poster. Raises `NotFound`, or `PosterError` where it cannot be drawn."""
        asked = await self._store.read(lambda tx: self._asked(tx, code, edition, template))
        return await self._studio.poster(replace(asked.spec, avatar=await self._face(asked)))

    async def portrait(self, code: str) -> bytes | None:
        """The advocate's face as a small JPEG, None where they show none or it cannot be had. Raises `NotFound`."""
        asked = await self._store.read(lambda tx: self._asked(tx, code, "feed", ""))
        face = await self._face(asked)
        return await asyncio.to_thread(_squared, face) if face else None

    def _asked(self, tx: Transaction, code_text: str, edition: str, template: str) -> _Asked:
        code = tx.codes.find(code_text)
        campaign = tx.campaigns.get(code.campaign) if code else None
        advocate = tx.people.get(code.advocate) if code else None
        if code is None or campaign is None or advocate is None:
            raise NotFound(f"没有这个邀请码：{code_text}")
        which: Edition = "friend" if edition == "friend" else "feed"
        terms = tx.campaigns.terms(campaign.id, campaign.version)
        words = self._words.poster(advocate.id, campaign, terms, edition=which)
        spec = PosterSpec(
            template=template or self._words.pack(campaign.pack).template,
            edition=which,
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
