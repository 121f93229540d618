"""Somebody who calls the API of a running bot over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from referral import stories
from referral.api_keys import SCOPES
from storage.transaction import Transaction
from tests.journeys.town import Machine, Town, open_town

EVERYTHING = SCOPES
_names = count(1)


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the API answered."""

    status: int
    body: Any
    headers: Any

    @property
    def wrong(self) -> dict[str, str]:
        """The problems by field."""
        return {error["field"]: error["problem"] for error in self.body["errors"]}

    @property
    def items(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.body["items"]
        return found


@dataclass
class Caller:
    """A program with a key, and the town whose bot it calls."""

    town: Town
    key: str

    async def get(self, path: str, *, key: str | None = None, **query: Any) -> Said:
        return await self.send("GET", path, key=key, params={name: str(value) for name, value in query.items()})

    async def post(self, path: str, body: Any = None, *, key: str | None = None, once: str | None = None) -> Said:
        """Post a JSON body; `once` is the idempotency key."""
        headers = {"Idempotency-Key": once} if once else {}
        raw = b"" if body is None else json.dumps(body).encode()
        return await self.send("POST", path, key=key, data=raw, headers=headers)

    async def send(
        self, method: str, path: str, *, key: str | None = None, headers: dict[str, str] | None = None, **request: Any
    ) -> Said:
        """Any request; headers go over the usual ones, an empty one leaves it out."""
        sent = {"Authorization": f"Bearer {key or self.key}"}
        if request.get("data"):
            sent["Content-Type"] = "application/json"
        sent = {name: value for name, value in (sent | (headers or {})).items() if value}
        skipped = [] if "Content-Type" in sent else ["Content-Type"]
        address = f"{self.town.app.own_address}/api/v1{path}"
        async with self.town.http.request(
            method, address, headers=sent, skip_auto_headers=skipped, **request
        ) as answer:
            text = await answer.text()
            return Said(status=answer.status, body=json.loads(text) if text else None, headers=answer.headers.copy())

    async def all(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Every row of a list, page by page."""
        rows: list[dict[str, Any]] = []
        asked = dict(query)
        while True:
            part = await self.get(path, **asked)
            assert part.status == 200, part.body
            rows += part.items
            if part.body["next"] is None:
                return rows
            asked["cursor"] = part.body["next"]

    async def new_key(self, *scopes: str) -> str:
        """Another key, made as an operator does."""
        made = await self.town.app.operator.run("key.new", {"name": f"caller {next(_names)}", "scopes": scopes})
        return str(made["key"])

    async def campaign(self, **args: Any) -> str:
        return await self.town.campaign(**args)

    async def a_friend_bought(self) -> str:
        """Jun came with Mei's code and bought: a row in every table. Returns the campaign."""
        campaign = await self.campaign()
        issued = await self.post("/codes", {"person": "crm:mei", "campaign": campaign})
        assert issued.status == 200, issued.body
        bought = await self.post("/orders", self.paid(code=issued.body["code"]))
        assert bought.body["outcome"] == "held", bought.body
        return campaign

    async def a_story(self, text: str, *, hand_in: bool = True) -> str:
        """Mei wrote a story, and handed it in with her licence. Returns its id."""
        app = self.town.app
        mei, now = (await self.town.person("mei")).id, app.clock()

        def unit(tx: Transaction) -> str:
            draft = stories.write_down(tx, stories.begin(tx, mei, now=now, rng=app.world.rng), text, now=now)
            stories.ask_licence(tx, draft, now=now)
            if hand_in:
                stories.submit(tx, draft, signed=True, evidence="test", channel="kf", now=now)
            return draft.id

        return await app.store.write(unit)

    def paid(self, order_no: str = "A1", **fields: Any) -> dict[str, Any]:
        """The content of an order by crm:jun, now."""
        data = {
            "source": "shop",
            "order_no": order_no,
            "buyer": {"crm_id": "jun"},
            "amount_fen": 19_900,
            "paid_at": self.town.app.clock().isoformat(),
        }
        return {"type": "order.paid", "data": data | fields}


@asynccontextmanager
async def opened(folder: Path, url: str, *, machine: Machine | None = None, server: str = "") -> AsyncIterator[Caller]:
    """A bot that runs until the block ends, and a caller with every scope."""
    async with open_town(folder, url, machine=machine, server=server) as town:
        caller = Caller(town, "")
        caller.key = await caller.new_key(*EVERYTHING)
        yield caller
