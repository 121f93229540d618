"""What a page looks like where it is passed on: the words, the tags, the scripts it may carry, and their signature."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from bot.channels.jsapi import js_signature
from bot.offers import card_words, load_pack, pack_names, thanks_words
from bot.pages import rep_look
from bot.pages.look import headers_of, render
from bot.pages.rep_views import RepPosterView
from bot.pages.views import LandingView, PosterView, Script
from referral.offers import EDITIONS
from referral.wording import lint
from tests.pages.sample_pages import a_landing, a_poster_page, some_cards
from tests.pages.sample_rep_pages import every_rep_page
from tests.pages.test_look import HOSTILE, Tags

VECTORS = Path(__file__).parents[1] / "channels" / "vectors" / "wecom-vectors.json"
SCRIPT = Script(sdk="/static/jweixin.0123456789ab.js", file="/static/share.0123456789ab.js", told='{"a": "b"}')


@pytest.fixture(params=[a_landing, a_poster_page], ids=["landing", "poster"])
def page(request: pytest.FixtureRequest) -> LandingView | PosterView:
    made: LandingView | PosterView = request.param()
    return made


def properties(document: Tags) -> dict[str, str]:
    return {found["property"]: found["content"] for found in document.all("meta") if "property" in found}


@pytest.mark.parametrize("hash_", ["", "#top", "#/i/x?y=z"])
def test_the_platforms_own_example_has_the_signature_it_publishes(hash_: str) -> None:
    example = next(case for case in json.loads(VECTORS.read_text("utf-8")) if case["name"] == "G1")

    signature = js_signature(
        example["jsapi_ticket"],
        nonce=example["noncestr"],
        timestamp=int(example["timestamp"]),
        url=example["url"] + hash_,
    )

    assert signature == "0f9de62fce790f9a083d5c99e95740ceb90c27ed" == example["signature"]


@pytest.mark.parametrize("name", pack_names())
def test_the_words_of_every_offers_cards_may_be_said_where_they_are(name: str) -> None:
    pack = load_pack(name)
    industry = pack.industries[0] if pack.industries else "retail"

    for framing, edition in product(pack.framings, EDITIONS):
        card = card_words(pack, pack.terms, framing, "青禾书店", edition=edition)

        assert lint(f"{card.title}\n{card.text}", edition=edition, industry=industry) == []
        assert 4 <= len(card.title) <= 30
        assert 4 <= len(card.text) <= 120
        assert "图" not in card.title + card.text


@pytest.mark.parametrize("name", pack_names())
def test_a_feeds_card_names_no_thanks_and_no_amount(name: str) -> None:
    pack = load_pack(name)
    thanks = {thanks_words(choice) for each in pack.terms.thanks for choice in each.choices}

    for framing in pack.framings:
        card = card_words(pack, pack.terms, framing, "青禾书店", edition="feed")

        said = card.title + card.text
        assert not [words for words in (*thanks, "谢礼", "各得") if words in said]
        assert not any(sign.isdigit() for sign in said)
        assert "青禾书店" in card.title


def test_feeds_read_the_cards_words_and_its_square_picture(page: LandingView | PosterView) -> None:
    found, feed = properties(Tags(render(page))), page.cards.feed

    assert found["og:title"] == feed.title
    assert found["og:description"] == feed.text
    assert found["og:url"] == feed.link
    assert (found["og:image"], found["og:image:width"]) == (feed.picture, "300")
    assert page.cards.friend.text not in found.values()


def test_a_page_without_an_account_has_no_script_and_allows_none(page: LandingView | PosterView) -> None:
    assert Tags(render(page)).all("script") == []
    assert "script-src" not in headers_of(page)["Content-Security-Policy"]


def test_a_page_with_one_loads_two_files_of_ours_and_nothing_inline(page: LandingView | PosterView) -> None:
    scripted = replace(page, script=SCRIPT)

    document = Tags(render(scripted))

    sdk, ours = document.all("script")
    assert sdk == {"src": SCRIPT.sdk, "defer": ""}
    assert ours == {"src": SCRIPT.file, "defer": "", "data-told": SCRIPT.told}
    policy = headers_of(scripted)["Content-Security-Policy"]
    assert policy.endswith("; script-src 'self'")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_words_on_a_card_are_only_ever_text(page: LandingView | PosterView, name: str) -> None:
    said = HOSTILE[name]
    plain = replace(page, script=SCRIPT)
    feed = replace(some_cards().feed, title=said, text=said)
    told = json.dumps({"title": f"{said}</script><script>alert(1)</script>"})

    hostile = replace(page, cards=some_cards(feed=feed), script=replace(SCRIPT, told=told))

    document = Tags(render(hostile))
    assert [tag for tag, _ in document.tags] == [tag for tag, _ in Tags(render(plain)).tags]
    assert not [attribute for _, found in document.tags for attribute in found if attribute[:2] == "on"]


def test_a_rep_is_told_when_the_link_she_gives_is_a_plain_one() -> None:
    poster = every_rep_page()["poster"]

    assert isinstance(poster, RepPosterView)

    plain, dressed = (rep_look.page(replace(poster, plain_link=each)).text or "" for each in (True, False))

    assert "还没有接公众号" in plain
    assert "还没有接公众号" not in dressed
    assert poster.link in dressed
