"""What is known of a customer comes together, and every ask is judged once more by all of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.planning import plan_permissions
from referral import campaigns, consent, due_rows, merges, news, notices, nudges, people, plan, silence
from referral.campaigns import CampaignState
from referral.consent import Answer
from referral.conversations.actions import KeepPermission, KeepScore
from referral.conversations.flow import ANSWERED_WITHIN, Chat, Situation, step
from referral.conversations.heard import Answered, Scored
from referral.decisions import Route
from referral.identities import Identity, IdentityKind
from referral.jobs import Job
from referral.messages import RepCard
from referral.moments import Moment, Permission
from referral.nudges import Go, Nudge, NudgeState, Stop
from referral.signals import Signal, SignalKind
from referral.turns import next_few
from scheduler.due import DueWork
from tests.hooks.house import wecom

DAY = timedelta(days=1)


async def planned(house):
    """One slice of the day's plan."""
    some, _ = await house.store.read(lambda tx: next_few(tx, house.facts, now=house.now, below=None))
    return await house.store.write(lambda tx: plan.plan_slice(tx, house.facts, some, now=house.now, rng=house.rng))


def heard(house, person, kind, at, score=None):
    return Signal(person=person, kind=kind, at=at, source="hook", score=score)


def make(house, identity, **known):
    """Somebody known by one identity alone, with a moment."""

    def unit(tx):
        person, _ = people.find_or_create(tx, identity, now=house.now, rng=house.rng)
        due_rows.keep(tx, house.facts, Moment(person=person.id, **known), now=house.now)
        return person.id

    return house.store.write(unit)


async def listed(house, person, rep="lin", **changes):
    """An ask on a rep's list."""
    nudge = Nudge(
        id="g" + "0" * 16,
        person=person,
        decision="send",
        why="eligible",
        state=NudgeState.LISTED,
        created_at=house.now,
        planned_at=house.now,
        route=Route.REP,
        rep=rep,
        expires_at=house.now + 3 * DAY,
    )
    await house.store.write(lambda tx: tx.nudges.add(replace(nudge, **changes)))
    return replace(nudge, **changes)


async def test_of_two_records_of_one_human_the_newer_answer_and_the_stricter_standing_are_kept(house):
    mei = await house.customer("wmA", satisfaction=9.0, surveyed_at=house.now - 300 * DAY)
    crm = Identity(IdentityKind.CRM, "77")
    other = await make(house, crm, customer_since=house.now - 400 * DAY, complaints=1, complaint_at=house.now - DAY)

    def learn(tx):
        due_rows.hear(tx, house.facts, heard(house, other, SignalKind.SURVEY, house.now - DAY, 2.0), now=house.now)
        tx.people.learn(other, tier="gold", tags='["vip"]', holdout=True)
        news.meet(tx, house.facts, [wecom("wmA"), crm], now=house.now, rng=house.rng)

    await house.store.write(learn)

    moment = await house.store.read(lambda tx: tx.moments.get(mei))
    assert (moment.satisfaction, moment.complaints, moment.holdout) == (2.0, 1, True)
    assert moment.customer_since <= house.now - 400 * DAY
    row = await house.store.read(lambda tx: tx.intake.profiles([mei])[mei])
    assert (row.tier, row.tags) == ("gold", ("vip",))


async def test_silence_under_one_name_is_silence_under_both(house):
    mei = await house.customer("wmA")
    other = Identity(IdentityKind.OPENID, "app/o1")
    second = await make(house, other)

    def unit(tx):
        consent.say(tx, house.facts, mei, Answer.GRANTED, evidence="a", channel="kf", now=house.now)
        silence.keep(tx, house.facts, second, evidence="退订", channel="kf", now=house.now)
        merges.join(tx, house.facts, [wecom("wmA"), other], now=house.now, rng=house.rng)
        return notices.is_silent(tx, mei), tx.moments.get(mei).consent

    assert await house.store.write(unit) == (True, Permission.WITHDRAWN)


async def test_a_familys_phone_joins_nobody_to_somebody_with_another_number(house):
    phone = Identity(IdentityKind.PHONE, "ab" * 32)
    first, second = Identity(IdentityKind.CRM, "1"), Identity(IdentityKind.CRM, "2")

    def unit(tx):
        one = news.meet(tx, house.facts, [first, phone], now=house.now, rng=house.rng)
        two = news.meet(tx, house.facts, [second, phone], now=house.now, rng=house.rng)
        by_phone = news.meet(tx, house.facts, [phone], now=house.now, rng=house.rng)
        return one.id, two.id, by_phone.id, tx.people.identities(two.id)

    one, two, by_phone, names = await house.store.write(unit)
    assert one != two
    assert by_phone == one
    assert names == [second]


async def test_a_no_after_silence_does_not_end_the_silence_and_a_yes_does(house):
    mei = await house.customer("wmA")

    def say(answer):
        def unit(tx):
            consent.say(tx, house.facts, mei, answer, evidence="x", channel="kf", now=house.now)
            return tx.moments.get(mei).consent

        return house.store.write(unit)

    assert await say(Answer.WITHDRAWN) == Permission.WITHDRAWN
    assert await say(Answer.REFUSED) == Permission.WITHDRAWN
    assert await say(Answer.GRANTED) == Permission.GRANTED


@pytest.mark.parametrize("state", [CampaignState.PAUSED, CampaignState.ENDED])
async def test_an_ask_for_a_campaign_that_was_stopped_since_is_dropped(house, state):
    mei = await house.customer("wmA")
    await house.start()
    campaign = (await house.store.read(lambda tx: tx.campaigns.all()))[0].id
    nudge = await listed(house, mei, campaign=campaign)
    await house.store.write(lambda tx: campaigns.move(tx, campaign, state, now=house.now))

    said = await house.store.write(lambda tx: nudges.start(tx, house.facts, nudge, "您好", now=house.now))

    assert said == Stop("dropped:campaign.none")


async def test_a_rep_does_not_ask_who_is_not_theirs_any_more(house):
    mei = await house.customer("wmA")
    await house.store.write(lambda tx: tx.reps.see("wang", "王顾问"))
    nudge = await listed(house, mei)
    await house.store.write(lambda tx: tx.people.learn(mei, rep="wang"))

    said = await house.store.write(lambda tx: nudges.start(tx, house.facts, nudge, "您好", now=house.now))

    assert said == Stop("dropped:rep.changed")


async def test_an_ask_that_never_arrived_leaves_no_gap_behind(house):
    mei = await house.customer("wmA")
    nudge = await listed(house, mei)

    def unit(tx):
        assert isinstance(nudges.start(tx, house.facts, nudge, "您好", now=house.now), Go)
        nudges.failed(tx, nudge.id, "failed:not_friend")
        due_rows.look_again(tx, house.facts, now=house.now)
        return tx.moments.get(mei), tx.moments.best(10)

    moment, ready = await house.store.write(unit)
    assert (moment.nudged_at, moment.fatigue) == (None, 0.0)
    assert ready == [mei]


async def test_an_old_card_is_not_put_back_beside_a_newer_ask(house):
    mei = await house.customer("wmA")
    nudge = await listed(house, mei)
    await house.store.write(lambda tx: nudges.start(tx, house.facts, nudge, "您好", now=house.now))
    house.now += 15 * DAY
    await listed(house, mei, id="g" + "1" * 16)

    def unit(tx):
        nudges.take_back(tx, house.facts, tx.nudges.get(nudge.id), now=house.now)
        return tx.nudges.get(nudge.id).state

    assert await house.store.write(unit) is NudgeState.SENT


@pytest.mark.parametrize(("question", "said"), [("consent", Answered(yes=True)), ("survey", Scored(2, clear=False))])
def test_a_word_long_after_a_question_does_not_answer_it(house, question, said):
    asked = Chat(question=question, question_at=house.now)
    situation = Situation(campaign_runs=True)

    _, soon = step(asked, said, situation, house.now + timedelta(hours=1))
    _, late = step(asked, said, situation, house.now + ANSWERED_WITHIN)

    assert any(isinstance(action, KeepPermission | KeepScore) for action in soon)
    assert not any(isinstance(action, KeepPermission | KeepScore) for action in late)


async def test_a_complaint_closed_before_ours_began_does_not_hide_a_later_one(house):
    mei = await house.customer("wmA")

    def unit(tx):
        for kind, at in ((SignalKind.RESOLVED, house.now - 40 * DAY), (SignalKind.COMPLAINT, house.now)):
            due_rows.hear(tx, house.facts, heard(house, mei, kind, at), now=house.now)
        return tx.moments.get(mei).complaints

    assert await house.store.write(unit) == 1


async def test_a_card_that_is_late_at_night_waits_for_the_morning(house):
    mei = await house.customer("wmA")
    await listed(house, mei)
    night = house.now.replace(hour=19)  # three in the morning in Beijing

    def unit(tx):
        plan.tell_rep(tx, house.facts, "lin", "2026-11-23", now=night, rng=house.rng)
        letters = tx.outbox.claim(night + DAY, limit=50, lease=DAY)
        jobs = tx.jobs.claim(night + DAY, limit=50, lease=DAY)
        return [x for x in letters if isinstance(x.message, RepCard)], [j for j in jobs if j.kind == plan.CARD]

    cards, again = await house.store.write(unit)
    assert cards == []
    assert len(again) == 1


async def test_those_nobody_can_ask_do_not_keep_reps_from_asking_permission_of_others(house):
    await house.customer("wmA")

    def crowd(tx):
        for number in range(450):
            known = f"{number:03}"
            person, _ = people.find_or_create(tx, Identity(IdentityKind.CRM, known), now=house.now, rng=house.rng)
            theirs = Moment(person=person.id, customer_since=house.now - 400 * DAY, satisfaction=10.0)
            if number >= 445:
                tx.people.learn(person.id, rep="lin")
                theirs = theirs.but(satisfaction=7.0)
            due_rows.keep(tx, house.facts, theirs, now=house.now)

    await house.store.write(crowd)

    assert await plan_permissions(house.store, house.facts, now=house.now, rng=house.rng) == 3


class _Jobs:
    """A queue of jobs in memory."""

    def __init__(self, *kinds):
        self.waiting = [Job(kind=kind, key="k", due_at=None) for kind in kinds]
        self.ended = []

    async def claim(self, *, limit, lease):
        taken, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return taken

    async def done(self, job):
        self.ended.append(job.kind)

    async def retry(self, job, after, note):
        raise AssertionError(note)

    bury = retry


async def test_a_long_job_does_not_hold_up_what_becomes_due_meanwhile():
    jobs, opened = _Jobs("plan"), asyncio.Event()

    async def long(_):
        jobs.waiting.append(Job(kind="pull", key="k", due_at=None))
        work.wake()
        await opened.wait()  # the plan ends only after the desk was read

    async def short(_):
        opened.set()

    work = DueWork(jobs, {"plan": long, "pull": short}, lambda: None)

    assert await asyncio.wait_for(work.drain(), 5) == 2
    assert sorted(jobs.ended) == ["plan", "pull"]
