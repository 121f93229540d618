"""A template: how posters of one kind look. Words arrive in the spec; nothing here knows a person."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from bot.posters.errors import TemplateUnknown
from bot.posters.qr import Square

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Where the personal part lies, in px, and the room for a name in it."""

    left: int
    top: int
    width: int
    height: int
    portrait: int
    name_sizes: tuple[int, ...]
    name_width: int
    tints: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The room for headline and body in px, and the pairs of sizes to try, largest first.

    Down to the headline size `whole`, smaller words are better than a phrase broken in two.
    """

    sizes: tuple[tuple[int, int], ...]
    height: int
    width: int
    whole: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Foot:
    """The line at the foot: its sizes and width in px, and what stands there by edition when the copy says nothing."""

    sizes: tuple[int, ...]
    width: int
    feed: str
    friend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One template, read: `page` draws what everybody's poster shares, `person` what is one person's."""

    digest: str
    width: int
    height: int
    quality: int
    style: str
    art: bytes
    unsigned: str
    dark: tuple[int, int, int]
    column: Column
    foot: Foot
    panel: Panel
    qr: Square
    page: Template
    person: Template


def read_look(name: str, folder: Path) -> Look:
    """Read `name`.toml and what it names; raise `TemplateUnknown` if there is no such template."""
    if not _NAME.fullmatch(name) or not (folder / f"{name}.toml").is_file():
        raise TemplateUnknown(f"no poster template named {name[:32]!r}")
    plan = (folder / f"{name}.toml").read_bytes()
    page, person, style = ((folder / f"{name}{part}").read_bytes() for part in (".html.j2", ".person.html.j2", ".css"))
    settings = tomllib.loads(plan.decode())
    art = (folder / settings["art"]).read_bytes()
    jinja = Environment(autoescape=True, undefined=StrictUndefined)
    return Look(
        digest=sha256(b"\0".join((plan, page, person, style, art))).hexdigest(),
        **_settings(settings),
        style=style.decode(),
        art=art,
        page=jinja.from_string(page.decode()),
        person=jinja.from_string(person.decode()),
    )


def _settings(plan: dict[str, Any]) -> dict[str, Any]:
    return {
        **{key: plan[key] for key in ("width", "height", "quality", "unsigned")},
        "dark": tuple(plan["qr"].pop("dark")),
        "column": Column(**{**plan["copy"], "sizes": tuple((head, body) for head, body in plan["copy"]["sizes"])}),
        "foot": Foot(**{**plan["note"], "sizes": tuple(plan["note"]["sizes"])}),
        "panel": _panel(plan["person"]),
        "qr": Square(**plan["qr"]),
    }


def _panel(plan: dict[str, Any]) -> Panel:
    sizes, tints = tuple(plan["name_sizes"]), tuple((light, deep) for light, deep in plan["tints"])
    return Panel(**{**plan, "name_sizes": sizes, "tints": tints})
