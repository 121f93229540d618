"""What is special in the packs of a bank, a school, a travel firm, a knowledge platform, companies and neighbours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest

from bot.copy import Copy
from bot.offers import ad_label, all_words, load_pack, offer_values, pack_names, rule_words, thanks_words
from bot.words import Words
from referral.offers import EDITIONS, Pack
from referral.sectors import unlawful_kinds

COMPANY = "春和"
HOMES = {
    "private-bank": "bank",
    "classmates": "education",
    "traveller": "travel",
    "first-look": "training",
    "team-plan": "software",
    "good-neighbour": "property",
}
MONEY = re.compile(r"[¥￥]|[\d一二两三四五六七八九十百千万]\s*(?:元|块|万|折)|%")
PRODUCTS = re.compile(r"存款|贷款|理财|基金|保险|信用卡|债|黄金|利率|利息|收益|转账|汇款|资产管理")
PERSONAL = re.compile(r"[你您我](?:本人)?得(?=\d)|现金|红包|礼[品盒]|积分(?!。)")


def every_word(pack: Pack) -> Iterator[str]:
    """All that anybody reads of a pack: shared, posted, on the pages, in the chat, of every tier."""
    words = Words(Copy.load(), COMPANY, "微信客服")
    yield from (text for _, text in all_words(pack, pack.terms, company=COMPANY, contact="微信客服"))
    yield from (str(value) for value in words.offer(pack.name, pack.terms).values() if isinstance(value, str))
    yield from (thanks_words(choice) for each in pack.terms.thanks for choice in each.choices)


def rules_of(pack: Pack) -> dict[str, str]:
    sections = rule_words(pack, pack.terms, company=COMPANY, contact="微信客服", begins=date(2026, 11, 22), ends=None)
    return {section.field: section.text for section in sections}


@pytest.mark.parametrize(("name", "industry"), HOMES.items())
def test_a_pack_may_run_in_any_shop_and_in_the_sector_it_was_made_for(name: str, industry: str):
    pack, words = load_pack(name), Words(Copy.load(), COMPANY, "微信客服")

    for sector in ("retail", industry):
        assert words.unlawful(name, pack.terms, sector) == []
        assert unlawful_kinds(sector, pack.terms.kinds) == []


@pytest.mark.parametrize("name", HOMES)
def test_the_published_days_of_use_are_those_of_the_terms(name: str):
    pack = load_pack(name)

    days = {choice.valid_days for each in pack.terms.thanks for choice in each.choices} - {0}

    assert days == {int(found) for found in re.findall(r"(\d+)天", rules_of(pack)["use"])}


@pytest.mark.parametrize("name", HOMES)
def test_no_pack_speaks_in_the_sentences_of_another(name: str):
    others = [load_pack(other) for other in pack_names() if other != name]

    taken = {text for other in others for text in own_texts(other)}

    assert taken & set(own_texts(load_pack(name))) == set()


def own_texts(pack: Pack) -> Iterator[str]:
    """What an advocate says and a poster shows, as the pack writes it."""
    yield from (*pack.openings_since, *pack.openings_plain, pack.short)
    yield from (text for texts in pack.openings_past.values() for text in texts)
    yield from pack.spoken.values()
    for framing in pack.framings:
        for edition in EDITIONS:
            yield from pack.words[framing][edition]
            yield from (pack.posters[framing][edition].headline, pack.posters[framing][edition].body)


# ---- private-bank -----------------------------------------------------------------------------------------------


def test_a_bank_names_no_amount_and_no_product_anywhere():
    pack = load_pack("private-bank")

    said = [*every_word(pack), *rules_of(pack).values()]
    said.remove(offer_values(pack, pack.terms, COMPANY)["budget_yuan"])  # a number that no words of it use

    assert [text for text in said if MONEY.search(text) or PRODUCTS.search(text)] == []


def test_a_bank_publishes_how_many_friends_count_in_place_of_a_sum():
    assert "整个活动一共最多300位" in rules_of(load_pack("private-bank"))["caps"]


@pytest.mark.parametrize(
    ("tier", "privileges"),
    [
        ("", ["adviser-session"]),
        ("白金", ["adviser-session", "priority-service"]),
        ("钻石", ["adviser-session", "priority-service", "own-fee-waiver"]),
    ],
)
def test_a_banks_services_grow_with_the_tier_and_end_some_day(tier: str, privileges: list[str]):
    thanks = load_pack("private-bank").terms.thanks_for("referral", "advocate", tier=tier)

    assert [each.rule for each in thanks] == privileges
    assert all(choice.kind == "privilege" and choice.valid_days for each in thanks for choice in each.choices)


def test_what_a_bank_keeps_of_people_leaves_their_money_out():
    kept = next(section.text for section in load_pack("private-bank").privacy if section.field == "what")

    assert "不记录您的账户资金和交易" in kept


# ---- classmates -------------------------------------------------------------------------------------------------


def test_a_classmate_gets_points_and_credit_at_once():
    thanks = load_pack("classmates").terms.thanks_for("referral", "advocate")

    assert [(choice.kind, choice.unit) for each in thanks for choice in each.choices] == [
        ("points", "points"),
        ("coupon", "fen"),
    ]


def test_courses_are_for_adults_and_no_teacher_introduces():
    rules = rules_of(load_pack("classmates"))

    assert "朋友须年满18周岁" in rules["friend"]
    assert "授课老师" in rules["who"]


# ---- traveller --------------------------------------------------------------------------------------------------


def test_a_story_is_asked_for_whatever_it_says_and_wherever_it_goes():
    pack = load_pack("traveller")

    asked = rules_of(pack)["story"]

    assert re.search("把您的旅途故事写给我们.*故事好坏都欢迎，与是否转发无关", asked)
    assert any("故事好坏都欢迎，与是否转发无关" in line for line in pack.landing.lines)


def test_criteria_judges_number_and_date_of_the_stories_are_published():
    rules = rules_of(load_pack("traveller"))

    assert "不加分" in rules["criteria"]
    assert "不扣分" in rules["criteria"]
    assert "三位同事" in rules["judges"]
    assert "最多入选10篇" in rules["number"]
    assert "次月10日前公布" in rules["date"]
    assert "1000积分和1份旅行手账礼盒" in rules["thanks"]


def test_a_story_alone_is_thanked_and_never_the_friend_s_order():
    pack = load_pack("traveller")

    assert {each.cause for each in pack.terms.thanks if each.side == "advocate"} == {"story"}
    assert offer_values(pack, pack.terms, COMPANY)["both_peer"] == "有一张100元旅行券"
    assert "推荐人不因此得任何东西" in rules_of(pack)["thanks"]


def test_a_prize_for_travellers_is_marked_as_advertisement():
    assert ad_label(load_pack("traveller"), COMPANY) == "广告 · 春和"


# ---- first-look -------------------------------------------------------------------------------------------------


def test_early_access_is_a_privilege_that_says_how_early_and_how_long():
    pack = load_pack("first-look")

    (early,) = pack.terms.thanks_for("referral", "advocate")

    assert [(c.kind, c.value, c.valid_days) for c in early.choices] == [("privilege", "early-access", 90)]
    assert "公开前7天" in rules_of(pack)["thanks"]


# ---- team-plan --------------------------------------------------------------------------------------------------


def test_companies_thank_companies_and_never_a_person():
    terms = load_pack("team-plan").terms

    assert terms.pays == "company"
    assert {(c.kind, c.tax_class) for each in terms.thanks for c in each.choices} == {("coupon", "company")}


def test_no_words_between_companies_promise_a_person_anything():
    pack = load_pack("team-plan")

    said = [text for text in every_word(pack) if not text.startswith(rules_of(pack)["thanks"])]

    assert [text for text in said if PERSONAL.search(text)] == []
    assert "个人不得任何好处" in rules_of(pack)["thanks"]
    assert "采购经办人" in rules_of(pack)["who"]
    assert "商业贿赂" in rules_of(pack)["integrity"]


# ---- good-neighbour ---------------------------------------------------------------------------------------------


def test_a_neighbour_s_visit_is_looked_at_by_a_second_person_and_may_take_half_a_year():
    pack = load_pack("good-neighbour")

    rules = rules_of(pack)

    assert pack.terms.confirm
    assert "登记之外的另一位同事核对" in rules["hold"]
    assert "180天内" in rules["counts"]
    assert pack.terms.conversions == ("visit.completed", "contract.signed")


def test_a_gift_costs_its_owner_no_tax():
    for name in ("traveller", "good-neighbour"):
        pack = load_pack(name)
        gifts = [c for each in pack.terms.thanks for c in each.choices if c.kind == "gift"]
        assert {gift.tax_class for gift in gifts} == {"incidental"}
        assert "税款由春和另外承担，您收到的不减" in rules_of(pack)["tax"]
