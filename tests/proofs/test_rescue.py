"""A bot that died while it wrote to a rep: the next one neither says it twice nor forgets it."""

import random
import time
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from bot.channels.wecom.effects import Lines
from bot.channels.wecom.gateway import Gateway
from bot.channels.wecom.sender import Sender
from bot.channels.wecom.tokens import MemoryTokenStore, Tokens
from bot.photo_shelf import PhotoShelf
from referral.messages import RepText
from referral.outbox import Purpose, post
from storage import tables as t
from storage.open import open_store
from tests.hooks.house import facts
from tests.proofs.crash import served
from tests.proofs.fake_wecom import FakeWecom

NEWS = RepText(rep="lin", text="梅姐介绍的小军刚添加了您。")


class Desk:
    """A sender, its store and the platform, on a clock that the test turns."""

    def __init__(self, store, session):
        self.now = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
        self.store = store
        self.wecom = FakeWecom(now=self.seconds, rng=random.Random(3))
        self.session = session

    def seconds(self):
        return self.now.timestamp()

    async def connect(self, api_base, pictures):
        self.gateway = Gateway(
            self.session,
            corp="ww1",
            secret="s",
            agent_id=1,
            api_base=api_base,
            tokens=Tokens(MemoryTokenStore(), clock=lambda: self.now, monotonic=time.monotonic),
            monotonic=time.monotonic,
            egress=(),
        )
        self.sender = Sender(
            self.store,
            facts=facts(),
            lines=Lines(contact=None, rep=self.gateway, desks={}),
            posters=None,
            pictures=pictures,
            photos=PhotoShelf(pictures),
            phone_key=b"k" * 32,
            clock=lambda: self.now,
            rng=random.Random(1),
        )

    async def decide(self):
        """A use case decides that Lin should hear something."""
        rng, now = random.Random(2), self.now
        await self.store.write(lambda tx: post(tx, NEWS, lane="rep:lin", purpose=Purpose.SYSTEM, now=now, rng=rng))

    async def die_before_sending(self):
        """A bot that starts, takes the letter up, and is gone."""
        await self.sender.rescue(all_of_them=True)
        await self.store.write(lambda tx: tx.outbox.claim(self.now, limit=9, lease=timedelta(seconds=60)))

    async def die_after_sending(self):
        await self.die_before_sending()
        await self.gateway.tell_rep(NEWS.rep, NEWS.text)

    async def start(self):
        """A bot that starts and lives."""
        await self.sender.rescue(all_of_them=True)
        await self.sender.drain()

    async def passes(self, minutes):
        self.now += timedelta(minutes=minutes)

    async def ended(self):
        return await self.store.read(lambda tx: tx.connection.execute(select(t.outbox.c.state)).scalars().all())

    @property
    def heard(self):
        return [each.words for each in self.wecom.delivered]


@pytest.fixture
async def desk(sqlite_url, tmp_path):
    store = await open_store(sqlite_url)
    async with ClientSession() as session:
        desk = Desk(store, session)
        runner, api_base = await served(desk.wecom)
        await desk.connect(api_base, tmp_path)
        yield desk
    await runner.cleanup()
    await store.close()


async def test_news_that_reached_the_rep_is_repeated_while_the_platform_knows_it_again(desk):
    # given Lin heard it, but the bot died before it could note so
    await desk.decide()
    await desk.die_after_sending()

    # when the next one starts soon after
    await desk.passes(minutes=10)
    await desk.start()

    # then the platform swallowed the repeat
    assert desk.heard == [NEWS.text]
    assert await desk.ended() == ["sent"]


async def test_news_that_may_have_reached_the_rep_is_not_repeated_once_the_platform_has_forgotten_it(desk):
    # given Lin heard it, and two bots died over it, each time within the half hour
    await desk.decide()
    await desk.die_after_sending()
    await desk.passes(minutes=20)
    await desk.die_before_sending()

    # when the third starts after it
    await desk.passes(minutes=25)
    await desk.start()

    # then nothing is said twice, and the record says that its fate is unknown
    assert desk.heard == [NEWS.text]
    assert await desk.ended() == ["unknown"]


async def test_news_that_a_bot_queued_again_before_it_died_is_not_repeated_too_late_either(desk):
    # given Lin heard it, the second bot only put it back, and was gone
    await desk.decide()
    await desk.die_after_sending()
    await desk.passes(minutes=20)
    await desk.sender.rescue(all_of_them=True)

    # when the third starts
    await desk.passes(minutes=25)
    await desk.start()

    # then nothing is said twice
    assert desk.heard == [NEWS.text]
    assert await desk.ended() == ["unknown"]


async def test_news_that_nobody_has_tried_to_send_is_sent_however_late(desk):
    # given the bot was down for a night
    await desk.decide()
    await desk.passes(minutes=600)

    # when it starts
    await desk.start()

    # then Lin hears it
    assert desk.heard == [NEWS.text]
    assert await desk.ended() == ["sent"]
