"""Posting callbacks: signed, encrypted, five seconds, three tries more; and reading what the bot answers at once.

A retry carries the same inner XML under a new nonce, timestamp and cipher text (platform.md 1.4, 1.5).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

from bot.sandbox.callbacks import Callback, envelope
from bot.sandbox.crypto import Unreadable
from bot.sandbox.loopback import Loopback, Reply, Unreachable
from bot.sandbox.media import Media
from bot.sandbox.messages import cut
from bot.sandbox.stage import SandboxApp, Stage

ANSWER_TIME = 5.0  # seconds
VERIFY_TIME = 1.0  # seconds
MORE_TRIES = 3
CDATA = re.compile(rb"<!\[CDATA\[.*?\]\]>", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of one callback: the last HTTP status (0 when there was no answer) and the number of tries."""

    app: str
    event: str
    status: int
    tries: int

    def row(self) -> dict[str, Any]:
        """Return the receipt as JSON values."""
        return asdict(self)


class Delivery:
    """Posts callbacks now, or later from a queue that one task works off. Times are in seconds."""

    def __init__(self, stage: Stage, loopback: Loopback, media: Media, retry_pause: float, answer_time: float) -> None:
        self._stage = stage
        self._loopback = loopback
        self._media = media
        self._retry_pause = retry_pause
        self._answer_time = answer_time
        self._queue: asyncio.Queue[list[Callback]] = asyncio.Queue()
        self._waiting = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._last: Callback | None = None

    async def run(self) -> None:
        """Work the queue off until cancelled."""
        while True:
            callbacks = await self._queue.get()
            try:
                await self.deliver(callbacks)
            finally:
                self._waiting -= 1
                if not self._waiting:
                    self._idle.set()

    def later(self, callbacks: list[Callback]) -> None:
        """Deliver soon, outside the request that is being answered."""
        self._waiting += 1
        self._idle.clear()
        self._queue.put_nowait(callbacks)

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits to be delivered."""
        return self._idle.is_set()

    async def idle(self) -> None:
        """Wait until nothing waits to be delivered."""
        await self._idle.wait()

    async def deliver(self, callbacks: Sequence[Callback]) -> list[Receipt]:
        """Post every copy, all apps at once, with retries; return a receipt for each, in order."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._deliver(callback)) for callback in callbacks]
        return [task.result() for task in tasks]

    async def repeat(self, copies: int) -> list[Receipt]:
        """Post the last callback again, `copies` times at once, as a platform in doubt does."""
        if self._last is None:
            return []
        return await self.deliver([self._last] * copies)

    async def verify(self, app: SandboxApp) -> bool:
        """Ask the bot to prove that the callback address is its own, within a second."""
        echo = str(self._stage.mint("echo", 19))
        try:
            reply = await self._loopback.get(
                self._address(app, echostr=self._seal(app, echo)), headers={}, seconds=VERIFY_TIME
            )
        except Unreachable:
            return False
        return reply.status == 200 and reply.content == echo.encode()

    async def _deliver(self, callback: Callback) -> Receipt:
        self._last = callback
        status, tries = await self._try(callback), 1
        while status != 200 and tries <= MORE_TRIES:
            await asyncio.sleep(self._retry_pause)
            status, tries = await self._try(callback), tries + 1
        if status != 200:
            self._stage.tell("platform", "app", "undelivered", f"{callback.app.name}: {callback.event}, {status}")
        return Receipt(app=callback.app.name, event=callback.event, status=status, tries=tries)

    async def _try(self, callback: Callback) -> int:
        encrypted = self._seal(callback.app, callback.inner)
        body = envelope(self._stage, callback.app, encrypted).encode()
        address = self._address(callback.app, encrypted=encrypted)
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            reply = await self._loopback.post(
                address, body, headers={"Content-Type": "text/xml"}, seconds=self._answer_time
            )
        except Unreachable:
            self._note(callback, 0, loop.time() - began)
            return 0
        self._note(callback, reply.status, loop.time() - began)
        if reply.status == 200:
            self._hear(callback, reply)
        return reply.status

    def _note(self, callback: Callback, status: int, seconds: float) -> None:
        """Let onlookers see the callback in clear."""
        self._stage.trace.note(
            at=self._stage.iso_now(),
            way="in",
            what=callback.event,
            status=str(status) if status else "no answer",
            body=callback.inner,
            seconds=seconds,
        )

    def _seal(self, app: SandboxApp, text: str) -> str:
        random16 = self._stage.mint("random", 16).encode()
        return self._stage.seal_of(app).close(text, random16=random16)

    def _address(self, app: SandboxApp, *, encrypted: str = "", echostr: str = "") -> str:
        timestamp, nonce = str(self._stage.now()), self._stage.mint("nonce", 10)
        query = {
            "msg_signature": self._stage.seal_of(app).sign(timestamp, nonce, encrypted or echostr),
            "timestamp": timestamp,
            "nonce": nonce,
        }
        query |= {"echostr": echostr} if echostr else {}
        return f"/callback/wecom/{quote(app.name)}?{urlencode(query)}"

    def _hear(self, callback: Callback, reply: Reply) -> None:
        """Pass a passive reply on to the rep who spoke, or log why the platform drops it."""
        if reply.content in (b"", b"success"):
            return
        try:
            kind, text, url = self._read(self._open(callback, reply.content), callback.speaker)
        except Unreadable as error:
            self._stage.tell("platform", "app", "refused", f"{callback.app.name}: {error}")
            return
        self._stage.tell("app", callback.speaker, kind, text, url)

    def _open(self, callback: Callback, content: bytes) -> ET.Element:
        if not callback.speaker:
            raise Unreadable(f"{callback.event} takes no reply")
        outer = _parse(content)
        inner = self._stage.seal_of(callback.app).open_signed(
            signature=_tag(outer, "MsgSignature"),
            timestamp=_tag(outer, "TimeStamp"),
            nonce=_tag(outer, "Nonce"),
            encrypted=_tag(outer, "Encrypt"),
        )
        return _parse(inner.encode())

    def _read(self, message: ET.Element, speaker: str) -> tuple[str, str, str]:
        if _tag(message, "ToUserName") != speaker or _tag(message, "FromUserName") != self._stage.corp:
            raise Unreadable("the reply is addressed to another")
        kind = _tag(message, "MsgType")
        if kind == "text":
            return kind, cut(_tag(message, "Content")), ""
        if kind == "image":
            return kind, "", self._media.url(_tag(message, "Image/MediaId"))
        if kind == "news":
            return kind, _tag(message, "Articles/item/Title"), _tag(message, "Articles/item/Url")
        raise Unreadable(f"a reply of type {kind}")


def _parse(content: bytes) -> ET.Element:
    if b"<!" in CDATA.sub(b"", content):
        raise Unreadable("a document type in XML")
    try:
        return ET.fromstring(content)  # noqa: S314 (document types were refused above)
    except ET.ParseError as error:
        raise Unreadable("not XML") from error


def _tag(element: ET.Element, path: str) -> str:
    value = element.findtext(path)
    if not value:
        raise Unreadable(f"no {path}")
    return value
