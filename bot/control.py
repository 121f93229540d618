"""The Unix socket in `data_dir` through which writing commands reach a running bot: one JSON line each way."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

from referral.errors import BadInput, ReferralError

log = structlog.get_logger()

NAME = "taoli.sock"
_LIMIT = 1 << 20  # bytes of a line
_LONGEST = 100  # bytes of a Unix socket's own name; Linux takes 107, others less
_PATIENCE_S = 60

Run = Callable[[str, dict[str, Any]], Awaitable[Any]]


class NobodyThere(Exception):
    """No bot runs on this data folder."""


class Refused(ReferralError):
    """The running bot did not do the command; the message is its own."""


class FolderTaken(ReferralError):
    """Another running bot listens in this data folder: give each its own."""


class Control:
    """The listening side."""

    def __init__(self, folder: Path, run: Run) -> None:
        self._folder = folder
        self._run = run
        self._server: asyncio.Server | None = None
        self._inode = 0

    async def start(self) -> None:
        """Listen; a socket left by a dead process is replaced. Only this account may write to it.

        Raises `FolderTaken` where a living bot has the folder.
        """
        listening = self._bind()
        self._server = await asyncio.start_unix_server(self._serve, sock=listening, limit=_LIMIT)

    async def stop(self) -> None:
        """Stop listening and remove the socket, if it is still ours."""
        if self._server:
            self._server.close()
            path = self._folder / NAME
            if path.exists() and path.stat().st_ino == self._inode:
                path.unlink()

    def _bind(self) -> socket.socket:
        self._folder.mkdir(parents=True, exist_ok=True)
        with _name(self._folder) as name:
            listening = _bound(name)
            self._inode = Path(name).stat().st_ino
        return listening

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                line = await reader.readline()
                writer.write(_line(await self._answer(line)))
                await writer.drain()
        except (TimeoutError, ConnectionError, ValueError):
            log.warning("control.broken_off")
        finally:
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            asked = json.loads(line)
            return {"ok": True, "result": await self._run(asked["command"], asked["args"])}
        except BadInput as error:
            return {"ok": False, "field": error.field, "error": error.problem}
        except ReferralError as error:
            return {"ok": False, "error": str(error)}
        except Exception:  # a command must not stop the bot
            log.exception("control.failed")
            return {"ok": False, "error": "命令没有完成，详情见运行日志"}


async def ask(folder: Path, command: str, args: dict[str, Any]) -> Any:
    """Have a running bot do a command. Raises `NobodyThere`, or `BadInput` or `Refused` with the bot's own words."""
    try:
        with _name(folder) as name:
            reader, writer = await asyncio.open_unix_connection(name, limit=_LIMIT)
    except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
        raise NobodyThere from None
    except PermissionError as error:
        raise Refused(f"机器人由另一个账户运行，不能代它操作：{folder / NAME}") from error
    try:
        answer = await _exchange(reader, writer, {"command": command, "args": args})
    except (TimeoutError, ConnectionError, ValueError) as error:
        raise Refused("运行中的机器人没有回答，命令可能已经做了；请先查看，再决定要不要重来") from error
    finally:
        writer.close()
    if answer["ok"]:
        return answer["result"]
    raise BadInput(answer["field"], answer["error"]) if "field" in answer else Refused(answer["error"])


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: dict[str, Any]) -> Any:
    writer.write(_line(asked))
    await writer.drain()
    async with asyncio.timeout(_PATIENCE_S):
        return json.loads(await reader.readline())


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def _bound(name: str) -> socket.socket:
    """A socket of that name which does not listen yet, so that nobody comes in before its mode is set."""
    _clear(name)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        bound.bind(name)
        Path(name).chmod(0o600)
        bound.setblocking(False)
    except BaseException:
        bound.close()
        raise
    return bound


def _clear(name: str) -> None:
    """Remove a socket that nobody listens on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knocking:
        knocking.settimeout(1)
        try:
            knocking.connect(name)
        except OSError:
            Path(name).unlink(missing_ok=True)
            return
    raise FolderTaken("[files] data_dir 正由另一个机器人使用：请给每个机器人各自的文件夹")


@contextmanager
def _name(folder: Path) -> Iterator[str]:
    """What to call the socket: its path, or, where that is too long for a Unix socket, one through the open folder."""
    path = folder / NAME
    if len(os.fsencode(path)) <= _LONGEST:
        yield str(path)
        return
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{fd}/{NAME}"
    finally:
        os.close(fd)
