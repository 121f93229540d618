"""Which font files there are, and what they can draw.

The fonts in `templates/fonts/` come first, so that a poster looks the same on every machine. Only for characters they
lack is another file looked at, in this order: the configured ones, Debian's, that of the `fonts` extra. Files are
named by path, never by a system font family.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from bot.posters.errors import FontMissing
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
        self._fallback_points: dict[Path, bytearray] = {}

    def covers(self, sign: str) -> bool:
        """Tell whether every part of `sign` has a glyph in some font."""
        return not self._spread(sign)[1]

    def fallbacks_for(self, text: str) -> tuple[Path, ...]:
        """Return the fallback files that `text` needs, none for nearly every text.

        Raises `FontMissing` if some character is in no font at all.
        """
        needed, homeless = self._spread(text)
        if homeless:
            raise FontMissing(f"no font can draw {''.join(map(chr, sorted(homeless)))!r}")
        return tuple(needed)

    def _spread(self, text: str) -> tuple[list[Path], set[int]]:
        """Return the fallbacks that hold what the vendored fonts lack, and the code points that none holds."""
        lacking = {point for point in map(ord, text) if not (point in _JOINERS or chr(point).isspace())}
        lacking -= {point for point in lacking if _has(self._vendored_points, point)}
        needed: list[Path] = []
        for path in self.fallbacks:
            if not lacking:
                break
            held = {point for point in lacking if _has(self._points_of(path), point)}
            if held:
                needed.append(path)
                lacking -= held
        return needed, lacking

    @cached_property
    def _vendored_points(self) -> bytearray:
        sans, emoji = _points(self.vendored[SANS]), _points(self.vendored[EMOJI])
        return bytearray(ours | theirs for ours, theirs in zip(sans, emoji, strict=True))

    def _points_of(self, path: Path) -> bytearray:
        if path not in self._fallback_points:
            self._fallback_points[path] = _points(path)
        return self._fallback_points[path]


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
