"""Every look in every size, and sixty odd names on them, look as they did when they were last looked at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageChops

from bot.posters import qr
from bot.posters.engine import HybridEngine
from bot.posters.look import PRINTED, SIZES, names
from templates import ROOT
from tests.fixtures.nicknames import TORTURE
from tests.posters.conftest import FEED, LINK, a_face
from tests.posters.decoders import opened
from tests.posters.goldens import APPROVING, apart, approve_sheet, approved_names, approved_sheet, cell, name_on

LOOKS = names(ROOT / "posters")
KINDS = [(size, theme) for size in SIZES for theme in (("light",) if size in PRINTED else ("light", "dark"))]
MEAN, MOST = 0.4, 2.5  # of 255, on all of a cell and on its worst tile: what another libm or encoder may make
SHARE = 6  # of the names on each look, every so manieth is drawn here; `make proof-posters` draws them all
NAME_MOST = 22  # of 255, at the worst px of a small name


def cells(engine: HybridEngine, look: str) -> list[Image.Image]:
    spec = replace(FEED, template=look, avatar=a_face())
    return [cell(opened(engine.render(replace(spec, size=size, theme=theme)))) for size, theme in KINDS]


@pytest.mark.parametrize("look", LOOKS)
def test_a_look_is_in_every_size_as_it_was_approved(engine: HybridEngine, look: str) -> None:
    now = cells(engine, look)
    if APPROVING:
        approve_sheet(look, now)

    far = {
        kind: (round(float(difference.mean()), 2), round(float(difference.max()), 2))
        for kind, one, other in zip(KINDS, now, approved_sheet(look), strict=True)
        if (difference := apart(one, other)).mean() > MEAN or difference.max() > MOST
    }

    assert far == {}


def test_other_words_and_other_colours_are_more_than_the_tolerance(engine: HybridEngine) -> None:
    approved = approved_sheet("orchard")[0]
    spec = replace(FEED, avatar=a_face())

    other_words = cell(opened(engine.render(replace(spec, headline="用了三年，也不推荐它"))))
    no_face = cell(opened(engine.render(replace(spec, avatar=None))))
    paler = ImageChops.add(approved, Image.new("RGB", approved.size, (3, 3, 3)))

    assert apart(other_words, approved).max() > MOST
    assert apart(no_face, approved).max() > MOST
    assert apart(paler, approved).mean() > MEAN


@pytest.mark.parametrize("look", LOOKS)
def test_odd_names_are_on_every_look_as_they_were_approved(engine: HybridEngine, look: str) -> None:
    turn, faults = LOOKS.index(look), {}
    sizes = list(SIZES)

    for place, (kind, name) in list(enumerate(TORTURE.items()))[turn % SHARE :: SHARE]:
        size = sizes[(place // SHARE + turn) % len(sizes)]
        spec = replace(FEED, template=look, size=size, nickname=name)
        jpeg = engine.render(spec)
        qr.check(jpeg, LINK, engine.qr_square(spec))
        small = name_on(opened(jpeg), size, engine.look(look).frames[size].panel)
        away = np.abs(small.astype(int) - approved_names()[look][sizes.index(size)][place]).max()
        if away > NAME_MOST:
            faults[kind, size] = int(away)

    assert faults == {}


def test_another_name_is_more_than_the_tolerance(engine: HybridEngine) -> None:
    place = list(TORTURE).index("a plain name")
    panel = engine.look("orchard").frames["tall"].panel

    other = name_on(opened(engine.render(replace(FEED, nickname="王哥"))), "tall", panel)

    assert np.abs(other.astype(int) - approved_names()["orchard"][0][place]).max() > NAME_MOST
