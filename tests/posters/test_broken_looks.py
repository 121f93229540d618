"""A template that breaks, when it is read or only when it is drawn, keeps nobody from the others."""

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from bot.posters.engine import HybridEngine
from bot.posters.errors import TemplateBroken
from bot.posters.small import shrunk
from tests.posters.conftest import FEED
from tests.posters.test_looks import a_template


@pytest.mark.parametrize("changes", [{"look": {"left = 632": "left = 1000"}}, {"page": {"{% for": "{% fro"}}])
def test_a_template_that_cannot_be_read_is_not_offered(tmp_path, changes):
    assert a_template(tmp_path, **changes).looks() == []


def test_a_whole_template_is_offered(tmp_path):
    assert [look.name for look in a_template(tmp_path).looks()] == ["mine"]


def test_a_template_that_asks_for_what_there_is_not_is_broken(tmp_path):
    engine = a_template(tmp_path, page={"{{ company }}": "{{ compny }}"})

    with pytest.raises(TemplateBroken, match="compny"):
        engine.render(replace(FEED, template="mine"))


def test_a_small_picture_has_the_width_asked_for_and_a_narrow_one_stays(engine: HybridEngine):
    poster = engine.render(FEED)

    small = shrunk(poster, 360)

    with Image.open(BytesIO(small)) as picture:
        assert picture.size == (360, 640)
    assert len(small) < len(poster) / 4
    assert shrunk(small, 360) == small
