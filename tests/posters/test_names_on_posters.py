"""Sixty odd nicknames on a poster: the QR reads, the name stays in its slot, and no box is drawn in place of a sign."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import simplejpeg
import zxingcpp
from fontTools.ttLib import TTFont

from bot.posters import nickname, person
from bot.posters.engine import HybridEngine
from bot.posters.faces import Faces
from referral import nicknames
from referral.people import NAMELESS
from tests.fixtures.missing import missing
from tests.fixtures.nicknames import TORTURE, UNSEEN
from tests.posters.conftest import FEED, LINK, a_face

VENDORED = Faces(())
TOP = 1350  # px: over it, a poster is a copy of what all share
SLOT = (250, 1438 - TOP, 624, 1562 - TOP)  # px: the name and what stands under it; at 628 the panel cuts all off
FACE = a_face(116, 116)
DRAWN_BY_NO_GLYPH = {0x20, 0x200D, 0xFE0F, *range(0xE0020, 0xE0080)}


def drawn(engine, name: str) -> np.ndarray:
    """The lower part of the poster of somebody with a face, height x width x RGB."""
    return simplejpeg.decode_jpeg(engine.render(replace(FEED, nickname=name, avatar=FACE)))[TOP:]


def changed(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (np.maximum(one, other) - np.minimum(one, other) > 24).any(axis=2)


def same(one: np.ndarray, other: np.ndarray) -> bool:
    return not changed(one, other).any()


def changed_outside(one: np.ndarray, other: np.ndarray) -> bool:
    left, top, right, bottom = SLOT
    apart = changed(one, other)
    apart[top:bottom, left:right] = False
    return bool(apart.any())


def points(path) -> frozenset[int]:
    with TTFont(path, fontNumber=0, lazy=True) as font:
        return frozenset(font.getBestCmap())


def test_the_qr_reads_and_the_name_stays_in_its_slot(engine):
    nobody, faults = drawn(engine, "·"), {}

    for kind, name in TORTURE.items():
        poster = drawn(engine, name)
        qr = [read.text for read in zxingcpp.read_barcodes(np.ascontiguousarray(poster[:410, 620:1010]))]
        faults[kind] = [
            *([f"reads {qr}"] if qr != [LINK] else []),
            *(["leaves its slot"] if changed_outside(poster, nobody) else []),
            *(["shows no name"] if same(poster, nobody) else []),
        ]

    assert {kind: found for kind, found in faults.items() if found} == {}


def test_every_sign_that_is_drawn_has_its_glyphs_in_one_font(engine):
    files = (*engine._faces.vendored.values(), *engine._faces.fallbacks)
    glyphs = [points(path) for path in files]

    boxes = [
        (kind, sign)
        for (kind, name), faces in product(TORTURE.items(), (engine._faces, VENDORED))
        for sign in nicknames.signs(nickname.sanitise(name, covers=faces.covers))
        if not any(set(map(ord, sign)) - DRAWN_BY_NO_GLYPH <= font for font in glyphs)
    ]

    assert boxes == []


@pytest.mark.parametrize("kind", sorted(UNSEEN))
def test_a_name_of_which_nothing_can_be_seen_is_a_good_friend(engine, kind):
    assert nickname.sanitise(TORTURE[kind], covers=engine._faces.covers) == NAMELESS


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("(สมชาย) 李姐", "李姐"),
        ("สมชาย 2024", NAMELESS),
        ("2024", "2024"),
        ("!!", "!!"),
        ("สมชาย🌸", "🌸"),
        ("张\u0336三\u20dd", "张三"),
        ("半\ufffd个", "半个"),
        ("👩\u0301\u0301\u0301", "👩"),
    ],
)
def test_what_is_left_of_a_name_still_reads_as_one(typed, left):
    assert nickname.sanitise(typed, covers=VENDORED.covers) == left


def test_a_letter_and_its_mark_in_two_fonts_are_not_drawn_together():
    assert VENDORED.covers("李")
    assert VENDORED.covers("\u20e3")
    assert not VENDORED.covers("李\u20e3")


def test_emoji_keep_their_colours_beside_letters_of_a_fallback_font():
    dejavu = next((path for path in HybridEngine()._faces.fallbacks if "DejaVu" in path.name), None)
    if dejavu is None:
        missing("The font package fonts-dejavu-core")

    name = drawn(HybridEngine(fonts=(dejavu,)), "😀س")[80:150, 250:630]

    assert (name.max(axis=2) - name.min(axis=2)).max() > 120


def test_a_name_from_right_to_left_is_cut_at_its_left_end():
    assert nicknames.is_right_to_left("محمد 李")
    assert not nicknames.is_right_to_left("李 محمد")
    assert not nicknames.is_right_to_left("🌸 12")


@pytest.mark.parametrize("kind", ["a hundred han", "a hundred wide letters", "more than a dozen families"])
def test_a_name_that_does_not_fit_is_cut_between_two_signs(engine, kind):
    panel = engine._look(FEED).frames["tall"].panel
    drawing = engine._tools()
    name = nickname.sanitise(TORTURE[kind], covers=engine._faces.covers)

    shown, size = person.fitted(name, panel, drawing._press.sheet(name))

    whole = nicknames.signs(TORTURE[kind])
    kept = nicknames.signs(shown.removesuffix("…"))
    assert shown.endswith("…")
    assert kept == whole[: len(kept)]
    assert size == panel.name_sizes[-1]
