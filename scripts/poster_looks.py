"""Draws every look of the posters side by side, by day and by night, into docs/pictures/posters.webp."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bot.posters.engine import HybridEngine, PosterSpec  # noqa: E402  # the project is found only now

WIDTH, HEIGHT, GAP = 216, 384, 12  # px
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


def main() -> None:
    """Draw it."""
    engine = HybridEngine()
    looks = [look.name for look in engine.looks()]
    sheet = Image.new("RGB", ((WIDTH + GAP) * len(looks) + GAP, (HEIGHT + GAP) * 2 + GAP), "#e9e6e1")
    for column, look in enumerate(looks):
        company, headline, body = COPY[look]
        for row, theme in enumerate(("light", "dark")):
            words = {"company": company, "headline": headline, "body": body, "nickname": "李姐"}
            link = "HTTPS://I.QINGHE.EXAMPLE/I/3F9K2A7B"
            spec = PosterSpec(template=look, theme=theme, code="3F9K2A7B", link=link, **words)
            with Image.open(BytesIO(engine.render(spec))) as drawn:
                small = drawn.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
            sheet.paste(small, (GAP + column * (WIDTH + GAP), GAP + row * (HEIGHT + GAP)))
    sheet.save(ROOT / "docs" / "pictures" / "posters.webp", quality=82, method=6)


if __name__ == "__main__":
    main()
