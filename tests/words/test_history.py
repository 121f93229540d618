"""What a customer's own history lets her words say, and what never."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from bot.copy import PLACEHOLDERS, fill_from
from bot.offers import SHARE_LONGEST, load_pack, offer_values, pack_names, share_words, spoken_seconds, spoken_words
from referral.framing import Facts
from referral.history import FRESH_DAYS, UNKNOWN, History, Past, is_an_item, sayable, times_words
from referral.offers import Edition, Pack
from referral.signals import SignalKind
from referral.stories import Story, StoryState
from referral.wording import lint

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
RICH = History(
    orders=14, item="桂花乌龙", item_on=TODAY, good=SignalKind.RENEWAL, good_on=TODAY - timedelta(days=9), wrote=True
)
PRAISED = replace(RICH, good=SignalKind.PRAISE)
PACKS = [load_pack(name) for name in pack_names()]
CODE = "3F9K2A7B"
LINK = f"https://i.mt.cn/i/{CODE}"

every_pack = pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.name)


def facts(history: History, person: str = "mei", *, company: str = "青禾生活", since: date | None = None) -> Facts:
    return Facts(
        person=person,
        campaign="c1",
        company=company,
        product="会员",
        nickname="梅姐",
        joined_on=since,
        today=TODAY,
        history=history,
    )


def said(pack: Pack, edition: Edition, history: History, **known: object) -> set[str]:
    """Everything that a hundred people with this history would pass on."""
    return {
        share_words(
            pack,
            pack.terms,
            framing,
            facts(history, f"person-{i}", **known),  # type: ignore[arg-type]
            edition=edition,
            link=LINK,
            code=CODE,
        )
        for framing in pack.framings
        for i in range(100)
    }


@pytest.mark.parametrize(
    ("history", "pasts"),
    [
        (UNKNOWN, ()),
        (RICH, (Past.RENEWED, Past.BOUGHT, Past.OFTEN, Past.WROTE)),
        (PRAISED, (Past.BOUGHT, Past.PRAISED, Past.OFTEN, Past.WROTE)),
        (replace(UNKNOWN, orders=2), ()),
        (replace(UNKNOWN, orders=3), (Past.OFTEN,)),
        (replace(UNKNOWN, good=SignalKind.RENEWAL, good_on=TODAY - timedelta(days=FRESH_DAYS + 1)), ()),
        (replace(UNKNOWN, good=SignalKind.PRAISE, good_on=TODAY + timedelta(days=1)), ()),
        (replace(UNKNOWN, item="SKU-20931", item_on=TODAY), ()),
        (replace(UNKNOWN, item="桂花乌龙", item_on=TODAY - timedelta(days=FRESH_DAYS + 1)), ()),
    ],
)
def test_only_what_is_known_and_fresh_may_be_said(history: History, pasts: tuple[Past, ...]):
    assert sayable(history, TODAY) == pasts


@pytest.mark.parametrize("kind", [SignalKind.SURVEY, SignalKind.DELIVERY, SignalKind.MILESTONE, SignalKind.RESOLVED])
def test_an_answer_given_to_the_company_stays_with_the_company(kind: SignalKind):
    assert sayable(replace(UNKNOWN, good=kind, good_on=TODAY), TODAY) == ()


@pytest.mark.parametrize("name", ["桂花乌龙", "云南6日游", "A4打印纸", "英语小班课", "沙发", "净水器", "烤鱼"])
def test_goods_are_named_as_people_name_them(name: str):
    assert is_an_item(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "茶",
        "SKU-1",
        "Tea",
        "6901234567892",
        "茶叶6901",
        "{company}",
        "乌龙\n茶",
        "一二三四五六七八九十长",
        "茶<b>叶",
    ],
)
def test_article_numbers_and_odd_names_are_not(name: str):
    assert not is_an_item(name)


@pytest.mark.parametrize(
    "name",
    [
        *("验孕棒", "痔疮膏", "抗抑郁药", "艾滋病检测", "情趣内衣", "避孕套装", "假发套", "治脚癣喷剂", "糖尿病餐"),
        *("HPV筛查", "戒烟贴", "小额贷款", "稳健理财", "重疾保险", "福利彩票", "成人用品", "減肥藥", "离婚咨询"),
    ],
)
def test_a_thing_that_tells_of_her_body_or_purse_is_never_named(name: str):
    assert not is_an_item(name)


@pytest.mark.parametrize("industry", ["medical", "insurance", "bank", "loans", "securities"])
def test_where_any_purchase_tells_of_body_or_purse_none_is_named(industry: str):
    pack, plain = load_pack("top-fans"), replace(UNKNOWN, item="桂花乌龙", item_on=TODAY)

    def texts(where: str) -> set[str]:
        known = [replace(facts(plain, f"person-{i}"), industry=where) for i in range(100)]
        return {
            share_words(pack, pack.terms, pack.framings[0], each, edition="friend", link=LINK, code=CODE)
            for each in known
        }

    assert any("桂花乌龙" in text for text in texts("retail"))
    assert not any("桂花乌龙" in text for text in texts(industry))


@pytest.mark.parametrize(
    ("count", "words"),
    [(3, "三"), (10, "十"), (11, "十几"), (19, "十几"), (20, "几十"), (99, "几十"), (100, "上百"), (5000, "上百")],
)
def test_how_often_is_never_more_than_is_true(count: int, words: str):
    assert times_words(count) == words


@every_pack
@pytest.mark.parametrize("history", [RICH, PRAISED], ids=["renewed", "praised"])
def test_words_that_lean_on_history_are_clean_and_short(pack: Pack, history: History):
    for text in said(pack, "friend", history, since=date(2024, 3, 1), company="一家名字很长很长的有限公司"):
        assert lint(text, edition="friend") == [], text
        assert len(text) <= SHARE_LONGEST
        assert "…" not in text


@every_pack
def test_every_opening_is_clean_in_every_wording_it_may_stand_in(pack: Pack):
    known = {"company": "青禾生活", "tenure": "两年多", "times": "十几", "item": "桂花乌龙"}
    stock = offer_values(pack, pack.terms, "青禾生活") | {"link": LINK, "code": CODE}
    anywhere = (*pack.openings_since, *pack.openings_plain)
    past = tuple(text for texts in pack.openings_past.values() for text in texts)

    for framing in pack.framings:
        for edition, openings in (("feed", anywhere), ("friend", (*anywhere, *past))):
            for text, opening in product(pack.words[framing][edition], openings):  # type: ignore[index]
                whole = fill_from(text, {**stock, "opening": fill_from(opening, known)})
                assert lint(whole, edition=edition) == [], whole  # type: ignore[arg-type]


@every_pack
def test_no_opening_is_cut_however_long_the_names_in_it(pack: Pack):
    longest = {"company": 30, "item": 10, "times": 2, "tenure": 8}
    for texts in (pack.openings_since, pack.openings_plain, *pack.openings_past.values()):
        for text in texts:
            filled = text
            for name, length in longest.items():
                filled = filled.replace(f"{{{name}}}", "长" * length)
            assert len(filled) <= PLACEHOLDERS["opening"], text


@every_pack
def test_a_feed_hears_nothing_of_a_persons_history(pack: Pack):
    assert said(pack, "feed", RICH) == said(pack, "feed", UNKNOWN)


@every_pack
def test_a_customer_of_whom_nothing_is_known_claims_nothing(pack: Pack):
    claims = [text.replace("{company}", "青禾生活") for texts in pack.openings_past.values() for text in texts]
    for text in said(pack, "friend", UNKNOWN):
        assert not any(claim in text for claim in claims)


@every_pack
def test_what_is_known_of_her_is_what_her_words_begin_with(pack: Pack):
    plain, rich = said(pack, "friend", UNKNOWN), said(pack, "friend", RICH)

    fitting = [past for past in sayable(RICH, TODAY) if past in pack.openings_past]
    assert (rich != plain) == bool(fitting)
    assert any("桂花乌龙" in text for text in rich) == (Past.BOUGHT in fitting)
    assert any("十几" in text for text in rich) == (Past.OFTEN in fitting)


def test_a_shops_own_praise_of_its_goods_is_not_put_into_her_mouth():
    loud = replace(UNKNOWN, item="全网第一好茶", item_on=TODAY)

    texts = said(load_pack("top-fans"), "friend", loud)

    assert Past.BOUGHT in sayable(loud, TODAY)
    assert not any("第一好茶" in text for text in texts)


def test_where_being_a_patient_or_insured_would_show_there_is_nothing_to_lean_on():
    assert load_pack("gratitude").openings_past == {}


@every_pack
def test_no_opening_says_that_something_worked(pack: Pack):
    texts = (*pack.openings_since, *pack.openings_plain, *(t for texts in pack.openings_past.values() for t in texts))

    assert not any(word in text for text in texts for word in ("亲测", "有效", "好用", "推荐", "治", "赚", "满意"))


@every_pack
def test_every_framing_takes_about_fifteen_seconds_aloud_and_may_stand_in_a_feed(pack: Pack):
    for framing in pack.framings:
        for length in range(2, 31):
            company = "一家名字很长很长的有限责任公司上海分公司第二营业部和它的门店"[:length]
            text = spoken_words(pack, framing, company)
            assert 12 <= spoken_seconds(text) <= 16, text
            assert lint(text, edition="feed") == []
            assert company in text
            assert text.endswith("。")
            assert not any(word in text for word in ("您", "谢礼", "分享", "转发"))


@every_pack
def test_said_with_a_name_of_common_length_it_is_whole_and_as_long_as_was_asked_for(pack: Pack):
    for framing in pack.framings:
        text = spoken_words(pack, framing, "春和家居")

        assert text == pack.spoken[framing].format(company="春和家居", product=pack.product)
        assert 54 <= len(text) <= 70
        assert len(set(pack.spoken.values())) == len(pack.framings)


def test_only_a_story_that_everybody_may_read_is_mentioned():
    story = Story(id="s-1", person="mei", begun_at=NOW, changed_at=NOW)

    standing = {state: replace(story, state=state).is_on_the_wall for state in StoryState}

    assert [state for state, shown in standing.items() if shown] == [StoryState.SELECTED]
