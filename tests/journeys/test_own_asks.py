"""Posters that reps hand over of their own accord: known as asks, so that caps, gaps and the lift know them."""

from __future__ import annotations

from datetime import timedelta

from referral import tolls
from referral.decisions import Route
from referral.foresight import shortlist
from referral.nudges import NudgeState
from referral.own_asks import OWN
from storage import tables as t
from tests.journeys.test_rep_commands import DAY, meet, put_on_list, say


async def asks(town, person):
    found = await town.look(lambda tx: tx.nudges.of_person(person))
    return [nudge for nudge in found if nudge.decision == "send"]


async def test_a_poster_that_nobody_planned_is_an_ask_of_the_reps_own(town):
    campaign = await town.campaign()
    person = await meet(town, 1, "小美")
    now = town.app.clock()

    await say(town, "lin", "海报 小美")

    [ask] = await asks(town, person)
    assert (ask.why, ask.route, ask.rep, ask.campaign) == (OWN, Route.REP, "lin", campaign)
    assert (ask.state, ask.outcome, ask.sent_at) == (NudgeState.SENT, "took", now)
    moment = await town.look(lambda tx: tx.moments.get(person))
    assert moment.nudged_at == now


async def test_after_it_the_plan_leaves_the_customer_in_peace_for_the_gap(town):
    await town.campaign()
    person = await meet(town, 1, "小美")
    await say(town, "lin", "海报 小美")

    def decided(tx):
        at = town.app.clock() + timedelta(days=3)
        found = shortlist(tx, town.app.facts, at=at, limit=9, everybody=True)
        return next(each for each in found if each.customer.moment.person == person)

    verdict = await town.look(decided)

    assert verdict.kind == "defer"
    assert verdict.not_before >= town.app.clock() + timedelta(days=town.app.facts.policy.gap_days - 1)


async def test_handing_it_over_again_is_no_second_ask(town):
    await town.campaign()
    person = await meet(town, 1, "小美")

    await say(town, "lin", "海报 小美")
    await town.pass_time(3 * DAY)
    await say(town, "lin", "海报 小美")

    assert len(await asks(town, person)) == 1


async def test_one_that_waits_on_her_list_has_been_said_with_it(town):
    await town.campaign()
    person = await meet(town, 1, "小美")
    await put_on_list(town, person)

    await say(town, "lin", "海报 小美")

    [ask] = await asks(town, person)
    assert (ask.why, ask.state, ask.outcome) == ("tenure", NudgeState.SENT, "took")
    assert ask.delivered_at == ask.sent_at == town.app.clock()


async def test_somebody_held_out_may_be_helped_and_the_lift_knows_of_it(town):
    await town.campaign()
    held, planned = await meet(town, 1, "小美"), await meet(town, 2, "小花")
    await town.app.store.write(
        lambda tx: tx.connection.execute(t.people.update().where(t.people.c.id == held).values(holdout=True))
    )
    await put_on_list(town, planned)

    await say(town, "lin", "海报 小美")

    began = await town.look(lambda tx: tx.lift.began())
    seen, _ = await town.look(lambda tx: tx.lift.observed("", began, None))
    [one] = [each for each in seen if each.held]
    assert [ask.own for ask in one.asks] == [True]


async def test_a_guardrail_counts_it_like_any_other(town):
    campaign = await town.campaign()
    await meet(town, 1, "小美")

    await say(town, "lin", "海报 小美")

    cost = await town.look(lambda tx: tolls.of_week(tx, campaign, town.app.clock()))
    assert cost.asked == 1
