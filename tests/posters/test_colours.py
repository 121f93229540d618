"""Every palette and every ornament of every look: words stand out from what is behind them, and the QR reads."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.posters import qr
from bot.posters.engine import HybridEngine, PosterSpec
from bot.posters.errors import PaletteUnknown, SeasonUnknown, TemplateBroken
from bot.posters.look import NO_SEASON, OWN, SEASONS, SIZES, names, read_look
from bot.posters.palette import contrast
from bot.posters.proving import problems
from templates import ROOT
from tests.posters.conftest import FEED, LINK
from tests.posters.decoders import opened

FOLDER = ROOT / "posters"
LOOKS = names(FOLDER)
EVERY = [(look, each.name) for look in LOOKS for each in read_look(look, FOLDER).palettes]
PROVING = bool(os.environ.get("PROOF_POSTERS"))
"""`make proof-posters` looks at all of them; the suite at every palette by day or by night, at half the ornaments."""
WITHOUT_WORDS = ".page div, .page span, .panel div { color: rgba(0, 0, 0, 0); }"
SAID = replace(FEED, nickname=None)  # a face that is only drawn shows a letter as an ornament
BLOCK = 30  # px: about a character
LEAST = 4.5  # WCAG 2.2, 1.4.3


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> HybridEngine:
    """Draws the same posters without a word on them."""
    folder = tmp_path_factory.mktemp("silent")
    for look in LOOKS:
        home = shutil.copytree(FOLDER / look, folder / look)
        with (home / "style.css").open("a", encoding="utf-8") as style:
            style.write(WITHOUT_WORDS)
    return HybridEngine(looks=folder, proves=False)


@pytest.mark.parametrize(("look", "palette"), EVERY)
def test_in_every_palette_words_stand_out_and_the_qr_reads(engine: HybridEngine, silent: HybridEngine, look, palette):
    for theme in ("light", "dark") if PROVING or not palette else [("light", "dark")[EVERY.index((look, palette)) % 2]]:
        spec = replace(SAID, template=look, palette=palette, theme=theme)
        said, bare = engine.render(spec), silent.render(spec)

        qr.check(said, LINK, engine.qr_square(spec))
        weak = too_weak(pixels(said), pixels(bare))
        assert weak == [], theme


@pytest.mark.parametrize(
    ("look", "size", "theme"),
    [
        (look, size, theme)
        for place, look in enumerate(LOOKS)
        for turn, (size, theme) in enumerate([("square", "light"), ("tall", "dark")])
        if PROVING or place % 2 == turn
    ],
)
def test_every_ornament_is_shown_in_its_room_and_nowhere_else(engine: HybridEngine, look, size, theme):
    spec: PosterSpec = replace(FEED, template=look, size=size, theme=theme)
    room = engine.look(look).frames[size].season
    assert room
    plain = pixels(engine.render(spec)).astype(int)

    for season in SEASONS:
        dressed = engine.render(replace(spec, season=season))

        qr.check(dressed, LINK, engine.qr_square(spec))
        rows, columns = np.nonzero(np.abs(plain - pixels(dressed)).max(axis=2) > 24)
        assert len(rows) > 1000, season
        assert room.top - 16 <= rows.min() <= rows.max() <= room.top + room.height + 16  # a JPEG smears by a block
        assert room.left - 16 <= columns.min() <= columns.max() <= room.left + room.width + 16


def test_every_look_has_room_for_an_ornament_in_every_size_and_three_other_palettes():
    for look in (read_look(name, FOLDER) for name in LOOKS):
        assert {size for size, frame in look.frames.items() if frame.season} == set(SIZES)
        assert len(look.palettes) >= 4
        assert look.palettes[0].name == ""
        assert len({each.title for each in look.palettes}) == len(look.palettes)


@pytest.mark.parametrize(("look", "palette"), EVERY)
def test_modules_of_the_qr_are_dark_in_every_palette(look, palette):
    assert contrast(read_look(look, FOLDER).in_palette(palette).dark, (255, 255, 255)) >= 10


def test_a_palette_changes_the_picture_and_its_fingerprint(engine: HybridEngine):
    pine = replace(FEED, template="coast", palette="pine")
    own = replace(pine, palette="")

    assert engine.render(pine) != engine.render(own)
    assert engine.fingerprint(pine) != engine.fingerprint(own)


def test_its_own_colours_and_no_ornament_can_be_asked_for_by_name(engine: HybridEngine):
    assert engine.render(replace(FEED, palette=OWN, season=NO_SEASON)) == engine.render(FEED)


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"palette": "neon"}, PaletteUnknown),
        ({"season": "monsoon"}, SeasonUnknown),
        ({"season": "../x"}, SeasonUnknown),
    ],
)
def test_colours_or_an_ornament_that_are_not_there_are_refused(engine: HybridEngine, asked, refusal):
    with pytest.raises(refusal):
        engine.render(replace(FEED, **asked))


def a_look(folder: Path, old: str, new: str) -> HybridEngine:
    """The orchard with something else in its look.toml."""
    home = shutil.copytree(FOLDER / "orchard", folder / "mine")
    text = (home / "look.toml").read_text(encoding="utf-8")
    assert old in text
    (home / "look.toml").write_text(text.replace(old, new, 1), encoding="utf-8")
    return HybridEngine(looks=folder, proves=False)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("season = { left = 430", "season = { left = 930", "tall.season 出了画面"),
        ("season = { left = 430, top = 258", "season = { left = 700, top = 1400", "tall.qr 和 tall.season 叠在了一起"),
        ("left = 632, top = 1384", "left = 500, top = 1384", "tall.person 和 tall.qr 叠在了一起"),
        ("dark = [46, 16, 27]", "dark = [146, 116, 127]", "太浅，二维码会扫不出来"),
        ('name = "plum"', 'name = "apricot"', "palettes 里有两套颜色同名"),
        ('swatch = ["#5a2434"', 'swatch = ["plum"', r"swatch\[0\] 写得不对：颜色要写成小写的 #rrggbb"),
        ('title = "杏黄", ', "", r"缺少 palettes\[0\].title"),
    ],
)
def test_colours_and_rooms_that_cannot_be_are_refused_by_what_is_wrong(tmp_path, old, new, says):
    with pytest.raises(TemplateBroken, match=says):
        a_look(tmp_path, old, new).look("mine")


def test_a_look_without_room_for_an_ornament_is_drawn_without(tmp_path):
    engine = a_look(tmp_path, "season = { left = 430, top = 258, width = 196, height = 196 }\n", "")

    assert engine.render(replace(FEED, template="mine"))
    with pytest.raises(SeasonUnknown):
        engine.render(replace(FEED, template="mine", season="spring"))


def test_words_that_would_lie_on_the_ornament_are_a_problem_of_the_look(tmp_path):
    engine = a_look(tmp_path, "season = { left = 430, top = 258", "season = { left = 430, top = 620")

    first = next(problems(engine, "mine"))

    assert first.startswith("tall、日间、时令 spring；")


def pixels(jpeg: bytes) -> NDArray[np.uint8]:
    return np.asarray(opened(jpeg))


def too_weak(said: NDArray[np.uint8], bare: NDArray[np.uint8]) -> list[tuple[int, int, float]]:
    """Where words contrast with what is behind them by less than `LEAST`: row, column, contrast.

    In each block of about a character the strokes' best pixel counts: at their rims they are mixed with the ground.
    """
    words = np.abs(said.astype(int) - bare).max(axis=2) > 40
    light, dark = luminance(said), luminance(bare)
    ratio = np.where(words, (np.maximum(light, dark) + 0.05) / (np.minimum(light, dark) + 0.05), 0)
    height, width = (length // BLOCK * BLOCK for length in words.shape)
    blocks = ratio[:height, :width].reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    filled = words[:height, :width].reshape(blocks.shape).sum(axis=(1, 3)) > 60
    best = blocks.max(axis=(1, 3))
    return [
        (int(y) * BLOCK, int(x) * BLOCK, round(float(best[y, x]), 2)) for y, x in np.argwhere(filled & (best < LEAST))
    ]


def luminance(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    share = picture / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    found: NDArray[np.float64] = linear @ np.array([0.2126, 0.7152, 0.0722])
    return found
