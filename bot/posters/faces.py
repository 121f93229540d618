"""Which font files there are, and what they can draw.

The fonts in `templates/fonts/` come first, so that a poster looks the same on every machine. Only for characters they
lack is another file looked at, in this order: the configured ones, Debian's, that of the `fonts` extra. Files are
named by path, never by a system font family.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from bot.posters import coverage
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
        self._bits: dict[Path, bytes] = {}

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
        return next((path for path in candidates if all(coverage.holds(self._bits_of(path), p) for p in points)), None)

    def _bits_of(self, path: Path) -> bytes:
        if path not in self._bits:
            self._bits[path] = self._read(path)
        return self._bits[path]

    def _read(self, path: Path) -> bytes:
        """Read what a font can draw; a fallback that is no font draws nothing, and only that is logged."""
        try:
            return coverage.of(path)
        except FontMissing as problem:
            if path not in self.fallbacks:
                raise
            import structlog  # noqa: PLC0415 (a tenth of a second that a first poster does without)

            structlog.get_logger().warning("poster.font_unreadable", problem=str(problem))
            return coverage.NOTHING
