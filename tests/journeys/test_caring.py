"""Care as customers and reps meet it: a greeting, a thank-you, a question how it went, a task; never an ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.copy import Copy
from referral import due_rows
from referral.care import Care, CareKind, CareState
from referral.moments import Moment, Permission
from referral.signals import Signal, SignalKind
from referral.wording import lint
from tests.journeys.test_care import ASKING
from tests.journeys.test_claims import rep_cookies
from tests.journeys.test_hours_and_pauses import to_hour
from tests.journeys.town import Town

DAY = timedelta(days=1)
DAY_S = 86_400
TOMORROW = "11-24"  # the town wakes on 23 November 2026, a Monday, at ten
BIRTHDAY = "生日快乐"


async def know(town: Town, name: str = "jun", *, birthday: str = "", **known: Any) -> str:
    """A content customer of Lin's of a bit more than a year, who wants to hear of things; their id."""
    await town.act(name, "add", "lin")
    person, now = (await town.person(name)).id, town.app.clock()
    row: dict[str, Any] = {
        "consent": Permission.GRANTED,
        "consent_at": now - 100 * DAY,
        "customer_since": now - 400 * DAY,
        "satisfaction": 9.0,
        "seen_at": now,
    }

    def unit(tx: Any) -> None:
        tx.people.learn(person, holdout=False, birthday=birthday or None)
        due_rows.keep(tx, town.app.facts, Moment(person=person, **row | known), now=now)

    await town.app.store.write(unit)
    return person


async def next_morning(town: Town) -> None:
    """Until just after the plan of the next day."""
    await to_hour(town, 9)
    await town.pass_time(40 * 60)


async def cares(town: Town, person: str) -> list[Care]:
    found: list[Care] = await town.look(lambda tx: tx.cares.of_person(person))
    return found


async def the_list(town: Town) -> str:
    return (await town.get("/rep", cookies=await rep_cookies(town))).text


async def tap(town: Town, care: Care, act: str, rep: str = "lin") -> int:
    return (await town.post(f"/rep/v/{care.id}", {"act": act}, cookies=await rep_cookies(town, rep))).status


async def moment(town: Town, person: str) -> Moment:
    found: Moment = await town.look(lambda tx: tx.moments.get(person))
    return found


# --- on the day -----------------------------------------------------------------------------------------------------


async def test_a_birthday_is_greeted_by_the_desk_once_at_a_lawful_hour(town: Town) -> None:
    jun = await know(town, birthday=TOMORROW)
    await to_hour(town, 20)
    await town.say("jun", "您好")
    await to_hour(town, 7)
    assert not any(BIRTHDAY in told for told in await town.log("jun"))

    await next_morning(town)
    await town.app.operator.run("plan", {})
    await town.app.settle()

    (told,) = [told for told in await town.log("jun") if BIRTHDAY in told]
    assert "广告 · 春和家居 · 不想再收到请回复「不再提醒」" in told
    assert not [word for word in ASKING if word in told]
    assert [(care.kind, care.state) for care in await cares(town, jun)] == [(CareKind.BIRTHDAY, CareState.SENT)]


async def test_without_a_window_the_rep_has_it_on_her_list_and_says_it_in_her_own_words(town: Town) -> None:
    jun = await know(town, birthday=TOMORROW)

    await next_morning(town)

    (care,) = await cares(town, jun)
    cards = [line for line in await town.lines() if line["to"] == "lin" and line["kind"] == "card"]
    assert "值得关心的客户：1 位" in str(cards[-1])
    page = await the_list(town)
    assert "11月24日过生日" in page
    assert "问候一声" in page
    assert "祝您生日快乐，愿新的一岁" in page
    assert "值得问候、道谢或者跟进的，有 1 位" in (await town.say("lin", "名单"))[0]

    assert await tap(town, care, "done") == 303

    assert [each.state for each in await cares(town, jun)] == [CareState.SENT]
    assert BIRTHDAY not in await the_list(town)
    assert (await moment(town, jun)).rest_why == "cared"


async def test_after_a_greeting_nobody_asks_for_two_weeks(town: Town) -> None:
    await town.campaign()
    jun = await know(town, birthday=TOMORROW, customer_since=town.app.clock() - 20 * DAY)
    await next_morning(town)
    (care,) = await cares(town, jun)
    await tap(town, care, "done")
    said_at = town.app.clock()

    await town.pass_time(12 * DAY_S)
    for _ in range(6):
        await town.pass_time(DAY_S)

    asked = await town.look(lambda tx: [n for n in tx.nudges.of_person(jun) if n.decision == "send"])
    assert asked
    assert asked[0].planned_at >= said_at + 14 * DAY


async def test_a_greeting_that_may_not_be_said_any_more_keeps_no_ask_away(town: Town) -> None:
    jun = await know(town, birthday=TOMORROW)
    await next_morning(town)
    waiting = await moment(town, jun)

    await town.say("jun", "关闭个性化推荐")

    (care,) = await cares(town, jun)
    assert waiting.rest_why == "to_care"
    assert (care.state, care.outcome) == (CareState.ENDED, "dropped:personal.off")
    assert (await moment(town, jun)).rest_until is None


async def test_an_ask_that_nobody_has_begun_makes_way_for_a_birthday(town: Town) -> None:
    await town.campaign()
    good = {"good": SignalKind.PRAISE, "good_at": town.app.clock(), "surveyed_at": town.app.clock()}
    jun = await know(town, birthday=TOMORROW, **good)

    await next_morning(town)

    (ask,) = await town.look(lambda tx: [n for n in tx.nudges.of_person(jun) if n.decision == "send"])
    assert (ask.state, ask.outcome) == ("ended", "dropped:rest.to_care")
    assert [(care.kind, care.state) for care in await cares(town, jun)] == [(CareKind.BIRTHDAY, CareState.LISTED)]
    page = await the_list(town)
    assert "11月24日过生日" in page
    assert "今天适合聊的" not in page


async def test_who_asked_for_silence_hears_nothing_more(town: Town) -> None:
    jun = await know(town, birthday=TOMORROW)
    await town.say("jun", "不再提醒")

    await next_morning(town)

    assert await cares(town, jun) == []
    assert not any(BIRTHDAY in told for told in await town.log("jun"))


async def test_silence_asked_for_after_it_was_planned_takes_it_off_the_list(town: Town) -> None:
    jun = await know(town, birthday=TOMORROW)
    await next_morning(town)
    await town.say("jun", "不再提醒")

    (care,) = await cares(town, jun)

    assert (care.state, care.outcome) == (CareState.ENDED, "dropped:opted_out")
    assert BIRTHDAY not in await the_list(town)


# --- what a customer's own act calls for ----------------------------------------------------------------------------


async def test_a_thank_you_after_a_friends_purchase_says_nothing_of_the_friend(town: Town) -> None:
    code = await town.code_of("mei", await town.campaign(pack="gratitude"))
    mei = (await town.person("mei")).id
    await town.act("jun", "add", code)
    await town.buy("jun")

    await next_morning(town)

    (care,) = await cares(town, mei)
    assert (care.kind, care.route.value) == (CareKind.THANKS, "rep")
    assert "还没有人道过谢" in await the_list(town)
    assert not [word for word in (*ASKING, "朋友", "小军") if word in care.words]
    assert await tap(town, care, "later") == 303
    await next_morning(town)
    assert len(await cares(town, mei)) == 1


async def test_thanks_that_were_told_already_are_not_said_again(town: Town) -> None:
    code = await town.code_of("mei", await town.campaign())
    await town.act("jun", "add", code)
    await town.buy("jun")

    await next_morning(town)

    assert CareKind.THANKS not in [care.kind for care in await cares(town, (await town.person("mei")).id)]


async def test_the_desk_asks_how_it_went_after_a_week_and_understands_the_number(town: Town) -> None:
    now = town.app.clock()
    jun = await know(town, last_order_at=now - 6.5 * DAY, holdout=True, consent=Permission.UNKNOWN)
    await to_hour(town, 20)
    await town.act("jun", "say", "规则")

    await next_morning(town)
    assert any("还顺手吗" in told and "广告" not in told for told in await town.log("jun"))
    told = await town.say("jun", "9")

    assert told == [Copy.load().say("survey.thanks")]
    assert (await moment(town, jun)).satisfaction == 9.0


async def test_a_score_that_the_rep_hears_is_kept_with_one_tap(town: Town) -> None:
    jun = await know(town, last_order_at=town.app.clock() - 8 * DAY)
    await next_morning(town)
    (care,) = await cares(town, jun)
    assert "对方打了几分" in await the_list(town)

    assert await tap(town, care, "score:6") == 303

    assert (await moment(town, jun)).satisfaction == 6.0
    (care,) = await cares(town, jun)
    assert care.outcome == "scored"


async def test_a_complaint_is_a_task_after_a_day_until_it_is_closed(town: Town) -> None:
    jun = await know(town, birthday="11-25")
    now = town.app.clock()
    told = Signal(person=jun, kind=SignalKind.COMPLAINT, at=now, source="hook")
    await town.app.store.write(lambda tx: due_rows.hear(tx, town.app.facts, told, now=now))
    await next_morning(town)
    assert await cares(town, jun) == []

    await next_morning(town)

    (care,) = await cares(town, jun)
    assert care.kind is CareKind.REPAIR  # and no greeting
    page = await the_list(town)
    assert "11月23日的投诉还没有了结" in page
    assert "先解决问题" in page
    await tap(town, care, "later")
    assert "还没有了结" not in await the_list(town)
    await next_morning(town)
    assert "还没有了结" in await the_list(town)

    closed = Signal(person=jun, kind=SignalKind.RESOLVED, at=town.app.clock(), source="hook")
    await town.app.store.write(lambda tx: due_rows.hear(tx, town.app.facts, closed, now=town.app.clock()))
    assert "还没有了结" not in await the_list(town)


async def test_who_has_not_been_heard_of_for_half_a_year_gets_one_word_and_then_peace(town: Town) -> None:
    jun = await know(town, seen_at=town.app.clock() - 200 * DAY)
    await next_morning(town)
    (care,) = await cares(town, jun)
    assert "问候一句就好，别的不提" in await the_list(town)

    await tap(town, care, "done")
    for _ in range(4):
        await town.pass_time(10 * DAY_S)

    assert [each.kind for each in await cares(town, jun)] == [CareKind.SILENCE]


# --- at the door ----------------------------------------------------------------------------------------------------


async def test_only_her_own_rep_may_say_what_came_of_it(town: Town) -> None:
    jun = await know(town, birthday=TOMORROW)
    await next_morning(town)
    (care,) = await cares(town, jun)
    await town.hire("wang", "王顾问")

    assert await tap(town, care, "done", rep="wang") == 404
    assert (await town.post("/rep/v/nothing", {"act": "done"}, cookies=await rep_cookies(town))).status == 404
    assert await tap(town, care, "score:9") == 303  # no survey: nothing happens
    assert [each.state for each in await cares(town, jun)] == [CareState.LISTED]


@pytest.mark.parametrize("key", sorted(key for key in Copy.load().lines if key.startswith(("care.desk", "care.rep"))))
def test_what_is_said_is_lawful_and_asks_for_nothing(key: str) -> None:
    said = Copy.load().lines[key].text

    assert lint(said, edition="chat", industry="retail") == []
    assert not [word for word in (*ASKING, "分享", "转发", "谢礼", "奖") if word in said]
