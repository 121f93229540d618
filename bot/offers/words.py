"""An offer's words filled in for one campaign and one person.

Which framing a person gets is decided in referral.framing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from bot.copy import CopyError, fill_from
from bot.offers.values import offer_values
from referral.framing import Facts, Framing, tenure_words, variant_for
from referral.history import Past, names_items, sayable, times_words
from referral.offers import CardCopy, Edition, LandingCopy, Pack, PosterCopy, Section
from referral.terms import Terms
from referral.wording import lint

SHARE_LONGEST = 200


def share_words(
    pack: Pack, terms: Terms, framing: Framing, facts: Facts, *, edition: Edition, link: str = "", code: str = ""
) -> str:
    """The words an advocate passes on, at most 200 characters, the same as long as the same is known of her.

    `friend` words carry the link and the code, and may open with her own history; `feed` words carry neither, and say
    no more of her than for how long she has been a customer. Raises CopyError when even the shortest wording is too
    long for the link.
    """
    stock = offer_values(pack, terms, facts.company) | {"link": link, "code": code}
    variants, openings = pack.words[framing][edition], _openings(pack, facts, edition)
    turn = variant_for(facts.person, facts.campaign, len(variants) * len(openings))
    stock["opening"] = openings[turn % len(openings)]
    first = turn // len(openings)
    for text in [*variants[first:], *variants[:first], *([pack.short] if edition == "friend" else [])]:
        words = fill_from(text, stock)
        if len(words) <= SHARE_LONGEST:
            return words
    raise CopyError([f"link: no wording stays within {SHARE_LONGEST} characters"])


def poster_words(pack: Pack, terms: Terms, framing: Framing, company: str, *, edition: Edition) -> PosterCopy:
    """Headline, body and note of a poster, filled."""
    copy = pack.posters[framing][edition]
    stock = offer_values(pack, terms, company)
    return PosterCopy(
        headline=fill_from(copy.headline, stock), body=fill_from(copy.body, stock), note=fill_from(copy.note, stock)
    )


def own_words(
    pack: Pack, terms: Terms, framing: Framing, company: str, *, edition: Edition, own: PosterCopy
) -> PosterCopy:
    """A poster's texts in a rep's own words, filled; the pack's where she has none."""
    copy, stock = pack.posters[framing][edition], offer_values(pack, terms, company)
    return PosterCopy(
        headline=fill_from(own.headline or copy.headline, stock),
        body=fill_from(own.body or copy.body, stock),
        note=fill_from(own.note or copy.note, stock),
    )


def landing_words(pack: Pack, terms: Terms, *, company: str, nickname: str | None, code: str) -> LandingCopy:
    """The landing page's words, filled; `nickname` None means that the advocate shows no name."""
    stock = offer_values(pack, terms, company) | {"code": code} | ({"nickname": nickname} if nickname else {})
    copy = pack.landing
    return LandingCopy(
        headline=fill_from(copy.headline if nickname else copy.headline_unsigned, stock),
        headline_unsigned=fill_from(copy.headline_unsigned, stock),
        lines=tuple(fill_from(line, stock) for line in copy.lines),
        steps=tuple(fill_from(step, stock) for step in copy.steps),
        button=fill_from(copy.button, stock),
        note=fill_from(copy.note, stock),
    )


def card_words(pack: Pack, terms: Terms, framing: Framing, company: str, *, edition: Edition) -> CardCopy:
    """The card of the page behind a link, filled; it names nobody, since it travels further than its page.

    In a feed it says what the feed's poster does, to a friend what the page does.
    """
    if edition == "feed":
        poster = poster_words(pack, terms, framing, company, edition=edition)
        return CardCopy(title=f"{poster.headline} · {company}", text=poster.body)
    page = landing_words(pack, terms, company=company, nickname=None, code="")
    return CardCopy(title=page.headline_unsigned, text=page.lines[0])


def rule_words(
    pack: Pack, terms: Terms, *, company: str, contact: str, begins: date, ends: date | None
) -> tuple[Section, ...]:
    """The published rules, filled; `ends` None means until the budget is used or the end is announced."""
    stock = offer_values(pack, terms, company) | {"contact": contact, "begins": _day(begins)}
    period = pack.phrases["period_closed" if ends else "period_open"]
    stock["period"] = fill_from(period, stock | {"ends": _day(ends) if ends else ""})
    return _filled(pack.rules, stock)


def privacy_words(pack: Pack, *, company: str, contact: str) -> tuple[Section, ...]:
    """The privacy page, filled."""
    return _filled(pack.privacy, {"company": company, "contact": contact})


def ad_label(pack: Pack, company: str) -> str:
    """The words that mark a piece as an advertisement of the company (Advertising Law 14)."""
    return fill_from(pack.ad_label, {"company": company})


def _openings(pack: Pack, facts: Facts, edition: Edition) -> list[str]:
    """What she may begin with, filled: all that is known of her, and a plain word where nothing is."""
    tenure, history = tenure_words(facts.joined_on, facts.today), facts.history
    pasts = sayable(history, facts.today) if edition == "friend" else ()
    texts = [text for past in pasts if _may_be_said(past, facts) for text in pack.openings_past.get(past, ())]
    texts += pack.openings_since if tenure else ()
    stock = {"company": facts.company, "tenure": tenure, "item": history.item, "times": times_words(history.orders)}
    return [fill_from(text, stock) for text in texts or pack.openings_plain]


def _may_be_said(past: Past, facts: Facts) -> bool:
    """What a shop calls its goods may itself be more than the law lets anybody say, or more than others may know."""
    if past is not Past.BOUGHT:
        return True
    return names_items(facts.industry) and not lint(facts.history.item, edition="feed", industry=facts.industry)


def _filled(sections: tuple[Section, ...], stock: Mapping[str, object]) -> tuple[Section, ...]:
    return tuple(replace(section, text=fill_from(section.text, stock)) for section in sections)


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
