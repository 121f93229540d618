"""A real bot in this process, on each database, with a small WeCom at its other end."""

import asyncio
import os
import random
import time
from dataclasses import dataclass
from itertools import count

import pytest
from aiohttp import ClientSession

from bot.app import App
from bot.config import load
from bot.keys import load_keys
from bot.machine import World
from storage.open import migrate_database
from tests.channels.envelopes import CORP
from tests.proofs.crash import CONFIG, COST_FEN, SECRETS, served
from tests.proofs.fake_wecom import DESK, FakeWecom
from tests.proofs.load import Load


@dataclass
class Town:
    """The bot, its platform, and what sends it events; `mark` and `code` are Mei's."""

    app: App
    wecom: FakeWecom
    load: Load
    client: ClientSession
    campaign: str = ""
    code: str = ""
    mark: str = ""

    async def send_all(self, *requests):
        """Send requests at the same moment; (status, text) of each, in order."""
        return await asyncio.gather(*(self._send(request) for request in requests))

    async def _send(self, request):
        path, body, headers = self.load.packed(request)
        async with self.client.post(self.app.own_address + path, data=body, headers=headers) as answer:
            return answer.status, await answer.text()

    async def start(self, pairs):
        """A campaign whose budget is good for some pairs, and Mei's code with its contact QR."""
        asked = {"pack": "double-month", "budget_fen": pairs * COST_FEN}
        self.campaign = (await self.app.operator.run("campaign.start", asked))["id"]
        await self.send_all(self.load.added("wmMei", "lin", None))
        await self.app.settle()
        known = set(self.wecom.ways)
        told = await self.app.operator.run("code", {"person": "wecom:wmMei", "campaign": self.campaign})
        self.code = told["code"]
        async with self.client.get(f"{self.app.own_address}/i/{self.code}") as page:
            assert page.status == 200
        await self.app.settle()
        self.mark = next(mark for mark in self.wecom.ways if mark not in known)

    async def look(self, unit):
        return await self.app.store.read(unit)


_numbers = count(1)


@pytest.fixture(scope="session")
def migrated_template(postgres_server):
    """A PostgreSQL database at this program's version, for others to be copied from."""
    asyncio.run(migrate_database(postgres_server.create("proofs")))
    return "proofs"


@pytest.fixture
def postgres_copy(postgres_server, migrated_template):
    """The URL of a fresh PostgreSQL database at this program's version."""
    name = f"proof{next(_numbers)}"
    postgres_server._run(f'CREATE DATABASE "{name}" TEMPLATE "{migrated_template}"')
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture(params=["sqlite_url", pytest.param("postgres_copy", marks=pytest.mark.postgres)])
def ready_url(request):
    """The URL of a database that a bot may open; the test runs on each kind."""
    return request.getfixturevalue(request.param)


@pytest.fixture
async def town(ready_url, tmp_path):
    """A running campaign with budget for one pair of thanks."""
    wecom = FakeWecom(now=time.time, rng=random.Random(5))
    runner, api_base = await served(wecom)
    file = tmp_path / "taoli.toml"
    file.write_text(CONFIG.format(url=ready_url, corp=CORP, api_base=api_base, desk=DESK), encoding="utf-8")
    config = load(file, SECRETS)
    app = App(config, load_keys(config, os.urandom, os.environ), World())
    await app.start()
    async with ClientSession() as client:
        town = Town(app=app, wecom=wecom, load=Load(random.Random(6), wecom, time.time), client=client)
        await town.start(pairs=1)
        yield town
    await app.stop()
    await runner.cleanup()
