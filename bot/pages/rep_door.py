"""The door of the rep's pages: a card's link or a login inside WeCom is exchanged for a cookie, good for the day.

Only who serves customers now comes in: it is looked up again at every step, so that who has left is out at once.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

import structlog
from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.channels.errors import ChannelError, Expired
from bot.channels.wecom.entrance import Entrance
from bot.pages.rep_look import HEADERS, page
from bot.pages.rep_passes import Passes
from bot.pages.rep_views import RepDoorView
from referral.facts import Facts
from referral.ids import Bits
from referral.people import Rep
from referral.times import Clock
from storage.store import Store
from storage.transaction import Transaction

log = structlog.get_logger()

HOME = "/rep"
COOKIE = "rep"
STATE_COOKIE = "rep_login"
WANTED_COOKIE = "rep_wanted"
"""Which of our own pages somebody wanted who had to log in first."""
FORM_LIMIT = 32_768  # bytes: a text of 4000 bytes to several, three times as long on its way
_STATE_S = 600
_INSIDE = re.compile(r"/rep(/[0-9A-Za-z_-]+){0,4}")
_FORM = "application/x-www-form-urlencoded"
_WITH_FILE = "multipart/form-data"
UPLOAD_LIMIT = 64 * 1024 * 1024  # bytes: what is read of a form with a file, so that one too large is told so
_MOST_PARTS = 60

Form = dict[str, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepDoor:
    """Lets reps in. `entrance` is None where no app of the company serves reps: then only a card's link does.

    `login_base` is the scheme and host of the platform's login.
    """

    store: Store
    facts: Facts
    passes: Passes
    entrance: Entrance | None
    login_base: str
    clock: Clock
    rng: Bits

    def routes(self) -> list[web.RouteDef]:
        """The two ways in."""
        return [web.get("/rep/t/{token}", self.by_link), web.get("/rep/enter", self.by_login)]

    async def by_link(self, request: web.Request) -> web.StreamResponse:
        """From the card: good for a day."""
        given, now = self.passes.of_link(request.match_info["token"]), self.clock()
        if given is None:
            return self.refuse("这个链接不对", "请从企业微信里的名单卡片打开。", status=404)
        if given.is_over(now):
            return self.refuse("这个链接已经过期", "卡片上的链接当天有效，今天的名单请从企业微信进入。", status=410)
        return await self._admit(given.rep, request, now)

    async def by_login(self, request: web.Request) -> web.StreamResponse:
        """Back from WeCom's login; the state shows that it was this browser that went there."""
        asked, sent = request.query.get("state", ""), request.cookies.get(STATE_COOKIE, "")
        code = request.query.get("code", "")
        if self.entrance is None or not code or not sent or not hmac.compare_digest(asked.encode(), sent.encode()):
            return self.refuse("没有登录成功", "请再进入一次。", status=400)
        try:
            member = await self.entrance.who(code)
        except Expired:
            return self.refuse("这次登录已经过期", "请再进入一次。", status=400)
        except ChannelError as error:
            log.warning("rep.login_failed", reason=error.reason)
            return self.refuse("企业微信没有回应", "请过一会儿再试。", status=503)
        if member is None:
            return self.refuse("这里只给同事用", "您不是这家企业的成员，打不开这份名单。", enter=False)
        answer = await self._admit(member, request, self.clock())
        answer.del_cookie(STATE_COOKIE, path="/rep/enter")
        wanted = request.cookies.get(WANTED_COOKIE, "")
        if answer.headers.get("Location") == HOME and _INSIDE.fullmatch(wanted):
            answer.headers["Location"] = wanted
        answer.del_cookie(WANTED_COOKIE, path="/rep/enter")
        return answer

    def to_login(self, request: web.Request) -> web.StreamResponse:
        """Send a browser without a cookie to WeCom's login."""
        if self.entrance is None:
            return self.refuse("请从卡片打开", "请点企业微信里当天的名单卡片。", enter=False)
        state = f"{self.rng.getrandbits(120):030x}"
        back = f"{self.facts.public_url}/rep/enter"
        answer = _see(self.entrance.login_address(self.login_base, back=back, state=state))
        for name, value in ((STATE_COOKIE, state), (WANTED_COOKIE, request.path)):
            answer.set_cookie(
                name,
                value,
                max_age=_STATE_S,
                path="/rep/enter",
                httponly=True,
                samesite="Lax",
                secure=self._is_secure(request),
            )
        return answer

    def name_in(self, request: web.Request) -> str | None:
        """Whose cookie the browser has, None for one without a good one."""
        given = self.passes.of_cookie(request.cookies.get(COOKIE, ""))
        return None if given is None or given.is_over(self.clock()) else given.rep

    async def form(self, request: web.Request) -> Form | None:
        """What was posted, None for a form from another site, too large, or of another kind."""
        if self._is_foreign(request):
            return None
        if request.content_type != _FORM or (request.content_length or 0) > FORM_LIMIT:
            return None
        body = await request.read()
        if len(body) > FORM_LIMIT:
            return None
        found: Form = {}
        for name, value in parse_qsl(body.decode("utf-8", "replace"), max_num_fields=200):
            found.setdefault(name, []).append(value)
        return found

    async def upload(self, request: web.Request, *, most: int) -> tuple[Form, bytes | None] | None:
        """What was posted with one file, None where `form` would say so too.

        The file is None where none was chosen; of one with more than `most` bytes there is one byte more than that.
        """
        if self._is_foreign(request) or request.content_type != _WITH_FILE:
            return None
        if (request.content_length or 0) > UPLOAD_LIMIT:
            return None
        try:
            return await _parts(await request.multipart(), most)
        except (ValueError, AssertionError, HttpProcessingError):
            return None

    def _is_foreign(self, request: web.Request) -> bool:
        """Whether a form comes from another site."""
        origin = request.headers.get("Origin")
        return bool(origin) and urlsplit(origin).netloc not in (request.host, urlsplit(self.facts.public_url).netloc)

    async def js_config(self, request: web.Request) -> dict[str, object] | None:
        """What this very page needs to use WeCom's JS interface, None in other browsers or when it cannot be had."""
        if self.entrance is None or "wxwork" not in request.headers.get("User-Agent", "").lower():
            return None
        try:
            here = f"{self.facts.public_url}{request.rel_url}"
            return await self.entrance.js_config(here, now=self.clock(), rng=self.rng)
        except ChannelError as error:
            log.info("rep.no_ticket", reason=error.reason)
            return None

    def refuse(self, title: str, *lines: str, status: int = 403, enter: bool = True) -> web.Response:
        """A page that says why somebody is not let in."""
        view = RepDoorView(
            company=self.facts.company,
            title=title,
            lines=lines,
            enter=enter and self.entrance is not None,
            status=status,
        )
        return page(view)

    def serves_nobody(self) -> web.Response:
        """For a member of staff who serves no customers, or no longer."""
        why = "您不在企业微信「客户联系」的使用范围里。如果不对，请找管理员。"
        return self.refuse("您现在没有名单", why, enter=False)

    async def _admit(self, name: str, request: web.Request, now: datetime) -> web.Response:
        if await self.store.read(lambda tx: serving(tx, name)) is None:
            return self.serves_nobody()
        cookie, lives = self.passes.cookie(name, now)
        answer = _see(HOME)
        answer.set_cookie(
            COOKIE,
            cookie,
            max_age=int(lives.total_seconds()),
            path="/rep",
            httponly=True,
            samesite="Lax",
            secure=self._is_secure(request),
        )
        return answer

    def _is_secure(self, request: web.Request) -> bool:
        return request.secure or self.facts.public_url.startswith("https://")


async def _parts(reader: MultipartReader, most: int) -> tuple[Form, bytes | None] | None:
    found: Form = {}
    file: bytes | None = None
    read = parts = 0
    while (part := await reader.next()) is not None:
        parts += 1
        if not isinstance(part, BodyPartReader) or not part.name or parts > _MOST_PARTS:
            return None
        kept = bytearray()
        while chunk := await part.read_chunk():
            read += len(chunk)
            if read > UPLOAD_LIMIT:
                return None
            kept += chunk[: most + 1 - len(kept)]
        if part.filename is None:
            if len(kept) > FORM_LIMIT:
                return None
            found.setdefault(part.name, []).append(kept.decode("utf-8", "replace"))
        elif part.filename:
            file = bytes(kept)
    return found, file


def serving(tx: Transaction, name: str) -> Rep | None:
    """The rep of that name if they serve customers now."""
    rep = tx.reps.get(name)
    return rep if rep and rep.active else None


def _see(address: str) -> web.Response:
    return web.Response(status=303, headers={**HEADERS, "Location": address})
