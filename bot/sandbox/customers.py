"""What a customer does: write, scan, add, leave, buy; each over the real path that a phone would take."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.acquisition import LINK_PATH as ACQUISITION_PATH
from bot.sandbox.acquisition import Acquisition
from bot.sandbox.callbacks import Callback
from bot.sandbox.contacts import Contacts
from bot.sandbox.desks import LINK_PATH, SCENE, Desks
from bot.sandbox.loopback import path_of
from bot.sandbox.media import Media
from bot.sandbox.people import People
from bot.sandbox.phone import Phone, is_link, landing_path
from bot.sandbox.pictures import NoCode
from bot.sandbox.sessions import Sessions
from bot.sandbox.shop import OCCASIONS, Occasion, Shop
from bot.sandbox.stage import Stage
from bot.sandbox.state import Order, Person
from bot.sandbox.transfers import Transfers
from bot.sandbox.ways import Ways
from bot.sandbox.wishes import BadAct, fen, only, options, spoken, word

Result = dict[str, Any]
Post = Callable[[list[Callback]], Awaitable[list[Result]]]
WAY_PATH = "/sandbox/wecom/add/"
MEMBER_PATH = "/sandbox/wecom/member/"
LEADS_TO_REPS = (WAY_PATH, MEMBER_PATH, ACQUISITION_PATH)
LAST_ORDER = "last"
REFUND = re.compile(r"(?P<order_no>.+?)(?::(?P<fen>[0-9]{1,12}))?")


@dataclass(kw_only=True)
class Customers:
    """The acts of customers. `post` delivers callbacks and waits for the bot; `quiet` only waits."""

    stage: Stage
    people: People
    ways: Ways
    acquisition: Acquisition
    contacts: Contacts
    desks: Desks
    sessions: Sessions
    media: Media
    phone: Phone
    shop: Shop
    transfers: Transfers
    post: Post
    quiet: Callable[[], Awaitable[None]]

    def acts(self) -> dict[str, Callable[[Person, Any], Awaitable[Result]]]:
        """The names of the acts."""
        return {
            "say": self._say,
            "tap": self._tap,
            "enter": self._enter,
            "scan": self._scan,
            "add": self._add,
            "delete": self._delete,
            "buy": self._buy,
            "refund": self._refund,
            "reject": self._reject,
            "collect": self._collect,
            **{name: partial(self._witness, occasion) for name, occasion in OCCASIONS.items()},
        }

    # Money

    async def _collect(self, person: Person, _value: Any) -> Result:
        """Tap 收款 on every transfer that waits for it; the platform's answer to the bot comes when it asks."""
        waiting = self.transfers.waiting_for(f"o{person.name}")
        if not waiting:
            raise BadAct(f"do: no transfer waits for {person.name}")
        for payout in waiting:
            self.transfers.confirm(payout.number)
        return {"collected": [payout.number for payout in waiting]}

    # At a desk

    async def _say(self, person: Person, value: Any) -> Result:
        said = options(value, "text", "kind", "desk", "media")
        desk = self._desk(person, said)
        kind = str(said.get("kind", "text"))
        body, text, url = spoken(kind, said, self.media)
        return await self._speak(person, desk, kind, body, text, url)

    async def _speak(
        self, person: Person, desk: str, kind: str, body: dict[str, Any], text: str, url: str = ""
    ) -> Result:
        self.stage.tell(person.name, "kf", kind, text, url)
        msgid, callbacks = self.sessions.say(person, desk, kind, body)
        return {"msgid": msgid, "desk": desk, "events": await self.post(callbacks)}

    async def _tap(self, person: Person, value: Any) -> Result:
        wished = options(value, "item", "words")
        item = self._by_words(person, str(wished["words"])) if "words" in wished else word(wished, "item")
        if item not in person.offered:
            raise BadAct(f"value: no menu offered {person.name} the item {item!r}")
        desk, words = person.offered[item]
        return await self._speak(person, desk, "text", {"content": words, "menu_id": item}, words)

    def _by_words(self, person: Person, words: str) -> str:
        """The item that was offered last under these words."""
        found = [item for item, (_, offered) in person.offered.items() if offered == words]
        if not found:
            raise BadAct(f"value: no menu offered {person.name} the words {words!r}")
        return found[-1]

    async def _enter(self, person: Person, value: Any) -> Result:
        wished = options(value, "scene", "desk", "scene_param", may_be_empty=True)
        scene = str(wished.get("scene", ""))
        desk, param = self._desk(person, wished), str(wished.get("scene_param", ""))
        if is_link(scene):
            target = self.desks.resolve(scene)
            if target is None:
                raise BadAct("value: the link leads to no desk")
            desk, scene, param = target
            person.desk = desk
        if not SCENE.fullmatch(scene):
            raise BadAct("value: a scene is at most 32 of 0-9a-zA-Z_-")
        self.stage.tell(person.name, "kf", "enter", scene)
        events = await self.post(self.sessions.enter(person, desk, scene, param))
        return {"desk": desk, "scene": scene, "events": events}

    def _desk(self, person: Person, wished: Mapping[str, Any]) -> str:
        desk = str(wished.get("desk", "") or person.desk or self.desks.first())
        if not self.desks.known(desk):
            raise BadAct(f"value: there is no desk {desk!r}")
        person.desk = desk
        return desk

    async def _reject(self, person: Person, value: Any) -> Result:
        if value not in ("on", "off"):
            raise BadAct("value: on or off")
        person.rejects = value == "on"
        return {"rejects": person.rejects}

    # From a poster to a contact

    async def _scan(self, person: Person, value: Any) -> Result:
        wished = options(value, "code", "picture_of")
        if "picture_of" in wished:
            return await self._open(person, await self._in_picture(person, word(wished, "picture_of")))
        return await self._open(person, word(wished, "code"))

    async def _in_picture(self, person: Person, owner: str) -> str:
        """What the QR code says in the picture that somebody was sent last: held before this person's camera."""
        pictures = (line.url for line in reversed(self.stage.world.lines) if line.to == owner and line.kind == "image")
        picture = next(pictures, None)
        if picture is None:
            raise BadAct(f"value: {owner} was sent no picture yet")
        try:
            return await self.phone.read(person, picture)
        except NoCode as error:
            raise BadAct(f"value: the picture cannot be read: {error}") from error

    async def _open(self, person: Person, scanned: str) -> Result:
        try:
            path = path_of(scanned) if is_link(scanned) else landing_path(scanned)
        except ValueError as error:
            raise BadAct(f"value: {error}") from error
        if path.startswith(LINK_PATH):
            return await self._enter(person, scanned)
        if path.startswith(LEADS_TO_REPS):
            person.scanned = path
            self.stage.tell(person.name, "platform", "view", "", self.stage.base + path)
            return {"status": 200, "url": self.stage.base + path, "title": "", "qr": None}
        page = await self.phone.open(person, path)
        person.scanned = page.path
        await self.quiet()
        if page.refreshes:
            page = await self.phone.open(person, page.path, again=True)
        return {"status": page.status, "url": page.url, "title": page.title, "qr": page.qr}

    async def _add(self, person: Person, value: Any) -> Result:
        wished = options(value, "code", "rep", "half", may_be_empty=True)
        named = str(wished.get("rep") or wished.get("code") or "")
        if named in self.people.reps:
            return await self._befriend(person, named, None, half=wished.get("half") is True)
        if named:
            await self._open(person, named)
        path = await self._follow_qr(person)
        rep, state = self._behind(path)
        by_link = path.startswith(ACQUISITION_PATH)
        return await self._befriend(person, rep, state, half=wished.get("half") is True, by_link=by_link)

    async def _follow_qr(self, person: Person) -> str:
        """Return where the QR leads that the person last scanned, or that the page last opened shows."""
        if not person.scanned:
            raise BadAct("value: nothing was scanned yet")
        said = person.scanned
        if not said.startswith(LEADS_TO_REPS):
            page = await self.phone.open(person, said)
            await self.quiet()
            if page.qr is None:
                raise BadAct(f"value: the page ({page.status}) shows no contact QR")
            try:
                said = await self.phone.read(person, page.qr)
            except NoCode as error:
                raise BadAct(f"value: the contact QR cannot be read: {error}") from error
        return path_of(said)

    def _behind(self, path: str) -> tuple[str, str | None]:
        """Return (rep, state) of a path that leads to a rep."""
        if linked := self.acquisition.behind(path):
            return linked
        path = urlsplit(path).path
        if path.startswith(MEMBER_PATH) and path.removeprefix(MEMBER_PATH) in self.people.reps:
            return path.removeprefix(MEMBER_PATH), None
        way = self.ways.find(path.removeprefix(WAY_PATH)) if path.startswith(WAY_PATH) else None
        if way is None:
            raise BadAct("value: the QR leads to no contact way, or to a deleted one")
        return way.fields["user"][0], way.fields.get("state") or ""

    async def _befriend(
        self, person: Person, rep: str, state: str | None, *, half: bool, by_link: bool = False
    ) -> Result:
        added = {"rep": rep, "state": state or None, "external_userid": person.external_userid}
        if self.contacts.are_friends(person, rep):
            await self.quiet()
            return added | {"already": True, "events": [], "welcome": None}
        self.stage.tell(person.name, rep, "add", state or "")
        events: list[Result] = []
        first = ""
        if half:
            first, callbacks = self.contacts.half_add(person, rep, state)
            events += await self.post(callbacks)
        welcomed = self.contacts.welcome_text(first)
        code, callbacks = self.contacts.add(person, rep, state, welcome=welcomed is None, by_link=by_link)
        events += await self.post(callbacks)
        said = welcomed if welcomed is not None else self.contacts.welcome_text(code)
        return added | {"already": False, "events": events, "welcome": said}

    async def _delete(self, person: Person, value: Any) -> Result:
        reps = self.contacts.reps_of(person)
        rep = str(options(value, "rep", may_be_empty=True).get("rep", "")) or (reps[0] if reps else "")
        if rep not in reps:
            raise BadAct(f"value: {person.name} is no contact of {rep or 'any rep'}")
        self.stage.tell(person.name, rep, "delete")
        return {"rep": rep, "events": await self.post(self.contacts.part(person, rep, by_rep=False))}

    # In the shop

    async def _buy(self, person: Person, value: Any) -> Result:
        details = value if isinstance(value, dict) else {"amount_fen": value}
        only(details, {"amount_fen", "order_no", "code", "buyer"})
        for name, kind in {"order_no": str, "code": str, "buyer": dict}.items():
            if not isinstance(details.get(name, kind()), kind):
                raise BadAct(f"value: {name} must be a {'text' if kind is str else 'JSON object'}")
        result = await self.shop.sell(person, fen(details.get("amount_fen")), details)
        await self.quiet()
        return result

    async def _refund(self, person: Person, value: Any) -> Result:
        if value == LAST_ORDER:
            value = self._last_order(person)
        match = REFUND.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise BadAct("value: an order number, or NUMBER:FEN")
        order = self.shop.order(match["order_no"])
        if order is None and match["fen"] is None:
            raise BadAct(f"value: the shop knows no order {match['order_no']}; name the amount as NUMBER:FEN")
        amount = fen(int(match["fen"])) if match["fen"] else order.amount_fen if order else 0
        result = await self.shop.refund(person, match["order_no"], amount)
        await self.quiet()
        return result

    def _last_order(self, person: Person) -> str:
        orders = [number for number, order in self.stage.world.orders.items() if _is_open(order, person)]
        if not orders:
            raise BadAct(f"value: {person.name} has bought nothing that could be given back")
        return orders[-1]

    async def _witness(self, occasion: Occasion, person: Person, value: Any) -> Result:
        result = await self.shop.witness(person, occasion, word(options(value, occasion.named), occasion.named))
        await self.quiet()
        return result


def _is_open(order: Order, person: Person) -> bool:
    return order.persona == person.name and not order.is_refunded
