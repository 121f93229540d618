"""Plates: a poster of one is pixel by pixel the poster compressed at once, and one damaged on disk is never used."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import simplejpeg

from bot.posters import base, jpeg, person, plate
from bot.posters.engine import HybridEngine
from bot.posters.faces import Faces
from bot.posters.look import PRINTED, SIZES, names, read_look
from bot.posters.plate import Plate
from bot.posters.press import Press
from templates import ROOT
from tests.posters.conftest import FEED, FRIEND, a_face
from tests.posters.test_jpeg import a_picture, at_once

LOOKS = {name: read_look(name, ROOT / "posters") for name in names(ROOT / "posters")}
FEEDS = [size for size in SIZES if size not in PRINTED]


def a_plate(size: str = "square", look: str = "orchard") -> tuple[Plate, np.ndarray]:
    """A plate, and the picture of which it was made."""
    picture = a_picture(*SIZES[size].pixels)
    return plate.made(picture, LOOKS[look].frames[size], quality=LOOKS[look].quality), picture


@pytest.mark.parametrize(("look", "size"), [*((look, size) for look in LOOKS for size in FEEDS), ("orchard", "a6")])
def test_what_is_printed_is_the_whole_picture_with_other_rows(look, size):
    made, picture = a_plate(size, look)
    other = made.band[::-1].copy()
    picture[made.top : made.top + len(other)] = other

    printed = simplejpeg.decode_jpeg(made.printed(other))

    assert np.array_equal(printed, simplejpeg.decode_jpeg(at_once(picture, LOOKS[look].quality)))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("look", LOOKS)
def test_a_plate_leaves_room_for_all_that_is_one_persons(look, size):
    frame = LOOKS[look].frames[size]
    panel, square, dots = frame.panel, frame.qr, frame.size.dots
    blank = np.zeros((frame.size.pixels[1], 16, 3), np.uint8)

    made = plate.made(blank, frame, quality=50)

    assert made.top <= min(panel.top, square.top) * dots
    assert made.top + len(made.band) >= max(panel.top + panel.height, square.top + square.side) * dots
    assert len(made.band) < len(blank) / 2


@pytest.mark.parametrize(
    ("look", "size", "theme"), [("orchard", "tall", "light"), ("orchard", "a6", "light"), ("skyline", "card", "dark")]
)
def test_a_poster_is_what_laying_on_the_whole_picture_gives(engine: HybridEngine, look, size, theme):
    spec = replace(FRIEND, avatar=a_face(), template=look, size=size, theme=theme)
    read, faces = engine.look(look), Faces(engine._faces.fallbacks)
    press = Press(faces)
    pixels = base.draw(spec, read, press)
    head = jpeg.head(*SIZES[size].pixels, quality=read.quality)
    whole = Plate(above=head, below=jpeg.END, top=0, band=pixels, quality=read.quality)

    laid = person.lay_on(whole, spec, read, press=press, covers=faces.covers)

    assert laid == engine.render(spec)


def test_a_plate_is_kept_and_read_again():
    made, _ = a_plate()

    read = plate.unpack(plate.pack(made))

    assert read is not None
    assert read.printed(made.band) == made.printed(made.band)
    assert np.array_equal(read.band, made.band)
    assert read.top == made.top


PACKED = plate.pack(a_plate()[0])


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\0\0\0\0",
        PACKED[:4],
        PACKED[:-1],
        PACKED[: len(PACKED) // 2],
        PACKED + b"\0",
        *(PACKED[:at] + bytes([PACKED[at] ^ 1]) + PACKED[at + 1 :] for at in (0, 5, 700, 5000, len(PACKED) - 1)),
    ],
    ids=len,
)
def test_a_damaged_plate_is_none(damaged):
    assert plate.unpack(damaged) is None


def test_a_plate_is_used_again_after_a_restart(tmp_path):
    first = HybridEngine(bases=tmp_path).render(FEED)
    (kept,) = tmp_path.glob("*.plate")
    drawn = plate.unpack(kept.read_bytes())
    assert drawn is not None
    kept.write_bytes(plate.pack(replace(drawn, band=drawn.band // 2)))

    again = HybridEngine(bases=tmp_path).render(FEED)

    before, after = (simplejpeg.decode_jpeg(poster).astype(int) for poster in (first, again))
    assert np.array_equal(before[:1300], after[:1300])
    assert after[1400].mean() < before[1400].mean() / 1.3


def test_a_plate_that_was_damaged_on_disk_is_drawn_again(tmp_path):
    first = HybridEngine(bases=tmp_path).render(FEED)
    (kept,) = tmp_path.glob("*.plate")
    kept.write_bytes(kept.read_bytes()[:1000])

    assert HybridEngine(bases=tmp_path).render(FEED) == first


def test_what_a_customer_said_is_not_left_on_the_disk(tmp_path):
    HybridEngine(bases=tmp_path).render(replace(FEED, quote="搬了三次家，每次都是同一位师傅来装。"))

    assert list(tmp_path.iterdir()) == []


def test_a_reps_photo_is_not_left_on_the_disk(tmp_path):
    HybridEngine(bases=tmp_path).render(replace(FEED, template="gallery", photo=a_face(900, 1200)))

    assert list(tmp_path.iterdir()) == []


def test_what_is_only_tried_out_is_not_left_on_the_disk(tmp_path):
    HybridEngine(bases=tmp_path).render(FEED, keep=False)

    assert list(tmp_path.iterdir()) == []
