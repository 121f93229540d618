"""How posters look: fixed pictures of both editions, and what must never happen to words."""

import os
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot.posters import base, person
from bot.posters.engine import HybridEngine
from bot.posters.errors import CopyDoesNotFit, FontMissing, TemplateUnknown
from bot.posters.faces import Faces
from bot.posters.look import read_look
from bot.posters.press import Press
from templates import ROOT
from tests.fixtures.missing import missing
from tests.posters.conftest import FEED, FRIEND, a_face

GOLDEN = Path(__file__).parent / "golden"
SMALL = (270, 480)
TILE = 30  # px of the small picture
CASES = {
    "feed": replace(FEED, avatar=a_face()),
    "friend": FRIEND,
    "unsigned": replace(FEED, nickname=None, avatar=a_face()),
}


def seen(jpeg: bytes) -> Image.Image:
    picture = Image.open(BytesIO(jpeg))
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (1080, 1920))
    return picture.resize(SMALL, Image.Resampling.LANCZOS)


def tiles(picture: Image.Image) -> np.ndarray:
    pixels = np.asarray(picture, dtype=float)
    return pixels.reshape(SMALL[1] // TILE, TILE, SMALL[0] // TILE, TILE, 3)


@pytest.mark.parametrize("case", CASES)
def test_a_poster_looks_as_it_was_approved(engine, case):
    """Set WRITE_GOLDEN=1 to approve what is drawn now; look at the pictures before committing them."""
    approved = GOLDEN / f"{case}.png"
    now = seen(engine.render(CASES[case]))
    if os.environ.get("WRITE_GOLDEN"):
        now.save(approved, optimize=True)

    difference = np.abs(tiles(now) - tiles(Image.open(approved).convert("RGB"))).mean(axis=(1, 3, 4))

    assert difference.mean() < 0.4
    assert difference.max() < 2.5


def test_a_changed_name_is_more_than_the_tolerance(engine):
    other = seen(engine.render(replace(CASES["feed"], nickname="王哥")))

    difference = np.abs(tiles(other) - tiles(Image.open(GOLDEN / "feed.png").convert("RGB"))).mean(axis=(1, 3, 4))

    assert difference.max() > 2.5


def test_an_unsigned_poster_shows_neither_name_nor_face(engine):
    unsigned = replace(FEED, nickname=None)

    assert engine.render(replace(unsigned, avatar=a_face())) == engine.render(unsigned)


@pytest.mark.parametrize("nickname", ["", "\u200b", "꧁༺༻꧂"])
def test_a_nickname_that_cannot_be_drawn_is_a_good_friend(engine, nickname):
    assert engine.render(replace(FEED, nickname=nickname)) == engine.render(replace(FEED, nickname="您的好友"))


@pytest.mark.parametrize("avatar", [b"<svg/>", a_face()[:2000], b""])
def test_a_face_that_is_refused_gives_way_to_the_initial(engine, avatar):
    assert engine.render(replace(FEED, avatar=avatar)) == engine.render(FEED)


@pytest.mark.parametrize("nickname", ["㛃堃燚", "👨‍👩‍👧‍👦" * 12, "李" * 100, "WWWWWWWWWWWW", "<b>&amp;'\"{{ 7*7 }}"])
def test_a_name_stays_on_its_line(engine, nickname):
    plain = np.asarray(Image.open(BytesIO(engine.render(replace(FEED, nickname=None)))), dtype=int)
    named = np.asarray(Image.open(BytesIO(engine.render(replace(FEED, nickname=nickname)))), dtype=int)

    changed = np.argwhere(np.abs(plain - named).max(axis=2) > 24)

    assert changed[:, 0].min() > 1430
    assert changed[:, 0].max() < 1580
    assert changed[:, 1].max() < 632


def test_a_character_that_only_a_fallback_font_has_is_drawn_with_it():
    fallback = next((path for path in HybridEngine()._faces.fallbacks if path.suffix == ".ttc"), None)
    if fallback is None:
        missing("The font package fonts-noto-cjk")

    with_it = HybridEngine(fonts=(fallback,)).render(replace(FEED, nickname="𠮷田"))

    assert with_it != HybridEngine(fonts=(fallback,)).render(replace(FEED, nickname="田"))


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ({"headline": "好" * 120}, CopyDoesNotFit),
        ({"body": "放心。" * 120}, CopyDoesNotFit),
        ({"note": "规则见页内" * 10}, CopyDoesNotFit),
        ({"headline": "\U000f0000"}, FontMissing),
        ({"template": "nosuch"}, TemplateUnknown),
        ({"template": "../orchard"}, TemplateUnknown),
        ({"template": ""}, TemplateUnknown),
    ],
)
def test_words_that_cannot_be_set_are_an_error_rather_than_a_bad_poster(engine, words, problem):
    with pytest.raises(problem):
        engine.render(replace(FEED, **words))


def test_a_configured_font_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FontMissing, match="elsewhere"):
        HybridEngine(fonts=(tmp_path / "elsewhere.ttf",))


def test_lines_end_where_a_reader_would_pause():
    assert base.phrases("用了两年，还是「想推荐。」它") == ["用了两年，", "还是「想推荐。」", "它"]
    assert "".join(base.phrases("，，开头！？a b…… c")) == "，，开头！？a b…… c"


@pytest.mark.parametrize(
    ("headline", "size"),
    [
        ("慢慢来", 118),
        ("想到你可能用得上", 104),
        ("想了解，问一句就好", 118),
        ("这一句没有停顿却比一行还要长", 118),
        ("做了二十年，每一双都能修，能换底，穿坏了拿回来，一直修到你不想穿", 104),
    ],
)
def test_a_headline_is_as_large_as_it_can_be_without_breaking_a_phrase(headline, size):
    look = read_look("orchard", ROOT / "posters")
    sheet = Press(Faces(())).sheet(headline)
    spec = replace(FEED, headline=headline, body="", note="规则见页内")

    page = base.page(spec, look, sheet)

    assert f"font-size: {size}px" in page


def test_a_code_is_read_aloud_in_fours():
    assert person.grouped("3F9K2A7B") == "3F9K 2A7B"


def test_the_fingerprint_follows_everything_that_shows(engine):
    changed = {
        "edition": "friend",
        "company": "别家",
        "headline": "别的",
        "body": "别的",
        "note": "别的",
        "nickname": "王哥",
        "avatar": b"face",
        "code": "3F9K2A7C",
        "link": "HTTPS://OTHER.EXAMPLE",
    }

    prints = {engine.fingerprint(replace(FEED, **{field: value})) for field, value in changed.items()}

    assert len(prints | {engine.fingerprint(FEED)}) == len(changed) + 1
