"""Our own words, read by our own linter, and the words an advocate passes on."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import get_args

import pytest

from bot.config.sections import Industry
from bot.copy import PLACEHOLDERS, Copy, CopyError
from bot.offers import (
    SHARE_LONGEST,
    ad_label,
    all_words,
    landing_words,
    load_pack,
    offer_values,
    pack_names,
    rule_words,
    share_words,
    thanks_words,
)
from bot.words import Words
from referral.framing import Facts, Framing
from referral.offers import EDITIONS, RULE_FIELDS, Edition, Pack
from referral.terms import override
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


PACKS = [load_pack(name) for name in pack_names()]
FORBIDDEN = ("k12", "loans", "securities", "insurance", "medical")
"""Sectors in which a friend's act may earn nobody anything (reliability R8)."""

every_pack = pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.name)


@every_pack
@pytest.mark.parametrize("industry", [each for each in get_args(Industry) if each not in FORBIDDEN])
def test_every_word_of_a_pack_is_clean_in_every_industry_it_may_run_in(pack: Pack, industry: str):
    found = Words(copy=Copy.load(), company=COMPANY, contact="微信客服").unlawful(pack.name, pack.terms, industry)

    if pack.industries and industry not in pack.industries:
        assert found == [f"「{pack.title}」只用于这些行业：{'、'.join(pack.industries)}"]
    elif industry != "bank" or pack.name in ("private-bank", "gratitude"):
        assert found == []


@every_pack
@pytest.mark.parametrize("industry", FORBIDDEN)
def test_where_thanks_are_forbidden_only_a_pack_without_any_may_run(pack: Pack, industry: str):
    found = Words(copy=Copy.load(), company=COMPANY, contact="微信客服").unlawful(pack.name, pack.terms, industry)

    assert (found == []) == (pack.name == "gratitude" and industry != "k12")


@every_pack
@pytest.mark.parametrize("edition", EDITIONS)
def test_the_words_an_advocate_passes_on_are_clean_in_everybodys_name(pack: Pack, edition: Edition):
    texts = {
        words(pack, framing, edition, f"person-{i}", joined_on=joined_on)
        for framing in pack.framings
        for joined_on in (SINCE, None)
        for i in range(20)
    }

    assert [(text, lint(text, edition=edition)) for text in texts if lint(text, edition=edition)] == []
    assert lint(ad_label(pack, COMPANY), edition="feed") == []


@every_pack
def test_every_chat_bubble_is_clean_and_true_to_its_pack(pack: Pack):
    copy = Copy.load()
    stock: dict[str, object] = dict.fromkeys(PLACEHOLDERS, "3") | {"advocate": "李姐", "friend": "小君", "link": LINK}
    stock |= offer_values(pack, pack.terms, COMPANY)

    for key in copy.lines:
        said = copy.say(key, stock)
        for edition in ("chat", "friend"):
            assert lint(said, edition=edition) == [], key  # type: ignore[arg-type]
        assert not re.search(r"[，。：；、]{2}", said), (key, said)


@every_pack
def test_every_value_of_an_offer_is_said_whole_even_with_the_largest_amounts(pack: Pack):
    largest = {name: "9999" for name in ("amount_advocate", "amount_friend") if may_set(pack, name)}
    terms = override(
        pack.terms,
        largest | {"cost_fen": "9999", "cap_per_day": "1000", "cap_campaign": "10000000", "margin_percent": "100"},
    )

    for name, value in offer_values(pack, terms, COMPANY).items():
        assert len(str(value)) <= PLACEHOLDERS[name], (name, value)


def may_set(pack: Pack, name: str) -> bool:
    return bool(pack.terms.thanks_for("referral", name.removeprefix("amount_")))


@every_pack
def test_the_rules_of_a_pack_publish_every_field_and_every_limit_of_its_terms(pack: Pack):
    terms = replace(pack.terms, cap_per_day=2, cap_campaign=900, margin_percent=15, confirm=False)
    sections = rule_words(pack, terms, company=COMPANY, contact="客服", begins=BEGINS, ends=None)
    rules = " ".join(s.text for s in sections)

    assert set(RULE_FIELDS) <= {section.field for section in sections}
    for choice in (choice for each in terms.thanks if each.cause == "referral" for choice in each.choices):
        if not choice.value:
            assert thanks_words(choice) in rules
    if terms.thanks_for("referral"):
        for fact in (f"{terms.window_days}天内", f"{terms.hold_days}天", "每天最多2位", "最多900位"):
            assert fact in rules, fact


@every_pack
def test_a_milestone_is_never_announced(pack: Pack):
    told = [text for _, text in all_words(pack, pack.terms, company=COMPANY, contact="客服")]
    surprises = [thanks_words(each.choices[0]) for each in pack.terms.thanks if each.cause == "milestone"]

    for surprise in surprises:
        assert not any(surprise in text for text in told if text != surprise)
        assert not any(re.search(r"[满够第][三3][位个]", text) for text in told)


@every_pack
def test_a_friends_words_carry_link_and_code_and_stay_short(pack: Pack):
    for framing in pack.framings:
        for person in range(20):
            text = words(pack, framing, "friend", f"person-{person}")
            assert LINK in text
            assert CODE in text
            assert len(text) <= SHARE_LONGEST


@every_pack
def test_the_first_choice_of_words_fits_a_long_name_and_link(pack: Pack):
    long_link = "https://" + "a" * 40 + ".cn/i/" + CODE

    for framing in pack.framings:
        for person in range(20):
            told = facts(f"person-{person}", company="一家名字很长很长的有限公司")
            text = share_words(pack, pack.terms, framing, told, edition="friend", link=long_link, code=CODE)
            assert "邀请链接：" not in text


@every_pack
def test_a_feeds_words_carry_neither_link_nor_code_nor_thanks(pack: Pack):
    for framing in pack.framings:
        for person in range(20):
            text = words(pack, framing, "feed", f"person-{person}")
            assert not re.search(rf"{CODE}|http|谢礼|积分|券|元|\d", text), text


@every_pack
def test_one_circle_of_friends_does_not_read_one_text(pack: Pack):
    texts = {words(pack, framing, "friend", f"person-{i}") for framing in pack.framings for i in range(40)}

    assert len(texts) >= 12


def test_a_person_gets_the_same_words_every_time():
    pack = load_pack("double-month")

    assert words(pack, Framing.HELP, "friend") == words(pack, Framing.HELP, "friend")


def test_tenure_is_claimed_only_when_it_is_known():
    pack = load_pack("double-month")

    assert all("两年多" in text for text in (words(pack, framing, "friend") for framing in pack.framings))
    assert not any("年" in words(pack, framing, "friend", joined_on=None) for framing in pack.framings)


def test_a_long_name_and_link_still_fit_and_an_absurd_link_is_refused():
    pack = load_pack("double-month")
    long_link = "https://" + "a" * 120 + "/i/" + CODE

    for framing in pack.framings:
        told = facts(company="一家名字特别特别特别长的有限责任公司全称")
        text = share_words(pack, pack.terms, framing, told, edition="friend", link=long_link, code=CODE)
        assert len(text) <= SHARE_LONGEST
        assert long_link in text
    with pytest.raises(CopyError, match="link"):
        share_words(pack, pack.terms, Framing.HELP, facts(), edition="friend", link=long_link + "b" * 60, code=CODE)


def test_words_follow_the_terms_when_the_two_sides_differ():
    pack = load_pack("double-month")
    changes = {"amount_friend": "60", "min_amount_fen": "9900", "attribution": "first", "new_customers_only": "false"}
    terms = override(pack.terms, changes)

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
