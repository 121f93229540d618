"""The small square picture of a template: there is something to see on it, and it is drawn once."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from bot.posters.errors import TemplateUnknown
from bot.posters.look import names
from templates import ROOT
from tests.posters.test_studio import CountingEngine

LOOKS = names(ROOT / "posters")


class Counting(CountingEngine):
    def thumbnail_name(self, template):
        return self.real.thumbnail_name(template)

    def thumbnail(self, template):
        self.drawn += 1
        return self.real.thumbnail(template)


@pytest.mark.parametrize("look", LOOKS)
def test_every_template_has_a_small_square_picture_with_something_on_it(engine, look):
    jpeg = engine.thumbnail(look)

    with Image.open(BytesIO(jpeg)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (300, 300))
        assert np.asarray(picture.convert("L")).std() > 8
    assert len(jpeg) <= 60_000


def test_no_two_templates_have_the_same(engine):
    assert len({engine.thumbnail_name(look) for look in LOOKS}) == len({*map(engine.thumbnail, LOOKS)}) == len(LOOKS)


async def test_it_is_drawn_once_and_again_when_the_kept_one_is_damaged(engine, open_studio, tmp_path):
    counting = Counting(engine)
    first = await open_studio(counting).thumbnail("orchard")
    again = await open_studio(counting).thumbnail("orchard")
    assert (first == again, counting.drawn) == (True, 1)
    (kept,) = (tmp_path / "posters").glob("*.jpg")

    for damage in (first[: len(first) // 2], b"", b"no picture"):
        kept.write_bytes(damage)
        assert await open_studio(counting).thumbnail("orchard") == first

    assert counting.drawn == 4


async def test_a_template_that_is_not_there_has_none(engine, open_studio):
    with pytest.raises(TemplateUnknown):
        await open_studio(engine).thumbnail("../orchard")
