"""A template: how posters of one kind look, in every size. Words arrive in the spec; nothing here knows a person.

A folder of `templates/posters/` holds `look.toml` (the slots of each size), `page.html.j2` and `style.css` (what
everybody's poster shares), `person.html.j2` (what is one person's), and the art behind: `tall.svg`, for a dark feed
`tall.dark.svg`. Lengths are CSS px; a size for print is drawn with several dots to each.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, StrictUndefined, Template, TemplateError

from bot.posters.errors import TemplateBroken, TemplateUnknown
from bot.posters.qr import LEAST_SIDE, Square

Theme = Literal["light", "dark"]

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_FILES = ("look.toml", "page.html.j2", "person.html.j2", "style.css")


@dataclass(frozen=True, slots=True)
class Size:
    """A canvas: `width` x `height` CSS px, `dots` device px to each."""

    width: int
    height: int
    dots: int = 1

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height of the finished picture, px."""
        return self.width * self.dots, self.height * self.dots


SIZES: Mapping[str, Size] = {
    "tall": Size(1080, 1920),  # a feed
    "card": Size(900, 1200),  # Xiaohongshu
    "square": Size(1080, 1080),  # a group
    "end": Size(1080, 1920),  # the last picture of a short video, whose rims the player covers
    "a4": Size(1240, 1754, 2),  # print, 300 dots per inch
    "a6": Size(620, 874, 2),  # a table card, the same
}
"""What a poster can be as large as, by name."""

DOTS_PER_INCH = 300
PRINTED = ("a4", "a6")


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Where the personal part lies, and the room for a name in it."""

    left: int
    top: int
    width: int
    height: int
    portrait: int
    name_sizes: tuple[int, ...]
    name_width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The room for headline and body, and the pairs of sizes to try, largest first.

    Down to the headline size `whole`, smaller words are better than a phrase broken in two.
    """

    sizes: tuple[tuple[int, int], ...]
    height: int
    width: int
    whole: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Foot:
    """The line at the foot: its sizes and its width."""

    sizes: tuple[int, ...]
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where everything lies in one size; `art` is the picture behind in each theme, and may be empty."""

    size: Size
    column: Column
    foot: Foot
    panel: Panel
    qr: Square
    art: Mapping[Theme, bytes]

    @property
    def qr_in_pixels(self) -> Square:
        """Where the QR lies on the finished picture."""
        dots = self.size.dots
        return Square(left=self.qr.left * dots, top=self.qr.top * dots, side=self.qr.side * dots)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One template, read: `page` draws what everybody's poster shares, `person` what is one person's.

    `unsigned` stands for the name of an advocate who gives none; `feed` and `friend` are the lines at the foot where
    the copy says nothing; `dark` is the colour of the QR's modules, `tints` those of a portrait that is only drawn.
    """

    name: str
    title: str
    digest: str
    quality: int
    style: str
    unsigned: str
    feed: str
    friend: str
    dark: tuple[int, int, int]
    tints: tuple[tuple[str, str], ...]
    takes_photo: bool
    frames: Mapping[str, Frame]
    page: Template
    person: Template


def names(folder: Path) -> list[str]:
    """Every template there is, in order."""
    return sorted(path.parent.name for path in folder.glob("*/look.toml") if _NAME.fullmatch(path.parent.name))


def read_look(name: str, folder: Path) -> Look:
    """Read a template. Raises `TemplateUnknown` if there is none so named, `TemplateBroken` saying what is wrong."""
    home = folder / name
    if not _NAME.fullmatch(name) or not (home / "look.toml").is_file():
        raise TemplateUnknown(f"no poster template named {name[:32]!r}")
    try:
        return _read(name, home)
    except (OSError, KeyError, TypeError, ValueError, TemplateError) as problem:
        raise TemplateBroken(f"{name}: {type(problem).__name__}: {problem}") from problem


def _read(name: str, home: Path) -> Look:
    parts = [(home / file).read_bytes() for file in _FILES]
    plan, page, person, style = (part.decode() for part in parts)
    settings = tomllib.loads(plan)
    frames = {size: _frame(home, size, settings.pop(size)) for size in SIZES if size in settings}
    art = [picture for frame in frames.values() for picture in frame.art.values()]
    jinja = Environment(autoescape=True, undefined=StrictUndefined)
    look = Look(
        name=name,
        digest=sha256(b"\0".join((*parts, *art))).hexdigest(),
        style=style,
        frames=frames,
        page=jinja.from_string(page),
        person=jinja.from_string(person),
        dark=tuple(settings.pop("dark")),
        tints=tuple((light, deep) for light, deep in settings.pop("tints")),
        takes_photo=settings.pop("photo", False),
        **settings,
    )
    return _checked(look)


def _frame(home: Path, name: str, plan: dict[str, Any]) -> Frame:
    copy, note, person = plan["copy"], plan["note"], plan["person"]
    return Frame(
        size=SIZES[name],
        column=Column(**copy | {"sizes": tuple((head, body) for head, body in copy["sizes"])}),
        foot=Foot(**note | {"sizes": tuple(note["sizes"])}),
        panel=Panel(**person | {"name_sizes": tuple(person["name_sizes"])}),
        qr=Square(**plan["qr"]),
        art=_art(home, name),
    )


def _art(home: Path, size: str) -> dict[Theme, bytes]:
    light = home / f"{size}.svg"
    dark = home / f"{size}.dark.svg"
    found = light.read_bytes() if light.is_file() else b""
    return {"light": found, "dark": dark.read_bytes() if dark.is_file() else found}


def _checked(look: Look) -> Look:
    """Raise `ValueError` for a slot that leaves the canvas, or a QR too small to be read."""
    if "tall" not in look.frames:
        raise ValueError("there must be a size tall")
    for name, frame in look.frames.items():
        boxes = {
            "person": (frame.panel.left, frame.panel.top, frame.panel.width, frame.panel.height),
            "qr": (frame.qr.left, frame.qr.top, frame.qr.side, frame.qr.side),
        }
        for slot, (left, top, width, height) in boxes.items():
            inside = min(left, top) >= 0 and left + width <= frame.size.width and top + height <= frame.size.height
            if not inside or min(width, height) <= 0:
                raise ValueError(f"{name}.{slot}: leaves the canvas of {frame.size.width} x {frame.size.height}")
        if frame.qr_in_pixels.side < LEAST_SIDE:
            raise ValueError(f"{name}.qr: side must be {LEAST_SIDE} px at least on the finished picture")
    return look
