"""What an API call carries and how the platform words its answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.stage import SandboxApp

Answer = dict[str, Any]


class Refusal(Exception):
    """The platform says no: `errcode` and the first words of `errmsg`; `extra` are further fields of the answer."""

    def __init__(self, errcode: int, errmsg: str, **extra: Any) -> None:
        super().__init__(f"{errcode} {errmsg}")
        self.errcode = errcode
        self.errmsg = errmsg
        self.extra = extra


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One file of a multipart request."""

    filename: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """An answer that is a file and not JSON."""

    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One authorised call: `body` is the decoded JSON object, empty for GET and uploads."""

    app: SandboxApp
    query: Mapping[str, str]
    body: Mapping[str, Any]
    upload: Upload | None = None

    def text(self, name: str) -> str:
        """Return the text field `name` of the body, empty when absent; refuse another type."""
        value = self.body.get(name, "")
        if not isinstance(value, str):
            raise Refusal(40058, f"{name} must be a string")
        return value

    def required(self, name: str) -> str:
        """Return the text field `name` of the body, refusing an empty one."""
        value = self.text(name)
        if not value:
            raise Refusal(40063, f"some parameters are empty: {name}")
        return value

    def whole(self, name: str, default: int) -> int:
        """Return the integer field `name` of the body."""
        value = self.body.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise Refusal(40058, f"{name} must be an integer")
        return value

    def texts(self, name: str) -> list[str]:
        """Return the list of texts `name` of the body, empty when absent."""
        value = self.body.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise Refusal(40058, f"{name} must be an array of strings")
        return value

    def part(self, name: str) -> Mapping[str, Any]:
        """Return the object `name` of the body; refuse when it is missing or of another type."""
        value = self.body.get(name)
        if not isinstance(value, dict):
            raise Refusal(40063, f"some parameters are empty: {name}")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """How one path is answered. `method` is GET, POST or ANY."""

    method: str
    answer: Callable[[Call], Answer | Blob]


def get(answer: Callable[[Call], Answer | Blob]) -> Endpoint:
    """An endpoint that must be asked with GET."""
    return Endpoint(method="GET", answer=answer)


def post(answer: Callable[[Call], Answer | Blob]) -> Endpoint:
    """An endpoint that must be asked with POST."""
    return Endpoint(method="POST", answer=answer)


def either(answer: Callable[[Call], Answer | Blob]) -> Endpoint:
    """An endpoint that may be asked with either method."""
    return Endpoint(method="ANY", answer=answer)


def limit_bytes(text: object, most: int, *, name: str) -> str:
    """Return `text` when it is a non-empty string of at most `most` UTF-8 bytes; else refuse with 44004 or 45002."""
    if not isinstance(text, str) or not text:
        raise Refusal(44004, f"empty {name}")
    if len(text.encode()) > most:
        raise Refusal(45002, f"{name} size out of limit")
    return text
