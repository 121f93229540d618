"""The sender: takes letters from the outbox, after their transaction has committed, to the platform and back.

A letter is marked as being sent before anything is sent. What a platform call brings back (a QR, a name) is written in
the same transaction that closes the letter. Each error class says what becomes of it; no letter stops another lane.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

import structlog

from bot.channels.errors import (
    AlreadyDone,
    ChannelError,
    Expired,
    Misconfigured,
    NotYet,
    RateLimited,
    Unreachable,
)
from bot.channels.wecom.broadcasting import Broadcasting
from bot.channels.wecom.effects import Effect, FateUnknown, Lines
from bot.channels.wecom.errands import Errands
from bot.photo_shelf import PhotoShelf
from bot.posters.commissions import Commission, PosterDesk
from bot.posters.errors import PosterError, PosterWaits
from referral import caring, hours, notices, nudges
from referral.facts import Facts
from referral.ids import Bits
from referral.jobs import Job
from referral.messages import (
    DeskGreeting,
    DeskMenu,
    DeskPoster,
    DeskText,
    FetchPhoto,
    FetchProfile,
    FetchReps,
    HandOver,
    MakeBroadcast,
    MakeContactWay,
    MakeDeskLink,
    RepCard,
    RepText,
    Welcome,
)
from referral.outbox import Letter, Purpose, post
from referral.times import Clock
from storage.store import Store
from storage.transaction import Transaction

log = structlog.get_logger()

_AT_ONCE = 40
_LEASE = timedelta(seconds=60)
_TRIES = 8
_POSTER_TRIES = 4  # 15 s in all: the answers behind a poster wait as long as its QR is being made
_PER_MINUTE = 30
_MEDIA_LIFE = timedelta(days=3) - timedelta(hours=1)
_REP_REPEAT = timedelta(minutes=29)  # the platform knows the same words to a rep again for 30 minutes


class Sender:
    """Drains the outbox. One at a time per process; letters of different lanes travel together."""

    def __init__(
        self,
        store: Store,
        *,
        facts: Facts,
        lines: Lines,
        posters: PosterDesk,
        pictures: Path,
        photos: PhotoShelf,
        phone_key: bytes,
        clock: Clock,
        rng: Bits,
    ) -> None:
        self._store = store
        self._facts = facts
        self._lines = lines
        self._posters = posters
        self._errands = Errands(
            store, facts=facts, lines=lines, pictures=pictures, photos=photos, phone_key=phone_key, rng=rng
        )
        self._broadcasts = Broadcasting(store, facts=facts, lines=lines, clock=clock)
        self._clock = clock
        self._rng = rng
        self._one = asyncio.Lock()
        self._more = asyncio.Event()
        self._closing = False

    def wake(self) -> None:
        """Letters may have come: a slow call under way must not keep them waiting."""
        self._more.set()

    async def drain(self) -> int:
        """Send all that is due, and what becomes due meanwhile; how many letters were taken up."""
        async with self._one, asyncio.TaskGroup() as group:
            taken, under_way = 0, set[asyncio.Task[None]]()
            while True:
                self._more.clear()
                for letter in await self._claim(_AT_ONCE - len(under_way)):
                    taken += 1
                    under_way.add(group.create_task(self._carry(letter)))
                if not under_way:
                    return taken
                more = group.create_task(_set(self._more))
                done, _ = await asyncio.wait({*under_way, more}, return_when=asyncio.FIRST_COMPLETED)
                more.cancel()
                under_way -= done

    async def follow(self, job: Job) -> None:
        """Ask the platform how a broadcast stands."""
        await self._broadcasts.follow(job)

    async def finish(self) -> None:
        """Take up no more letters; return when those under way have come to their end."""
        self._closing = True
        self._more.set()
        async with self._one:
            return

    async def rescue(self, *, all_of_them: bool = False) -> None:
        """Queue letters whose sender died again. They stay due since when they were: it tells how old a try is."""
        now = self._clock()
        asof = now + _LEASE if all_of_them else now

        def unit(tx: Transaction) -> None:
            for letter in tx.outbox.orphaned(asof):
                tx.outbox.postpone(letter.id, letter.due_at, "sender_died")

        await self._store.write(unit)

    async def _claim(self, limit: int) -> list[Letter]:
        now = self._clock()
        if limit <= 0 or self._closing:
            return []
        return await self._store.write(lambda tx: tx.outbox.claim(now, limit=limit, lease=_LEASE))

    async def _carry(self, letter: Letter) -> None:
        """Bring one letter to an end, or set it back for later."""
        kind = type(letter.message).__name__
        try:
            if self._is_forgotten(letter):
                await self._end(letter, "unknown", "tried_before")
                return
            stopped = await self._stopped(letter)
            if stopped:
                await self._end(letter, "dropped", stopped, self._giving_up(letter))
                return
            if await self._waits_for_morning(letter) or not await self._released(letter):
                return
            effect = await self._send(letter)
        except AlreadyDone as done:
            await self._end(letter, "sent", done.reason)
        except ChannelError as error:
            log.info("letter.held_up", kind=kind, reason=error.reason, attempts=letter.attempts + 1)
            await self._after(letter, error)
        except PosterError as error:
            await self._without_poster(letter, error)
        except Exception as error:  # one letter must not stop the others
            log.exception("letter.broken", kind=kind)
            await self._after(letter, Unreachable(type(error).__name__, maybe_done=True))
        else:
            await self._end(letter, "sent", "", effect)

    def _is_forgotten(self, letter: Letter) -> bool:
        """Whether an earlier try may have succeeded so long ago that the platform would not know a repeat."""
        tried = letter.attempts > 0 and isinstance(letter.message, RepText | RepCard)
        return tried and self._clock() - letter.due_at > _REP_REPEAT

    async def _stopped(self, letter: Letter) -> str | None:
        """Why a letter must not go out any more, checked at the last moment."""
        if letter.expires_at and self._clock() >= letter.expires_at:
            return "expired"
        if letter.purpose in (Purpose.THANKS, Purpose.NUDGE) and letter.person:
            person = letter.person
            if await self._store.read(lambda tx: notices.is_silent(tx, person)):
                return "opted_out"
        return None

    async def _waits_for_morning(self, letter: Letter) -> bool:
        """Outside the hours nothing unasked goes out, however it came to be late."""
        now, open_hours, workdays = self._clock(), self._facts.hours, self._facts.workdays
        unasked = letter.purpose in (Purpose.THANKS, Purpose.NUDGE) or isinstance(letter.message, MakeBroadcast)
        if not unasked or hours.are_open(open_hours, now, workdays):
            return False
        opening = hours.next_opening(open_hours, now, workdays)
        await self._store.write(lambda tx: tx.outbox.postpone(letter.id, opening, "outside_hours"))
        return True

    async def _released(self, letter: Letter) -> bool:
        """Whether an ask may still go: it is judged once more, and counts as said from here on."""
        if letter.purpose is not Purpose.NUDGE:
            return True
        now, nudge = self._clock(), nudges.carried(letter.dedupe)
        if caring.is_carried(letter.dedupe):
            verdict = await self._store.write(lambda tx: caring.release(tx, self._facts, letter.dedupe, now=now))
        else:
            verdict = await self._store.write(lambda tx: nudges.release(tx, self._facts, nudge, now=now))
        match verdict:
            case nudges.Wait(until=until):
                await self._store.write(lambda tx: tx.outbox.postpone(letter.id, until, "outside_hours"))
            case nudges.Stop(why=why):
                await self._end(letter, "dropped", why)
        return isinstance(verdict, nudges.Go)

    async def _after(self, letter: Letter, error: ChannelError) -> None:
        """Decide by the error's class whether a letter waits or ends."""
        now = self._clock()
        tries = letter.attempts + 1
        match error:
            case RateLimited() | Misconfigured() if _is_before_answers(letter):
                await self._end(letter, "failed", error.reason, self._giving_up(letter))
                return
            case Unreachable(maybe_done=True) if isinstance(letter.message, MakeContactWay):
                # Once more would be one more; the next visitor asks.
                await self._end(letter, "unknown", error.reason, self._giving_up(letter))
                return
            case FateUnknown():
                await self._end(letter, "unknown", error.reason, self._giving_up(letter))
                return
            case RateLimited(retry_after=wait):
                later = now + timedelta(seconds=wait)
            case Expired() if isinstance(letter.message, DeskPoster) and tries == 1:
                later = now
            case Misconfigured():
                await self._make_do(letter)
                later = now + timedelta(seconds=min(3600, 60 * 2 ** min(tries - 1, 6)))
            case NotYet() | Unreachable() if tries < _tries(letter):
                later = now + timedelta(seconds=min(60, 2 ** (tries - 1)))
            case Unreachable(maybe_done=True) if letter.purpose is Purpose.NUDGE:
                await self._end(letter, "unknown", error.reason)
                return
            case _:
                await self._end(letter, "failed", error.reason, self._giving_up(letter))
                return
        if letter.expires_at and later >= letter.expires_at:
            await self._end(letter, "dropped", f"expired:{error.reason}", self._giving_up(letter))
            return
        await self._store.write(lambda tx: tx.outbox.postpone(letter.id, later, error.reason))

    async def _without_poster(self, letter: Letter, error: PosterError) -> None:
        """A poster whose QR is still being made is tried again in a moment; else the customer hears why none comes."""
        if isinstance(error, PosterWaits) and letter.attempts < _POSTER_TRIES:
            later = self._clock() + timedelta(seconds=2**letter.attempts)
            await self._store.write(lambda tx: tx.outbox.postpone(letter.id, later, "poster_waits"))
            return
        log.warning("poster.failed", reason=type(error).__name__)
        await self._end(letter, "failed", type(error).__name__, self._poster_excuse(letter))

    async def _make_do(self, letter: Letter) -> None:
        """What needs somebody's hand may last: until then posters go without this contact way or desk link."""
        message, now = letter.message, self._clock()
        effect = self._giving_up(letter) if isinstance(message, MakeContactWay | MakeDeskLink) else None
        if effect:
            await self._store.write(lambda tx: effect(tx, now))

    async def _end(self, letter: Letter, state: str, note: str, effect: Effect | None = None) -> None:
        now = self._clock()

        def unit(tx: Transaction) -> None:
            tx.outbox.finish(letter.id, state, note, now)
            if effect:
                effect(tx, now)
            if state in ("failed", "dropped"):
                notices.undelivered(tx, letter.dedupe)
            if letter.purpose is Purpose.NUDGE:
                nudges.letter_ended(tx, nudges.carried(letter.dedupe), state, note, now=now)
                caring.letter_ended(tx, letter.dedupe, state, note)

        await self._store.write(unit)

    async def _send(self, letter: Letter) -> Effect | None:
        """Make the platform call of a letter; returns what it changes here."""
        message, key = letter.message, letter.id
        match message:
            case DeskText():
                await self._lines.for_desk(message.desk).say(message.desk, message.to, message.text, key)
            case DeskMenu():
                desk = self._lines.for_desk(message.desk)
                await desk.menu(message.desk, message.to, message.head, message.items, message.tail, key)
            case DeskPoster():
                await self._send_poster(message, key)
            case DeskGreeting():
                await self._lines.for_desk(message.desk).greet(message.code, message.text, key)
            case HandOver():
                await self._lines.for_desk(message.desk).hand_over(message.desk, message.to)
            case Welcome():
                await self._lines.for_contact().welcome(message.welcome_code, message.text)
            case RepText() | RepCard():
                await self._tell_rep(message)
            case MakeBroadcast():
                return await self._broadcasts.make(message)
            case MakeContactWay() | MakeDeskLink() | FetchProfile() | FetchPhoto() | FetchReps():
                return await self._errands.run(message)
        return None

    async def _tell_rep(self, message: RepText | RepCard) -> None:
        """Beyond 30 a minute the platform drops words to a rep without a sign, so the rest wait their turn."""
        since = self._clock() - timedelta(minutes=1)
        told = await self._store.read(lambda tx: tx.outbox.told_since(f"rep:{message.rep}", since))
        if told >= _PER_MINUTE:
            raise RateLimited("rep_minute", retry_after=60)
        gateway = self._lines.for_rep()
        if isinstance(message, RepCard):
            await gateway.card_rep(message)
        else:
            await gateway.tell_rep(message.rep, message.text)

    async def _send_poster(self, message: DeskPoster, key: str) -> None:
        desk = self._lines.for_desk(message.desk)
        wanted = Commission(edition="friend" if message.edition == "friend" else "feed", template=message.template)
        jpeg = await self._posters.poster(message.code, wanted)
        content = f"{message.desk}:{sha256(jpeg).hexdigest()}"
        now = self._clock()
        media = await self._store.read(lambda tx: tx.media.find(content, now))
        if media is None:
            media = uploaded = await desk.upload_image(jpeg, f"{message.code}.jpg")
            await self._store.write(lambda tx: tx.media.keep(content, uploaded, now + _MEDIA_LIFE))
        try:
            await desk.image(message.desk, message.to, media, key)
        except Expired:
            await self._store.write(lambda tx: tx.media.forget(content))
            raise

    def _giving_up(self, letter: Letter) -> Effect | None:
        """What follows when a letter ends without success."""
        match letter.message:
            case FetchProfile():
                return self._errands.learned(letter.message, None)
            case FetchPhoto():
                return self._errands.photos.failed(letter.message)
            case MakeContactWay(way=way):
                return lambda tx, now: tx.contact_ways.failed(way, now)
            case MakeDeskLink(desk=desk):
                return lambda tx, now: tx.desks.failed(desk, now)
            case MakeBroadcast():
                return self._broadcasts.given_up(letter.message)
            case _:
                return None

    def _poster_excuse(self, letter: Letter) -> Effect | None:
        message = letter.message
        if not isinstance(message, DeskPoster):
            return None
        text = self._facts.words.say("poster.failed", link=self._facts.link(message.code))
        excuse = DeskText(desk=message.desk, to=message.to, text=text)

        def effect(tx: Transaction, now: datetime) -> None:
            post(tx, excuse, lane=letter.lane, purpose=Purpose.REPLY, person=letter.person, now=now, rng=self._rng)

        return effect


def _tries(letter: Letter) -> int:
    """How often a letter is tried: a name is worth a short wait only, since answers stand behind it."""
    return 3 if _is_before_answers(letter) else _TRIES


def _is_before_answers(letter: Letter) -> bool:
    """Whether the desk's own words to a customer wait behind this letter."""
    asks = isinstance(letter.message, FetchProfile | MakeContactWay | MakeDeskLink)
    return asks and letter.lane.startswith("desk:")


async def _set(event: asyncio.Event) -> None:
    await event.wait()
