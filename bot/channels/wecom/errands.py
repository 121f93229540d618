"""Letters that fetch something from the platform: contact QRs, desk links, profiles, the list of reps."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from bot.channels.errors import Misconfigured, Refused, Unreachable
from bot.channels.wecom.effects import Effect, Lines
from bot.channels.wecom.gateway import Contact, Gateway
from bot.channels.wecom.gateway import Profile as DeskProfile
from bot.channels.wecom.links import acquisition_prefix, desk_prefix
from bot.channels.wecom.photos import PhotoErrands
from bot.phone_hash import noted_phones
from bot.photo_shelf import PhotoShelf
from bot.posters import contact_qr, qr
from referral import codes, contact_ways, contacts
from referral.contact_ways import ContactWay, WayKind
from referral.contacts import Profile
from referral.facts import Facts
from referral.identities import Identity, IdentityKind
from referral.ids import Bits
from referral.messages import FetchPhoto, FetchProfile, FetchReps, MakeContactWay, MakeDeskLink
from storage.store import Store
from storage.transaction import Transaction

_PICTURES = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg"}

Errand = MakeContactWay | MakeDeskLink | FetchProfile | FetchPhoto | FetchReps


class Errands:
    """Runs errands; each returns what it changes here."""

    def __init__(
        self,
        store: Store,
        *,
        facts: Facts,
        lines: Lines,
        pictures: Path,
        photos: PhotoShelf,
        phone_key: bytes,
        rng: Bits,
    ) -> None:
        """`pictures` is the folder of mirrored contact QRs, `photos` where those of stories lie.

        Phones that reps noted are known by their hash under `phone_key`.
        """
        self.photos = PhotoErrands(facts=facts, lines=lines, shelf=photos, rng=rng)
        self._store = store
        self._facts = facts
        self._lines = lines
        self._pictures = pictures
        self._phone_key = phone_key
        self._rng = rng

    async def run(self, errand: Errand) -> Effect | None:
        """Make the call. Raises `ChannelError`."""
        match errand:
            case MakeContactWay():
                return await self._make_contact_way(errand)
            case MakeDeskLink():
                return await self._make_desk_link(errand)
            case FetchProfile():
                return await self._fetch_profile(errand)
            case FetchPhoto():
                return await self.photos.fetch(errand)
            case FetchReps():
                return await self._fetch_reps()

    def learned(self, message: FetchProfile, known: Profile | None) -> Effect:
        """A friend is introduced even if their name stays unknown."""
        who = Identity(IdentityKind.WECOM, message.who)
        added = contacts.CodeAdd(rep=message.rep, code=message.code) if message.rep else None
        return lambda tx, now: contacts.profile_learned(
            tx, self._facts, who, known, added=added, now=now, rng=self._rng
        )

    async def _make_contact_way(self, message: MakeContactWay) -> Effect | None:
        way = await self._store.read(lambda tx: tx.contact_ways.get(message.way))
        if way and way.is_made:
            return None
        if message.kind == WayKind.LINK:
            return await self._make_link(message)
        if kept := await asyncio.to_thread(self._kept, way):
            name, said = kept
            return lambda tx, now: tx.contact_ways.ready(message.way, name, said, now)
        source = way.source if way and way.source else await self._add_contact_way(message)
        picture = await self._lines.for_contact().picture(source)
        suffix = next((s for head, s in _PICTURES.items() if picture.startswith(head)), None)
        if suffix is None:
            raise Unreachable("no_picture", maybe_done=False)
        name = f"{message.way}{suffix}"
        await asyncio.to_thread(_keep, self._pictures / name, picture)
        said = await asyncio.to_thread(contact_qr.said_in, picture)
        return lambda tx, now: tx.contact_ways.ready(message.way, name, said, now)

    def _kept(self, way: ContactWay | None) -> tuple[str, str] | None:
        """The picture of a contact way and what it says, where a former program mirrored it without reading it."""
        path = self._pictures / way.picture if way and way.picture else None
        return (path.name, contact_qr.said_in(path.read_bytes())) if path and path.is_file() else None

    async def _make_link(self, message: MakeContactWay) -> Effect:
        made = await self._lines.for_acquisition().acquisition_link(message.rep, message.remark)
        if not made.picture:
            raise Unreachable("no_link", maybe_done=True)
        prefix = await asyncio.to_thread(_with_room, acquisition_prefix(made.picture), len(message.mark))
        return lambda tx, _: tx.contact_ways.made(message.way, made.config, prefix)

    async def _make_desk_link(self, message: MakeDeskLink) -> Effect:
        """The link opens the chat even where it cannot tell codes, or is too long for a poster's QR with one."""
        link = await self._lines.for_desk(message.desk).desk_link(message.desk, message.scene)
        prefix = await asyncio.to_thread(_with_room, desk_prefix(link), codes.LENGTH)

        def effect(tx: Transaction, now: datetime) -> None:
            tx.desks.linked(message.desk, link, prefix)
            if not prefix:
                tx.desks.failed(message.desk, now)

        return effect

    async def _add_contact_way(self, message: MakeContactWay) -> str:
        """Where the platform shows the new QR; kept at once, since each call makes another that nobody removes."""
        made = await self._lines.for_contact().add_contact_way(message.rep, message.mark, message.remark)
        await self._store.write(lambda tx: tx.contact_ways.made(message.way, made.config, made.picture))
        return made.picture

    async def _fetch_profile(self, message: FetchProfile) -> Effect:
        found = await self._look_up(message)
        known = None
        if found:
            known = Profile(nickname=found.nickname, avatar=found.avatar, identities=tuple(self._also(found)))
        return self.learned(message, known)

    def _also(self, found: DeskProfile | Contact) -> Iterator[Identity]:
        """By what else this human is known: across the company's accounts, and by the phones that reps noted."""
        if found.unionid:
            yield Identity(IdentityKind.UNIONID, found.unionid)
        if isinstance(found, Contact):
            yield from noted_phones((phone for each in found.follows for phone in each.phones), self._phone_key)

    async def _look_up(self, message: FetchProfile) -> DeskProfile | Contact | None:
        if message.desk:
            return (await self._lines.for_desk(message.desk).desk_profiles([message.who])).get(message.who)
        return await self._lines.for_contact().contact(message.who)

    async def _fetch_reps(self) -> Effect:
        names = await rep_names(self._lines.for_contact())

        return lambda tx, now: reps_told(tx, names, now=now, rng=self._rng)


def reps_told(tx: Transaction, names: Mapping[str, str], *, now: datetime, rng: Bits) -> None:
    """Keep who serves customers; the others do not any more. A list without anybody is taken for a fault."""
    for rep, name in names.items():
        tx.reps.see(rep, name)
        contact_ways.for_rep(tx, rep, now=now, rng=rng)
    if names:
        tx.reps.retire_all_but(list(names))


async def rep_names(gateway: Gateway) -> dict[str, str]:
    """All who may serve customers, with their names, empty where the directory does not let us see one."""
    reps = await gateway.reps()
    names = await asyncio.gather(*(_name_of(gateway, rep) for rep in reps))
    return dict(zip(reps, names, strict=True))


async def _name_of(gateway: Gateway, rep: str) -> str:
    try:
        return await gateway.rep_name(rep)
    except (Refused, Misconfigured):
        return ""


def _with_room(prefix: str, signs: int) -> str:
    """What a mark of so many signs is put behind, empty where a poster has no room for the QR of both."""
    return prefix if qr.is_short(prefix + "x" * signs) else ""  # small letters take the most room


def _keep(path: Path, picture: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_bytes(picture)
    part.replace(path)
