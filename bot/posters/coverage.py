"""Which code points a font draws, one bit each: small enough to keep.

For the fonts of the package that is listed in a file beside them, since to read it from a font takes as long as to
draw a dozen posters. The list names each font by the checksums in its first bytes (OpenType, table directory); a font
that was changed, or that is not listed, is read.
"""

from __future__ import annotations

import struct
from base64 import b64decode, b64encode
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from zlib import compress, decompress

import msgspec

from bot.posters.errors import FontMissing

LIST = "coverage.json"

_POINTS = 0x110000
NOTHING = bytes(_POINTS // 8)


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A font in the list: the SHA-256 of its table directory, and its bits, deflated, in base64."""

    directory: str
    bits: str


def of(font: Path) -> bytes:
    """Return the bits of a font file. Raises `FontMissing` if it cannot be read."""
    listed = _listed(font.parent).get(font.name)
    if listed and listed.directory == _directory(font):
        return decompress(b64decode(listed.bits))
    return read(font)


def holds(bits: bytes, point: int) -> bool:
    """Tell whether the bit of a code point is set."""
    return bool(bits[point >> 3] & 1 << (point & 7))


def read(font: Path) -> bytes:
    """Return the bits of a font file as the font itself says. Raises `FontMissing` if it cannot be read."""
    from fontTools.ttLib import TTFont, TTLibError  # noqa: PLC0415 (for rare characters only)

    bits = bytearray(NOTHING)
    try:
        with font.open("rb") as file, TTFont(file, fontNumber=0, lazy=True) as opened:
            opened.setGlyphOrder(range(0x10000))  # the names of glyphs do not matter, and reading them costs 40 MB
            for point in opened.getBestCmap():
                bits[point >> 3] |= 1 << (point & 7)
    except (TTLibError, OSError, struct.error, ValueError, AssertionError, TypeError) as problem:
        raise FontMissing(f"{font} cannot be read: {problem}") from problem
    return bytes(bits)


def write_list(fonts: Iterable[Path], target: Path) -> None:
    """List what these fonts draw in a file that lies beside them."""
    listed = {
        font.name: Listed(directory=_directory(font), bits=b64encode(compress(read(font), 9)).decode())
        for font in fonts
    }
    target.write_bytes(msgspec.json.format(msgspec.json.encode(listed), indent=2) + b"\n")


def _listed(folder: Path) -> dict[str, Listed]:
    try:
        return msgspec.json.decode((folder / LIST).read_bytes(), type=dict[str, Listed])
    except (OSError, msgspec.DecodeError):
        return {}


def _directory(font: Path) -> str:
    """The SHA-256 of what a font file begins with: the name, checksum, place and length of each of its tables."""
    with font.open("rb") as file:
        start = file.read(12)
        return sha256(start + file.read(16 * int.from_bytes(start[4:6], "big"))).hexdigest()
