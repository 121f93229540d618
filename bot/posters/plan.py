"""`look.toml`, read: every value is of its kind, and what is not is said by slot and key."""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from typing import Annotated

import msgspec

from bot.posters.errors import TemplateBroken

FILE = "look.toml"

_Part = Annotated[int, msgspec.Meta(ge=0, le=255)]
_Hex = Annotated[str, msgspec.Meta(pattern="^#[0-9a-f]{6}$")]
_Whole = Annotated[int, msgspec.Meta(gt=0, le=10_000)]
_Place = Annotated[int, msgspec.Meta(ge=-10_000, le=10_000)]


class _Strict(msgspec.Struct, forbid_unknown_fields=True):
    """What has no other keys than those it names."""


class SquarePlan(_Strict):
    """A square white room."""

    left: _Place
    top: _Place
    side: _Whole


class RoomPlan(_Strict):
    """A room for an ornament."""

    left: float
    top: float
    width: float
    height: float


class CopyPlan(_Strict):
    """The room for headline and body; sizes are pairs, largest first."""

    sizes: Annotated[list[tuple[_Whole, _Whole]], msgspec.Meta(min_length=1)]
    height: _Whole
    width: _Whole
    whole: _Whole


class NotePlan(_Strict):
    """The line at the foot."""

    sizes: Annotated[list[_Whole], msgspec.Meta(min_length=1)]
    width: _Whole


class PersonPlan(_Strict):
    """The room for one person's part."""

    left: _Place
    top: _Place
    width: _Whole
    height: _Whole
    portrait: _Whole
    name_sizes: Annotated[list[_Whole], msgspec.Meta(min_length=1)]
    name_width: _Whole


class SizePlan(_Strict):
    """The slots of one size."""

    qr: SquarePlan
    copy: CopyPlan
    note: NotePlan
    person: PersonPlan
    season: RoomPlan | None = None


class TurnPlan(_Strict):
    """Which hues go how far round."""

    hues: tuple[float, float] = (0, 360)
    by: float = 0
    chroma: float = 1


class PalettePlan(_Strict):
    """Other colours."""

    name: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{0,31}$")]
    title: Annotated[str, msgspec.Meta(min_length=1)]
    turns: Annotated[list[TurnPlan], msgspec.Meta(min_length=1)]


class Plan(_Strict, kw_only=True):
    """All of `look.toml`."""

    title: Annotated[str, msgspec.Meta(min_length=1)]
    quality: Annotated[int, msgspec.Meta(ge=50, le=100)]
    unsigned: Annotated[str, msgspec.Meta(min_length=1)]
    feed: str
    friend: str
    dark: tuple[_Part, _Part, _Part]
    tints: Annotated[list[tuple[_Hex, _Hex]], msgspec.Meta(min_length=1)]
    swatch: tuple[_Hex, _Hex]
    keep: list[_Hex] = []
    only: list[_Hex] = []
    palettes: list[PalettePlan] = []
    photo: bool = False
    tall: SizePlan
    card: SizePlan | None = None
    square: SizePlan | None = None
    end: SizePlan | None = None
    a4: SizePlan | None = None
    a6: SizePlan | None = None


_KEYS = [
    field.name
    for each in (Plan, SizePlan, SquarePlan, RoomPlan, CopyPlan, NotePlan, PersonPlan, PalettePlan, TurnPlan)
    for field in msgspec.structs.fields(each)
]
_KINDS = {
    "int": "整数",
    "float": "数字",
    "str": "文字",
    "bool": "true 或 false",
    "array": "一列值 [ … ]",
    "object": "一组键 { … }",
    "null": "空",
}


def read(text: str) -> Plan:
    """Return what `look.toml` says. Raises `TemplateBroken` with the line, or with the slot and key."""
    try:
        return msgspec.convert(tomllib.loads(text), Plan)
    except tomllib.TOMLDecodeError as problem:
        raise TemplateBroken(_not_toml(str(problem), text.splitlines())) from problem
    except msgspec.ValidationError as problem:
        raise TemplateBroken(f"{FILE}: {_wrong(str(problem))}") from problem


def _not_toml(problem: str, lines: list[str]) -> str:
    """What tomllib says, which ends in `(at line 3, column 5)` or in `(at end of document)`."""
    place = re.search(r"line (\d+), column (\d+)", problem)
    line, column = (int(place[1]), int(place[2])) if place else (len(lines), 0)
    where = f"第 {line} 行" + (f"第 {column} 列" if column else "")
    here = lines[line - 1].strip()[:80] if 0 < line <= len(lines) else ""
    return f"{FILE} {where}不是正确的 TOML（{problem.partition(' (at')[0]}）：{here}"


def _wrong(problem: str) -> str:
    """What msgspec says of a value, in Chinese: `Expected `int`, got `str` - at `$.tall.qr.side``."""
    said, _, place = problem.partition(" - at `$")
    path = place.rstrip("`").removeprefix(".")
    if found := re.fullmatch(r"Object contains unknown field `(.*)`", said, re.DOTALL):
        near = get_close_matches(found[1], _KEYS, n=1)
        return f"没有 {_joined(path, found[1])} 这个键" + (f"，是不是想写 {near[0]}？" if near else "")
    if found := re.fullmatch(r"Object missing required field `(.*)`", said):
        return f"缺少 {_joined(path, found[1])}"
    if found := re.fullmatch(r"Expected `(\w+)(?: \| null)?`, got `(\w+)`", said):
        return f"{path} 应当是{_KINDS.get(found[1], found[1])}，写成了{_KINDS.get(found[2], found[2])}"
    if found := re.fullmatch(r"Expected `\w+`( matching regex .*)", said):
        return f"{path} 写得不对：" + ("颜色要写成小写的 #rrggbb" if "#" in said else "名字只用小写字母、数字和连字符")
    for word, sign in ((">=", "至少"), ("<=", "至多"), (">", "大于"), ("<", "小于")):
        if found := re.fullmatch(rf"Expected `\w+` {word} (\S+)", said):
            return f"{path} 应当{sign} {found[1]}"
    if found := re.fullmatch(r"Expected `(\w+)` of length (>= )?(\d+)(?:, got \d+)?", said):
        return f"{path} 应当有{'至少 ' if found[2] else ' '}{found[3]} 个"
    return f"{path} 写得不对（{said}）"


def _joined(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
