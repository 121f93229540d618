"""Experiments: who comes into one, what is counted, and how one ends, on both databases."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from referral import codes, enrolment, experimenting, experiments
from referral.audiences import campaign_for
from referral.campaigns import CampaignState, move
from referral.designs import Design
from referral.due_rows import outlook
from referral.errors import BadInput, NotFound, RuleViolation
from referral.experimenting import Choice, Wanted
from referral.experiments import Arm, Experiment, Kind, Metric, State
from referral.facts import Facts
from referral.identities import Identity
from referral.intervals import Sums
from referral.merges import Merge
from referral.messages import RepText
from referral.moments import Moment
from referral.nudges import Nudge, NudgeState
from referral.offers import Audience
from referral.people import Person
from storage.store import Store
from storage.transaction import Transaction
from tests.storage.cast import KEY, NOON, TERMS, WECOM, a_campaign, a_referral, after

RNG = random.Random(6)
TEMPLATES = ("orchard", "coast", "skyline")
FRAMINGS = {"double-month": ("plain", "help", "both", "thanks")}
CHOICE = Choice(framings=lambda pack: FRAMINGS.get(pack, ()), templates=TEMPLATES)
COPY = Wanted(kind=Kind.COPY, campaign="c1", arms=[("help", None), ("plain", None)], name="")
POSTER = Wanted(kind=Kind.POSTER, campaign="c1", arms=[("orchard", None), ("coast", None)], name="")
OFFER = Wanted(kind=Kind.OFFER, campaign=None, arms=[("c1", None), ("c2", None)], name="")
REWARD = replace(OFFER, kind=Kind.REWARD)
CROWD = tuple(f"p{number}" for number in range(40))


class Words:
    """Only who an offer is for."""

    def audience(self, pack: str) -> Audience:
        return Audience(min_tenure_days=365 if pack == "gratitude" else 30, min_satisfaction=7)

    def say(self, key: str, stock: Any = None, /, **values: object) -> str:
        return f"{key} {stock['result']}" if stock else key


FACTS = Facts(
    company="春和家居",
    public_url="https://x.invalid",
    code_key=KEY,
    words=Words(),  # type: ignore[arg-type]
    own_page=str,
    managers=("lin",),
)


@pytest.fixture
async def house(store: Store) -> Store:
    """Two campaigns of different sizes, and customers of a hundred days."""

    def cast(tx: Transaction) -> None:
        tx.reps.see("lin", "林")
        tx.campaigns.add(a_campaign(), TERMS, NOON)
        more = replace(TERMS.thanks[0].choices[0], amount=60, cost_fen=6000)
        dearer = replace(TERMS, thanks=tuple(replace(each, choices=(more,)) for each in TERMS.thanks))
        tx.campaigns.add(a_campaign(id="c2", name="三月礼"), dearer, NOON)
        for person in CROWD:
            tx.people.create(Person(id=person), NOON)

    await store.write(cast)
    return store


def begin(tx: Transaction, wanted: Wanted, hours: float = 1) -> Experiment:
    return experimenting.start(tx, wanted, CHOICE, by="cli", now=after(hours=hours), rng=RNG)


def ask(tx: Transaction, person: str, hours: float = 2, **changes: Any) -> Nudge:
    """Say an ask, as it is counted."""
    nudge = Nudge(
        id=f"g-{person}-{hours:g}-{changes.get('copy', '')}",
        person=person,
        campaign="c1",
        decision="send",
        why="eligible",
        state=NudgeState.SENT,
        created_at=after(hours=hours),
        planned_at=after(hours=hours),
        sent_at=after(hours=hours),
        copy="help.1",
    )
    nudge = replace(nudge, **changes)
    tx.nudges.add(nudge)
    enrolment.asked(tx, FACTS, nudge, now=after(hours=hours))
    return nudge


def shown(tx: Transaction, experiment: Experiment, person: str) -> str:
    arm = experiments.arm_of(experiment, person)
    assert arm
    return arm


def arms(tx: Transaction, experiment: str) -> dict[str, Arm]:
    found = tx.experiments.get(experiment)
    assert found
    return {arm.name: arm for arm in found.arms}


# --- being in one ----------------------------------------------------------------------------------------------------


async def test_somebody_who_was_asked_in_the_words_of_their_arm_is_in_once(house: Store):
    def unit(tx: Transaction) -> dict[str, Arm]:
        made = begin(tx, COPY)
        for person in CROWD:
            ask(tx, person, copy=f"{shown(tx, made, person)}.1")
            ask(tx, person, hours=400, copy=f"{shown(tx, made, person)}.2")
        return arms(tx, made.id)

    found = await house.write(unit)

    assert sum(arm.n for arm in found.values()) == len(CROWD)
    assert all(arm.n > 5 for arm in found.values())


async def test_other_words_an_earlier_plan_and_other_campaigns_bring_nobody_in(house: Store):
    def unit(tx: Transaction) -> list[int]:
        made = begin(tx, COPY)
        for person in CROWD:
            other = {"help": "plain", "plain": "help"}[shown(tx, made, person)]
            ask(tx, person, copy=other)
            ask(tx, person, hours=0.5, copy=shown(tx, made, person))
            ask(tx, person, hours=3, campaign="c2", copy=shown(tx, made, person))
        return [arm.n for arm in arms(tx, made.id).values()]

    assert await house.write(unit) == [0, 0]


async def test_the_arm_decides_the_framing_while_it_runs(house: Store):
    def unit(tx: Transaction) -> tuple[set[str | None], set[str | None], set[str | None]]:
        made = begin(tx, COPY)
        during = {experiments.framing_for(tx, "c1", person) for person in CROWD}
        elsewhere = {experiments.framing_for(tx, "c2", person) for person in CROWD}
        experimenting.stop(tx, made.id, by="cli", now=after(hours=2))
        return during, elsewhere, {experiments.framing_for(tx, "c1", person) for person in CROWD}

    assert await house.write(unit) == ({"help", "plain"}, {None}, {None})


async def test_what_comes_of_an_ask_is_counted_once_for_each(house: Store):
    def unit(tx: Transaction) -> Arm:
        made = begin(tx, replace(COPY, metric=Metric.CREDITED))
        mei = next(person for person in CROWD if shown(tx, made, person) == "help")
        nudge = ask(tx, mei)
        for _ in range(2):
            enrolment.took(tx, nudge)
            enrolment.opted_out(tx, mei, "c1")
        for days, step in ((0, 1), (1, 1), (2, 1), (2, -1), (40, 1)):
            enrolment.credited(tx, a_referral(advocate=mei, at=after(days=days, hours=3)), step)
        enrolment.credited(tx, a_referral(advocate=mei, at=after(hours=1)))  # came before she was asked
        enrolment.credited(tx, a_referral(advocate="nobody", at=after(hours=3)))
        return arms(tx, made.id)["help"]

    found = await house.write(unit)

    assert (found.n, found.took, found.optouts) == (1, 1, 1)
    assert (found.credited, found.credited_squares) == (2, 4)
    assert found.sums(Metric.CREDITED) == Sums(n=1, total=2.0, squares=4.0)


# --- posters ---------------------------------------------------------------------------------------------------------


async def test_an_arm_gives_the_template_unless_somebody_chose_or_is_held_out(house: Store):
    def unit(tx: Transaction) -> tuple[set[str | None], set[str | None], int]:
        made = begin(tx, POSTER)
        crowd = [person for name in CROWD if (person := tx.people.get(name))]
        campaign = tx.campaigns.get("c1")
        assert campaign
        for person in crowd:
            codes.issue(tx, FACTS, person, campaign, evidence="chat", now=after(hours=2))
        given = {experiments.template_for(tx, "c1", person) for person in crowd}
        held_out = {experiments.template_for(tx, "c1", replace(person, holdout=True)) for person in crowd}
        return given, held_out, sum(arm.n for arm in arms(tx, made.id).values())

    assert await house.write(unit) == ({"orchard", "coast"}, {None}, len(CROWD))


async def test_whose_rep_chose_a_template_and_who_is_held_out_is_in_none(house: Store):
    def unit(tx: Transaction) -> list[int]:
        made = begin(tx, POSTER)
        tx.designs.save(Design(campaign="c1", rep="lin", template="skyline", changed_at=NOON))
        for name in CROWD[:9]:
            enrolment.handed(tx, Person(id=name), "c1", "lin", now=after(hours=2))
            enrolment.handed(tx, Person(id=name, holdout=True), "c1", None, now=after(hours=2))
        return [arm.n for arm in arms(tx, made.id).values()]

    assert await house.write(unit) == [0, 0]


async def test_a_decided_template_is_everybodys_until_it_is_stopped(house: Store):
    def unit(tx: Transaction) -> list[set[str | None]]:
        made = begin(tx, POSTER)
        crowd = [Person(id=name) for name in CROWD]
        tx.experiments.end(made.id, State.DECIDED, "coast", after(days=30))
        decided = {experiments.template_for(tx, "c1", person) for person in crowd}
        experimenting.stop(tx, made.id, by="cli", now=after(days=31))
        return [decided, {experiments.template_for(tx, "c1", person) for person in crowd}]

    assert await house.write(unit) == [{"coast"}, {None}]


# --- campaigns as arms -----------------------------------------------------------------------------------------------


def customers(tx: Transaction, days: int) -> list[Person]:
    """The crowd, as customers of so many days."""
    for name in CROWD:
        tx.moments.save(*settled(name, days))
    return [person for name in CROWD if (person := tx.people.get(name))]


def settled(person: str, days: int) -> tuple[Moment, Any]:

    moment = Moment(person=person, customer_since=NOON - timedelta(days=days))
    return moment, outlook(moment, FACTS.policy, NOON)


async def test_the_lot_says_which_campaign_somebody_gets_and_holds_while_both_run(house: Store):
    def unit(tx: Transaction) -> list[set[str]]:
        begin(tx, REWARD)
        crowd = customers(tx, 100)

        def given(crowd: list[Person]) -> set[str]:
            got = (campaign_for(tx, FACTS, person, now=after(hours=2)) for person in crowd)
            return {campaign.id for campaign in got if campaign}

        both, out = given(crowd), given([replace(person, holdout=True) for person in crowd])
        move(tx, "c2", CampaignState.PAUSED, now=after(hours=1))
        return [both, out, given(crowd)]

    both, out, alone = await house.write(unit)

    assert both == {"c1", "c2"}
    assert len(out) == 1
    assert alone == {"c1"}


async def test_only_who_might_have_every_arm_is_in(house: Store):
    def unit(tx: Transaction) -> list[int]:
        tx.campaigns.add(a_campaign(id="c3", pack="gratitude"), TERMS, NOON)
        made = begin(tx, replace(OFFER, arms=[("c1", None), ("c3", None)]))
        counts = []
        for days, hours in ((100, 2), (500, 3)):
            customers(tx, days)
            for person in CROWD:
                ask(tx, person, hours=hours, campaign=shown(tx, made, person))
            counts.append(sum(arm.n for arm in arms(tx, made.id).values()))
        return counts

    assert await house.write(unit) == [0, len(CROWD)]


# --- beginning and ending --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "field", "says"),
    [
        (replace(COPY, campaign=None), "--campaign", "话术实验要写在哪个活动里做"),
        (replace(COPY, campaign="c9"), "--campaign", "没有这个活动：c9"),
        (
            replace(COPY, arms=[("help", None), ("early", None)]),
            "--arm",
            "没有这个说法：early；可以用 plain 平实、help",
        ),
        (
            replace(POSTER, arms=[("orchard", None), ("moon", None)]),
            "--arm",
            "没有这个图样：moon；可以用 orchard、coast",
        ),
        (replace(POSTER, metric=Metric.TOOK), "--metric", "海报实验不能按 took 比，可以用 credited"),
        (replace(COPY, arms=[("help", 0.5), ("plain", 0.4)]), "--arm", "加起来要等于 1，这里是 0.9"),
        (replace(OFFER, campaign="c1"), "--campaign", "请把活动编号写在 --arm 里"),
        (replace(OFFER, arms=[("c1", None), ("c9", None)]), "--arm", "没有这个活动：c9"),
        (replace(REWARD, arms=[("c1", None), ("c3", None)]), "--arm", "有两个活动的谢礼一样"),
        (replace(REWARD, arms=[("c1", None), ("c4", None)]), "--arm", "除了谢礼，这些活动的规则也不一样"),
        (replace(REWARD, arms=[("c1", None), ("c5", None)]), "--arm", "同一个礼包"),
    ],
)
async def test_what_cannot_be_compared_is_refused_by_its_field(house: Store, wanted: Wanted, field: str, says: str):
    def unit(tx: Transaction) -> None:
        tx.campaigns.add(a_campaign(id="c3"), TERMS, NOON)
        tx.campaigns.add(a_campaign(id="c4"), replace(TERMS, window_days=7), NOON)
        tx.campaigns.add(a_campaign(id="c5", pack="gratitude"), TERMS, NOON)
        begin(tx, wanted)

    with pytest.raises(BadInput) as refused:
        await house.write(unit)

    assert refused.value.field == field
    assert says in refused.value.problem


async def test_only_campaigns_that_run_can_be_compared_in(house: Store):
    def unit(tx: Transaction) -> None:
        move(tx, "c1", CampaignState.PAUSED, now=NOON)
        begin(tx, COPY)

    with pytest.raises(RuleViolation, match="--campaign: 活动 c1 现在是「已暂停」"):
        await house.write(unit)


async def test_one_thing_is_varied_once_at_a_time(house: Store):
    first = await house.write(lambda tx: begin(tx, COPY))

    with pytest.raises(RuleViolation, match=f"实验 {first.id}「话术 · 双月礼」正在比同一件事"):
        await house.write(lambda tx: begin(tx, COPY))
    await house.write(lambda tx: begin(tx, POSTER))  # another thing of the same campaign
    await house.write(lambda tx: begin(tx, OFFER))
    with pytest.raises(RuleViolation, match="正在比同一件事"):
        await house.write(lambda tx: begin(tx, REWARD))
    await house.write(lambda tx: experimenting.stop(tx, first.id, by="cli", now=after(hours=2)))
    await house.write(lambda tx: begin(tx, COPY, hours=3))


async def test_an_experiment_that_is_certain_ends_by_itself_and_the_managers_hear_of_it(house: Store):
    def unit(tx: Transaction) -> tuple[list[str], list[str], Experiment | None, list[str]]:
        made = begin(tx, COPY)
        tell = {"now": after(days=20), "rng": RNG}
        early = experimenting.judge_all(tx, FACTS, **tell)  # type: ignore[arg-type]
        for arm, took in (("help", 60), ("plain", 12)):
            set_to = f"update experiment_arms set n = 400, took = {took} where arm = '{arm}'"
            tx.connection.exec_driver_sql(set_to)
        ended = experimenting.judge_all(tx, FACTS, **tell)  # type: ignore[arg-type]
        told = [each.message.text for each in tx.outbox.unfinished() if isinstance(each.message, RepText)]
        assert experimenting.judge_all(tx, FACTS, **tell) == []  # type: ignore[arg-type]
        return early, ended, tx.experiments.get(made.id), told

    early, ended, found, told = await house.write(unit)

    assert found
    assert (early, ended) == ([], [found.id])
    assert (found.state, found.winner, found.ended_at) == (State.DECIDED, "help", after(days=20))
    assert len(told) == 1
    assert "可以下结论：「帮朋友」更好。" in told[0]


async def test_nobody_can_stop_what_is_not_there_and_stopping_twice_is_once(house: Store):
    with pytest.raises(NotFound, match="没有这个实验：x9"):
        await house.write(lambda tx: experimenting.stop(tx, "x9", by="cli", now=NOON))
    made = await house.write(lambda tx: begin(tx, COPY))

    for hour in (2, 3):
        await house.write(lambda tx, hour=hour: experimenting.stop(tx, made.id, by="cli", now=after(hours=hour)))

    found = await house.read(lambda tx: tx.experiments.get(made.id))
    assert found
    assert (found.state, found.ended_at) == (State.STOPPED, after(hours=2))


# --- merging ---------------------------------------------------------------------------------------------------------


async def test_two_who_are_one_keep_one_arm(house: Store):
    def unit(tx: Transaction) -> tuple[str | None, str | None]:
        made = begin(tx, COPY)
        kept = next(person for person in CROWD if shown(tx, made, person) == "help")
        gone = next(person for person in CROWD if shown(tx, made, person) == "plain")
        tx.people.attach(gone, Identity(WECOM, "wm-gone"), NOON)
        ask(tx, gone, copy="plain.1")
        merge = Merge(id="m1", kept=kept, gone=gone, why="phone", who="cli", at=after(hours=3))
        tx.merges.fold(merge, [])
        return tx.experiments.arm(made.id, kept), experiments.framing_for(tx, "c1", kept)

    assert await house.write(unit) == ("plain", "plain")
