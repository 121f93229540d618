"""Fetching what customers send for their stories: from the platform, drawn anew, onto the shelf.

One photo at a time: each may take a hundred megabytes while it is decoded.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

from bot.channels.errors import Expired, Refused
from bot.channels.wecom.effects import Effect, Lines
from bot.photo_shelf import PhotoShelf
from referral import stories
from referral.facts import Facts
from referral.ids import Bits
from referral.messages import DeskText, FetchPhoto
from referral.outbox import Purpose, post
from storage.transaction import Transaction


class PhotoErrands:
    """Runs errands for photos; each returns what it changes here."""

    def __init__(self, *, facts: Facts, lines: Lines, shelf: PhotoShelf, rng: Bits) -> None:
        self._facts = facts
        self._lines = lines
        self._shelf = shelf
        self._rng = rng
        self._one = asyncio.Semaphore(1)

    async def fetch(self, message: FetchPhoto) -> Effect:
        """Fetch a photo and keep it; one that cannot be used is told to its sender. Raises `ChannelError`."""
        async with self._one:
            try:
                sent = await self._lines.for_desk(message.desk).photo(message.media)
            except (Expired, Refused) as error:
                return self.failed(message, _SAID.get(error.reason, "story.photo_lost"))
            return await asyncio.to_thread(self._keep, message, sent)

    def _keep(self, message: FetchPhoto, sent: bytes) -> Effect:
        from bot import photos, pictures  # noqa: PLC0415  # Pillow is loaded with the first photo, not before

        try:
            made = photos.fitted(sent)
        except pictures.PictureTooLarge:
            return self.failed(message, "story.photo_large")
        except pictures.PictureRefused:
            return self.failed(message, "story.photo_unreadable")
        file, width, height = self._shelf.keep(message.photo, made.jpeg, made.small), made.width, made.height
        return lambda tx, now: stories.photo_came(tx, message.photo, file=file, width=width, height=height, now=now)

    def failed(self, message: FetchPhoto, key: str = "story.photo_lost") -> Effect:
        """The story goes on without this photo, and its author is told why."""
        text = self._facts.words.say(key)
        told = DeskText(desk=message.desk, to=message.to, text=text)

        def effect(tx: Transaction, now: datetime) -> None:
            person = stories.photo_failed(tx, message.photo)
            if person:
                lane = f"desk:{message.to}"
                post(tx, told, lane=lane, purpose=Purpose.REPLY, person=person, now=now, rng=self._rng)
                tx.windows.spend(message.desk, person, 1)

        return effect


_SAID = {"file_too_large": "story.photo_large"}
