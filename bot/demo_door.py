"""The doors that the demo goes through: the sandbox's acts and clock, and pages, all over HTTP."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import ClientSession, CookieJar

from bot.app import App

Told = tuple[str, ...]
"""What a step tells: what was done, and lines of what was seen."""


class NotConfirmed(Exception):
    """A step was done, but the other side does not show it."""


class Door:
    """One browser and one hand at the sandbox."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._http = ClientSession(cookie_jar=CookieJar(unsafe=True))  # our own address is a bare IP

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.close()

    def at(self, url: str) -> str:
        """An address of ours, whole."""
        return url if url.startswith("http") else f"{self._app.own_address}{url}"

    async def act(self, persona: str, do: str, value: object) -> list[dict[str, Any]]:
        replies: list[dict[str, Any]] = (await self.result(persona, do, value))["replies"]
        return replies

    async def result(self, persona: str, do: str, value: object) -> dict[str, Any]:
        answer = await self.post("/sandbox/act", {"persona": persona, "do": do, "value": value})
        confirm(bool(answer.get("ok")), f"{persona} {do}: {answer}")
        result: dict[str, Any] = answer["result"]
        return result

    async def get(self, url: str) -> bytes:
        async with self._http.get(url) as answer:
            confirm(answer.status == 200, f"打不开（{answer.status}）：{url}")
            return await answer.read()

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        async with self._http.post(f"{self._app.own_address}{path}", json=body) as answer:
            told: dict[str, Any] = await answer.json()
        return told

    async def log(self, to: str) -> list[str]:
        """What somebody was told so far."""
        lines = json.loads(await self.get(f"{self._app.own_address}/sandbox/log"))
        return [line["text"] for line in lines if line["to"] == to]

    async def cards(self, to: str) -> list[dict[str, Any]]:
        """The cards that somebody was sent so far."""
        lines = json.loads(await self.get(f"{self._app.own_address}/sandbox/log"))
        return [line for line in lines if line["to"] == to and line["kind"] == "card"]

    async def submit(self, path: str, form: dict[str, str]) -> str:
        """Send a page's form and return the page that follows."""
        async with self._http.post(self.at(path), data=form) as answer:
            confirm(answer.status == 200, f"没有成功（{answer.status}）：{path}")
            return await answer.text()


def confirm(true: bool, otherwise: str) -> None:
    """Raise `NotConfirmed` unless it is so."""
    if not true:
        raise NotConfirmed(otherwise)
