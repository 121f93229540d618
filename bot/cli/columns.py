"""Laying out words at a terminal, where a Chinese character is two columns wide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

_NOT_FIRST = "，。：；、！？）」』】》…·,.!?)"


def columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of a table whose columns stand below each other; nothing is cut off."""
    lines = [head, *rows]
    widths = [max(cell_len(line[place]) for line in lines) for place in range(len(head))]
    for line in lines:
        cells = (text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True))
        yield "  ".join(cells).rstrip()


def wrapped(text: str, width: int) -> Iterator[str]:
    """Lines of at most `width` columns, broken anywhere but inside a Latin word or before a closing sign."""
    for paragraph in text.splitlines():
        line = ""
        for piece in _pieces(paragraph):
            if line and cell_len(line) + cell_len(piece) > width:
                yield line.rstrip()
                line = ""
            line += piece if line else piece.lstrip()
        yield line.rstrip()


def _pieces(text: str) -> Iterator[str]:
    """What stays together on a line: a sign with what it closes, the letters of a word or address."""
    piece = ""
    for char in text:
        together = char in _NOT_FIRST or (_is_latin(char) and piece and _is_latin(piece[-1]))
        if piece and not together:
            yield piece
            piece = ""
        piece += char
    if piece:
        yield piece


def _is_latin(char: str) -> bool:
    return char.isascii() and not char.isspace()
