"""A template: how posters of one kind look, in every size. Words arrive in the spec; nothing here knows a person.

A folder of `templates/posters/` holds `look.toml` (the slots of each size, other palettes), `page.html.j2` and
`style.css` (what everybody's poster shares), `person.html.j2` (what is one person's), and the art behind: `tall.svg`,
for a dark feed `tall.dark.svg`. All templates begin with the style of `_core.css`, and the ornaments of the year are
those of `_seasons/`. Lengths are CSS px; a size for print is drawn with several dots to each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import Literal
from xml.parsers.expat import ErrorString, ExpatError, ParserCreate

from msgspec import to_builtins
from msgspec.structs import asdict

from bot.posters import palette as palettes
from bot.posters import plan as plans
from bot.posters.errors import PaletteUnknown, SeasonUnknown, TemplateBroken, TemplateUnknown
from bot.posters.markup import Page
from bot.posters.palette import Palette, contrast
from bot.posters.plan import SizePlan
from bot.posters.qr import LEAST_SIDE, Square
from referral.carriers import RULES_AT_PAGE
from templates import ROOT

Theme = Literal["light", "dark"]

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_FILES = ("look.toml", "page.html.j2", "person.html.j2", "style.css")
_SHARED = ROOT / "posters"
_LEAST_CONTRAST = 10  # of a QR's modules to white


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

SEASONS: Mapping[str, str] = {
    "spring": "春 · 桃花",
    "summer": "夏 · 荷花",
    "autumn": "秋 · 红叶",
    "winter": "冬 · 梅雪",
    "spring-festival": "春节 · 灯笼",
    "mid-autumn": "中秋 · 玉兔",
}
"""The ornaments of the time of year, and what people call them."""

OWN, NO_SEASON = "own", "none"
"""What an address says for a template's own colours and for no ornament, where otherwise a rep's choice would hold."""

DOTS_PER_INCH = 300
PRINTED = ("a4", "a6")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a canvas, CSS px."""

    left: float
    top: float
    width: float
    height: float

    @property
    def css(self) -> str:
        """Where an absolute element lies that fills it."""
        return f"left: {self.left}px; top: {self.top}px; width: {self.width}px; height: {self.height}px"

    def is_inside(self, size: Size) -> bool:
        """Tell whether it is one at all, and on the canvas."""
        on = min(self.left, self.top) >= 0 and min(self.width, self.height) > 0
        return on and self.left + self.width <= size.width and self.top + self.height <= size.height

    def meets(self, other: Box) -> bool:
        """Tell whether the two have any room in common."""
        beside = self.left + self.width <= other.left or other.left + other.width <= self.left
        below = self.top + self.height <= other.top or other.top + other.height <= self.top
        return not (beside or below)


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
    """Where everything lies in one size; `art` is the picture behind in each theme, and may be empty.

    `season` is the room for an ornament of the time of year, None where there is none.
    """

    size: Size
    column: Column
    foot: Foot
    panel: Panel
    qr: Square
    season: Box | None
    art: Mapping[Theme, bytes]

    @property
    def slots(self) -> Mapping[str, Box]:
        """The rooms whose place is known before anything is drawn."""
        panel = Box(self.panel.left, self.panel.top, self.panel.width, self.panel.height)
        code = Box(self.qr.left, self.qr.top, self.qr.side, self.qr.side)
        return {"person": panel, "qr": code} | ({"season": self.season} if self.season else {})

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
    `palettes` are its own colours and the others it comes in, `palette` those that `style`, `dark` and `tints` have.
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
    seasons: Mapping[str, Mapping[Theme, bytes]]
    palette: Palette
    palettes: tuple[Palette, ...]
    page: Page
    person: Page

    def colours(self, name: str) -> Palette:
        """Return one of its palettes, its own for `OWN` as for none; raise `PaletteUnknown`."""
        wanted = "" if name == OWN else name
        found = next((each for each in self.palettes if each.name == wanted), None)
        if found is None:
            raise PaletteUnknown(f"template {self.name} has no palette {name[:32]!r}")
        return found

    def in_palette(self, name: str) -> Look:
        """Return the same in other colours; raise `PaletteUnknown`."""
        worn = self.colours(name)
        if worn == self.palette:
            return self
        return replace(
            self,
            palette=worn,
            style=worn.turned(self.style),
            dark=worn.colour(self.dark),
            tints=tuple((worn.turned(light), worn.turned(deep)) for light, deep in self.tints),
        )

    def art(self, size: str, theme: Theme) -> bytes:
        """Return the picture behind in the colours it wears; may be empty."""
        own = self.frames[size].art[theme]
        return self.palette.turned(own.decode()).encode() if self.palette.turns else own

    def ornament(self, season: str, size: str, theme: Theme) -> bytes:
        """Return the SVG of a season, empty for none and `NO_SEASON`; raise `SeasonUnknown`."""
        if season in ("", NO_SEASON):
            return b""
        if season not in self.seasons:
            raise SeasonUnknown(f"no season named {season[:32]!r}")
        if self.frames[size].season is None:
            raise SeasonUnknown(f"template {self.name} has no room for an ornament in size {size}")
        return self.seasons[season][theme]


def names(folder: Path) -> list[str]:
    """Every template there is, in order."""
    return sorted(path.parent.name for path in folder.glob("*/look.toml") if _NAME.fullmatch(path.parent.name))


@cache
def proved() -> frozenset[str]:
    """The digests of our own templates as they were when every word of theirs was looked for."""
    lines = (_SHARED / "_proved.txt").read_text(encoding="ascii").splitlines()
    return frozenset(line.split()[1] for line in lines)


def read_look(name: str, folder: Path) -> Look:
    """Read a template. Raises `TemplateUnknown` if there is none so named, `TemplateBroken` saying what is wrong."""
    home = folder / name
    if not _NAME.fullmatch(name) or not (home / "look.toml").is_file():
        raise TemplateUnknown(f"no poster template named {name[:32]!r}")
    try:
        return _checked(_read(name, home))
    except TemplateBroken as problem:
        raise TemplateBroken(f"{name}/{problem}") from problem


def _read(name: str, home: Path) -> Look:
    parts = {file: _text(home / file) for file in _FILES}
    core = (_SHARED / "_core.css").read_text(encoding="utf-8")
    plan = plans.read(parts[plans.FILE])
    frames = {size: _frame(home, size, each) for size in SIZES if (each := getattr(plan, size))}
    seasons = {season: _art(_SHARED / "_seasons", season) for season in SEASONS}
    art = [
        picture for each in (*(frame.art for frame in frames.values()), *seasons.values()) for picture in each.values()
    ]
    own = palettes.read_own(list(plan.swatch), keep=plan.keep, only=plan.only)
    return Look(
        name=name,
        title=plan.title,
        digest=sha256(b"\0".join((*(part.encode() for part in parts.values()), core.encode(), *art))).hexdigest(),
        quality=plan.quality,
        style=core + parts["style.css"],
        unsigned=plan.unsigned,
        feed=plan.feed,
        friend=plan.friend,
        dark=plan.dark,
        tints=tuple(plan.tints),
        takes_photo=plan.photo,
        frames=frames,
        seasons=seasons,
        palette=own,
        palettes=(own, *(palettes.read(to_builtins(each), own=own) for each in plan.palettes)),
        page=Page(parts["page.html.j2"], "page.html.j2"),
        person=Page(parts["person.html.j2"], "person.html.j2"),
    )


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise TemplateBroken(f"{file.name}: 没有这个文件") from None
    except UnicodeDecodeError:
        raise TemplateBroken(f"{file.name}: 不是 UTF-8 编码") from None
    except OSError as problem:
        raise TemplateBroken(f"{file.name}: 读不出来（{problem.strerror}）") from problem


def _frame(home: Path, name: str, plan: SizePlan) -> Frame:
    return Frame(
        size=SIZES[name],
        column=Column(**asdict(plan.copy) | {"sizes": tuple(plan.copy.sizes)}),
        foot=Foot(sizes=tuple(plan.note.sizes), width=plan.note.width),
        panel=Panel(**asdict(plan.person) | {"name_sizes": tuple(plan.person.name_sizes)}),
        qr=Square(**asdict(plan.qr)),
        season=Box(**asdict(plan.season)) if plan.season else None,
        art=_art(home, name),
    )


def _art(home: Path, size: str) -> dict[Theme, bytes]:
    found = _picture(home / f"{size}.svg")
    return {"light": found, "dark": _picture(home / f"{size}.dark.svg") or found}


def _picture(file: Path) -> bytes:
    """Return an SVG, empty where there is none. Raises `TemplateBroken` for what is no SVG."""
    if not file.is_file():
        return b""
    text = _text(file)
    parser = ParserCreate()
    try:
        parser.Parse(text, True)
    except ExpatError as problem:
        raise TemplateBroken(
            f"{file.name} 第 {problem.lineno} 行不是正确的 SVG（{ErrorString(problem.code)}）"
        ) from problem
    return text.encode()


def _checked(look: Look) -> Look:
    """Raise `TemplateBroken` for slots that leave the canvas or lie on one another, and a QR that could not be read."""
    for name, frame in look.frames.items():
        _check_frame(name, frame)
    known = [each.name for each in look.palettes]
    if len(set(known)) < len(known):
        raise TemplateBroken(f"{plans.FILE}: palettes 里有两套颜色同名")
    for each in look.palettes:
        if contrast(each.colour(look.dark), (255, 255, 255)) < _LEAST_CONTRAST:
            raise TemplateBroken(f"{plans.FILE}: dark 在配色「{each.title}」里太浅，二维码会扫不出来")
    for key, line in (("feed", look.feed), ("friend", look.friend)):
        if RULES_AT_PAGE not in line:
            raise TemplateBroken(f"{plans.FILE}: {key} 里要有「{RULES_AT_PAGE}」")
    return look


def _check_frame(name: str, frame: Frame) -> None:
    slots = frame.slots
    for slot, box in slots.items():
        if not box.is_inside(frame.size):
            raise TemplateBroken(f"{plans.FILE}: {name}.{slot} 出了画面（{frame.size.width} x {frame.size.height}）")
    for one, other in combinations(slots, 2):
        if slots[one].meets(slots[other]):
            raise TemplateBroken(f"{plans.FILE}: {name}.{one} 和 {name}.{other} 叠在了一起")
    if frame.qr_in_pixels.side < LEAST_SIDE:
        raise TemplateBroken(f"{plans.FILE}: {name}.qr 的 side 太小，成图上至少要有 {LEAST_SIDE} 像素")
