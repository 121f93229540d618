"""Which sentences of a story may stand on a poster, and why others may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.nicknames import signs
from referral.story_quotes import FEWEST_SIGNS, MOST_SIGNS, candidates, refusal

TOLD = "住进来就碰上停水。老板娘半夜起来给我们烧热水，还一直道歉。\n早饭一般，房间很安静！"
PIECES = (
    *("房间很安静", "老板娘", "烧热水", "不过", "小陈", "200元", "第一", "🙂", " "),
    *("。", "！", "？", "……", "，", "\n", "“", "”"),
)
LONG = ("今天走了二十公里很开心。" * 400, "短。" * 2_500, "。" * 5_000, "热" * 5_000, "“" * 5_000)


def fitting(text: str, *names: str) -> list[str]:
    return [each.words for each in candidates(text, "travel", names) if not each.why_not]


def test_whole_sentences_and_those_that_follow_on_each_other_are_candidates():
    assert fitting(TOLD) == [
        "住进来就碰上停水。",
        "住进来就碰上停水。老板娘半夜起来给我们烧热水，还一直道歉。",
        "老板娘半夜起来给我们烧热水，还一直道歉。",
        "早饭一般，房间很安静！",
    ]


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("很好。", "太短"),
        ("走" * (MOST_SIGNS + 1) + "。", "太长"),
        ("她说“下次再来。", "没有说完"),
        ("要说哪里好，那就是，", "没有说完"),
        ("为什么偏偏选了这一家？", "问话"),
        ("不过房间确实有点小。", "接着上一句"),
        ("他们半夜起来烧热水。", "接着上一句"),
        ("小陈半夜起来烧热水。", "人名"),
        ("王老师讲得特别清楚。", "人名"),
        ("带队的阿周一路都在讲笑话。", "人名"),
        ("我叫陈晓明，今年第一次来。", "人名"),
        ("顾问欧阳明一路都在解释。", "人名"),
        ("一共花了1280元，很值得。", "金额"),
        ("路上花了八百多。", "金额"),
        ("每人三百，吃得很舒服。", "金额"),
        ("一千二一晚，房间很安静。", "金额"),
        ("朋友说这里很干净。", "听别人说"),
        ("说是五星级的服务。", "听别人说"),
        ("广告里讲的都很美好。", "听别人说"),
        ("我本来觉得很好。", "原先以为"),
        ("我以为会很干净整洁。", "原先以为"),
        ("听说老板娘人很好。", "听别人说"),
        ("号称半夜也有热水。", "听别人说"),
        ("打完八折也就三百多块钱。", "金额"),
        ("会员省了20%，很开心。", "金额"),
        ("我的电话是13812345678。", "R6"),
        ("全国第一的民宿就在这里。", "R7"),
        ("转发就送红包，真不错。", "R1"),
    ],
)
def test_what_may_not_stand_on_a_poster_says_why(sentence: str, why: str):
    (found,) = candidates(sentence, "travel")

    assert why in found.why_not
    assert found.why_not == refusal(sentence, sentence, "travel")


@pytest.mark.parametrize(
    "sentence",
    [
        "小龙虾是现做的，很新鲜。",
        "可能是住过的民宿里很安静的一家。",
        "一块去的朋友都很喜欢。",
        "老板娘人很好，孩子不肯走。",
        "失望，被子是潮的，打电话也没人接。",
        "这家店的早饭很好喝。",
        "从小看到大的那片海，还是那个样子。",
        "老板娘可以说是很细心的人。",
        "路上花了两三天，一点也不累。",
        "每次来都记得带上相机。",
    ],
)
def test_ordinary_sentences_kind_and_critical_may_stand(sentence: str):
    assert fitting(sentence) == [sentence]


def test_known_people_are_not_named_however_they_are_called():
    assert fitting("梅梅子一路都在拍照片。", "梅梅子") == []
    assert fitting("一路都在拍照片，很开心。", "梅梅子") == ["一路都在拍照片，很开心。"]


def test_praise_that_is_taken_back_in_the_next_breath_does_not_stand_alone():
    told = "房间又大又干净。不过空调坏了一整夜。"

    assert fitting(told) == [told]
    assert "转折" in refusal("房间又大又干净。", told, "travel")
    assert "转折" in refusal("房间又大又干净。", "房间又大又干净。\n可惜空调坏了一整夜。", "travel")


@pytest.mark.parametrize(
    "taken_back",
    [
        "才怪！",
        "其实不是。",
        "实际上隔壁在装修。",
        "事实上一夜没睡。",
        "结果等了两小时。",
        "后来就不行了。",
        "谁知半夜停电。",
        "没想到隔壁在装修。",
        "不料半夜停电。",
        "并不。",
        "——并非如此。",
        "“其实不是。”",
        "可是隔壁在装修。",
    ],
)
@pytest.mark.parametrize("between", ["", " ", "\n"])
def test_whatever_takes_a_sentence_back_keeps_it_from_a_poster(taken_back: str, between: str):
    told = f"房间里很安静。{between}{taken_back}"

    assert "转折" in refusal("房间里很安静。", told, "travel")
    assert "房间里很安静。" not in fitting(told)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("房间非常安静！", "没有这句话"),
        ("早饭一般，房间很安静。", "没有这句话"),
        ("房间很安静！", "要用整句"),
        ("老板娘半夜起来给我们烧热水", "要用整句"),
        ("道歉。\n早饭一般，房间很安静！", "要用整句"),
        ("", "要用整句"),
    ],
)
def test_nothing_is_invented_changed_or_cut(words: str, why: str):
    assert why in refusal(words, TOLD, "travel")


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_every_candidate_is_in_the_story_word_for_word_and_accepted(text: str):
    for found in candidates(text, "travel"):
        assert found.words in text
        assert "\n" not in found.words
        if not found.why_not:
            assert FEWEST_SIGNS <= len(signs(found.words)) <= MOST_SIGNS
            assert refusal(found.words, text, "travel") == ""


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", LONG)
def test_the_longest_story_is_looked_through_quickly(text: str):
    assert len(candidates(text, "travel")) <= 60
    refusal(text[:30], text, "travel")
