"""Kind words and complaints: in the desk chat, as a rep notes them, and what follows for the right moment to ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from referral import due_rows
from referral.decisions import Route
from referral.moments import Moment, Permission, State
from referral.signals import Signal, SignalKind
from tests.journeys.test_claims import rep_cookies
from tests.journeys.town import Town

DAY = timedelta(days=1)
THANKS = "谢谢您这么说，我们记在心里了。"
HANDED = "这件事我请同事来跟您说"
SURVEY = "顺便问一句：到现在为止，您给我们打几分？0 到 10，直接回复数字就好。"


async def knows(town: Town, persona: str = "mei", **known: Any) -> str:
    """A customer of Lin's for a year, who may be asked; their id."""
    await town.act(persona, "add", "lin")
    person, now = (await town.person(persona)).id, town.app.clock()
    told: dict[str, Any] = {
        "consent": Permission.GRANTED,
        "customer_since": now - 400 * DAY,
        "satisfaction": 9.0,
    } | known
    moment = Moment(person=person, **told)
    await town.app.store.write(lambda tx: due_rows.keep(tx, town.app.facts, moment, now=now))
    return person


async def heard(town: Town, person: str) -> list[Signal]:
    kinds = (SignalKind.PRAISE, SignalKind.COMPLAINT, SignalKind.RESOLVED)
    return [each for each in await town.look(lambda tx: tx.signals.of_person(person)) if each.kind in kinds]


async def told(town: Town, person: str) -> Moment:
    return await town.look(lambda tx: tx.moments.get(person))


async def due(town: Town, person: str) -> due_rows.Due:
    return (await town.look(lambda tx: tx.moments.due_rows([person])))[person]


# --- praise in the chat -----------------------------------------------------------------------------------------------


async def test_kind_words_are_thanked_for_once_and_are_a_good_moment(either_town: Town) -> None:
    town = either_town
    mei = await knows(town)

    first = await town.say("mei", "沙发收到了，特别满意，谢谢你们！")
    again = await town.say("mei", "真的太好了")

    assert first == [THANKS]
    assert again == []
    assert [(each.kind, each.source) for each in await heard(town, mei)] == [(SignalKind.PRAISE, "desk")]
    assert (await told(town, mei)).good is SignalKind.PRAISE


async def test_praise_the_next_day_is_another_signal(town: Town) -> None:
    mei = await knows(town)

    await town.say("mei", "师傅人特别好")
    await town.later(DAY.total_seconds())

    assert await town.say("mei", "用着很舒服，好评！") == [THANKS]
    assert len(await heard(town, mei)) == 2


async def test_after_kind_words_the_open_window_is_used_if_it_is_right_to(town: Town) -> None:
    await town.campaign()
    mei = await knows(town)

    answers = await town.say("mei", "效果超出预期，非常满意")

    (nudge,) = [each for each in await town.look(lambda tx: tx.nudges.of_person(mei)) if each.decision == "send"]
    assert answers[0] == THANKS
    assert nudge.route is Route.KF
    assert any("海报" in text for text in await town.log("mei"))


@pytest.mark.parametrize("text", ["真好，钱白花了", "太棒了，又涨价了", "我给过好评了，红包呢", "你好棒棒哦"])
async def test_kind_words_that_carry_something_bitter_are_answered_by_a_colleague_and_nobody_asks(
    town: Town, text: str
) -> None:
    await town.campaign()
    mei = await knows(town)

    answers = await town.say("mei", text)

    assert len(answers) == 1
    assert HANDED in answers[0]
    assert await heard(town, mei) == []
    assert not await town.look(lambda tx: tx.nudges.open_of(mei))


async def test_the_ask_behind_the_thanks_does_not_thank_again(town: Town) -> None:
    await town.campaign()
    await knows(town)

    thanks, ask = await town.say("mei", "给你们五星")

    assert thanks == THANKS
    assert "海报" in ask
    assert "谢谢您的夸奖" not in ask
    assert "转告" not in thanks


async def test_praise_with_a_question_is_still_answered_by_a_colleague(town: Town) -> None:
    mei = await knows(town)

    answers = await town.say("mei", "你们服务真好，请问明天几点开门？")

    assert HANDED in answers[0]
    assert [each.kind for each in await heard(town, mei)] == [SignalKind.PRAISE]
    assert not await town.look(lambda tx: tx.nudges.open_of(mei))


@pytest.mark.parametrize("text", ["谢谢", "👍", "不太满意", "好评返现吗？", "他说「非常满意」是你们让填的"])
async def test_what_is_no_praise_changes_nothing(town: Town, text: str) -> None:
    mei = await knows(town)

    answers = await town.say("mei", text)

    assert THANKS not in answers
    assert await heard(town, mei) == []


async def test_kind_words_in_a_story_belong_to_the_story(town: Town) -> None:
    mei = await knows(town)
    await town.say("mei", "写故事")

    assert THANKS not in await town.say("mei", "沙发特别舒服，非常满意，孩子喜欢得不得了")
    assert await heard(town, mei) == []


async def test_an_answer_that_there_is_stays_as_it_was(town: Town) -> None:
    mei = await knows(town)

    answers = await town.say("mei", "7分满意")

    assert THANKS in answers or HANDED in answers[0]
    assert [each.kind for each in await heard(town, mei)] == [SignalKind.PRAISE]


# --- complaints in the chat -------------------------------------------------------------------------------------------


async def test_a_clear_complaint_stops_all_asking_and_tells_the_rep_once(either_town: Town) -> None:
    town = either_town
    mei = await knows(town)
    before = len(await town.log("lin"))

    answers = await town.say("mei", "服务太差了，我要投诉")
    await town.say("mei", "必须退款")

    row = await due(town, mei)
    assert HANDED in answers[0]
    assert [(each.kind, each.source) for each in await heard(town, mei)] == [(SignalKind.COMPLAINT, "chat")]
    assert (row.state, row.reason) == (State.IDLE, "complaint.open")
    assert len([text for text in (await town.log("lin"))[before:] if "新投诉" in text]) == 1
    assert not [text for text in (await town.log("lin"))[before:] if "在客服里找同事" in text]


@pytest.mark.parametrize("text", ["我要投诉", "太差了，再也不买了", "客服态度很差", "体验极差"])
async def test_a_complaint_from_somebody_without_a_rep_reaches_a_colleague(town: Town, text: str) -> None:
    before = len(await town.log("lin"))

    answers = await town.say("jun", text)

    told = [each for each in (await town.log("lin"))[before:] if "新投诉" in each]
    assert HANDED in answers[0]
    assert len(told) == 1


async def test_who_takes_a_complaint_back_opens_none(town: Town) -> None:
    mei = await knows(town)

    answers = await town.say("mei", "不投诉了，解决了")

    assert HANDED in answers[0]
    assert await heard(town, mei) == []
    assert not [each for each in await town.log("lin") if "不太满意" in each or "新投诉" in each]


async def test_a_displeased_sound_is_a_hint_to_the_rep_and_no_complaint(town: Town) -> None:
    mei = await knows(town)

    await town.say("mei", "这次不太满意")

    assert await heard(town, mei) == []
    assert (await told(town, mei)).complaints == 0
    assert any("像是不太满意" in text for text in await town.log("lin"))


# --- as reps note it --------------------------------------------------------------------------------------------------


async def tells(town: Town, text: str) -> str:
    replies = (await town.act("lin", "say", text))["replies"]
    return next(line["text"] for line in replies if line["to"] == "lin")


async def test_a_rep_notes_praise_once_a_day(town: Town) -> None:
    mei = await knows(town)
    name = (await town.person("mei")).called

    first, again = await tells(town, f"记好评 {name}"), await tells(town, f"记好评 {name}")

    assert "记上了" in first
    assert "已经记过" in again
    assert [(each.kind, each.source) for each in await heard(town, mei)] == [(SignalKind.PRAISE, "rep")]


async def test_a_complaint_that_a_rep_notes_holds_until_the_rep_closes_it(either_town: Town) -> None:
    town = either_town
    mei = await knows(town)
    name = (await town.person("mei")).called

    noted, again = await tells(town, f"记投诉 {name}"), await tells(town, f"记投诉 {name}")
    held = await due(town, mei)
    await town.later(60)
    closed, none = await tells(town, f"投诉了结 {name}"), await tells(town, f"投诉了结 {name}")

    assert "有一条投诉" in noted
    assert "已经有没了结的投诉" in again
    assert held.reason == "complaint.open"
    assert "已经了结" in closed
    assert "没有没了结的投诉" in none
    assert (await told(town, mei)).complaints == 0
    assert (await due(town, mei)).state is State.READY


async def test_a_rep_closes_every_complaint_that_is_open(town: Town) -> None:
    mei = await knows(town)
    now = town.app.clock()
    for hours in (1, 2, 3):
        signal = Signal(person=mei, kind=SignalKind.COMPLAINT, at=now - timedelta(hours=hours), source="hook")
        await town.app.store.write(
            lambda tx, signal=signal: due_rows.hear(tx, town.app.facts, signal, now=now)  # type: ignore[misc]
        )
    assert (await told(town, mei)).complaints == 3

    await tells(town, f"投诉了结 {(await town.person('mei')).called}")

    assert (await told(town, mei)).complaints == 0


async def test_the_word_alone_asks_for_a_name_and_a_stranger_is_nobodys(town: Town) -> None:
    for word in ("记好评", "记投诉", "投诉了结"):
        assert f"哪位客户？写上姓名或编号，比如「{word} 姓名」" in await tells(town, word)
    assert "没有找到" in await tells(town, "记好评 从没见过的人")


async def test_two_taps_on_the_customers_page_note_the_same(town: Town) -> None:
    mei, cookies = await knows(town), await rep_cookies(town)
    path = f"/rep/p/{mei}"

    async def tap(act: str) -> str:
        came = await town.post(path, {"act": act}, cookies=cookies)
        assert came.status == 303
        return (await town.get(came.headers["Location"], cookies=cookies)).text

    assert "好评记上了" in await tap("note:praise")
    assert "投诉记上了" in await tap("note:complaint")
    assert "投诉了结" in (await town.get(path, cookies=cookies)).text
    await town.later(60)
    assert "投诉已经了结" in await tap("note:resolved")
    assert "现在没有没了结的投诉" in await tap("note:resolved")
    assert (await town.post(path, {"act": "note:other"}, cookies=cookies)).status == 200
    assert [each.kind for each in await heard(town, mei)] == [
        SignalKind.PRAISE,
        SignalKind.COMPLAINT,
        SignalKind.RESOLVED,
    ]


async def test_another_reps_customer_is_nobodys_to_note(town: Town) -> None:
    mei = await knows(town)
    await town.hire("wang", "王顾问")

    refused = await town.post(f"/rep/p/{mei}", {"act": "note:praise"}, cookies=await rep_cookies(town, "wang"))

    assert refused.status == 404
    assert await heard(town, mei) == []


# --- what is not asked, and of whom -----------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["退 订", "别再给我发消息了"])
async def test_after_a_wish_for_silence_no_question_of_ours_rides_on_an_answer(town: Town, words: str) -> None:
    mei = await knows(town, last_order_at=town.app.clock() - 10 * DAY, satisfaction=None)

    stopped = await town.say("mei", words)
    greeted = await town.say("mei", "你好")

    assert "不再主动给您发消息" in stopped[0]
    assert SURVEY not in greeted
    assert (await due(town, mei)).reason == "opted_out"


async def test_a_greeting_brings_the_survey_to_whom_it_is_welcome(town: Town) -> None:
    await knows(town, last_order_at=town.app.clock() - 10 * DAY, satisfaction=None)

    assert SURVEY in await town.say("mei", "你好")


async def test_who_waits_for_a_colleague_is_neither_surveyed_nor_asked_to_recommend(town: Town) -> None:
    mei = await knows(town, last_order_at=town.app.clock() - 10 * DAY, satisfaction=None)

    await town.say("mei", "沙发的腿有点不稳，你们能来看一下吗")
    greeted = await town.say("mei", "你好")

    row = await due(town, mei)
    assert SURVEY not in greeted
    assert (row.state, row.reason) == (State.WAITING, "rest.with_staff")
    assert row.due_at == town.app.clock() + 2 * DAY
    assert "对方写的是：「沙发的腿有点不稳，你们能来看一下吗」" in "\n".join(await town.log("lin"))


async def test_long_words_are_told_to_the_rep_by_their_beginning(town: Town) -> None:
    await town.say("路人", "请问" + "沙发" * 200)

    (told,) = [line for line in await town.log("lin") if "在客服里找同事" in line]
    assert told.endswith("…」")
    assert len(told) < 260
