"""Mei's posters: sample words, her face, and the engine that draws them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from bot.posters.engine import HybridEngine, PosterSpec
from bot.posters.studio import Studio

CODE = "3F9K2A7B"
LINK = f"HTTPS://I.QINGHE.EXAMPLE/I/{CODE}"

FEED = PosterSpec(
    edition="feed",
    company="青禾生活",
    headline="用了两年，还是想推荐它",
    body="净水、换芯、上门检修，一位顾问管到底。有问题，随时找得到人。",
    note="老朋友推荐 · 规则见页内",
    nickname="李姐",
    code=CODE,
    link=LINK,
)
FRIEND = replace(
    FEED,
    edition="friend",
    headline="想到你可能用得上",
    body="通过这张图认识青禾生活的顾问。首单过了退款期，送你一个月会员。",
    note="谢礼以朋友本人的订单为准 · 规则见页内",
    nickname="小美👩‍👩‍👧‍👦🇨🇳",
)


def a_face(width: int = 640, height: int = 640, kind: str = "JPEG") -> bytes:
    """A picture file with something like a face in the middle."""
    picture = Image.new("RGB", (width, height), (196, 214, 206))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((width * 0.22, height * 0.66, width * 0.78, height * 1.4), fill=(196, 92, 98))
    pen.ellipse((width * 0.24, height * 0.14, width * 0.76, height * 0.74), fill=(64, 42, 40))
    pen.ellipse((width * 0.32, height * 0.24, width * 0.68, height * 0.70), fill=(244, 205, 178))
    return encoded(picture, kind)


def encoded(picture: Image.Image, kind: str) -> bytes:
    out = BytesIO()
    picture.save(out, kind)
    return out.getvalue()


@pytest.fixture(scope="session")
def engine() -> HybridEngine:
    return HybridEngine()


@pytest.fixture
def open_studio(tmp_path: Path) -> Iterator[Callable[..., Studio]]:
    """Opens studios on one folder of finished posters, and closes them all."""
    opened: list[Studio] = []

    def opening(engine, folder: Path | None = tmp_path / "posters") -> Studio:
        opened.append(Studio(engine, folder))
        return opened[-1]

    yield opening
    for studio in opened:
        studio.close()
