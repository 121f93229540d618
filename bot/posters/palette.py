"""A template in other colours: hues are turned, lightness stays, so words keep their contrast to what is behind them.

Hue, chroma and lightness are those of OKLCH (Björn Ottosson, "A perceptual color space for image processing", 2020,
whose matrices these are). A colour that leaves sRGB when its hue is turned loses as much chroma as it must.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from math import atan2, cos, degrees, hypot, radians, sin
from typing import Any

Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""

_GREY = 0.004  # of chroma: below it a colour has no hue worth turning, so white stays white
_HALVINGS = 12  # to find how much chroma fits: one step of 255 is reached after 8
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_SIX = re.compile(r"#[0-9a-f]{6}")
_HEX = r"""(?<!url\()(?<!href=["'])#([0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3,4})\b"""  # but no reference
_RGB = r"(rgba?\()\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)"
_COLOURS = re.compile(f"{_HEX}|{_RGB}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Hues from `first` round to `last` go `by` degrees further, with `chroma` times as much colour."""

    first: float = 0
    last: float = 360
    by: float = 0
    chroma: float = 1

    def takes(self, hue: float) -> bool:
        """Tell whether it turns a hue of 0 to 360 degrees."""
        if self.first <= self.last:
            return self.first <= hue <= self.last
        return hue >= self.first or hue <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """The colours of a template: its own (the one without a name), or others.

    `swatch` shows them: the main colour and the one that stands out, `#rrggbb`. Of `turns` the first that takes a hue
    holds. Colours in `keep` stay, and where there are any in `only`, those alone turn.
    """

    name: str = ""
    title: str = "原色"
    swatch: tuple[str, str]
    turns: tuple[Turn, ...] = ()
    keep: frozenset[Colour] = frozenset()
    only: frozenset[Colour] = frozenset()

    def turned(self, text: str) -> str:
        """Return CSS or SVG in these colours: `#rgb`, `#rrggbb` (both also with alpha), `rgb()` and `rgba()` in it."""
        return _COLOURS.sub(_written(self.colour), text) if self.turns else text

    def colour(self, own: Colour) -> Colour:
        """Return what one of the template's own colours becomes."""
        stays = own in self.keep or (self.only and own not in self.only)
        return own if stays else _turned(own, self.turns)


def read(plan: Mapping[str, Any], *, own: Palette) -> Palette:
    """Return a palette of `look.toml`: `{ name, title, turns = [{ hues = [first, last], by, chroma }, ...] }`.

    Its swatch is that of the template's `own`, turned. Raises `ValueError`, `KeyError` or `TypeError`.
    """
    turns = tuple(map(_turn, plan["turns"]))
    palette = replace(own, name=plan["name"], title=plan["title"], turns=turns)
    unknown = set(plan) - {"name", "title", "turns"}
    if unknown or not turns or not _NAME.fullmatch(palette.name) or not palette.title:
        raise ValueError(f"palettes: {palette.name!r} must have a name in small letters, a title and turns, no more")
    main, accent = map(palette.turned, own.swatch)
    return replace(palette, swatch=(main, accent))


def read_own(swatch: list[str], *, keep: list[str], only: list[str]) -> Palette:
    """Return the template's own colours; raise `ValueError` for one that is not `#rrggbb`."""
    for each in (*swatch, *keep, *only):
        if not _SIX.fullmatch(each):
            raise ValueError(f"swatch, keep and only: {each!r} is not #rrggbb in small letters")
    main, accent = swatch
    return Palette(swatch=(main, accent), keep=frozenset(map(parsed, keep)), only=frozenset(map(parsed, only)))


def parsed(colour: str) -> Colour:
    """Return the red, green and blue of `#rrggbb`."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _turn(plan: Mapping[str, Any]) -> Turn:
    first, last = plan.get("hues", (0, 360))
    return Turn(**{key: value for key, value in plan.items() if key != "hues"}, first=first, last=last)


def _written(of: Callable[[Colour], Colour]) -> Callable[[re.Match[str]], str]:
    """Return what puts another colour where one was found, in the same notation, its alpha untouched."""

    def put(found: re.Match[str]) -> str:
        digits, call, *parts = found.groups()
        if call:
            return call + ", ".join(map(str, of((int(parts[0]), int(parts[1]), int(parts[2])))))
        if len(digits) < len("rrggbb"):
            digits = "".join(digit * 2 for digit in digits)
        return "#{:02x}{:02x}{:02x}".format(*of(parsed(f"#{digits}"))) + digits[6:]

    return put


@cache
def _turned(own: Colour, turns: tuple[Turn, ...]) -> Colour:
    lightness, chroma, hue = _oklch(own)
    turn = next((turn for turn in turns if turn.takes(hue)), None)
    if turn is None or chroma < _GREY:
        return own
    return _fitted(lightness, chroma * turn.chroma, hue + turn.by)


def _fitted(lightness: float, chroma: float, hue: float) -> Colour:
    """Return the colour, with the most chroma that sRGB has for its lightness and hue."""
    least, most = 0.0, chroma
    if not _is_inside(_linear(lightness, most, hue)):
        for _ in range(_HALVINGS):
            middle = (least + most) / 2
            least, most = (middle, most) if _is_inside(_linear(lightness, middle, hue)) else (least, middle)
        chroma = least
    red, green, blue = (_encoded(part) for part in _linear(lightness, chroma, hue))
    return red, green, blue


def _is_inside(linear: tuple[float, float, float]) -> bool:
    return all(-1e-4 <= part <= 1 + 1e-4 for part in linear)


def _oklch(colour: Colour) -> tuple[float, float, float]:
    red, green, blue = map(_decoded, colour)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    a = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    lightness = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
    return lightness, hypot(a, b), degrees(atan2(b, a)) % 360


def _linear(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * cos(radians(hue)), chroma * sin(radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )


def _decoded(part: int) -> float:
    """One part of sRGB as light (IEC 61966-2-1)."""
    share = part / 255
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


def _encoded(light: float) -> int:
    light = min(max(light, 0.0), 1.0)
    share = light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
    return round(share * 255)


def _luminance(colour: Colour) -> float:
    red, green, blue = map(_decoded, colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
