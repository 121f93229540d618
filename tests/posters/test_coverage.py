"""What fonts can draw: the list beside them says what they say themselves, and is not believed about other fonts."""

from __future__ import annotations

import shutil

import pytest
from fontTools.ttLib import TTFont

from bot.posters import coverage
from bot.posters.errors import FontMissing
from bot.posters.faces import Faces
from bot.posters.person import _SQUARE
from templates import ROOT

FONTS = ROOT / "fonts"


@pytest.mark.parametrize("name", ["sans.otf", "emoji.ttf"])
def test_the_list_says_what_the_font_says(name):
    assert coverage._listed(FONTS)[name].directory == coverage._directory(FONTS / name)
    assert coverage.of(FONTS / name) == coverage.read(FONTS / name)


@pytest.mark.parametrize("listed", [b"", b"{}", b"[1]", (FONTS / coverage.LIST).read_bytes()])
def test_a_font_that_is_not_the_listed_one_is_read_itself(tmp_path, listed):
    shutil.copy(FONTS / "serif-bold.otf", tmp_path / "sans.otf")
    (tmp_path / coverage.LIST).write_bytes(listed)

    bits = coverage.of(tmp_path / "sans.otf")

    assert bits == coverage.read(FONTS / "serif-bold.otf")
    assert coverage.holds(bits, ord("春"))
    assert not coverage.holds(bits, 0x1F351)


@pytest.mark.parametrize("content", [b"", b"no font", (FONTS / "sans.otf").read_bytes()[:3000]])
def test_a_file_that_is_no_font_draws_nothing_where_there_are_others_and_is_an_error_where_it_must_be(
    tmp_path, content
):
    broken = tmp_path / "sans.otf"
    broken.write_bytes(content)
    for name in ("serif-bold.otf", "emoji.ttf"):
        shutil.copy(FONTS / name, tmp_path / name)

    beside_others = Faces((broken,))

    assert beside_others.covers("春")
    assert not beside_others.covers("\U00020bb7")
    with pytest.raises(FontMissing, match=r"sans\.otf cannot be read"):
        Faces((), folder=tmp_path).covers("春")


def test_a_package_without_its_fonts_says_which(tmp_path):
    with pytest.raises(FontMissing, match=r"no font file at .*sans\.otf"):
        Faces((), folder=tmp_path)


def test_signs_that_are_counted_instead_of_measured_are_no_wider_than_their_size():
    with TTFont(FONTS / "sans.otf") as font:
        widths = {chr(point): font["hmtx"][glyph][0] for point, glyph in font.getBestCmap().items()}
        em = font["head"].unitsPerEm

    assert max(width for sign, width in widths.items() if _SQUARE.fullmatch(sign)) <= em
    assert sum(1 for sign in widths if _SQUARE.fullmatch(sign)) > 9_000
