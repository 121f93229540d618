"""Reading what an act asks for: a plain text, or an object with options, and errors that name the field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sandbox.media import Media
from bot.sandbox.pictures import avatar_png

MOST_FEN = 10**12
PHOTOS_AND_VOICES = {
    "image": ("image/png", avatar_png("a photo")),
    "voice": ("audio/amr", b"#!AMR\n" + bytes(26)),
}


class BadAct(Exception):
    """An act that cannot be carried out; the message starts with the field at fault."""


def options(value: Any, main: str, *also: str, may_be_empty: bool = False) -> dict[str, Any]:
    """Read a value that is a text, or an object with the text under `main` and the options `also`."""
    if value is None and may_be_empty:
        return {}
    if isinstance(value, str):
        return {main: value}
    if not isinstance(value, dict):
        raise BadAct(f"value: {main} must be a text")
    only(value, {main, *also})
    if not all(isinstance(one, str | bool) for one in value.values()):
        raise BadAct(f"value: {main} must be a text")
    return value


def word(wished: Mapping[str, Any], name: str) -> str:
    """Return the text `name` of `wished`, which must not be blank."""
    said = wished.get(name)
    if not isinstance(said, str) or not said.strip():
        raise BadAct(f"value: {name} must be a text that is not empty")
    return said


def only(wished: Mapping[str, Any], known: set[str]) -> None:
    """Refuse fields that are not `known`."""
    for name in wished:
        if name not in known:
            raise BadAct(f"value: unknown field {name!r}; known are {', '.join(sorted(known))}")


def fen(amount: Any) -> int:
    """Return a whole, positive amount of fen, given as a number or in digits."""
    if isinstance(amount, str) and amount.isascii() and amount.isdigit():
        amount = int(amount[:20])
    if not isinstance(amount, int) or isinstance(amount, bool) or not 0 < amount <= MOST_FEN:
        raise BadAct("value: amount_fen must be a whole number of fen above 0")
    return amount


def spoken(kind: str, said: Mapping[str, Any], media: Media) -> tuple[dict[str, Any], str, str]:
    """Return (platform body, words, url) of what is said: a text, a file by its `media` id, or a made-up one."""
    if kind == "text":
        return {"content": word(said, "text")}, word(said, "text"), ""
    if kind not in PHOTOS_AND_VOICES:
        raise BadAct("value: kind must be text, image or voice")
    content_type, content = PHOTOS_AND_VOICES[kind]
    media_id = word(said, "media") if "media" in said else media.keep(kind, content, content_type)
    return {"media_id": media_id}, "", media.url(media_id)
