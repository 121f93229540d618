"""What becomes of a letter when the platform does not do its part: answers go out, and no QR is made twice."""

from __future__ import annotations

import random
import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from sqlalchemy import select

from bot.channels.wecom.effects import Lines
from bot.channels.wecom.gateway import Gateway
from bot.channels.wecom.sender import Sender
from bot.channels.wecom.tokens import MemoryTokenStore, Tokens
from bot.photo_shelf import PhotoShelf
from referral import contact_ways, desk_links
from referral.contact_ways import WayKind
from referral.messages import DeskText, FetchProfile
from referral.outbox import Purpose, post
from storage import tables as t
from storage.open import open_store
from tests.hooks.house import facts

DESK = "wkHOUSE"
PNG = b"\x89PNG\r\n\x1a\nqr"
NOT_ALLOWED, TOO_OFTEN, NO_SUCH_REP, NO_SUCH_DESK = 48002, 45009, 40096, 95004
CHAT = "https://work.weixin.qq.com/kf/kfcbf8f8d07ac7215f"


class Platform:
    """A WeCom that counts what it was asked and refuses what a test says. `cut` calls act, then break off."""

    def __init__(self):
        self.asked = Counter()
        self.said = []
        self.marks = []
        self.refused = {}
        self.cut = set()
        self.pictures_up = True
        self.desk_link = f"{CHAT}?enc_scene=ENCGFSDF567DF"
        self.acquisition_link = "https://work.weixin.qq.com/ca/cawcdea7783d7330c6"

    def app(self):
        app = web.Application()
        app.router.add_get("/qr/{mark}", self.picture)
        app.router.add_route("*", "/cgi-bin/{call:.+}", self.answer)
        return app

    async def picture(self, request):
        return web.Response(body=PNG) if self.pictures_up else web.Response(status=503)

    async def answer(self, request):
        call = request.match_info["call"]
        self.asked[call] += 1
        if call in self.refused:
            return web.json_response({"errcode": self.refused[call], "errmsg": "no"})
        body = await request.json() if request.can_read_body else {}
        told = {"errcode": 0, "access_token": "a", "expires_in": 7200}
        if call == "kf/send_msg":
            self.said.append(body["text"]["content"])
        if call == "externalcontact/add_contact_way":
            self.marks.append(body["state"])
            told |= {"config_id": f"c{len(self.marks)}", "qr_code": str(request.url.with_path(f"/qr/{body['state']}"))}
        if call == "kf/add_contact_way":
            told["url"] = self.desk_link
        if call == "externalcontact/customer_acquisition/create_link":
            told["link"] = {"link_id": "ca1", "url": self.acquisition_link}
        if call in self.cut:
            request.transport.close()
        return web.json_response(told)


class House:
    """A sender and its store, on a clock that the test turns."""

    def __init__(self, store, platform, gateway, pictures):
        self.store = store
        self.platform = platform
        self.pictures = pictures
        self.now = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
        self.rng = random.Random(1)
        self.sender = Sender(
            store,
            facts=facts(),
            lines=Lines(contact=gateway, rep=gateway, desks={DESK: gateway}, acquisition=gateway),
            posters=None,
            pictures=pictures,
            photos=PhotoShelf(pictures),
            phone_key=b"k" * 32,
            clock=lambda: self.now,
            rng=self.rng,
        )

    async def passes(self, **time):
        self.now += timedelta(**time)
        await self.sender.drain()

    async def answer(self, words):
        """A customer wrote to the desk for the first time: their name is looked up, then they are answered."""

        def unit(tx):
            for message, purpose in (
                (FetchProfile(who="wmJun", desk=DESK), Purpose.SYSTEM),
                (DeskText(desk=DESK, to="wmJun", text=words), Purpose.REPLY),
            ):
                post(tx, message, lane="desk:wmJun", purpose=purpose, now=self.now, rng=self.rng)

        await self.store.write(unit)
        await self.sender.drain()

    async def visitor(self):
        """Somebody needs Lin's QR; the way as it stands."""
        now = self.now
        way = await self.store.write(lambda tx: contact_ways.for_rep(tx, "lin", now=now, rng=self.rng))
        await self.sender.drain()
        return await self.store.read(lambda tx: tx.contact_ways.get(way.id))

    async def reader(self):
        """Somebody opens a poster that the desk carries; the link up to its code, and whether nobody should wait."""
        now = self.now
        await self.store.write(lambda tx: desk_links.ask_for(tx, DESK, now=now, rng=self.rng))
        await self.sender.drain()
        return await self.store.read(lambda tx: (tx.desks.prefix(DESK), tx.desks.is_lost(DESK)))

    async def letters(self):
        asked = select(t.outbox.c.kind, t.outbox.c.state).order_by(t.outbox.c.seq)
        return [tuple(row) for row in await self.store.read(lambda tx: tx.connection.execute(asked).all())]


@pytest.fixture
async def house(tmp_path):
    platform = Platform()
    store = await open_store(f"sqlite:///{tmp_path / 'taoli.db'}")
    async with TestServer(platform.app()) as server, ClientSession() as session:
        clock = lambda: datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # noqa: E731
        gateway = Gateway(
            session,
            corp="ww1",
            secret="s",
            agent_id=1,
            api_base=str(server.make_url("/")).rstrip("/"),
            tokens=Tokens(MemoryTokenStore(), clock=clock, monotonic=lambda: 0.0),
            monotonic=lambda: 0.0,
            egress=(),
        )
        yield House(store, platform, gateway, tmp_path / "qr")
    await store.close()


# --- a name that cannot be had -------------------------------------------------------------------------------------


@pytest.mark.parametrize("errcode", [NOT_ALLOWED, TOO_OFTEN])
async def test_a_name_that_we_may_not_see_keeps_no_answer_waiting(house, errcode):
    house.platform.refused["kf/customer/batchget"] = errcode

    await house.answer("30天内下首单")

    assert house.platform.said == ["30天内下首单"]
    assert await house.letters() == [("FetchProfile", "failed"), ("DeskText", "sent")]


async def test_a_platform_that_is_down_for_names_keeps_an_answer_for_seconds_only(house):
    house.platform.cut.add("kf/customer/batchget")
    await house.answer("30天内下首单")

    for _ in range(3):
        await house.passes(seconds=3)

    assert house.platform.said == ["30天内下首单"]


# --- desk links ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("errcode", [NO_SUCH_DESK, NOT_ALLOWED])
async def test_nobody_waits_for_a_desk_link_that_is_refused_and_it_is_not_asked_for_at_every_view(house, errcode):
    house.platform.refused["kf/add_contact_way"] = errcode
    for _ in range(5):
        assert await house.reader() == (None, True)
        house.now += timedelta(seconds=10)
    assert house.platform.asked["kf/add_contact_way"] == 1
    house.platform.refused.clear()

    house.now += timedelta(minutes=2)

    assert await house.reader() == (f"{CHAT}?enc_scene=ENCGFSDF567DF&scene_param=", False)
    house.now += timedelta(days=1)
    await house.reader()
    assert house.platform.asked["kf/add_contact_way"] == 2


async def test_a_desk_link_that_has_not_come_after_a_while_is_waited_for_by_nobody(house):
    house.platform.refused["kf/add_contact_way"] = TOO_OFTEN
    assert await house.reader() == (None, False)

    house.now += timedelta(minutes=2)

    assert await house.reader() == (None, True)
    assert house.platform.asked["kf/add_contact_way"] <= 2


@pytest.mark.parametrize("link", [CHAT, f"{CHAT}?enc_scene=ENC{'a' * 60}"])
async def test_a_desk_link_that_tells_no_code_or_is_too_long_for_a_qr_opens_the_chat_but_is_on_no_poster(house, link):
    house.platform.desk_link = link

    for _ in range(5):
        assert await house.reader() == (None, True)

    assert await house.store.read(lambda tx: tx.desks.link(DESK)) == link
    assert house.platform.asked["kf/add_contact_way"] == 1


async def test_an_acquisition_link_that_is_too_long_for_a_qr_is_on_no_poster_and_asked_for_once(house):
    house.platform.acquisition_link += "x" * 60

    for _ in range(3):
        now = house.now
        way = await house.store.write(
            lambda tx: contact_ways.for_rep(tx, "lin", kind=WayKind.LINK, now=now, rng=house.rng)  # noqa: B023
        )
        await house.sender.drain()
        house.now += timedelta(hours=1)

    assert await house.store.read(lambda tx: contact_ways.is_lost(tx, "3F9K2A7B", "lin", WayKind.LINK))
    assert way.source == ""
    assert house.platform.asked["externalcontact/customer_acquisition/create_link"] == 1


# --- contact QRs ---------------------------------------------------------------------------------------------------


async def test_a_picture_that_does_not_come_makes_no_second_contact_way(house):
    # given a platform that makes the QR but does not show it, until every try is used up
    house.platform.pictures_up = False
    await house.visitor()
    for _ in range(12):
        await house.passes(seconds=70)
    assert await house.letters() == [("MakeContactWay", "failed")]

    # when it shows pictures again, and somebody asks
    house.platform.pictures_up = True
    way = await house.visitor()

    # then the QR that was made is shown
    assert (house.pictures / way.picture).read_bytes() == PNG
    assert len(house.platform.marks) == 1


async def test_a_refused_contact_way_is_asked_for_again_under_the_same_mark_but_not_at_every_view(house):
    house.platform.refused["externalcontact/add_contact_way"] = NO_SUCH_REP
    for _ in range(5):
        assert (await house.visitor()).picture is None
    assert await house.letters() == [("MakeContactWay", "failed")]
    house.platform.refused.clear()

    house.now += timedelta(minutes=2)
    way = await house.visitor()

    assert re.fullmatch(r"q\w+\.png", way.picture)
    assert house.platform.marks == [way.mark]
    assert await house.visitor() == way


async def test_a_contact_way_that_may_have_been_made_is_not_made_again_at_once(house):
    # given a platform that made the QR and then broke off
    house.platform.cut.add("externalcontact/add_contact_way")
    way = await house.visitor()
    house.platform.cut.clear()

    # when seconds pass, nothing is repeated; after a while the next visitor has it made
    await house.passes(seconds=60)
    assert await house.letters() == [("MakeContactWay", "unknown")]
    assert len(house.platform.marks) == 1
    house.now += timedelta(minutes=2)
    assert (await house.visitor()).picture
    assert house.platform.marks == [way.mark, way.mark]


async def test_a_letter_that_still_waits_is_not_joined_by_another(house):
    house.platform.refused["externalcontact/add_contact_way"] = NOT_ALLOWED

    for _ in range(5):
        await house.visitor()
        house.now += timedelta(minutes=3)

    assert [state for _, state in await house.letters()] == ["queued"]
