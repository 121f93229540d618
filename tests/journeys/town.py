"""A running bot and the people around it: everything goes over HTTP, time stands still until a test moves it."""

from __future__ import annotations

import json
import random
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import ClientResponse, ClientSession, DummyCookieJar

from bot.app import App
from bot.config import load, with_sandbox_secrets
from bot.keys import load_keys
from bot.machine import World
from bot.pages.cards import Tickets
from referral.identities import Identity, IdentityKind
from referral.people import Person
from referral.referrals import Referral
from referral.rewards import Reward
from referral.touches import Touch
from storage.transaction import Transaction

T = TypeVar("T")

MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # a Monday, 10:00 in Beijing
HOLD_S = 15 * 86_400
PRICE = 19_900
COMPANY = "春和家居"
LINK = re.compile(r"https?://[!-~]+", re.IGNORECASE)
WECHAT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Mobile/15E148 MicroMessenger/8.0.50(0x1800323d) NetType/WIFI Language/zh_CN"
)

_CONFIG = """
[server]
port = 0
{server}
[company]
name = "{company}"
industry = "{industry}"
[database]
url = "{url}"
[files]
data_dir = "data"
[sending]
holdout = {holdout}
{sending}
{more}
[sandbox]
enabled = true
"""


@dataclass
class Machine:
    """The machine's clock: stands still until ticked."""

    now: datetime = MORNING

    def clock(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.now.timestamp()

    def tick(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a browser got."""

    status: int
    text: str
    body: bytes
    headers: Any
    cookies: dict[str, str]


@dataclass
class Town:
    """One running bot with its sandbox, and the ways a test can act and look."""

    app: App
    machine: Machine
    http: ClientSession = field(default_factory=lambda: ClientSession(cookie_jar=DummyCookieJar()))

    # --- acting ------------------------------------------------------------------------------------------------------

    async def act(self, persona: str, do: str, value: Any = None) -> dict[str, Any]:
        """Act through the sandbox's door; the act must be possible."""
        answer = await self.knock("act", {"persona": persona, "do": do, "value": value})
        assert answer.get("ok"), (persona, do, answer)
        result: dict[str, Any] = answer["result"]
        return result

    async def say(self, persona: str, text: str) -> list[str]:
        """Say something and return the texts that came back."""
        return [line["text"] for line in (await self.act(persona, "say", text))["replies"]]

    async def buy(self, persona: str, value: Any = PRICE) -> dict[str, Any]:
        return await self.act(persona, "buy", value)

    async def platform(self, value: str) -> None:
        """Break the platform, or mend it with `none`."""
        await self.act("platform", "break", value)

    async def later(self, seconds: float) -> None:
        """Time passes for the machine, and so for everybody; what falls due is done."""
        self.machine.tick(seconds)
        await self.app.settle()

    async def pass_time(self, seconds: int) -> None:
        """Move the sandbox's clock through its door."""
        await self.knock("clock", {"advance_s": seconds})

    async def knock(self, door: str, body: Any) -> dict[str, Any]:
        async with self.http.post(f"{self.app.own_address}/sandbox/{door}", json=body) as answer:
            told: dict[str, Any] = await answer.json()
        return told

    async def campaign(self, **args: Any) -> str:
        """Start a campaign of the shipped pack; its id."""
        made = await self.app.operator.run("campaign.start", {"pack": "double-month", **args})
        return str(made["id"])

    async def code_of(self, persona: str, campaign: str) -> str:
        """The code of somebody in a campaign, as an operator makes it: no poster is drawn."""
        named = f"wecom:{self.handle(persona)}"
        made = await self.app.operator.run("code", {"person": named, "campaign": campaign})
        await self.app.settle()
        return str(made["code"])

    async def hire(self, rep: str, name: str) -> None:
        """Another rep begins to work."""
        assert self.app.sandbox
        self.app.sandbox._people.reps[rep] = name
        await self.app.work._ask_for_reps()
        await self.app.settle()

    async def end(self, campaign: str) -> None:
        await self.app.operator.run("campaign.end", {"id": campaign})

    # --- browsing ----------------------------------------------------------------------------------------------------

    async def get(self, path: str, *, cookies: dict[str, str] | None = None, **headers: str) -> Page:
        """Open an address of ours in WeChat's browser, following nothing; `headers` go over its own."""
        sent = {"User-Agent": WECHAT} | {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.get(self.at(path), headers=sent, cookies=cookies, allow_redirects=False) as answer:
            return await _page(answer)

    async def post(
        self, path: str, form: dict[str, str], *, cookies: dict[str, str] | None = None, **headers: str
    ) -> Page:
        """Post a form as the page would."""
        sent = {"User-Agent": WECHAT} | {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.post(
            self.at(path), data=form, headers=sent, cookies=cookies, allow_redirects=False
        ) as answer:
            return await _page(answer)

    def at(self, path: str) -> str:
        return path if path.lower().startswith("http") else f"{self.app.own_address}{path}"

    async def me(self, persona: str) -> str:
        """The path of somebody's own page."""
        return f"/me/{self.app.page_tokens.of((await self.person(persona)).id)}"

    # --- looking -----------------------------------------------------------------------------------------------------

    async def log(self, to: str) -> list[str]:
        """All that somebody was told so far."""
        return [line["text"] for line in await self.lines() if line["to"] == to]

    async def lines(self) -> list[dict[str, Any]]:
        async with self.http.get(f"{self.app.own_address}/sandbox/log") as answer:
            lines: list[dict[str, Any]] = await answer.json()
        return lines

    def handle(self, persona: str) -> str:
        assert self.app.sandbox
        return self.app.sandbox.external_userid(persona)

    async def look(self, unit: Callable[[Transaction], T]) -> T:
        return await self.app.store.read(unit)

    async def person(self, persona: str) -> Person:
        identity = Identity(IdentityKind.WECOM, self.handle(persona))
        found = await self.look(lambda tx: tx.people.find(identity))
        assert found, persona
        return found

    async def touches(self, persona: str) -> list[Touch]:
        friend = (await self.person(persona)).id
        return await self.look(lambda tx: tx.touches.of_friend(friend))

    async def referrals(self, persona: str) -> list[Referral]:
        friend = (await self.person(persona)).id
        return await self.look(lambda tx: tx.referrals.of_friend(friend))

    async def rewards(self, persona: str) -> list[Reward]:
        """What stands for a person, as advocate or friend."""
        person = (await self.person(persona)).id
        return await self.look(lambda tx: tx.rewards.of_person(person))

    async def standing(self, persona: str) -> list[tuple[str, str]]:
        """(state, reason) of each of a person's rewards."""
        return [(r.state.value, str(r.reason)) for r in await self.rewards(persona)]


async def _page(answer: ClientResponse) -> Page:
    body = await answer.read()
    return Page(
        status=answer.status,
        text=body.decode(errors="replace"),
        body=body,
        headers=answer.headers.copy(),
        cookies={name: morsel.value for name, morsel in answer.cookies.items()},
    )


@asynccontextmanager
async def open_town(
    folder: Path,
    url: str,
    *,
    machine: Machine | None = None,
    server: str = "",
    company: str = COMPANY,
    industry: str = "retail",
    holdout: float = 0.0,
    sending: str = "",
    more: str = "",
    tickets: Tickets | None = None,
) -> AsyncIterator[Town]:
    """A bot that runs until the block ends; opened again on the same folder it finds what was there."""
    machine = machine or Machine()
    rng = random.Random(int(machine.now.timestamp()))
    file = folder / "taoli.toml"
    written = _CONFIG.format(
        company=json.dumps(company)[1:-1],
        industry=industry,
        url=url,
        server=server,
        holdout=holdout,
        sending=sending,
        more=more,
    )
    file.write_text(written, encoding="utf-8")
    config = with_sandbox_secrets(load(file, {}), rng.randbytes)
    keys = load_keys(config, rng.randbytes, {})
    world = World(clock=machine.clock, monotonic=machine.monotonic, rng=rng, random_bytes=rng.randbytes)
    app = App(config, keys, world, tickets=tickets)
    await app.start()
    town = Town(app, machine)
    try:
        await app.settle()
        yield town
    finally:
        await town.http.close()
        await app.stop()


def link_in(text: str, part: str) -> str:
    """The link in a message that has `part` in it, as a path."""
    found = next(link for link in LINK.findall(text) if part in link)
    return "/" + found.split("/", 3)[3]
