"""Tombstones outside the database: a restored backup knows nothing of the erasures that came after it.

One JSON line each: `{"person","marks","at"}`, `marks` the keyed hashes of the identities that were erased.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from referral.erasure import Mark, Tombstone
from referral.identities import Identity
from storage.errors import NotSound

FILE = "erasures.jsonl"  # in the data directory
_LABEL = b"taoli erasure\n"


def mark_with(key: bytes) -> Mark:
    """How identities are remembered under this key: HMAC-SHA256 of `kind:value`."""

    def mark(identity: Identity) -> str:
        return hmac.digest(key, _LABEL + str(identity).encode(), "sha256").hex()

    return mark


def read(path: Path) -> list[Tombstone]:
    """The tombstones in a file, none where there is no file. Raises `NotSound` for a line that is none.

    A last line that a power cut left unfinished is none either, but no fault: its erasure had not begun.
    """
    try:
        return from_lines(path.read_text("utf-8", errors="replace"), path.name)
    except FileNotFoundError:
        return []


def from_lines(text: str, name: str = FILE) -> list[Tombstone]:
    """The tombstones in the text of such a file. Raises `NotSound`."""
    return [_stone(line, f"{name} 第 {number} 行") for number, line in enumerate(text.split("\n")[:-1], 1)]


def _stone(line: str, where: str) -> Tombstone:
    try:
        told = json.loads(line)
        at = datetime.fromisoformat(told["at"]).astimezone(UTC)
        return Tombstone(person=str(told["person"]), marks=tuple(map(str, told["marks"])), at=at)
    except (KeyError, TypeError, ValueError) as error:
        raise NotSound(f"{where}读不懂：这里记着谁要求删除过资料，请从备份里找回这个文件") from error


def keep(path: Path, stones: Iterable[Tombstone]) -> int:
    """Add those that the file does not know yet, on disk when this returns; how many."""
    known = {(stone.person, stone.marks) for stone in read(path)}
    fresh = {(stone.person, stone.marks): stone for stone in reversed(list(stones))}
    for twice in known.intersection(fresh):
        del fresh[twice]
    if fresh:
        path.parent.mkdir(parents=True, exist_ok=True)
        _append(path, "".join(_line(stone) for stone in fresh.values()))
    return len(fresh)


def _line(stone: Tombstone) -> str:
    return json.dumps({"person": stone.person, "marks": stone.marks, "at": stone.at.isoformat()}) + "\n"


def _append(path: Path, lines: str) -> None:
    """Write behind the last whole line."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
        whole = file.read().rfind(b"\n") + 1
        file.truncate(whole)
        file.seek(whole)
        file.write(lines.encode())
        file.flush()
        os.fsync(file.fileno())
