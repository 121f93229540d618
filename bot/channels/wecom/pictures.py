"""Pictures that the platform names by address: avatars and contact QR codes, fetched only from hosts on a list."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from ipaddress import ip_address

from aiohttp import ClientError, ClientResponse, ClientSession
from yarl import URL

from bot.channels.errors import Refused, Unreachable
from bot.channels.wecom.line import TIMEOUT

LIMIT = 2 * 1024 * 1024  # bytes
_CALL = "picture"


class Pictures:
    """Fetches from hosts that match a pattern (`*.qlogo.cn`) on their usual ports, and from the platform itself.

    Where a name may lead is the session's to say (bot/egress.py); a number is no host of pictures.
    """

    def __init__(self, session: ClientSession, *, platform: str, allow: Sequence[str]) -> None:
        """`platform` is the platform's own address, scheme and host."""
        self._session = session
        self._origin = URL(platform).origin()
        self._allow = tuple(pattern.lower() for pattern in allow)

    async def fetch(self, address: str) -> bytes:
        """Return the picture's bytes, at most 2 MB. Raises `Refused` or `Unreachable`; redirects are not followed."""
        url = self._allowed(address)
        try:
            async with self._session.get(url, timeout=TIMEOUT, allow_redirects=False) as response:
                return await _content(response)
        except TimeoutError:
            raise Unreachable("no_answer_in_time", maybe_done=False, call=_CALL) from None
        except (ClientError, OSError):
            raise Unreachable("no_connection", maybe_done=False, call=_CALL) from None

    def _allowed(self, address: str) -> URL:
        try:
            url = URL(address)
            own = url.origin() == self._origin
        except ValueError:
            raise Refused("bad_address", call=_CALL) from None
        if own or (url.is_default_port() and url.scheme in ("http", "https") and self._listed(url.host or "")):
            return url.with_user(None)
        raise Refused("host_not_allowed", call=_CALL)

    def _listed(self, host: str) -> bool:
        return not _is_number(host) and any(fnmatchcase(host.lower(), pattern) for pattern in self._allow)


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def _content(response: ClientResponse) -> bytes:
    if response.status >= 500:
        raise Unreachable("server_error", maybe_done=False, call=_CALL, code=response.status)
    if response.status != 200:
        raise Refused("no_picture", call=_CALL, code=response.status)
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > LIMIT:
            raise Refused("picture_too_large", call=_CALL)
    return bytes(content)
