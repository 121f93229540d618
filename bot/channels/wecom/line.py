"""The HTTP line of one app to the platform: token, pace, one bounded repeat, and every failure as a `ChannelError`.

Nothing is repeated here but a call whose token was not accepted, once: the platform has certainly not acted on it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    FormData,
    InvalidURL,
)
from aiolimiter import AsyncLimiter

from bot.channels.errors import Misconfigured, RateLimited, Refused, TokenRejected, Unreachable
from bot.channels.wecom.errcodes import WINDOW, error_of
from bot.channels.wecom.tokens import Monotonic, Tokens, token_name

TIMEOUT = ClientTimeout(total=10, sock_connect=5)
AT_ONCE = 10  # calls in flight to one interface; the platform answers 45033 above its own bound
ANSWER_LIMIT = 16 * 1024 * 1024  # bytes
_STEP = 3.0  # seconds over which a rate is spread
_TOO_LONG = "answer_too_long"

T = TypeVar("T")


class Rate(Enum):
    """What bounds the calls to an interface."""

    BASE = "base"
    MEMBERS = "members"  # message/send: outside the base count, bounded by account and member instead
    UPLOAD = "upload"
    TICKET = "ticket"  # 100 an hour; one is good for two hours


PER_MINUTE: Mapping[Rate, float] = {Rate.BASE: 9_000, Rate.MEMBERS: 9_000, Rate.UPLOAD: 4_500, Rate.TICKET: 60}
"""Calls to one interface, a tenth below what the platform allows (platform reference 10.1)."""


RATES: Mapping[str, Rate] = {
    "gettoken": Rate.BASE,
    "auth/getuserinfo": Rate.BASE,
    "externalcontact/add_contact_way": Rate.BASE,
    "externalcontact/add_msg_template": Rate.BASE,
    "externalcontact/batch/get_by_user": Rate.BASE,
    "externalcontact/cancel_groupmsg_send": Rate.BASE,
    "externalcontact/customer_acquisition/create_link": Rate.BASE,
    "externalcontact/get": Rate.BASE,
    "externalcontact/get_corp_tag_list": Rate.BASE,
    "externalcontact/get_follow_user_list": Rate.BASE,
    "externalcontact/get_groupmsg_list_v2": Rate.BASE,
    "externalcontact/get_groupmsg_send_result": Rate.BASE,
    "externalcontact/get_groupmsg_task": Rate.BASE,
    "externalcontact/remind_groupmsg_send": Rate.BASE,
    "externalcontact/send_welcome_msg": Rate.BASE,
    "get_jsapi_ticket": Rate.TICKET,
    "kf/add_contact_way": Rate.BASE,
    "kf/customer/batchget": Rate.BASE,
    "kf/send_msg": Rate.BASE,
    "kf/send_msg_on_event": Rate.BASE,
    "kf/service_state/trans": Rate.BASE,
    "kf/sync_msg": Rate.BASE,
    "media/get": Rate.BASE,
    "media/upload": Rate.UPLOAD,
    "message/send": Rate.MEMBERS,
    "ticket/get": Rate.TICKET,
    "user/get": Rate.BASE,
}
"""The interfaces in use. No other can be called: several of wechatpy's methods do not survive an asynchronous line."""

Body = Callable[[], bytes | FormData | None]
"""Makes the body anew for each attempt: a form can be sent only once."""


@dataclass(slots=True)
class _Lane:
    """One interface's share of the line."""

    limiter: AsyncLimiter
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    shut_until: float = 0.0


class Line:
    """Calls the platform's interfaces in the name of one app."""

    def __init__(
        self,
        session: ClientSession,
        *,
        corp: str,
        secret: str,
        api_base: str,
        tokens: Tokens,
        monotonic: Monotonic,
    ) -> None:
        """`api_base` is scheme and host, without `/cgi-bin`."""
        self._session = session
        self._credentials = {"corpid": corp, "corpsecret": secret}
        self._name = token_name(corp, secret)
        self._base = api_base.rstrip("/") + "/cgi-bin/"
        self._tokens = tokens
        self._monotonic = monotonic
        self._lanes: dict[str, _Lane] = {}

    async def ask(self, method: str, call: str, params: Mapping[str, str], body: Body) -> dict[str, object]:
        """Return the answer of interface `call`, whose errcode is 0. Raises `ChannelError`."""
        return await self._authorised(
            lambda token: self._send(method, call, {**params, "access_token": token}, body, _checked)
        )

    async def file(self, call: str, params: Mapping[str, str], most: int) -> bytes:
        """Return the file that interface `call` gives. Raises `ChannelError`, `Refused` for over `most` bytes."""
        try:
            return await self._authorised(
                lambda token: self._send("get", call, {**params, "access_token": token}, _nothing, _file, most)
            )
        except Unreachable as problem:
            if problem.reason == _TOO_LONG:
                raise Refused("file_too_large", call=call) from None
            raise

    async def _authorised(self, send: Callable[[str], Awaitable[T]]) -> T:
        """Send with a token; with another one where the first was not accepted."""
        token = await self._tokens.get(self._name, self._fetch_token)
        try:
            return await self._tried(send, token)
        except TokenRejected:
            token = await self._tokens.renew(self._name, token, self._fetch_token)
        try:
            return await self._tried(send, token)
        except TokenRejected:
            raise self._tokens.reject(self._name, token) from None

    async def _tried(self, send: Callable[[str], Awaitable[T]], token: str) -> T:
        answer = await send(token)
        self._tokens.worked(self._name)
        return answer

    async def _fetch_token(self) -> tuple[str, int]:
        answer = await self._send("get", "gettoken", self._credentials, _nothing, _checked)
        token, seconds = answer.get("access_token"), answer.get("expires_in")
        if not (isinstance(token, str) and token and isinstance(seconds, int) and seconds > 0):
            raise Unreachable("unreadable_answer", maybe_done=False, call="gettoken")
        return token, seconds

    async def _send(
        self,
        method: str,
        call: str,
        params: Mapping[str, str],
        body: Body,
        read: Callable[[bytes, str], T],
        most: int = ANSWER_LIMIT,
    ) -> T:
        lane = self._lane(call)
        async with lane.places, lane.limiter:
            wait = lane.shut_until - self._monotonic()
            if wait > 0:
                raise RateLimited("too_often", retry_after=wait, call=call)
            try:
                return read(await self._exchange(method, call, params, body(), most), call)
            except RateLimited as problem:
                lane.shut_until = self._monotonic() + problem.retry_after
                raise

    async def _exchange(
        self, method: str, call: str, params: Mapping[str, str], body: bytes | FormData | None, most: int
    ) -> bytes:
        headers = {"Content-Type": "application/json"} if isinstance(body, bytes) else None
        # Causes are dropped: some of them quote the address, and with it the token.
        try:
            async with self._session.request(
                method,
                self._base + call,
                params=params,
                data=body,
                headers=headers,
                timeout=TIMEOUT,
                allow_redirects=False,
            ) as response:
                _check_status(response, call)
                return await _read(response, call, most)
        except (ClientConnectorError, ConnectionTimeoutError):
            raise Unreachable("no_connection", maybe_done=False, call=call) from None
        except InvalidURL:
            raise Misconfigured("bad_address", call=call) from None
        except TimeoutError:
            raise Unreachable("no_answer_in_time", maybe_done=True, call=call) from None
        except (ClientError, OSError):
            raise Unreachable("cut_off", maybe_done=True, call=call) from None

    def _lane(self, call: str) -> _Lane:
        lane = self._lanes.get(call)
        if lane is None:
            if call not in RATES:
                raise ValueError(f"{call} is not an interface in use")
            lane = self._lanes[call] = _Lane(AsyncLimiter(PER_MINUTE[RATES[call]] * _STEP / 60, _STEP))
        return lane


def _check_status(response: ClientResponse, call: str) -> None:
    if response.status == 200:
        return
    if response.status == 429:
        raise RateLimited("too_often", retry_after=WINDOW, call=call, code=429)
    if response.status >= 500:
        raise Unreachable("server_error", maybe_done=True, call=call, code=response.status)
    raise Misconfigured("unexpected_status", call=call, code=response.status)


async def _read(response: ClientResponse, call: str, most: int) -> bytes:
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > most:
            raise Unreachable(_TOO_LONG, maybe_done=True, call=call)
    return bytes(content)


def _nothing() -> None:
    """The body of a call that has none."""


def _file(content: bytes, call: str) -> bytes:
    """Return a file as it came; what came in its place, where there is none, says why in JSON."""
    if content[:1] == b"{" and b'"errcode"' in content[:64]:
        _checked(content, call)
    return content


def _checked(content: bytes, call: str) -> dict[str, object]:
    """Return the answer if it says 0. An answer that cannot be read leaves open whether the call took effect."""
    try:
        answer = json.loads(content.decode("utf-8", "replace"), strict=False)
        code = int(answer["errcode"])
    except (ValueError, TypeError, LookupError, RecursionError):
        raise Unreachable("unreadable_answer", maybe_done=True, call=call) from None
    if code:
        raise error_of(code, str(answer.get("errmsg", "")), call)
    return dict(answer)
