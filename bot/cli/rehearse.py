"""`rehearse`."""

from __future__ import annotations

import sys
from hashlib import blake2b, sha256
from typing import Any

import click
import msgspec

from bot.misfits import misfit
from bot.rehearsal import lines
from bot.rehearsal.rehearsal import Rehearsal
from referral.errors import BadInput


@click.command()
def rehearse() -> None:
    """Let the rules that decide in production play a made-up world that talks on stdin and stdout, a day a line."""
    rehearsal: Rehearsal | None = None
    number, ended = 0, True
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if not line.strip():
            continue
        said = _read(line, number)
        if isinstance(said, lines.Score):
            break
        ended = isinstance(said, lines.End)
        if isinstance(said, lines.Init):
            rehearsal = _begun(said, line, number)
        else:
            _say(_answer(rehearsal, said, number))
    if not ended:
        raise BadInput(f"第 {number} 行以后", "没有 end 这一行就断了，这次预演没有结果")


class _Chance:
    """Chance by a world's own text, so that a rehearsal can be repeated."""

    def __init__(self, salt: str) -> None:
        self._salt, self._count = salt.encode(), 0

    def getrandbits(self, k: int, /) -> int:
        """An integer of `k` bits, 64 at most."""
        self._count += 1
        digest = blake2b(self._count.to_bytes(8, "big"), digest_size=8, key=self._salt[:64]).digest()
        return int.from_bytes(digest, "big") >> (64 - k)


def _begun(world: lines.Init, line: bytes, number: int) -> Rehearsal:
    salt = sha256(line).hexdigest()
    try:
        return Rehearsal(world, salt=salt, rng=_Chance(salt))
    except BadInput as error:
        raise _at(number, error.field, error.problem) from error


def _answer(rehearsal: Rehearsal | None, said: lines.Day | lines.End, number: int) -> dict[str, Any]:
    if rehearsal is None:
        raise _at(number, "t", "先要有一行 init")
    try:
        return rehearsal.day(said) if isinstance(said, lines.Day) else rehearsal.end(said)
    except BadInput as error:
        raise _at(number, error.field, error.problem) from error


def _read(line: bytes, number: int) -> lines.Line:
    try:
        return lines.read(line)
    except msgspec.ValidationError as error:
        raise _at(number, *misfit(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _at(number, "", "不是一行完整的 UTF-8 的 JSON") from error


def _at(number: int, field: str, problem: str) -> BadInput:
    return BadInput(f"第 {number} 行 {field}".strip(), problem)


def _say(answer: object) -> None:
    sys.stdout.write(lines.written(answer) + "\n")
    sys.stdout.flush()
