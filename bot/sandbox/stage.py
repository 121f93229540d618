"""What every part of the sandbox stands on: the company, its apps, the clock, the memory and the log."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

from bot.sandbox.crypto import Seal
from bot.sandbox.state import LOG_LINES, Line, World
from bot.sandbox.watching import Bell, Trace

BEIJING = timezone(timedelta(hours=8))


class SandboxClock(Protocol):
    """The one clock that bot and sandbox share."""

    def now(self) -> datetime:
        """Return the moment it is, aware."""

    async def advance(self, seconds: int) -> None:
        """Move on by `seconds`, run all work that became due, and return when idle."""


class Chance(Protocol):
    """A source of chance; `random.Random` is one."""

    def getrandbits(self, k: int, /) -> int:
        """Return a number of `k` random bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxApp:
    """A self-built app of the company, as both sides know it.

    `uses` are among `contact`, `kf`, `rep` and `acquisition`; `kf_accounts` are the desks it may manage, all of them
    when empty.
    """

    name: str
    agent_id: int
    secret: str
    token: str
    aes_key: str
    uses: Sequence[str] = ("contact", "kf", "rep")
    kf_accounts: Sequence[str] = ()

    def serves(self, desk: str) -> bool:
        """Whether the app may manage `desk`."""
        return "kf" in self.uses and (not self.kf_accounts or desk in self.kf_accounts)


def default_desk(corp: str) -> str:
    """Return the id of the desk that a company has when no app names one."""
    return "wk" + opaque(f"desk:{corp}", 30)


def opaque(seed: str, length: int) -> str:
    """Return `length` (at most 86) letters and digits that depend on `seed` alone."""
    digest = base64.b64encode(hashlib.sha512(seed.encode()).digest()).decode()
    return digest.replace("+", "x").replace("/", "y")[:length]


@dataclass(kw_only=True)
class Stage:
    """The shared ground; `world` and `base` (scheme, host, port of bot and sandbox) are set when the sandbox starts."""

    corp: str
    apps: tuple[SandboxApp, ...]
    clock: SandboxClock
    world: World = field(default_factory=lambda: World(salt=""))
    base: str = ""
    bell: Bell = field(default_factory=Bell)
    trace: Trace = field(init=False)

    def __post_init__(self) -> None:
        self.trace = Trace(self.bell)

    def now(self) -> int:
        """Return the sandbox clock in whole epoch seconds."""
        return int(self.clock.now().timestamp())

    def iso_now(self) -> str:
        """Return the sandbox clock as ISO 8601 in Beijing time, whole seconds."""
        return datetime.fromtimestamp(self.now(), UTC).astimezone(BEIJING).isoformat()

    def mint(self, kind: str, length: int = 32) -> str:
        """Return a fresh opaque id, never the same again in this world."""
        self.world.count += 1
        return opaque(f"{self.world.salt}:{kind}:{self.world.count}", length)

    def seal_of(self, app: SandboxApp) -> Seal:
        """Return what signs and encrypts between the platform and `app`."""
        return Seal(token=app.token, aes_key=app.aes_key, receiver=self.corp)

    def using(self, use: str) -> list[SandboxApp]:
        """Return the apps that asked for `use`."""
        return [app for app in self.apps if use in app.uses]

    def tell(self, speaker: str, to: str, kind: str, text: str = "", url: str = "") -> None:
        """Write one line of the log."""
        self.world.lines.append(Line(at=self.iso_now(), speaker=speaker, to=to, kind=kind, text=text, url=url))
        self.world.said += 1
        del self.world.lines[:-LOG_LINES]
        self.bell.ring()

    def lines_since(self, said: int) -> list[Line]:
        """Return the lines written after the log's counter stood at `said`."""
        fresh = min(self.world.said - said, len(self.world.lines))
        return self.world.lines[len(self.world.lines) - fresh :]
