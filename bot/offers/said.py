"""All that an offer ever says, in each of its wordings: what is read before it may start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import cycle, islice

from bot.copy import fill_from
from bot.offers.spoken import spoken_words
from bot.offers.values import offer_values, thanks_words
from bot.offers.words import card_words, landing_words, privacy_words, rule_words
from referral.history import Past
from referral.offers import EDITIONS, Pack
from referral.terms import Terms
from referral.wording import Edition

_TENURE = "两年多"
_TIMES = "十几"
_ITEM = "东西"
_CODE = "0" * 8
_LINK = f"https://a.cn/i/{_CODE}"
_BEGINS = date(2000, 1, 1)
_IN_CHAT = ("promise_", "thank_", "brief_", "help_")


def all_words(pack: Pack, terms: Terms, *, company: str, contact: str) -> list[tuple[Edition, str]]:
    """Every piece that customers and friends will read, by edition, each once."""
    stock = offer_values(pack, terms, company)
    page = landing_words(pack, terms, company=company, nickname=None, code=_CODE)
    pieces: list[tuple[Edition, str]] = [*_passed_on(pack, stock), *_on_posters(pack, stock)]
    pieces += _on_cards(pack, terms, company)
    pieces += [("friend", text) for text in (page.headline, *page.lines, *page.steps, page.button, page.note)]
    pieces += [("chat", text) for text in _our_own(pack, terms, stock, contact)]
    return list(dict.fromkeys(pieces))


def _passed_on(pack: Pack, stock: Mapping[str, object]) -> Iterator[tuple[Edition, str]]:
    """What an advocate may pass on: every wording and every opening that may stand in it, each at least once.

    All of them together would take seconds to read; what is shipped is read so by the tests.
    """
    known = {**stock, "tenure": _TENURE, "times": _TIMES, "item": _ITEM}
    anywhere = [fill_from(text, known) for text in (*pack.openings_since, *pack.openings_plain)]
    past = [fill_from(text, known) for past in Past for text in pack.openings_past.get(past, ())]
    for edition in EDITIONS:
        openings = anywhere if edition == "feed" else [*anywhere, *past]
        texts = [text for framing in pack.framings for text in pack.words[framing][edition]]
        for text, opening in _paired(texts, openings):
            yield edition, fill_from(text, {**stock, "opening": opening, "link": _LINK, "code": _CODE})
    yield "friend", fill_from(pack.short, {**stock, "link": _LINK, "code": _CODE})


def _paired(texts: Sequence[str], openings: Sequence[str]) -> Iterator[tuple[str, str]]:
    return islice(zip(cycle(texts), cycle(openings), strict=False), max(len(texts), len(openings)))


def _on_posters(pack: Pack, stock: Mapping[str, object]) -> Iterator[tuple[Edition, str]]:
    for framing in pack.framings:
        yield "feed", spoken_words(pack, framing, str(stock["company"]))
        for edition in EDITIONS:
            copy = pack.posters[framing][edition]
            for text in (copy.headline, copy.body, copy.note):
                yield edition, fill_from(text, stock)


def _on_cards(pack: Pack, terms: Terms, company: str) -> Iterator[tuple[Edition, str]]:
    for framing in pack.framings:
        for edition in EDITIONS:
            card = card_words(pack, terms, framing, company, edition=edition)
            yield from ((edition, text) for text in (card.title, card.text))


def _our_own(pack: Pack, terms: Terms, stock: Mapping[str, object], contact: str) -> Iterator[str]:
    """What we say of it ourselves: in chat, on the rules page and on the privacy page."""
    yield from (str(value) for name, value in stock.items() if name.startswith(_IN_CHAT))
    yield from (thanks_words(choice) for each in terms.thanks for choice in each.choices)
    company = str(stock["company"])
    rules = rule_words(pack, terms, company=company, contact=contact, begins=_BEGINS, ends=None)
    yield from (section.text for section in rules + privacy_words(pack, company=company, contact=contact))
