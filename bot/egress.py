"""The way out: only to what the configuration names or the platform told, and never by way of a name into a private
network.

An intranet may be meant, but then its address stands in the configuration: that of a connector as a number, that of the
platform (it may be a proxy) as it likes. A name from elsewhere that leads inside may have been changed by somebody else
since (DNS rebinding; reliability G 74).
"""

from __future__ import annotations

import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from aiohttp import ClientSession, DummyCookieJar, TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

_NAT64 = IPv6Network("64:ff9b::/96")
_AT_ONCE = 100


class PublicOnly(AbstractResolver):
    """Resolves names to public addresses; one that leads anywhere else leads nowhere. What is found is what is used."""

    def __init__(self, resolver: AbstractResolver, *, trusted: Collection[str] = ()) -> None:
        """Names that are `trusted` may lead anywhere."""
        self._resolver = resolver
        self._trusted = frozenset(trusted)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """As the resolver within says. Raises `OSError` where any of the addresses is not public."""
        found = await self._resolver.resolve(host, port, family)
        if host not in self._trusted and not all(is_public(each["host"]) for each in found):
            raise OSError(f"{host} leads to a private address")
        return found

    async def close(self) -> None:
        await self._resolver.close()


def is_public(address: str) -> bool:
    """Whether an address, without a zone, is one of the whole internet; addresses within addresses count."""
    found = ip_address(address.partition("%")[0])
    inner = _within(found) if isinstance(found, IPv6Address) else None
    return found.is_global and not found.is_multicast and (inner is None or inner.is_global)


def _within(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def way_out(
    *, trusted: Collection[str] = (), at_once: int = _AT_ONCE, names: AbstractResolver | None = None
) -> ClientSession:
    """A session without cookies and proxies; names that are `trusted` may lead inside. Inside a running loop."""
    resolver = PublicOnly(names or DefaultResolver(), trusted=trusted)
    connector = TCPConnector(limit=at_once, resolver=resolver, use_dns_cache=False)
    return ClientSession(cookie_jar=DummyCookieJar(), connector=connector)
