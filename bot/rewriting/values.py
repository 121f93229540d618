"""What is asked of a rewriter, and what becomes of its answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Another wording that may be used as it is: the same placeholders, nothing promised that was not, lawful."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A wording that was dropped, or with an empty `text` why there are none; `why` is a sentence for staff."""

    text: str = ""
    code: str
    why: str


Message = dict[str, str]
"""`role` and `content`, as the chat completions of OpenAI have them."""


class NoAnswer(Exception):
    """Nothing usable came back; `code` is a slug for the log, and nothing that the other side wrote is kept."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class Rewriter(Protocol):
    """Whoever answers a prompt with text. Raises `NoAnswer`, in bounded time."""

    async def answer(self, prompt: list[Message]) -> str: ...
