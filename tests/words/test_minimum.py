"""Where only orders of some amount count, whatever promises thanks for them says so."""

from dataclasses import replace

import pytest

from bot.copy import fill_from
from bot.offers import landing_words, load_pack, offer_values, pack_names, poster_words
from referral.framing import Framing

COMPANY = "春和"


def promised(pack, terms):
    """What promises a friend thanks: posters, the page behind a code, the words in chat."""
    page = landing_words(pack, terms, company=COMPANY, nickname="梅姐", code="0" * 8)
    for framing in pack.framings:
        poster = poster_words(pack, terms, framing, COMPANY, edition="friend")
        yield f"{poster.headline}\n{poster.body}"
    yield "\n".join((*page.lines, *page.steps))
    stock = offer_values(pack, terms, COMPANY)
    yield from (str(stock[f"promise_{view}"]) for view in ("peer", "friend", "advocate"))


def shared(pack, terms):
    stock = offer_values(pack, terms, COMPANY) | {"opening": "我买过", "link": "https://a.cn/i/0", "code": "0" * 8}
    yield from (fill_from(text, stock) for framing in pack.framings for text in pack.words[framing]["friend"])


@pytest.mark.parametrize("name", pack_names())
def test_a_least_amount_is_said_wherever_a_friend_s_thanks_are_promised(name):
    pack = load_pack(name)
    terms = replace(pack.terms, min_amount_fen=12_300)
    thanks = str(offer_values(pack, terms, COMPANY)["friend_thanks"])

    told = [text for text in (*promised(pack, terms), *shared(pack, terms)) if thanks and thanks in text]

    assert [text for text in told if "实付满123元" not in text] == []


@pytest.mark.parametrize("name", pack_names())
def test_where_any_amount_counts_none_is_named(name):
    pack = load_pack(name)
    terms = replace(pack.terms, min_amount_fen=1)

    assert not [text for text in (*promised(pack, terms), *shared(pack, terms)) if "实付" in text or "（）" in text]


def test_a_journey_and_a_membership_say_their_own_least_amount():
    for name, amount in (("traveller", "满500元"), ("prime", "满50元")):
        pack = load_pack(name)

        thanks = str(offer_values(pack, pack.terms, COMPANY)["friend_thanks"])
        told = [text for text in promised(pack, pack.terms) if thanks in text]

        assert len(told) > len(Framing)
        assert all(amount in text for text in told), name
