"""Draws every look of the posters side by side into docs/pictures/: by day and by night, in other colours, dressed."""

from __future__ import annotations

import sys
from io import BytesIO
from itertools import cycle
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bot.posters.engine import HybridEngine, PosterSpec  # noqa: E402  # the project is found only now
from bot.posters.look import SEASONS, Look  # noqa: E402

GAP = 12  # px
COPY = {
    "gallery": ("青禾器物", "用得久的，才舍得推荐", "杯碗瓶罐，都能先摸一摸再买。"),
    "lamplight": ("灯下小馆", "想和你，好好吃顿饭", "两个人的位子，给你留着。"),
    "lesson": ("小满美术教室", "先上一堂，再说喜不喜欢", "小班慢慢教，家长可以旁听。"),
    "neighbours": ("邻里家修", "楼上楼下，都找他们", "约好的时间，准时上门。"),
    "orchard": ("青禾生活", "用了两年，还是想推荐它", "有问题，随时找得到人。"),
    "paper-letter": ("木石书房", "见字如面，想介绍给你", "慢慢挑，坐着看也可以。"),
    "skyline": ("同城商务", "账算清楚，事办妥当", "一位顾问，从头跟到尾。"),
    "coast": ("远山旅行", "那片海，值得你去一次", "路线、住处、天气，都替你问好。"),
}


LINK = "HTTPS://I.QINGHE.EXAMPLE/I/3F9K2A7B"


def main() -> None:
    """Draw both."""
    engine = HybridEngine()
    looks = engine.looks()
    by_day_and_night = [[wanted(look, theme=theme) for look in looks] for theme in ("light", "dark")]
    colours = [
        [wanted(look, theme=theme, palette=look.palettes[place].name) for look in looks]
        for place, theme in ((1, "light"), (2, "dark"), (3, "light"))
    ]
    seasons = [wanted(look, season=season) for look, season in zip(looks, cycle(SEASONS), strict=False)]
    draw(engine, by_day_and_night, "posters.webp", width=216)
    draw(engine, [*colours, seasons], "posters-colours.webp", width=162)


def wanted(look: Look, **choices: Any) -> PosterSpec:
    """Return the spec of a look's poster with words of its trade."""
    company, headline, body = COPY[look.name]
    words = {"company": company, "headline": headline, "body": body, "nickname": "李姐"}
    return PosterSpec(template=look.name, code="3F9K2A7B", link=LINK, **words, **choices)


def draw(engine: HybridEngine, rows: list[list[PosterSpec]], name: str, *, width: int) -> None:
    """Draw posters side by side and below one another, each `width` px wide, into a picture of docs/."""
    height = width * 16 // 9
    sheet = Image.new("RGB", ((width + GAP) * len(rows[0]) + GAP, (height + GAP) * len(rows) + GAP), "#e9e6e1")
    for row, specs in enumerate(rows):
        for column, spec in enumerate(specs):
            with Image.open(BytesIO(engine.render(spec))) as drawn:
                small = drawn.resize((width, height), Image.Resampling.LANCZOS)
            sheet.paste(small, (GAP + column * (width + GAP), GAP + row * (height + GAP)))
    sheet.save(ROOT / "docs" / "pictures" / name, quality=82, method=6)


if __name__ == "__main__":
    main()
