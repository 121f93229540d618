"""A person's phone: opens pages like WeChat's browser, keeps cookies, reads QR codes."""

from __future__ import annotations

import asyncio
import base64
import binascii
import unicodedata
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import quote, urljoin

from bot.sandbox.loopback import Loopback, Reply, path_of
from bot.sandbox.pictures import NoCode, read_qr
from bot.sandbox.stage import Stage, opaque
from bot.sandbox.state import Person

PATIENCE = 15.0  # seconds for a page or a picture
MOST_REDIRECTS = 5
PHONES = (
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
        " Mobile/15E148 MicroMessenger/8.0.50(0x1800323d) NetType/WIFI Language/zh_CN"
    ),
    (
        "Mozilla/5.0 (Linux; Android 14; 23127PN0CC Build/UKQ1.230804.001; wv) AppleWebKit/537.36 (KHTML, like Gecko)"
        " Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.49.2600(0x28003137) NetType/5G"
        " Language/zh_CN ABI/arm64"
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An opened page. `qr` is the absolute address (or data URI) of its contact QR picture, None without one;
    `refreshes` if it asks to be opened again in a moment."""

    status: int
    path: str
    url: str
    title: str
    qr: str | None
    refreshes: bool


class Phone:
    """Acts for one person at a time; cookies live with the person. `shown` is the page last opened, by person."""

    def __init__(self, stage: Stage, loopback: Loopback) -> None:
        self._stage = stage
        self._loopback = loopback
        self.shown: dict[str, bytes] = {}

    async def open(self, person: Person, path: str, *, again: bool = False) -> Page:
        """Open a page, redirects followed on the bot's own host; raise `Unreachable`. `again`: as the page asked to."""
        reply, path = await self._follow(person, path)
        self.shown[person.name] = reply.content
        found = _Finder()
        found.feed(reply.content.decode(errors="replace"))
        found.close()
        url = self._loopback.base + path
        qr = urljoin(url, found.qr) if found.qr else None
        title = " ".join(found.title.split())
        if not again:
            self._stage.tell(person.name, "app", "view", title or str(reply.status), url)
        return Page(status=reply.status, path=path, url=url, title=title, qr=qr, refreshes=found.refreshes)

    async def read(self, person: Person, picture: str) -> str:
        """Fetch a picture and return what its QR code says; raise `NoCode` or `Unreachable`."""
        content = _inline(picture) if picture.startswith("data:") else await self._fetch(person, picture)
        async with asyncio.timeout(PATIENCE):
            return await asyncio.to_thread(read_qr, content)

    async def _fetch(self, person: Person, picture: str) -> bytes:
        reply, _ = await self._follow(person, path_of(picture))
        if reply.status != 200:
            raise NoCode(f"the picture answers {reply.status}")
        return reply.content

    async def _follow(self, person: Person, path: str) -> tuple[Reply, str]:
        reply = await self._get(person, path)
        for _ in range(MOST_REDIRECTS):
            if not (300 <= reply.status < 400 and reply.location):
                break
            path = path_of(urljoin(self._loopback.base + path, reply.location))
            reply = await self._get(person, path)
        return reply, path

    async def _get(self, person: Person, path: str) -> Reply:
        headers = {"User-Agent": _phone_of(person), "Accept-Language": "zh-CN,zh;q=0.9"}
        if person.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in person.cookies.items())
        reply = await self._loopback.get(path, headers=headers, seconds=PATIENCE)
        for name, value in reply.cookies.items():
            person.cookies.pop(name, None)
            if value is not None:
                person.cookies[name] = value
        return reply


def is_link(text: str) -> bool:
    """Whether what was scanned is a link rather than a code."""
    return text.strip().lower().startswith(("http://", "https://"))


def landing_path(code: str) -> str:
    """Return the landing page's path of a code as people type it: full-width, with spaces or hyphens, in any case."""
    plain = unicodedata.normalize("NFKC", code).upper()
    return "/i/" + quote("".join(sign for sign in plain if not sign.isspace() and sign not in "-‐‑‒–—"), safe="")


def _phone_of(person: Person) -> str:
    return PHONES[ord(opaque(f"phone:{person.name}", 1)) % len(PHONES)]


def _inline(picture: str) -> bytes:
    try:
        return base64.b64decode(picture.partition(",")[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoCode("a broken data URI") from error


class _Finder(HTMLParser):
    """Finds the title and the picture marked `data-contact-qr`."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.qr = ""
        self.refreshes = False
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "img" and "data-contact-qr" in values and not self.qr:
            self.qr = values.get("src") or ""
        if tag == "meta" and (values.get("http-equiv") or "").lower() == "refresh":
            self.refreshes = True
        self._in_title = tag == "title" and not self.title

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
