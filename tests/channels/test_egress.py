"""Where connectors may go: the whole internet, and inside only where the configuration names the number itself."""

from __future__ import annotations

import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.channels.errors import Refused, Unreachable
from bot.channels.wecom.pictures import Pictures
from bot.egress import PublicOnly, is_public, way_out


class Says(AbstractResolver):
    """A name server that says what it is told to."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=each, port=port, family=family, proto=0, flags=0)
            for each in self.addresses
        ]

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
        "2002:c0a8:101::1",
    ],
)  # fmt: skip
async def test_a_name_that_leads_inside_leads_nowhere(address: str):
    assert not is_public(address)
    with pytest.raises(OSError, match="private"):
        await PublicOnly(Says("93.184.216.34", address)).resolve("erp.example.cn", 443)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"])
async def test_a_public_address_is_used_as_it_was_found(address: str):
    (found,) = await PublicOnly(Says(address)).resolve("erp.example.cn", 443)

    assert found["host"] == address


async def test_a_name_of_the_platform_that_the_configuration_gives_may_lead_inside():
    names = PublicOnly(Says("10.1.2.3"), trusted={"wecom-proxy.example"})

    (found,) = await names.resolve("wecom-proxy.example", 443)

    assert found["host"] == "10.1.2.3"
    with pytest.raises(OSError, match="private"):
        await names.resolve("wx.qlogo.cn", 443)


@pytest.mark.parametrize("address", ["http://127.0.0.1/x", "http://[::1]/x", "http://169.254.169.254/latest"])
async def test_a_number_is_never_a_host_of_pictures_whatever_the_list_says(address: str):
    async with way_out() as session:
        pictures = Pictures(session, platform="https://qyapi.example", allow=["1*", "*:*", "*"])

        with pytest.raises(Refused, match="host_not_allowed"):
            await pictures.fetch(address)


async def test_a_listed_host_of_pictures_whose_name_leads_inside_is_not_reached():
    async with way_out(names=Says("127.0.0.1")) as session:
        pictures = Pictures(session, platform="https://qyapi.example", allow=["*.qlogo.cn"])

        with pytest.raises(Unreachable, match="no_connection"):
            await pictures.fetch("http://wx.qlogo.cn/face")
