"""Who is at the door of a public page: the address behind trusted proxies, the device by its cookie, and the throttle.

A code is a throttled handle: after five misses in ten minutes an address gets one same answer, except for codes that it
has opened before (design 5.7, 5.9).
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import web

from referral.ids import Bits

COOKIE = "d"
MISSES = 5
MISS_SPAN = timedelta(minutes=10)
_YEAR_S = 365 * 86_400
_REMEMBERED = 50_000
_HOUSE_BITS = 64  # of an IPv6 address: one line has all addresses below (RFC 6177)


@dataclass(slots=True)
class Doorway:
    """Recognises callers without keeping their addresses: only a keyed hash of each is used.

    `secure` where our pages are public under https, even if the proxy before us speaks http to us.
    """

    key: bytes
    trusted: Sequence[str] = ()
    secure: bool = False
    _networks: list[IPv4Network | IPv6Network] = field(default_factory=list)
    _opened: OrderedDict[tuple[str, str], None] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self._networks = [ip_network(network, strict=False) for network in self.trusted]

    def caller(self, request: web.Request) -> str:
        """An opaque name for the address that calls; all addresses of one IPv6 line have the same."""
        address = _line(self._address(request))
        return "ip:" + hmac.new(self.key, address.encode(), sha256).hexdigest()[:32]

    def device(self, request: web.Request) -> str | None:
        """An opaque name for the browser that calls, None for one without our cookie."""
        cookie = request.cookies.get(COOKIE, "")
        if not (16 <= len(cookie) <= 64 and cookie.isalnum()):
            return None
        return hmac.new(self.key, cookie.encode(), sha256).hexdigest()[:32]

    def mark(self, response: web.Response, rng: Bits, *, secure: bool) -> str:
        """Give a browser its cookie; returns the device's name."""
        cookie = f"{rng.getrandbits(128):032x}"
        kept = secure or self.secure
        response.set_cookie(COOKIE, cookie, max_age=_YEAR_S, httponly=True, samesite="Lax", secure=kept, path="/")
        return hmac.new(self.key, cookie.encode(), sha256).hexdigest()[:32]

    def remember(self, caller: str, code: str) -> None:
        """Note that an address opened a code."""
        self._opened[caller, code] = None
        self._opened.move_to_end((caller, code))
        if len(self._opened) > _REMEMBERED:
            self._opened.popitem(last=False)

    def knows(self, caller: str, code: str) -> bool:
        """Whether an address opened this code before."""
        return (caller, code) in self._opened

    def _address(self, request: web.Request) -> str:
        """The nearest address that is not one of our own proxies."""
        address = request.remote or ""
        told = ",".join(request.headers.getall("X-Forwarded-For", ()))  # each proxy may add a line of its own
        hops = [hop.strip() for hop in told.split(",") if hop.strip()]
        while hops and self._is_proxy(address):
            address = hops.pop()
        return address

    def _is_proxy(self, address: str) -> bool:
        parsed = _parsed(address)
        return parsed is not None and any(parsed in network for network in self._networks)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    """The address, an IPv4 one in IPv6 clothes as what it is; None for anything else."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed


def _line(address: str) -> str:
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((int(parsed), _HOUSE_BITS), strict=False))
    return str(parsed or address)


def since(now: datetime) -> datetime:
    """From when misses count."""
    return now - MISS_SPAN
