"""What the sandbox refuses, in words for whoever pressed a button. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bot.playground.look import words

_SAID: Mapping[str, str] = {
    "nothing was scanned yet": "refused_unscanned",
    "is no contact of": "refused_no_contact",
    "has bought nothing": "refused_no_order",
    "was sent no picture yet": "refused_no_picture",
    "shows no contact QR": "refused_no_qr",
    "no menu offered": "refused_menu",
    "is with nobody of the staff": "refused_no_chat",
}


def in_words(refusal: str, lang: str) -> str:
    """A refusal as the page says it; one that no button can bring about, as it is."""
    key = next((key for part, key in _SAID.items() if part in refusal), None)
    return words(lang)[key] if key else refusal.removeprefix("value: ")
