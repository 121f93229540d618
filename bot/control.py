"""The Unix socket in `data_dir` through which writing commands reach a running bot: one JSON line each way."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

from referral.errors import BadInput, ReferralError

log = structlog.get_logger()

NAME = "taoli.sock"
_LIMIT = 1 << 20
_PATIENCE_S = 60

Run = Callable[[str, dict[str, Any]], Awaitable[Any]]


class NobodyThere(Exception):
    """No bot runs on this data folder."""


class Refused(ReferralError):
    """The running bot did not do the command; the message is its own."""


class Control:
    """The listening side."""

    def __init__(self, folder: Path, run: Run) -> None:
        self._folder = folder
        self._run = run
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen; a socket left by a dead process is replaced. Only this account may write to it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with _short(self._folder) as path:
            path.unlink(missing_ok=True)
            before = os.umask(0o177)
            try:
                self._server = await asyncio.start_unix_server(self._serve, path=str(path), limit=_LIMIT)
            finally:
                os.umask(before)

    async def stop(self) -> None:
        """Stop listening and remove the socket."""
        if self._server:
            self._server.close()
            (self._folder / NAME).unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                line = await reader.readline()
                writer.write(json.dumps(await self._answer(line), ensure_ascii=False).encode() + b"\n")
                await writer.drain()
        except (TimeoutError, ConnectionError, ValueError):
            log.warning("control.broken_off")
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            asked = json.loads(line)
            return {"ok": True, "result": await self._run(asked["command"], asked["args"])}
        except ReferralError as error:
            return {"ok": False, "error": str(error), "usage": isinstance(error, BadInput)}
        except Exception:  # a command must not stop the bot
            log.exception("control.failed")
            return {"ok": False, "error": "命令没有完成，详情见运行日志", "usage": False}


async def ask(folder: Path, command: str, args: dict[str, Any]) -> Any:
    """Have a running bot do a command. Raises `NobodyThere`, or `Refused` with the bot's own words."""
    try:
        with _short(folder) as path:
            reader, writer = await asyncio.open_unix_connection(str(path), limit=_LIMIT)
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        raise NobodyThere from None
    try:
        writer.write(json.dumps({"command": command, "args": args}, ensure_ascii=False).encode() + b"\n")
        await writer.drain()
        async with asyncio.timeout(_PATIENCE_S):
            answer = json.loads(await reader.readline())
    finally:
        writer.close()
    if not answer["ok"]:
        raise BadInput("", answer["error"]) if answer.get("usage") else Refused(answer["error"])
    return answer["result"]


@contextmanager
def _short(folder: Path) -> Iterator[Path]:
    """The socket's path by way of an open folder: a Unix socket's own name may not be longer than 107 bytes."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield Path(f"/proc/self/fd/{fd}") / NAME
    finally:
        os.close(fd)
