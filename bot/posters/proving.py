"""Whether a template can be used: it is drawn in all that it offers, saying much and saying little, and read back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

from bot.posters import qr
from bot.posters.engine import HybridEngine, PosterSpec
from bot.posters.errors import CopyDoesNotFit, PosterBroken, PosterError
from bot.posters.look import PRINTED, SEASONS, Look, Theme

_NAMED = 3  # places that are said one by one

LITTLE = PosterSpec(
    company="青禾",
    headline="慢慢来",
    nickname=None,
    code="3F9K2A7B",
    link="HTTPS://I.QINGHE.EXAMPLE/I/3F9K2A7B",
)
"""The least that a poster says."""

MUCH = replace(
    LITTLE,
    company="苏州河畔青禾家庭生活服务有限公司",
    headline="做了二十年，每一双都能修，能换底，穿坏了拿回来，一直修",
    body="净水、换芯、上门检修，一位顾问管到底。有问题随时找得到人；老房子、小厨房、租来的屋子都能装，先上门看，"
    "再说合不合适，不合适也没关系，师傅喝口水就走。",
    nickname="欧阳慕容明月照大江东去浪淘尽",
)
"""More than most posters say, and about as much as any has room for."""


def problems(engine: HybridEngine, template: str) -> Iterator[str]:
    """Say what is wrong where (`tall、日间、配色 pine：…`), each once. Raises `TemplateUnknown`, `TemplateBroken`."""
    look = engine.look(template)
    places: dict[str, list[str]] = {}
    tried = list(trials(look))
    for spec in tried:
        for problem in _against(engine, spec):
            places.setdefault(problem, []).append(_said(spec))
    for problem, where in places.items():
        yield f"{_shortly(where, of=len(tried))}：{problem}"


def trials(look: Look) -> Iterator[PosterSpec]:
    """Every poster to try: each size by day and by night, in each palette, and with each ornament it has room for."""
    for size, frame in look.frames.items():
        themes: tuple[Theme, ...] = ("light",) if size in PRINTED else get_args(Theme)
        for theme in themes:
            little = replace(LITTLE, template=look.name, size=size, theme=theme)
            yield replace(MUCH, template=look.name, size=size, theme=theme)
            yield from (replace(little, palette=each.name) for each in look.palettes)
        yield from (replace(little, theme="light", season=each) for each in SEASONS if frame.season)


def _against(engine: HybridEngine, spec: PosterSpec) -> list[str]:
    """What is wrong with one poster: it cannot be drawn, words cannot be read, or its QR cannot."""
    try:
        if found := engine.unread(spec):
            return found
        qr.check(engine.render(spec), spec.link, engine.qr_square(spec))
    except CopyDoesNotFit:
        return ["字放不下，最小的字号也不行：请把 copy 或 note 的位置留大一点"]
    except PosterBroken:
        return ["二维码读不出来"]
    except PosterError as problem:
        return [str(problem)]
    return []


def _said(spec: PosterSpec) -> str:
    parts = [
        spec.size,
        "夜间" if spec.theme == "dark" else "日间",
        spec.palette and f"配色 {spec.palette}",
        spec.season and f"时令 {spec.season}",
        spec.body and "字多时",
    ]
    return "、".join(part for part in parts if part)


def _shortly(places: list[str], *, of: int) -> str:
    if len(places) == of:
        return "每一张"
    named = "；".join(places[:_NAMED])
    return named if len(places) <= _NAMED else f"{named} 等 {len(places)} 张"
