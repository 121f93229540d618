"""What the desk chat answers: every word of the contract, codes in any form, talk that is not ours, and silence."""

import time

import pytest

from referral.codes import ALPHABET, is_valid
from tests.journeys.town import COMPANY, HOLD_S, link_in


async def running(town):
    """A campaign, and Mei's code in it."""
    campaign = await town.campaign()
    return campaign, await town.code_of("mei", campaign)


def mistyped(code: str) -> str:
    """The code with its second symbol wrong."""
    return next(wrong for symbol in ALPHABET if (wrong := code[0] + symbol + code[2:]) != code)


def strange_codes(code: str):
    """Codes that nobody has, their check symbols right."""
    for first in ALPHABET:
        for second in ALPHABET:
            for last in ALPHABET:
                strange = first + second + code[2:7] + last
                if is_valid(strange) and strange != code:
                    yield strange


# --- the words of the contract -------------------------------------------------------------------------------------


async def test_asking_brings_the_poster_the_words_and_a_menu(town):
    await town.campaign()

    for number, asked in enumerate(("我要推荐", "海报", "我要海报", "再来一张海报")):
        replies = (await town.act("mei", "say", asked))["replies"]
        permission = ["menu"] if number == 0 else []  # 征询, once
        assert [line["kind"] for line in replies] == ["image", "text", "menu", *permission], asked


async def test_each_further_poster_keeps_the_code(town):
    await town.campaign()
    first = await town.say("mei", "我要推荐")

    second = await town.say("mei", "海报")

    code = second[2].split("邀请码还是 ")[1][:8]
    assert code in first[1]
    assert "之前的也照样有效" in second[2]


async def test_progress_tells_where_everything_stands(town):
    assert "还没有自己的邀请码" in (await town.say("mei", "进度"))[0]
    _, code = await running(town)
    assert "还没有朋友" in (await town.say("mei", "进度"))[0]
    await town.act("jun", "add", code)

    (told,) = await town.say("mei", "进度")

    assert "朋友有1位，其中0位已计入" in told
    assert "一位好友 · 已添加顾问" in told
    assert (await town.get(link_in(told, "/me/"))).status == 200


async def test_rules_are_told_in_short_and_linked_in_full(town):
    await running(town)

    (told,) = await town.say("mei", "规则")

    assert "30天内完成首单" in told
    assert "您发没发、发给谁都不影响" in told
    page = await town.get(link_in(told, "/rules/"))
    assert page.status == 200
    assert COMPANY in page.text


async def test_why_is_answered_for_the_advocate_and_for_the_friend(town):
    _, code = await running(town)
    assert "没有查到没计入的朋友" in (await town.say("mei", "为什么"))[0]
    await town.act("jun", "add", code)
    bought = await town.buy("jun")
    await town.act("jun", "refund", bought["order_no"])

    for persona in ("mei", "jun"):
        told = (await town.say(persona, "为什么没算"))[0]
        assert "在确认期内退款或取消，谢礼没有发放" in told
        assert "回复「人工」" in told


async def test_without_a_campaign_nothing_is_promised(town):
    for words in ("我要推荐", "规则"):
        assert (await town.say("mei", words))[0].startswith("现在没有推荐活动")


async def test_greetings_bring_the_menu_and_its_items_work(town):
    await running(town)
    menu, _ = await town.say("mei", "您好")

    for item in ("我要推荐", "进度", "规则", "人工"):
        assert f"· {item}" in menu
    assert "还没有朋友" in (await town.act("mei", "tap", "progress"))["replies"][0]["text"]


# --- codes ---------------------------------------------------------------------------------------------------------


def forms(code: str) -> dict[str, str]:
    wide = "".join(chr(ord(symbol) + 0xFEE0) for symbol in code)
    return {
        "as printed": code,
        "lower case": code.lower(),
        "full width": wide,
        "with a space": f"{code[:4]} {code[4:]}",
        "with hyphens": f"{code[:2]}-{code[2:5]}-{code[5:]}",
        "O for 0 and l for 1": code.replace("0", "O").replace("1", "l"),
        "in a sentence": f"朋友给我的邀请码是{code}，麻烦记一下",
        "as a link": f"https://i.example.cn/i/{code}",
    }


async def test_a_code_typed_in_any_form_is_a_touch(town):
    _, code = await running(town)
    for _ in range(60):  # one that has the symbols people mistake
        if "0" in code or "1" in code:
            break
        code = await town.code_of("mei", await town.campaign())

    for number, (form, typed) in enumerate(forms(code).items()):
        friend = f"朋友{number}"
        assert "您是梅姐介绍来的" in (await town.say(friend, typed))[0], form
        (touch,) = await town.touches(friend)
        assert (touch.code, touch.kind.value) == (code, "code")
        (referral,) = await town.referrals(friend)
        assert (referral.status.value, referral.advocate) == ("pending", (await town.person("mei")).id)


async def test_a_code_typed_twice_is_answered_as_known_and_kept_as_two_touches(town):
    _, code = await running(town)
    await town.say("jun", code)

    assert "之前就记下了" in (await town.say("jun", code))[0]
    assert len(await town.touches("jun")) == 2


async def test_her_own_code_is_left_for_friends(town):
    _, code = await running(town)

    assert "这是您自己的邀请码" in (await town.say("mei", code))[0]
    assert await town.touches("mei") == []


async def test_a_customer_of_before_hears_that_only_new_customers_count(town):
    campaign = await town.campaign()
    code = await town.code_of("bo", campaign)

    assert "已经是我们的老客户" in (await town.say("mei", code))[0]


async def test_an_unknown_code_and_a_malformed_one_are_answered_alike(town):
    _, code = await running(town)

    unknown = await town.say("jun", next(strange_codes(code)))
    malformed = await town.say("jun", mistyped(code))

    assert unknown == malformed == ["没有找到这个邀请码，麻烦对照海报或链接再看一眼。"]


async def test_a_near_miss_is_suggested_only_to_who_has_met_the_code(town):
    _, code = await running(town)
    await town.act("jun", "add", code)

    assert f"您是想发 {code} 吗？" in (await town.say("jun", mistyped(code)))[0]
    assert "没有找到" in (await town.say("bo", mistyped(code)))[0]


async def test_after_five_wrong_codes_in_ten_minutes_even_a_right_one_waits(town):
    _, code = await running(town)
    strange = strange_codes(code)
    for _ in range(5):
        assert "没有找到" in (await town.say("bo", next(strange)))[0]

    assert "请过10分钟再发" in (await town.say("bo", next(strange)))[0]
    assert "请过10分钟再发" in (await town.say("bo", code))[0]
    assert await town.touches("bo") == []
    assert "您是梅姐介绍来的" in (await town.say("jun", code))[0]

    await town.later(601)
    assert "您是梅姐介绍来的" in (await town.say("bo", code))[0]


async def test_a_code_known_from_before_is_answered_though_others_were_wrong(town):
    _, code = await running(town)
    await town.say("jun", code)
    strange = strange_codes(code)
    for _ in range(6):
        await town.say("jun", next(strange))

    assert "之前就记下了" in (await town.say("jun", code))[0]


async def test_a_number_that_only_looks_like_a_code_is_talk(town):
    _, code = await running(town)
    await town.act("jun", "add", code)
    parcel = next(c for c in strange_codes(code) if any(s.isdigit() for s in c))

    told = await town.say("jun", f"我的快递 {parcel} 到哪了，帮我看看")

    assert "请同事来跟您说" in told[0]
    for _ in range(6):
        await town.say("jun", f"快递 {parcel} 呢")
    await town.later(86_401)
    assert "没有找到" in (await town.say("jun", parcel))[0]


async def test_the_code_of_an_ended_campaign_says_so(town):
    campaign, code = await running(town)
    await town.end(campaign)

    assert "活动已经结束了" in (await town.say("jun", code))[0]
    assert await town.touches("jun") == []


async def test_a_named_claim_asks_which_one_and_lists_nobody(town):
    await running(town)

    for claim in ("是李姐介绍的", "李姐介绍来的", "我是李姐推荐来的。"):
        assert await town.say("jun", claim) == ["请问是哪位李姐？可发她的邀请码，或由顾问确认。"]
    assert await town.touches("jun") == []


async def test_the_last_touch_wins(town):
    campaign, code = await running(town)
    await town.say("bo", "您好")
    other = await town.code_of("bo", campaign)
    await town.act("jun", "add", code)
    await town.later(60)

    assert "您是阿博介绍来的" in (await town.say("jun", other))[0]
    assert (await town.buy("jun"))["answer"]["outcome"] == "held"
    assert await town.standing("bo") == [("held", "hold.running")]
    assert await town.standing("mei") == []


# --- talk that is not ours -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "line"), [("voice", "听不懂语音"), ("image", "看不懂图片和文件")])
async def test_voice_and_pictures_get_one_line(town, kind, line):
    told = (await town.act("mei", "say", {"text": "", "kind": kind}))["replies"]

    assert len(told) == 1
    assert line in told[0]["text"]


async def test_other_talk_goes_to_a_person_once_and_the_bot_stays_at_hand(town):
    await town.campaign()

    assert "请同事来跟您说" in (await town.say("mei", "你们的沙发多少钱"))[0]
    assert "梅姐在客服里找同事，麻烦您去看一下。\n对方写的是：「你们的沙发多少钱」" in await town.log("lin")
    told = len(await town.log("lin"))

    assert await town.say("mei", "灰色的有吗") == []
    assert len(await town.log("lin")) == told
    assert len((await town.act("mei", "say", "海报"))["replies"]) == 3  # nor is anything asked of her meanwhile


async def test_other_talk_of_a_stranger_reaches_somebody_too(town):
    assert "请同事来跟您说" in (await town.say("路人", "你们周末开门吗"))[0]

    assert any("在客服里找同事" in told for told in await town.log("lin"))


async def test_asking_for_a_person_passes_the_chat_on(town):
    (told,) = await town.say("mei", "人工")

    assert "请同事来跟您说" in told
    assert "梅姐在客服里找同事，麻烦您去看一下。" in await town.log("lin")
    assert await town.say("mei", "规则") == []  # a colleague has the chat: the platform takes no words of the bot there


async def test_a_polite_word_calls_nobody(town):
    await running(town)
    before = await town.log("lin")

    for polite in ("好的", "谢谢", "好的，谢谢！", "嗯嗯", "收到", "非常感谢您"):
        assert await town.say("mei", polite) == []
    assert await town.log("lin") == before


async def test_the_most_that_can_be_said_at_once_all_arrives(town):
    _, code = await running(town)
    await town.act("jun", "add", code)
    await town.buy("jun")

    replies = (await town.act("jun", "say", "海报"))["replies"]

    assert [line["kind"] for line in replies] == ["image", "text", "menu", "menu", "text"]
    assert "可以告诉梅姐您来了吗？" in replies[3]["text"]
    assert "正在确认" in replies[4]["text"]


async def test_a_very_long_message_is_answered_as_fast_as_a_short_one(town):
    await town.campaign()
    for words in ("谢" * 600 + "x", "好" * 600 + "x", "介绍" * 300, "嗯" * 600 + "的", "1" * 1900, "a" * 1900):
        started = time.perf_counter()
        await town.say("mei", words)
        assert time.perf_counter() - started < 2


# --- silence -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["不再提醒", "退订", "TD", "td", "别发了", "取消"])
async def test_a_stop_word_is_confirmed_once_and_then_nothing_comes_unasked(town, word):
    _, code = await running(town)
    await town.act("jun", "add", code)
    await town.buy("jun")
    await town.pass_time(HOLD_S - 3600)

    assert await town.say("mei", word) == ["好的，我们不再主动给您发消息。您有事随时来问，照样有人回。"]
    before = await town.log("mei")
    await town.pass_time(3700)

    assert await town.standing("mei") == [("granted", "granted")]
    assert await town.log("mei") == before
    assert "已到账1份" in (await town.say("mei", "进度"))[0]
    own = await town.get(await town.me("mei"))
    assert "您已选择不再提醒" in own.text


async def test_without_a_stop_word_the_same_news_arrives(town):
    _, code = await running(town)
    await town.act("jun", "add", code)
    await town.buy("jun")
    await town.pass_time(HOLD_S - 3600)
    await town.say("mei", "进度")

    await town.pass_time(3700)

    assert "已到账" in (await town.log("mei"))[-1]


async def test_news_without_an_open_window_waits_for_the_next_message(town):
    _, code = await running(town)
    await town.act("jun", "add", code)
    await town.buy("jun")
    await town.pass_time(HOLD_S + 60)
    assert not any("已到账" in told for told in await town.log("mei"))
    assert "已到账" in (await town.get(await town.me("mei"))).text

    told = await town.say("mei", "规则")

    assert "30天会员已到账" in told[-1]


async def test_giving_back_an_order_is_no_stop_word(town):
    for friend, order in (("mei", "帮我退订单"), ("jun", "我要取消订单")):
        assert "请同事来跟您说" in (await town.say(friend, order))[0]


@pytest.mark.parametrize("text", ["取消订单，以后别发了", "怎么退订啊，别再发了", "如何退订？不再提醒我"])
async def test_a_wish_for_silence_is_heard_beside_other_words(town, text):
    told = await town.say("mei", text)

    assert any("不再主动给您发消息" in line for line in told)
