"""Which font files there are, and what they can draw.

The fonts in `templates/fonts/` come first, so that a poster looks the same on every machine. Only for characters they
lack is another file looked at, in this order: the configured ones, Debian's, that of the `fonts` extra. Files are
named by path, never by a system font family.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from bot.posters.errors import FontMissing
from referral.nicknames import signs
from templates import ROOT

SANS, SERIF, EMOJI = "Poster Sans", "Poster Serif", "Poster Emoji"
_VENDORED = {SANS: "sans.otf", SERIF: "serif-bold.otf", EMOJI: "emoji.ttf"}
_DEBIAN = (
    Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
    Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
)
_WHEEL = "justmytype_intl_cjk"
_JOINERS = {0x200D, 0xFE0F, *range(0xE0020, 0xE0080)}  # join or style emoji; drawn by no glyph of their own
_POINTS = 0x110000


def found_fallbacks() -> tuple[Path, ...]:
    """Return the files for rare characters that this machine has, best first."""
    candidates = [*_DEBIAN, *_from_wheel()]
    return tuple(path for path in candidates if path.is_file())


def _from_wheel() -> list[Path]:
    spec = find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        return []
    return [Path(spec.origin).parent / "fonts" / "ofl" / "notosanssc" / "NotoSansSC[wght].ttf"]


class Faces:
    """The fonts of the package, and the fallbacks for what they lack."""

    def __init__(self, fallbacks: Iterable[Path], *, folder: Path = ROOT / "fonts") -> None:
        """Take `fallbacks` in order of preference; raise `FontMissing` if one is not there."""
        self.vendored = {family: folder / name for family, name in _VENDORED.items()}
        self.fallbacks = tuple(fallbacks)
        for path in (*self.vendored.values(), *self.fallbacks):
            if not path.is_file():
                raise FontMissing(f"no font file at {path}")
        self._points: dict[Path, bytearray] = {}

    def covers(self, sign: str) -> bool:
        """Tell whether one font has glyphs for every part of `sign`: a letter and its marks are drawn together."""
        return bool(sign) and self._home(sign) is not None

    def fallbacks_for(self, text: str) -> tuple[Path, ...]:
        """Return the fallback files that `text` needs, none for nearly every text.

        Raises `FontMissing` if some sign is in no font at all.
        """
        homes = {sign: self._home(sign) for sign in signs(text)}
        homeless = [sign for sign, home in homes.items() if home is None]
        if homeless:
            raise FontMissing(f"no font can draw {''.join(homeless)!r}")
        needed = set(homes.values())
        return tuple(path for path in self.fallbacks if path in needed)

    def _home(self, sign: str) -> Path | None:
        """Return the first font that holds a whole sign."""
        points = [point for point in map(ord, sign) if not (point in _JOINERS or chr(point).isspace())]
        candidates = (self.vendored[SANS], self.vendored[EMOJI], *self.fallbacks)
        return next((path for path in candidates if all(_has(self._points_of(path), p) for p in points)), None)

    def _points_of(self, path: Path) -> bytearray:
        if path not in self._points:
            self._points[path] = _points(path)
        return self._points[path]


def _points(path: Path) -> bytearray:
    """Return which code points the font draws, one bit each: small enough to keep."""
    from fontTools.ttLib import TTFont  # noqa: PLC0415 (only needed with the first poster)

    bits = bytearray(_POINTS // 8)
    with TTFont(path, fontNumber=0, lazy=True) as font:
        font.setGlyphOrder(range(0x10000))  # the names of glyphs do not matter, and reading them costs 40 MB
        for point in font.getBestCmap():
            bits[point >> 3] |= 1 << (point & 7)
    return bits


def _has(bits: bytearray, point: int) -> bool:
    return bool(bits[point >> 3] & 1 << (point & 7))
