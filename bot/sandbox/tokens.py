"""Access tokens: one per app, the same value until it runs out (platform.md 2.1, supplement S3 item 1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sandbox.answers import Refusal
from bot.sandbox.stage import SandboxApp, Stage
from bot.sandbox.state import Token

LIFETIME = 7200  # seconds
REMEMBERED = 86400  # seconds for which a dead token is known as expired rather than as never issued


class Tokens:
    """Grants tokens and tells whose a token is."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def grant(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Answer `gettoken`: the current token of the app whose secret is shown, or a new one when it ran out."""
        app = self._app_by_secret(query)
        value, token = self._current(app) or self._issue(app)
        return {"access_token": value, "expires_in": token.until - self._stage.now()}

    def owner(self, value: str) -> SandboxApp:
        """Return the app that holds `value`; refuse a missing (41001), unknown (40014) or expired (42001) one."""
        if not value:
            raise Refusal(41001, "access_token missing")
        token = self._stage.world.tokens.get(value)
        app = next((app for app in self._stage.apps if token and app.name == token.app), None)
        if token is None or app is None:
            raise Refusal(40014, "invalid access_token")
        if token.until <= self._stage.now():
            raise Refusal(42001, "access_token expired")
        return app

    def expire_now(self) -> None:
        """End every token, as the platform may do early."""
        now = self._stage.now()
        for token in self._stage.world.tokens.values():
            token.until = min(token.until, now)

    def _app_by_secret(self, query: Mapping[str, str]) -> SandboxApp:
        if not query.get("corpid"):
            raise Refusal(41002, "corpid missing")
        if not query.get("corpsecret"):
            raise Refusal(41004, "corpsecret missing")
        if query["corpid"] != self._stage.corp:
            raise Refusal(40013, "invalid corpid")
        for app in self._stage.apps:
            if app.secret == query["corpsecret"]:
                return app
        raise Refusal(40001, "invalid credential")

    def _current(self, app: SandboxApp) -> tuple[str, Token] | None:
        now = self._stage.now()
        for value, token in self._stage.world.tokens.items():
            if token.app == app.name and token.until > now:
                return value, token
        return None

    def _issue(self, app: SandboxApp) -> tuple[str, Token]:
        self._forget_old()
        value = "".join(self._stage.mint("token", 80) for _ in range(3))
        token = Token(app=app.name, until=self._stage.now() + LIFETIME)
        self._stage.world.tokens[value] = token
        return value, token

    def _forget_old(self) -> None:
        tokens, oldest = self._stage.world.tokens, self._stage.now() - REMEMBERED
        for value in [value for value, token in tokens.items() if token.until < oldest]:
            del tokens[value]
