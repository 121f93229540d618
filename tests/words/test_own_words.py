"""Our own words, read by our own linter, and the words an advocate passes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from bot.copy import PLACEHOLDERS, Copy, CopyError
from bot.offers import (
    SHARE_LONGEST,
    ad_label,
    landing_words,
    load_pack,
    offer_values,
    pack_names,
    poster_words,
    privacy_words,
    rule_words,
    share_words,
)
from referral.framing import Facts, Framing
from referral.offers import EDITIONS, Edition, Pack
from referral.wording import lint

COMPANY = "青禾生活"
CODE = "3F9K2A7B"
LINK = f"https://i.mt.cn/i/{CODE}"
SINCE = date(2024, 3, 1)
BEGINS = date(2026, 11, 22)


def facts(person: str = "mei", *, joined_on: date | None = SINCE, company: str = COMPANY) -> Facts:
    return Facts(
        person=person, campaign="c1", company=company, product="会员", nickname="Mei", joined_on=joined_on, today=BEGINS
    )


def words(pack: Pack, framing: Framing, edition: Edition, person: str = "mei", **known: object) -> str:
    told = facts(person, **known)  # type: ignore[arg-type]
    return share_words(pack, pack.terms, framing, told, edition=edition, link=LINK, code=CODE)


def every_share(pack: Pack, edition: Edition) -> Iterator[str]:
    for framing in Framing:
        for joined_on in (SINCE, None):
            yield from {words(pack, framing, edition, f"person-{i}", joined_on=joined_on) for i in range(40)}


@pytest.mark.parametrize("pack", [load_pack(name) for name in pack_names()], ids=lambda pack: pack.name)
@pytest.mark.parametrize("edition", EDITIONS)
def test_the_words_an_advocate_passes_on_are_clean_in_their_edition(pack: Pack, edition: Edition):
    assert [
        (text, lint(text, edition=edition)) for text in every_share(pack, edition) if lint(text, edition=edition)
    ] == []


@pytest.mark.parametrize("pack", [load_pack(name) for name in pack_names()], ids=lambda pack: pack.name)
def test_posters_pages_rules_and_privacy_of_every_pack_are_clean(pack: Pack):
    for framing in Framing:
        for edition in EDITIONS:
            poster = poster_words(pack, pack.terms, framing, COMPANY, edition=edition)
            assert lint(f"{poster.headline}\n{poster.body}\n{poster.note}", edition=edition) == []
    page = landing_words(pack, pack.terms, company=COMPANY, nickname="Mei", code=CODE)
    rules = rule_words(pack, pack.terms, company=COMPANY, contact="微信客服", begins=BEGINS, ends=None)
    texts = [page.headline, page.headline_unsigned, *page.lines, *page.steps, page.button, page.note]
    texts += [section.text for section in rules + privacy_words(pack, company=COMPANY, contact="微信客服")]
    assert [(text, lint(text)) for text in texts if lint(text)] == []
    assert lint(ad_label(pack, COMPANY), edition="feed") == []


def test_every_chat_bubble_is_clean():
    pack, copy = load_pack("double-month"), Copy.load()
    stock: dict[str, object] = dict.fromkeys(PLACEHOLDERS, "3") | {"advocate": "李姐", "friend": "小君", "link": LINK}
    stock |= offer_values(pack, pack.terms, COMPANY)

    for key in copy.lines:
        for edition in ("chat", "friend"):
            assert lint(copy.say(key, stock), edition=edition) == [], key  # type: ignore[arg-type]


@pytest.mark.parametrize("framing", Framing)
def test_a_friends_words_carry_link_and_code_and_stay_short(framing: Framing):
    pack = load_pack("double-month")

    for person in range(40):
        text = words(pack, framing, "friend", f"person-{person}")
        assert LINK in text
        assert CODE in text
        assert len(text) <= SHARE_LONGEST


@pytest.mark.parametrize("framing", Framing)
def test_a_feeds_words_carry_neither_link_nor_code(framing: Framing):
    text = words(load_pack("double-month"), framing, "feed")

    assert CODE not in text
    assert "http" not in text


def test_one_circle_of_friends_does_not_read_one_text():
    pack = load_pack("double-month")

    texts = {words(pack, framing, "friend", f"person-{i}") for framing in Framing for i in range(40)}

    assert len(texts) >= 12


def test_a_person_gets_the_same_words_every_time():
    pack = load_pack("double-month")

    assert words(pack, Framing.HELP, "friend") == words(pack, Framing.HELP, "friend")


def test_tenure_is_claimed_only_when_it_is_known():
    pack = load_pack("double-month")

    assert all("两年多" in text for text in (words(pack, framing, "friend") for framing in Framing))
    assert not any("年" in words(pack, framing, "friend", joined_on=None) for framing in Framing)


def test_a_long_name_and_link_still_fit_and_an_absurd_link_is_refused():
    pack = load_pack("double-month")
    long_link = "https://" + "a" * 120 + "/i/" + CODE

    for framing in Framing:
        told = facts(company="一家名字特别特别特别长的有限责任公司全称")
        text = share_words(pack, pack.terms, framing, told, edition="friend", link=long_link, code=CODE)
        assert len(text) <= SHARE_LONGEST
        assert long_link in text
    with pytest.raises(CopyError, match="link"):
        share_words(pack, pack.terms, Framing.HELP, facts(), edition="friend", link=long_link + "b" * 60, code=CODE)


def test_words_follow_the_terms_when_the_two_sides_differ():
    pack = load_pack("double-month")
    terms = replace(pack.terms, amount_friend=60, min_amount_fen=9900, attribution="first", new_customers_only=False)

    text = share_words(pack, terms, Framing.BOTH, facts(), edition="friend", link=LINK, code=CODE)
    rules = " ".join(
        s.text for s in rule_words(pack, terms, company=COMPANY, contact="客服", begins=BEGINS, ends=date(2027, 1, 31))
    )

    assert "你得60天会员，我得30天会员" in text
    assert "实付满99元" in rules
    assert "第一次接触为准" in rules
    assert "新老" not in rules
    assert "2026年11月22日至2027年1月31日" in rules


def test_the_rules_tell_the_settled_numbers():
    pack = load_pack("double-month")

    rules = " ".join(
        s.text for s in rule_words(pack, pack.terms, company=COMPANY, contact="客服", begins=BEGINS, ends=None)
    )

    for fact in (
        "30天内",
        "过15天退款期",
        "7天内有效",
        "最多计入50位",
        "预算共10万元",
        "30天会员",
        "没有第二层",
        "12315",
    ):
        assert fact in rules


def test_an_unsigned_landing_page_names_nobody():
    pack = load_pack("double-month")

    page = landing_words(pack, pack.terms, company=COMPANY, nickname=None, code=CODE)

    assert page.headline == page.headline_unsigned == "一位老朋友介绍您认识青禾生活"
