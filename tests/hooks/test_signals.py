"""The signals' webhook over HTTP: what others hear about customers is kept once, and acted on at once."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.hooks.signals import TYPES
from bot.phone_hash import phone_hash
from referral import news
from referral.identities import Identity, IdentityKind
from referral.moments import Permission
from referral.nudges import NudgeState
from referral.signals import SignalKind
from tests.hooks.house import PHONE_KEY, wecom

REQUIRED = {"survey.answered": {"score": 9}, "activity.seen": {"count": 12}}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def known_as(house, **names: str) -> set[str]:
    """The ids of the people whom these names lead to."""
    kinds = {"crm_id": IdentityKind.CRM, "external_userid": IdentityKind.WECOM, "unionid": IdentityKind.UNIONID}
    who = [Identity(kinds[kind], value) for kind, value in names.items()]
    found = await house.store.read(lambda tx: [tx.people.find(identity) for identity in who])
    return {person.id if person else "" for person in found}


async def history(house, name: str = "wmMei") -> list[str]:
    signals = await house.store.read(lambda tx: tx.signals.of_person(tx.people.find(wecom(name)).id))
    return [signal.kind.value for signal in signals]


class TestWhatIsHeard:
    @pytest.mark.parametrize("kind", TYPES)
    async def test_every_kind_is_recorded(self, quick_house, kind):
        answer = await quick_house.hear(kind, **REQUIRED.get(kind, {}))

        assert (answer.status, answer.body) == (200, {"outcome": "recorded", "reasons": []})
        assert await history(quick_house) == [kind]

    async def test_a_stranger_becomes_known_by_all_the_names_given(self, house):
        await house.hear("praise.given", {"crm_id": "42", "external_userid": "wmNew", "phone": "13812345678"})

        (person,) = await known_as(house, crm_id="42", external_userid="wmNew")
        by_phone = Identity(IdentityKind.PHONE, phone_hash("13812345678", PHONE_KEY))
        assert (await house.store.read(lambda tx: tx.people.find(by_phone))).id == person

    async def test_what_was_said_of_two_names_comes_together_once_somebody_says_they_are_one(self, house):
        # given a survey under the shop's number, and praise under the name in WeCom
        await house.hear("survey.answered", {"crm_id": "42"}, score=8)
        await house.hear("praise.given", {"external_userid": "wmMei"})
        assert len(await known_as(house, crm_id="42", external_userid="wmMei")) == 2

        # when a delivery names both
        await house.hear("delivery.completed", {"crm_id": "42", "external_userid": "wmMei"})

        # then they are one person, with all of it
        assert len(await known_as(house, crm_id="42", external_userid="wmMei")) == 1
        assert sorted(await history(house)) == ["delivery.completed", "praise.given", "survey.answered"]
        moment = await house.moment()
        assert (moment.satisfaction, moment.good) == (8, SignalKind.PRAISE)

    async def test_an_order_that_waited_for_this_name_finds_its_buyer(self, house):
        await house.start()
        await house.pay("A1", {"crm_id": "42"})
        assert (await house.order("A1")).person is None

        await house.hear("praise.given", {"external_userid": "wmJun", "crm_id": "42"})

        (person,) = await known_as(house, crm_id="42", external_userid="wmJun")
        assert (await house.order("A1")).person == person

    async def test_the_latest_survey_counts_and_not_the_one_that_came_in_last(self, quick_house):
        await quick_house.hear("survey.answered", score=9)
        await quick_house.hear("survey.answered", score=3, at=(quick_house.now - DAY).isoformat())

        assert (await quick_house.moment()).satisfaction == 9

    async def test_a_complaint_is_open_until_it_is_closed_whichever_is_told_first(self, quick_house):
        await quick_house.hear("complaint.closed", at=quick_house.now.isoformat())
        await quick_house.hear("complaint.opened", at=(quick_house.now - DAY).isoformat())
        assert (await quick_house.moment()).complaints == 0

        await quick_house.hear("complaint.opened", at=(quick_house.now - HOUR).isoformat())
        assert (await quick_house.moment()).complaints == 1

    async def test_a_closing_closes_no_complaint_that_was_opened_after_it(self, quick_house):
        await quick_house.hear("complaint.closed", at=(quick_house.now - DAY).isoformat())
        await quick_house.hear("complaint.opened", at=quick_house.now.isoformat())
        assert (await quick_house.moment()).complaints == 1


class TestSentAgain:
    async def test_the_same_webhook_gets_its_first_answer_again(self, house):
        first = await house.hear("praise.given", webhook="msg_1")
        again = await house.hear("praise.given", webhook="msg_1")

        assert again == first
        assert await history(house) == ["praise.given"]

    async def test_the_same_id_with_another_body_is_a_conflict(self, house):
        await house.hear("praise.given", webhook="msg_1")

        other = await house.hear("complaint.opened", webhook="msg_1")

        assert (other.status, list(other.wrong)) == (409, ["webhook-id"])
        assert await history(house) == ["praise.given"]

    async def test_the_same_content_under_a_new_id_is_a_duplicate(self, house):
        await house.hear("survey.answered", score=9)

        again = await house.hear("survey.answered", score=9.0, note="again")
        other = await house.hear("survey.answered", score=8)

        assert (again.status, again.body) == (200, {"outcome": "duplicate", "reasons": []})
        assert other.outcome == "recorded"

    async def test_a_shop_and_a_crm_may_count_their_webhooks_alike(self, quick_house):
        await quick_house.start()
        await quick_house.tell("order.paid", quick_house.paid(), webhook="1")

        signal = await quick_house.hear("praise.given", webhook="1")

        assert (signal.status, signal.outcome) == (200, "recorded")

    async def test_16_deliveries_at_once_are_one_signal_and_one_person(self, house):
        answers = await asyncio.gather(*(house.hear("complaint.opened", webhook="msg_1") for _ in range(16)))
        others = await asyncio.gather(*(house.hear("complaint.opened", webhook=f"other_{n}") for n in range(8)))

        assert {(each.status, each.outcome) for each in answers} == {(200, "recorded")}
        assert {(each.status, each.outcome) for each in others} == {(200, "duplicate")}
        assert (await house.moment()).complaints == 1


class TestRefused:
    @pytest.mark.parametrize(
        ("kind", "fields", "wrong"),
        [
            ("order.paid", {}, ["type"]),
            ("survey.answered", {}, ["data.score"]),
            ("survey.answered", {"score": 10.5}, ["data.score"]),
            ("survey.answered", {"score": -1}, ["data.score"]),
            ("survey.answered", {"score": "9"}, ["data.score"]),
            ("survey.answered", {"score": True}, ["data.score"]),
            ("activity.seen", {}, ["data.count"]),
            ("activity.seen", {"count": -1}, ["data.count"]),
            ("activity.seen", {"count": 10**13}, ["data.count"]),
            ("praise.given", {"at": None}, ["data.at"]),
            ("praise.given", {"at": "2026-11-23T10:00:00"}, ["data.at"]),
            ("praise.given", {"at": "yesterday"}, ["data.at"]),
            ("praise.given", {"person": None}, ["data.person"]),
            ("praise.given", {"person": {}}, ["data.person"]),
            ("praise.given", {"person": {"name": "梅"}}, ["data.person.name"]),
            ("survey.answered", {"person": {"crm_id": 42}, "at": 1}, ["data.person.crm_id", "data.at", "data.score"]),
        ],
    )
    async def test_every_problem_is_named_and_nothing_is_kept(self, quick_house, kind, fields, wrong):
        answer = await quick_house.hear(kind, **fields)

        assert (answer.status, list(answer.wrong)) == (422, wrong)
        assert await quick_house.store.read(lambda tx: list(tx.people.all())) == []

    async def test_a_time_that_has_not_come_is_refused_but_clocks_may_differ_a_little(self, quick_house):
        soon = await quick_house.hear("praise.given", at=(quick_house.now + timedelta(minutes=5)).isoformat())
        later = await quick_house.hear("praise.given", at=(quick_house.now + timedelta(minutes=6)).isoformat())

        assert soon.outcome == "recorded"
        assert (later.status, list(later.wrong)) == (422, ["data.at"])

    async def test_an_unsigned_one_is_refused(self, quick_house):
        body = json.dumps({"type": "praise.given", "data": {}}).encode()

        answer = await quick_house.post(body, headers={"webhook-signature": "v1,AAAA"}, path="/hooks/signals")

        assert (answer.status, list(answer.wrong)) == (401, ["webhook-signature"])

    async def test_an_unreadable_body_is_told_so(self, quick_house):
        answer = await quick_house.post(b"{", path="/hooks/signals")

        assert (answer.status, list(answer.wrong)) == (422, ["body"])


class TestAGoodMoment:
    @pytest.mark.parametrize(("kind", "fields"), [("survey.answered", {"score": 9}), ("praise.given", {})])
    async def test_an_open_desk_window_is_used_at_once(self, house, kind, fields):
        # given Mei, who wrote to the desk this morning
        await house.start()
        mei = await house.customer()
        await house.writes()

        # when something good is told of her
        await house.hear(kind, **fields)

        # then she is asked there, and the sender is woken
        ((lane, payload),) = await house.letters()
        assert lane == "desk:wmMei"
        assert "广告" in payload
        nudge = await house.store.read(lambda tx: tx.nudges.open_of(mei))
        assert (nudge.state, nudge.why) == (NudgeState.QUEUED, f"good.{kind}")
        assert house.wakes == 1

    @pytest.mark.parametrize(
        "known",
        [
            {"consent": Permission.UNKNOWN},
            {"consent": Permission.WITHDRAWN},
            {"complaints": 1},
            {"customer_since": None},
            {"holdout": True},
        ],
    )
    async def test_nobody_is_asked_against_the_floor(self, quick_house, known):
        await quick_house.start()
        held_out = known.get("holdout", False)
        mei = await quick_house.customer(**{name: value for name, value in known.items() if name != "holdout"})
        if held_out:
            await quick_house.store.write(lambda tx: tx.people.learn(mei, holdout=True))
        await quick_house.writes()

        await quick_house.hear("praise.given")

        assert await quick_house.letters() == []

    async def test_without_a_window_it_is_left_to_the_plan(self, quick_house):
        await quick_house.start()
        await quick_house.customer()

        await quick_house.hear("praise.given")

        assert await quick_house.letters() == []
        best = await quick_house.store.read(lambda tx: tx.moments.best(1))
        assert best == list(await known_as(quick_house, external_userid="wmMei"))

    async def test_what_was_good_long_ago_is_no_occasion(self, quick_house):
        await quick_house.start()
        await quick_house.customer()
        await quick_house.writes()

        await quick_house.hear("praise.given", at=(quick_house.now - 8 * DAY).isoformat())
        await quick_house.hear("survey.answered", score=8)

        assert await quick_house.letters() == []


class TestABadMoment:
    @pytest.mark.parametrize(
        ("kind", "fields", "says"),
        [
            ("complaint.opened", {}, "梅姐有一条新投诉，麻烦您尽快关心一下。"),
            ("survey.answered", {"score": 6.5}, "梅姐刚打了 6.5 分，麻烦您关心一下。"),
        ],
    )
    async def test_the_rep_is_told_once(self, house, kind, fields, says):
        await house.customer()

        await house.hear(kind, **fields)
        await house.hear(kind, **fields)

        ((lane, payload),) = await house.letters()
        assert lane == "rep:lin"
        assert says in json.loads(payload).values()

    async def test_without_a_rep_nobody_is_told(self, quick_house):
        await quick_house.hear("complaint.opened")

        assert await quick_house.letters() == []

    async def test_what_is_settled_alarms_nobody(self, quick_house):
        await quick_house.customer()
        earlier = (quick_house.now - DAY).isoformat()

        await quick_house.hear("survey.answered", score=8)
        await quick_house.hear("survey.answered", score=2, at=earlier)
        await quick_house.hear("complaint.closed", at=quick_house.now.isoformat())
        await quick_house.hear("complaint.opened", at=earlier)
        await quick_house.hear("complaint.opened", at=(quick_house.now - 8 * DAY).isoformat())

        assert await quick_house.letters() == []

    async def test_a_rep_who_has_left_is_not_told(self, quick_house):
        await quick_house.customer()
        await quick_house.store.write(lambda tx: tx.reps.retire_all_but([]))

        await quick_house.hear("complaint.opened")

        assert await quick_house.letters() == []


async def test_a_share_of_those_who_become_known_here_is_never_asked(quick_house):
    facts, rng = replace(quick_house.facts, holdout=0.5), quick_house.rng

    def unit(tx):
        names = [wecom(f"wm{number}") for number in range(40)]
        return [news.meet(tx, facts, [name], now=quick_house.now, rng=rng).holdout for name in names]

    assert 10 < sum(await quick_house.store.write(unit)) < 30
