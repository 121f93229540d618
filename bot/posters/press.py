"""HTML to pixels with our own fonts, by pytakumi; it lets go of the interpreter while it draws."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from threading import Lock

import numpy as np
import pytakumi
from numpy.typing import NDArray

from bot.posters.faces import EMOJI, SANS, SERIF, Faces
from bot.posters.look import Box, Size

_GLYPH_CACHE = 4 * 1024 * 1024  # bytes
_PICTURE_CACHE = 1024 * 1024  # bytes
_LANGUAGE = "zh-CN"
_WIDE = 4096  # px: no nickname reaches it
_KEPT_RARE = 1  # renderers with fonts for rare characters: one such file has 20 MB


class Press:
    """Draws HTML; a renderer with the vendored fonts is kept, and the last of those made for text that needs more."""

    def __init__(self, faces: Faces) -> None:
        pytakumi.set_glyph_cache_max_bytes(_GLYPH_CACHE)
        self._faces = faces
        self._lock = Lock()
        self._kept: dict[tuple[Path, ...], Sheet] = {}

    def sheet(self, text: str) -> Sheet:
        """Return a sheet on which `text` can be drawn; raise `FontMissing` if no font has all of it."""
        extra = self._faces.fallbacks_for(text)
        with self._lock:
            sheet = self._kept.pop(extra, None) or self._made(extra)
            self._kept[extra] = sheet  # now the youngest
            for old in [key for key in self._kept if key][:-_KEPT_RARE]:
                del self._kept[old]
        return sheet

    def _made(self, extra: tuple[Path, ...]) -> Sheet:
        renderer = self._renderer()
        return Sheet(renderer, [name for path in extra for name in _register(renderer, path)])

    def _renderer(self) -> pytakumi.Renderer:
        renderer = pytakumi.Renderer(cache_max_bytes=_PICTURE_CACHE)
        for family, path in self._faces.vendored.items():
            renderer.register_font(path.read_bytes(), name=family)
        return renderer


class Sheet:
    """A renderer and the font families it may use; `sans` and `serif` are values for `font-family`."""

    def __init__(self, renderer: pytakumi.Renderer, extra: list[str]) -> None:
        self._renderer = renderer
        self.sans = ", ".join((SANS, EMOJI, *extra))  # a fallback's emoji would be black and white
        self.serif = f"{SERIF}, {self.sans}"

    def column(self, html: str, style: str, size: Size) -> Box:
        """Lay out a page and return where the first element in it lies."""
        boxes = self._renderer.measure(
            pytakumi.from_html(html), width=size.width, height=size.height, stylesheets=[style], lang=_LANGUAGE
        )
        first = boxes["children"][0]
        *_, left, top = first["transform"]  # of a matrix of six
        return Box(left, top, first["width"], first["height"])

    def line_width(self, text: str, size: int, *, family: str = "") -> float:
        """Return how wide `text` is on one line at `size`, px; in sans unless another `family` is given."""
        style = {"fontSize": size, "fontFamily": family or self.sans, "whiteSpace": "nowrap"}
        boxes = self._renderer.measure(pytakumi.text_node(text, style=style), width=_WIDE, height=size * 2)
        return max(float(run["x"]) + float(run["width"]) for run in boxes["runs"])

    def draw(self, html: str, style: str, size: Size, *, images: Mapping[str, bytes]) -> NDArray[np.uint8]:
        """Return the page as height x width x RGBA; what it leaves empty is transparent."""
        width, height = size.pixels
        pixels = self._renderer.render(
            pytakumi.from_html(html),
            width=width,
            height=height,
            format="raw",
            stylesheets=[style],
            images=images,
            device_pixel_ratio=size.dots,
            dithering="ordered-bayer",
            lang=_LANGUAGE,
        )
        return np.frombuffer(pixels, np.uint8).reshape(height, width, 4)


def _register(renderer: pytakumi.Renderer, path: Path) -> list[str]:
    """Add a font file; of a collection only the simplified Chinese families are used where there are any."""
    names = [family["name"] for family in renderer.register_font(path.read_bytes())]
    chinese = [name for name in names if name.endswith(" SC") and "Mono" not in name]
    return chinese or names
