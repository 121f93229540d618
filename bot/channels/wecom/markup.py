"""The little XML that callbacks are made of: one flat element of named texts.

The shape that the platform writes is read by one expression; anything else goes to a real parser. Document types and
entities are never allowed.
"""

from __future__ import annotations

import re
from xml.parsers import expat

_FIELD = re.compile(r"\s*<(\w+)>(?:<!\[CDATA\[([^\]]*(?:\](?!\]>)[^\]]*)*)\]\]>|([^<&]*))</\1>")
_OPENING = re.compile(r"\s*<xml>")
_CLOSING = re.compile(r"\s*</xml>\s*\Z")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # no XML can hold these


class MarkupError(ValueError):
    """Not one well-formed element, or one with a document type."""


def read_fields(markup: str) -> dict[str, str]:
    """Return the texts of the direct children of the root by name; the first of a repeated name counts.

    What lies deeper is passed over. Raises `MarkupError`.
    """
    return _read_flat(markup) or _read_any(markup)


def cdata(text: str) -> str:
    """Return `text` as a CDATA section, without the control characters that XML cannot carry."""
    inert = _FORBIDDEN.sub("", text).replace("]]>", "]]]]><![CDATA[>")
    return f"<![CDATA[{inert}]]>"


def _read_flat(markup: str) -> dict[str, str] | None:
    opening = _OPENING.match(markup)
    if not opening:
        return None
    fields: dict[str, str] = {}
    end = opening.end()
    while field := _FIELD.match(markup, end):
        name, section, plain = field.groups()
        fields.setdefault(name, plain if section is None else section)
        end = field.end()
    return fields if _CLOSING.match(markup, end) else None


def _read_any(markup: str) -> dict[str, str]:
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(_FORBIDDEN.sub("", markup).lstrip("\ufeff \t\r\n"), True)
    except (expat.ExpatError, UnicodeError) as problem:
        raise MarkupError("not well-formed") from problem
    return {name: "".join(parts) for name, parts in reader.fields.items()}


def _refuse(*_: object) -> None:
    raise MarkupError("document types are not allowed")


class _Reader:
    """Collects the text of the root's children."""

    def __init__(self) -> None:
        self.fields: dict[str, list[str]] = {}
        self._depth = 0
        self._parts: list[str] | None = None

    def start(self, name: str, _attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 2:
            self._parts = None if name in self.fields else self.fields.setdefault(name, [])

    def end(self, _name: str) -> None:
        self._depth -= 1

    def text(self, text: str) -> None:
        if self._depth == 2 and self._parts is not None:
            self._parts.append(text)
