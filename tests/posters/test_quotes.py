"""A customer's own words on posters: every look has room for them in every size, and says whose they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.posters import qr
from bot.posters.commissions import AUTHOR, THANKED_AUTHOR
from bot.posters.engine import HybridEngine
from bot.posters.look import SIZES, names
from referral.story_quotes import MOST_SIGNS
from templates import ROOT
from tests.posters.conftest import FEED, LINK
from tests.posters.decoders import opened

LOOKS = names(ROOT / "posters")
LONGEST = "住进来就碰上停水，老板娘半夜起来给我们烧热水，还一直道歉。早饭一般，房间很安静。"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("look", LOOKS)
def test_the_longest_quote_fits_with_its_label(engine: HybridEngine, look: str, size: str):
    assert len(LONGEST) == MOST_SIGNS
    spec = replace(FEED, template=look, size=size, quote=LONGEST, quote_by=THANKED_AUTHOR)

    poster = engine.render(spec)

    qr.check(poster, LINK, engine.qr_square(spec))


@pytest.mark.parametrize("look", LOOKS)
def test_whose_words_they_are_is_to_be_seen(engine: HybridEngine, look: str):
    spec = replace(FEED, template=look, size="square", quote=LONGEST)
    labelled = [replace(spec, quote_by=label) for label in (AUTHOR, THANKED_AUTHOR)]

    drawn = [np.asarray(opened(engine.render(each)).convert("L"), dtype=int) for each in (spec, *labelled)]

    assert len({engine.fingerprint(each) for each in (spec, *labelled)}) == 3
    changed = [int((np.abs(other - drawn[0]) > 60).sum()) for other in drawn[1:]]
    assert min(changed) > 500  # px of lettering
