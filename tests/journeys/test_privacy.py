"""What an advocate may learn of a friend, and how an advocate appears to others."""

import re

import pytest

from tests.journeys.town import HOLD_S, LINK

ASKED = "可以告诉梅姐您来了吗？"


@pytest.fixture
async def friend(town):
    """Jun has come by Mei's code; Mei can be written to."""
    code = await town.code_of("mei", await town.campaign())
    await town.say("mei", "您好")
    await town.act("jun", "add", code)
    return code


async def question_on(town, persona):
    """The form of the question on somebody's own page, None where nothing is asked."""
    html = (await town.get(await town.me(persona))).text
    if 'name="referral"' not in html:
        return None
    return html.split('name="referral" value="')[1].split('"')[0]


async def all_that_mei_sees(town):
    """Her chat, her own page, and what she is told when she asks."""
    asked = [*await town.say("mei", "进度"), *await town.say("mei", "为什么")]
    own = (await town.get(await town.me("mei"))).text
    return "\n".join([*await town.log("mei"), *asked, own])


def in_words(seen):
    """What people read of it: no markup, links, codes and hashes, in which any digits may stand."""
    text = re.sub(r"(?s)<(head|style|script)\b.*?</\1>|<[^>]*>", " ", seen)
    return re.sub(r"[0-9A-Za-z_-]{8,}", " ", LINK.sub(" ", text))


async def test_a_friend_is_asked_once_in_the_chat_and_on_their_page_until_they_answer(town, friend):
    first = await town.say("jun", "规则")
    second = await town.say("jun", "规则")

    assert sum(ASKED in told for told in first) == 1
    assert not any(ASKED in told for told in second)
    assert ASKED in (await town.get(await town.me("jun"))).text
    await town.say("jun", "可以")
    own = (await town.get(await town.me("jun"))).text
    assert ASKED not in own
    assert "您同意了告诉梅姐您来了。想改，在这里重新选。" in own


async def test_a_friend_who_says_no_stays_unnamed_whatever_happens(town, friend):
    await town.say("jun", "您好")
    assert await town.say("jun", "不用") == ["好的，不会告诉对方。这不影响您该得的。"]
    bought = await town.buy("jun")
    await town.pass_time(HOLD_S + 60)
    await town.act("jun", "refund", bought["order_no"])

    seen = await all_that_mei_sees(town)

    assert "小军" not in seen
    assert "一位好友" in seen


async def test_a_friend_who_was_never_asked_stays_unnamed_too(town, friend):
    await town.buy("jun")

    assert "小军" not in await all_that_mei_sees(town)


async def test_a_yes_on_the_page_reaches_the_advocate(town, friend):
    asked = await question_on(town, "jun")

    said = await town.post(f"{await town.me('jun')}/answer", {"referral": asked, "answer": "yes"})
    await town.app.settle()

    assert said.status == 303
    assert "小军来了，已经和我们的顾问认识。谢谢您的介绍。" in await town.log("mei")
    assert "小军 · 已添加顾问" in (await town.say("mei", "进度"))[0]


async def test_a_yes_tapped_in_the_chat_reaches_the_advocate_once(town, friend):
    await town.say("jun", "您好")
    (referral,) = await town.referrals("jun")

    await town.act("jun", "tap", f"yes:{referral.id}")
    await town.act("jun", "tap", f"yes:{referral.id}")

    assert sum("小军来了" in told for told in await town.log("mei")) == 1


async def test_a_yes_can_be_taken_back_on_the_page(town, friend):
    asked = await question_on(town, "jun")
    for answer in ("yes", "no"):
        await town.post(f"{await town.me('jun')}/answer", {"referral": asked, "answer": answer})
    await town.buy("jun")

    assert "没有告诉梅姐您来了" in (await town.get(await town.me("jun"))).text
    assert "一位好友 · 已计入" in (await town.say("mei", "进度"))[0]
    assert "小军" not in (await town.get(await town.me("mei"))).text


async def test_a_yes_taken_back_before_the_advocate_heard_it_is_never_told(town, friend):
    await town.say("jun", "您好")
    (referral,) = await town.referrals("jun")
    await town.later(50 * 3600)  # Mei's window has closed
    await town.act("jun", "tap", f"yes:{referral.id}")
    await town.buy("jun")

    await town.act("jun", "tap", f"no:{referral.id}")

    seen = await all_that_mei_sees(town)
    assert "小军" not in seen
    assert "一位好友 · 已计入" in seen


@pytest.mark.parametrize("vague", ["好的", "嗯", "行"])
async def test_a_vague_word_is_a_yes_only_straight_after_the_question(town, friend, vague):
    await town.say("jun", "您好")
    await town.say("jun", "规则")

    await town.say("jun", vague)

    assert not any("小军来了" in told for told in await town.log("mei"))


@pytest.mark.parametrize("plain", ["可以", "好的", "好的，谢谢"])
async def test_a_plain_yes_counts_straight_after_the_question(town, friend, plain):
    await town.say("jun", "您好")

    await town.say("jun", plain)

    assert any("小军来了" in told for told in await town.log("mei"))


async def test_nobody_answers_for_another(town, friend):
    asked = await question_on(town, "jun")
    await town.say("bo", "您好")

    said = await town.post(f"{await town.me('bo')}/answer", {"referral": asked, "answer": "yes"})

    assert said.status == 404
    assert not any("小军来了" in told for told in await town.log("mei"))


async def test_neither_amount_nor_product_reaches_the_advocate(town, friend):
    await town.say("jun", "您好")
    await town.say("jun", "可以")
    await town.buy("jun", {"amount_fen": 7_654_300, "order_no": "沙发-765"})
    await town.pass_time(HOLD_S + 60)

    seen = in_words(await all_that_mei_sees(town))

    assert "小军" in seen
    for hidden in ("76543", "7654300", "沙发", "765", "199"):
        assert hidden not in seen


# --- how the advocate appears --------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["chat", "page", "menu"])
async def test_an_advocate_who_does_not_sign_is_named_nowhere(town, by):
    code = await town.code_of("mei", await town.campaign())
    await town.say("mei", "署名方式")
    if by == "chat":
        await town.say("mei", "不署名")
    elif by == "menu":
        await town.act("mei", "tap", "sign.none")
    else:
        await town.post(f"{await town.me('mei')}/byline", {"byline": "none"})

    landing = await town.get(f"/i/{code}")
    added = await town.act("jun", "add", code)
    asked = "\n".join(await town.say("jun", "您好"))
    typed = "\n".join(await town.say("bo", code))
    own = (await town.get(await town.me("jun"))).text

    for seen in (landing.text, added["welcome"], asked, typed, own):
        assert "梅" not in seen
    assert "老朋友推荐" in landing.text
    assert "老朋友介绍来的" in added["welcome"]
    assert "可以告诉介绍您来的朋友您来了吗？" in asked
    assert "邀请码记下了" in typed


async def test_a_choice_of_signature_shows_at_once_on_poster_page_and_welcome(town):
    code = await town.code_of("mei", await town.campaign())
    posters = {}
    for choice, shown in (("只用昵称", True), ("不署名", False), ("头像+昵称", True)):
        await town.say("mei", choice)
        poster = await town.get(f"/p/{code}.jpg")
        assert (poster.status, poster.body[:3]) == (200, b"\xff\xd8\xff")
        posters[choice] = poster.body
        landing = (await town.get(f"/i/{code}")).text
        friend = f"朋友{len(posters)}"
        welcome = (await town.act(friend, "add", code))["welcome"]
        assert ("梅姐" in landing, "梅姐" in welcome) == (shown, shown)

    assert len(set(posters.values())) == 3
