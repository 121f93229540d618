"""What the packs say on posters could have been typed by a rep: the checks on her words refuse none of it."""

import pytest

from bot.offers import load_pack, offer_values, own_words, pack_names
from referral.designs import objections, promised, typed
from referral.offers import EDITIONS

COMPANY = "春和家居"


@pytest.mark.parametrize("name", pack_names())
def test_no_pack_says_on_a_poster_what_a_rep_may_not(name: str) -> None:
    pack = load_pack(name)
    values = offer_values(pack, pack.terms, COMPANY)
    industry = pack.industries[0] if pack.industries else "retail"

    for framing, editions in pack.posters.items():
        for edition in EDITIONS:
            copy = editions[edition]
            filled = own_words(pack, pack.terms, framing, COMPANY, edition=edition, own=copy)
            assert typed(copy, edition, values) == []
            assert promised(copy, edition) == ()
            assert objections(filled, edition, industry) == ()
