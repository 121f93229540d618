"""What a customer says of themselves: 关闭个性化推荐, and that they are a minor or an adult."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.whys import explain
from referral.merging import merge, part
from referral.minors import OF_CHILDREN
from referral.moments import State
from referral.scoring import FEATURES
from referral.times import SHANGHAI
from tests.journeys.test_claims import rep_cookies
from tests.journeys.test_hours_and_pauses import to_hour
from tests.journeys.test_moods import DAY, due, knows, told
from tests.journeys.town import Town, open_town

OFF = "好的，个性化推荐关掉了。"


# --- personalisation switched off -------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["关闭个性化推荐", "请帮我关掉个性化推送", "不要个性化广告了", "「关闭个性化推荐」"])
async def test_it_is_switched_off_in_the_chat_and_nothing_known_weighs_in_any_more(town: Town, text: str) -> None:
    mei = await knows(town, rank=0.99, past_referrals=20, own=1.5, own_seen=4.0, hours=bytes(24))
    jun = await knows(town, "jun", rank=0.01, satisfaction=7.0)
    await town.say("jun", "关闭个性化推荐")

    (answer,) = await town.say("mei", text)

    moment = await told(town, mei)
    assert answer.startswith(OFF)
    assert "不再提醒" in answer
    assert (moment.personal, moment.own, moment.own_seen, moment.hours) == (False, 0.0, 0.0, None)
    assert (await due(town, mei)).state is State.READY  # by rotation she may still be asked
    assert (await due(town, mei)).score == (await due(town, jun)).score


async def test_when_somebody_writes_is_not_noted_any_more_once_it_is_off(town: Town) -> None:
    mei = await knows(town)
    await town.say("mei", "关闭个性化推荐")

    for _ in range(3):
        await town.later(90_000)
        await town.say("mei", "你好")

    moment = await told(town, mei)
    assert moment.hours is None
    assert moment.seen_at == town.app.clock()


async def test_it_can_be_switched_on_again_and_each_word_is_kept_as_evidence(either_town: Town) -> None:
    town = either_town
    mei = await knows(town)

    await town.say("mei", "关闭个性化推荐")
    await town.say("mei", "关闭个性化推荐")
    off = await town.look(lambda tx: tx.consent.latest(mei, "personal"))
    (answer,) = await town.say("mei", "开启个性化推荐")
    on = await town.look(lambda tx: tx.consent.latest(mei, "personal"))

    assert "打开了" in answer
    assert (off.answer, on.answer, on.channel) == ("withdrawn", "granted", "kf")
    assert (await told(town, mei)).personal
    assert (await told(town, mei)).consent == "granted"  # to being written to: another matter


async def test_the_switch_stands_on_her_own_page(town: Town) -> None:
    mei = await knows(town)
    page = await town.me("mei")
    assert "关闭<wbr>个性化推荐" in (await town.get(page)).text

    came = await town.post(f"{page}/personal", {"personal": "off"})
    after = await town.get(came.headers["Location"].partition("#")[0])

    assert came.status == 303
    assert came.headers["Location"].endswith("#personal")
    assert 'id="personal"' in after.text
    assert "关掉了" in after.text
    assert "开启<wbr>个性化推荐" in after.text
    assert not (await told(town, mei)).personal
    assert (await town.post(f"{page}/personal", {"personal": "maybe"})).status == 400
    assert (await town.post("/me/nobody/personal", {"personal": "on"})).status == 404
    assert (await town.post(f"{page}/personal", {"personal": "on"}, Origin="https://elsewhere.example")).status == 404


async def test_a_page_loaded_again_after_it_was_switched_back_in_the_chat_tells_how_it_stands(town: Town) -> None:
    await knows(town)
    came = await town.post(f"{await town.me('mei')}/personal", {"personal": "off"})
    await town.say("mei", "开启个性化推荐")

    again = (await town.get(came.headers["Location"].partition("#")[0])).text

    assert "开着" in again
    assert "关掉了" not in again


async def test_an_ask_planned_by_the_profile_ends_with_it(town: Town) -> None:
    await town.campaign()
    mei = await knows(town)
    await town.app.operator.run("plan", {})
    assert await town.look(lambda tx: tx.nudges.open_of(mei))

    await town.say("mei", "关闭个性化推荐")

    (ended,) = [each for each in await town.look(lambda tx: tx.nudges.of_person(mei)) if each.decision == "send"]
    assert ended.outcome == "dropped:personal.off"
    assert ended.features == {}


async def test_of_an_ask_by_rotation_no_feature_is_kept(town: Town) -> None:
    await town.campaign()
    mei = await knows(town)
    await town.say("mei", "关闭个性化推荐")

    await town.app.operator.run("plan", {})

    nudge = await town.look(lambda tx: tx.nudges.latest_ask(mei))  # waiting to be sent, or sent by now
    assert nudge is not None
    assert not any(nudge.features.get(name) for name in FEATURES)


async def test_her_rep_and_staff_read_that_it_is_her_turn_and_nothing_of_her_profile(either_town: Town) -> None:
    town = either_town
    await town.campaign()
    mei = await knows(town, rank=0.99, past_referrals=20)
    await town.say("mei", "关闭个性化推荐")
    await to_hour(town, 21)  # the window has closed by then: it is the rep's to ask
    await town.pass_time(3 * 86_400 - 11 * 3600)

    nudge = await town.look(lambda tx: tx.nudges.open_of(mei))
    assert nudge is not None
    card = (await town.get(f"/rep/c/{nudge.id}", cookies=await rep_cookies(town))).text
    why = (await town.look(lambda tx: explain(town.app, tx, mei)))["nudge"]

    assert nudge.why == "rotation"
    assert "关闭了个性化推荐：不看画像，按轮次来" in card
    assert not [known for known in ("满意度", "活跃度在前", "介绍过", "成为客户") if known in card]
    assert ([each["code"] for each in why["for"]], why["against"]) == (["rotation"], [])


async def test_the_privacy_page_names_the_switch(town: Town) -> None:
    page = await town.get("/privacy")

    assert "关闭个性化推荐" in page.text
    assert "未成年人" in page.text


async def test_when_somebody_writes_is_known_of_both_as_one_and_of_each_once_they_are_parted(either_town: Town) -> None:
    town = either_town
    mei, jun = await knows(town, hours=bytes([1] * 24)), await knows(town, "jun", hours=bytes([2] * 24))

    def unite(tx):
        merge(tx, town.app.facts, jun, mei, why="同一个人", who="test", now=town.app.clock(), rng=town.app.world.rng)

    def divide(tx):
        [made] = tx.merges.of_person(jun)
        part(tx, town.app.facts, made.id, who="test", now=town.app.clock(), rng=town.app.world.rng)

    await town.app.store.write(unite)
    assert (await told(town, jun)).hours == bytes([3] * 24)

    await town.app.store.write(divide)
    assert [(await told(town, each)).hours for each in (mei, jun)] == [bytes([1] * 24), bytes([2] * 24)]


async def test_the_choice_of_either_is_that_of_both_when_two_turn_out_to_be_one(either_town: Town) -> None:
    town = either_town
    mei, jun = await knows(town), await knows(town, "jun", minor=True)
    await town.say("mei", "关闭个性化推荐")

    def unit(tx):
        merge(tx, town.app.facts, jun, mei, why="同一个人", who="test", now=town.app.clock(), rng=town.app.world.rng)

    await town.app.store.write(unit)

    both = await told(town, jun)
    assert (both.personal, both.minor) == (False, True)


# --- minors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["我未成年", "我是未成年人", "我还没满18岁", "我才16岁", "我是初中生"])
async def test_who_says_to_be_a_minor_is_never_asked_and_gets_no_poster(town: Town, text: str) -> None:
    await town.campaign()
    mei = await knows(town)

    (answer,) = await town.say("mei", text)
    (refused,) = await town.say("mei", "我要推荐")

    row = await due(town, mei)
    assert "只面向成年人" in answer
    assert "只面向成年人" in refused
    assert (row.state, row.reason) == (State.IDLE, "minor")
    assert not await town.look(lambda tx: tx.codes.of_advocate(mei))


async def test_a_minors_own_word_makes_no_adult_but_a_reps_does(town: Town) -> None:
    mei, cookies = await knows(town), await rep_cookies(town)
    await town.say("mei", "我未成年")

    await town.say("mei", "我已成年")
    still = (await told(town, mei)).minor
    came = await town.post(f"/rep/p/{mei}", {"act": "adult"}, cookies=cookies)

    assert still is True
    assert came.status == 303
    assert (await told(town, mei)).minor is False


async def test_what_is_planned_for_a_minor_ends_when_a_rep_says_so(town: Town) -> None:
    await town.campaign()
    mei, cookies = await knows(town), await rep_cookies(town)
    await town.app.operator.run("plan", {})
    assert await town.look(lambda tx: tx.nudges.open_of(mei))

    await town.post(f"/rep/p/{mei}", {"act": "minor"}, cookies=cookies)

    assert await town.look(lambda tx: tx.nudges.open_of(mei)) is None
    assert "是未成年人" in (await town.get(f"/rep/p/{mei}", cookies=cookies)).text


@pytest.mark.parametrize("industry", sorted(OF_CHILDREN))
async def test_where_children_are_taught_an_unknown_age_is_not_asked_until_somebody_says(
    tmp_path, quick_url, industry: str
) -> None:
    async with open_town(tmp_path, quick_url, industry=industry) as town:
        mei = await knows(town)
        before = await due(town, mei)

        await town.say("mei", "我是孩子的家长")

        assert (before.state, before.reason) == (State.IDLE, "minor.unknown")
        assert (await due(town, mei)).state is State.READY


async def test_elsewhere_an_unknown_age_is_no_bar(town: Town) -> None:
    mei = await knows(town)

    await town.later(timedelta(hours=1).total_seconds())

    assert (await told(town, mei)).minor is None
    assert (await due(town, mei)).state is State.READY


@pytest.mark.parametrize("who", ["mei", "jun"])
async def test_nobody_is_thanked_where_one_of_the_two_is_a_minor_and_neither_is_told_whose_age_it_is(
    town: Town, who: str
) -> None:
    await knows(town)
    code = await town.code_of("mei", await town.campaign())
    await town.act("jun", "scan", code)
    await town.act("jun", "add", code)
    await town.say(who, "我未成年")

    bought = await town.buy("jun")

    (order,) = await town.look(lambda tx: tx.orders.named("sandbox", bought["order_no"]))
    assert (order.outcome.value, [str(each) for each in order.reasons]) == ("rejected", ["minor"])
    assert "成年" not in town.app.facts.words.reason("minor")
    assert await town.rewards("mei") == []


async def test_a_minor_is_one_until_the_birthday_of_their_coming_of_age_and_nobody_has_to_do_anything(
    either_town: Town,
) -> None:
    town = either_town
    mei = await knows(town, "mei", minor=True)
    coming = (town.app.clock() + 2 * DAY).astimezone(SHANGHAI).date().isoformat()
    await town.app.store.write(lambda tx: tx.intake.change(mei, {"adult_on": coming}))

    await town.later(86_400)
    before = (await told(town, mei)).minor
    await town.later(90_000)

    assert (before, (await told(town, mei)).minor) == (True, False)
    (profile,) = (await town.look(lambda tx: tx.intake.profiles([mei]))).values()
    assert profile.adult_on is None


async def test_two_who_are_one_come_of_age_on_the_later_day_and_the_forgotten_never(either_town: Town) -> None:
    town = either_town
    mei, jun = await knows(town, "mei", minor=True), await knows(town, "jun", minor=True)
    soon, later = ((town.app.clock() + n * DAY).astimezone(SHANGHAI).date().isoformat() for n in (2, 5))
    await town.app.store.write(lambda tx: tx.intake.change(mei, {"adult_on": soon}))
    await town.app.store.write(lambda tx: tx.intake.change(jun, {"adult_on": later}))

    def unit(tx):
        merge(tx, town.app.facts, jun, mei, why="同一个人", who="test", now=town.app.clock(), rng=town.app.world.rng)

    await town.app.store.write(unit)
    await town.later(3 * 86_400)
    between = (await told(town, jun)).minor
    await town.later(3 * 86_400)

    assert (between, (await told(town, jun)).minor) == (True, False)
