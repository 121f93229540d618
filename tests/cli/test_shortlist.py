"""`shortlist`, `why` and `plan`: whom it is right to ask, why, and that the plan then does exactly that."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bot.clocks import MARK
from referral import consent, due_rows
from referral.consent import Answer
from referral.decisions import Route
from referral.floor import Policy
from referral.identities import Identity, IdentityKind
from referral.moments import Moment, Permission
from referral.nudges import Nudge, NudgeState, Purpose
from referral.people import Person
from referral.signals import SignalKind
from storage.open import open_store
from tests.cli.desk import CONFIG, Desk, serving

TUESDAY = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # 10:00 in Beijing
DAY = timedelta(days=1)
LINE = ["person", "decision", "score", "channel", "why", "against", "gate", "not_before", "for", "action", "change"]
TALLY = ["sent", "listed", "deferred", "dropped", "permissions", "by_reason"]
FACTS = SimpleNamespace(policy=Policy())


@dataclass
class Shop:
    """A company whose clock shows a Tuesday, 10:00, and whose customers a test makes."""

    desk: Desk
    url: str
    count: int = 0

    def write(self, unit: Any) -> Any:
        async def written() -> Any:
            store = await open_store(self.url)
            try:
                return await store.write(unit)
            finally:
                await store.close()

        return asyncio.run(written())

    def set_clock(self, now: datetime) -> None:
        ahead = (now - datetime.now(UTC)).total_seconds()
        self.write(lambda tx: tx.marks.set(MARK, str(ahead)))

    def open(self) -> str:
        """A campaign that runs."""
        return self.desk.json("campaign", "start", "double-month")["id"]

    def customers(self, **people: dict[str, Any]) -> None:
        """Customers by their number in the CRM; what is given goes over an unremarkable one's, whom one may ask."""

        def unit(tx: Any) -> None:
            for name, known in people.items():
                self._customer(tx, name, **known)

        self.write(unit)

    def _customer(
        self, tx: Any, name: str, *, rep: str | None = "lin", wrote: timedelta | None = None, **known
    ) -> None:
        self.count += 1
        holdout = known.pop("holdout", False)
        person = f"p{self.count:016d}"
        tx.people.create(Person(id=person, name=name, rep=rep, holdout=holdout), TUESDAY)
        tx.people.attach(person, Identity(IdentityKind.CRM, name), TUESDAY)
        tx.people.attach(person, Identity(IdentityKind.WECOM, f"wm-{name}"), TUESDAY)
        if rep:
            tx.reps.see(rep, rep)
        if wrote is not None:
            tx.windows.opened("wkSANDBOX", person, f"wm-{name}", TUESDAY - wrote)
        usual = {"consent": Permission.GRANTED, "customer_since": TUESDAY - 100 * DAY}
        moment = Moment(person=person, holdout=holdout, **(usual | known))
        due_rows.keep(tx, FACTS, moment, now=TUESDAY - DAY)

    def shortlist(self, *args: str, quiet: bool = True) -> list[dict[str, Any]]:
        result = self.desk.run("shortlist", *args)
        assert result.exit_code == 0, result.output
        assert not quiet or result.stderr == ""
        return [json.loads(line) for line in result.stdout.splitlines()]

    def names(self, *args: str) -> list[str]:
        return [line["person"]["crm_id"] for line in self.shortlist(*args)]

    def of(self, name: str, *args: str) -> dict[str, Any]:
        """The one line about somebody among everybody's."""
        return next(line for line in self.shortlist("--all", *args) if line["person"]["crm_id"] == name)

    def asked(self) -> set[str]:
        """Whom the plan means to ask."""

        async def found() -> Any:
            store = await open_store(self.url)
            try:
                return await store.read(
                    lambda tx: [(each.name, tx.nudges.open_of(each.id)) for each in tx.people.all()]
                )
            finally:
                await store.close()

        return {name for name, nudge in asyncio.run(found()) if nudge and nudge.purpose is Purpose.ASK}


def shop_in(folder: Any, url: str = "", sending: str = "") -> Shop:
    database = f'[database]\nurl = "{url}"\n' if url else ""
    desk = Desk(folder, CONFIG + database + (f"[sending]\n{sending}\n" if sending else ""))
    assert desk.run("migrate").exit_code == 0
    shop = Shop(desk, url or f"sqlite:///{desk.database}")
    shop.set_clock(TUESDAY)
    return shop


@pytest.fixture
def shop(tmp_path):
    return shop_in(tmp_path)


@pytest.fixture
def either_shop(tmp_path, database_url):
    """The same on each database."""
    return shop_in(tmp_path, database_url)


def codes(reasons: list[dict[str, str]]) -> list[str]:
    return [reason["code"] for reason in reasons]


GOOD = {"good": SignalKind.PRAISE, "good_at": TUESDAY - DAY}


class TestTheList:
    def test_one_object_a_line_the_best_first_with_reasons_in_words(self, either_shop):
        either_shop.open()
        either_shop.customers(
            plain={},
            happy={**GOOD, "satisfaction": 9.5, "wrote": timedelta(hours=1)},
            loyal={"customer_since": TUESDAY - 800 * DAY, "satisfaction": 8},
        )

        lines = either_shop.shortlist()

        assert [line["person"]["crm_id"] for line in lines] == ["happy", "loyal", "plain"]
        assert all(list(line) == LINE for line in lines)
        assert lines[0]["person"] == {"id": f"p{2:016d}", "crm_id": "happy", "external_userid": "wm-happy"}
        assert [line["decision"] for line in lines] == ["send"] * 3
        assert [line["channel"] for line in lines] == ["kf", "rep", "rep"]
        scores = [line["score"] for line in lines]
        assert scores == sorted(scores, reverse=True)
        assert all(0 < score < 1 and round(score, 4) == score for score in scores)
        assert lines[0]["why"][0] == {"code": "good.praise.given", "text": "昨天给了好评"}
        assert lines[1]["why"] == [
            {"code": "tenure", "text": "成为客户 2 年"},
            {"code": "satisfaction", "text": "满意度 8 分"},
        ]
        assert codes(lines[2]["against"]) == ["tenure.young"]
        assert (lines[0]["gate"], lines[0]["not_before"], lines[0]["action"]) == (None, None, "ask")
        assert lines[0]["change"] == {"code": "change.stop", "text": "有投诉、打了低分或说不再提醒，就不问了"}

    def test_it_changes_nothing(self, shop):
        shop.open()
        shop.customers(happy=GOOD, plain={})
        before = shop.desk.ask_database("select * from moments"), shop.desk.ask_database("select * from nudges")

        first, second = shop.shortlist("--all"), shop.shortlist("--all")

        assert first == second
        after = shop.desk.ask_database("select * from moments"), shop.desk.ask_database("select * from nudges")
        assert after == before

    def test_limit_counts_lines_and_all_adds_the_others_in_the_same_order(self, shop):
        shop.open()
        shop.customers(**{f"n{n}": {"satisfaction": 7 + n / 10} for n in range(25)})
        shop.customers(refused={"consent": Permission.REFUSED, "consent_at": TUESDAY, "satisfaction": 10, **GOOD})

        assert len(shop.names()) == 10  # as many as one rep can take
        assert shop.names("--limit", "3") == ["n24", "n23", "n22"]
        assert shop.names("--all", "--limit", "3") == ["refused", "n24", "n23"]
        everybody = shop.shortlist("--all", "--limit", "1000")
        assert len(everybody) == 26
        assert [line["score"] for line in everybody] == sorted((e["score"] for e in everybody), reverse=True)
        assert [codes(line["why"])[0] for line in everybody if line["decision"] == "defer"] == ["rep.load"] * 15

    @pytest.mark.parametrize(
        ("args", "says"),
        [
            (["--at", "tomorrow"], "--at"),
            (["--at", ""], "--at"),
            (["--at", "1890-01-01T00:00:00"], "--at"),
            (["--at", "9999-12-31T23:59:59-12:00"], "--at"),
            (["--limit", "0"], "--limit"),
            (["--limit", "many"], "--limit"),
        ],
    )
    def test_what_cannot_be_asked_is_a_usage_error(self, shop, args, says):
        result = shop.desk.run("shortlist", *args)

        assert (result.exit_code, result.stdout) == (2, "")
        assert says in result.stderr

    def test_where_no_campaign_runs_it_still_judges_and_says_so(self, shop):
        shop.customers(happy=GOOD, young={"customer_since": TUESDAY - 3 * DAY})

        told = shop.desk.run("shortlist", "--all", "--json")

        assert [json.loads(line)["decision"] for line in told.stdout.splitlines()] == ["send", "defer"]
        assert "没有进行中的活动" in told.stderr

    def test_beside_a_running_bot_it_shows_what_it_will_do(self, shop):
        shop.open()
        shop.customers(happy=GOOD, young={"customer_since": TUESDAY - 3 * DAY})

        with serving(shop.desk):
            beside = shop.names()
            made = shop.desk.json("plan")
            again = shop.desk.json("plan")
            after = shop.names()

        assert beside == ["happy"]
        assert (made["listed"], made["deferred"]) == (1, 1)
        assert (again["listed"], again["deferred"]) == (0, 1)
        assert after == []


FLOOR = {
    "opted_out": ({"consent": Permission.WITHDRAWN}, "drop"),
    "consent.refused": ({"consent": Permission.REFUSED, "consent_at": TUESDAY - 10 * DAY}, "drop"),
    "consent.unknown": ({"consent": Permission.UNKNOWN}, "drop"),
    "complaint.open": ({"complaints": 1, "complaint_at": TUESDAY - DAY}, "drop"),
    "survey.low": ({"satisfaction": 6.9}, "drop"),
    "tenure.unknown": ({"customer_since": None}, "drop"),
    "tenure.short": ({"customer_since": TUESDAY - 29 * DAY}, "defer"),
    "holdout": ({"holdout": True}, "drop"),
    "rest.later": ({"rest_until": TUESDAY + DAY, "rest_why": "later"}, "defer"),
    "gap": ({"nudged_at": TUESDAY - 13 * DAY, "fatigue": 1.0}, "defer"),
    "channel.none": ({"rep": None}, "drop"),
}


class TestWhoIsNotAsked:
    @pytest.mark.parametrize("reason", FLOOR)
    def test_nobody_below_the_floor_is_on_the_list_however_good_the_moment(self, shop, reason):
        known, decision = FLOOR[reason]
        shop.open()
        shop.customers(**{"the-one": {**GOOD, "satisfaction": 10, **known}})

        assert shop.names() == []
        line = shop.of("the-one")
        assert (line["decision"], line["channel"]) == (decision, "none")
        assert codes(line["why"])[0] == reason
        assert not {*codes(line["for"]), *codes(line["against"])} & {*codes(line["why"])}
        assert line["why"][0]["text"]
        assert (line["not_before"] is None) == (decision == "drop" and reason != "consent.refused")

    def test_a_young_customer_is_eligible_as_of_the_day(self, either_shop):
        either_shop.open()
        either_shop.customers(young={"customer_since": TUESDAY - 20 * DAY})

        assert either_shop.names() == []
        assert either_shop.of("young")["not_before"] == (TUESDAY + 10 * DAY).isoformat().replace(
            "02:00:00+00:00", "10:00:00+08:00"
        )
        assert either_shop.names("--at", "2026-12-04T09:59:00") == []
        assert either_shop.names("--at", "2026-12-04T10:00:01") == ["young"]
        assert either_shop.names("--at", "2026-12-04T02:00:01+00:00") == ["young"]

    def test_a_sunday_s_list_is_monday_s(self, shop):
        shop.open()
        shop.customers(happy=GOOD)

        (line,) = shop.shortlist("--at", "2026-11-29T15:00:00")

        assert (line["decision"], line["not_before"]) == ("send", "2026-11-30T09:30:00+08:00")


def crowd(count: int) -> dict[str, dict[str, Any]]:
    """Customers of all kinds, most of whom could be asked: by two reps, or by the desk."""
    people: dict[str, dict[str, Any]] = {}
    for n in range(count):
        known: dict[str, Any] = {"rep": ("lin", "yu", None)[n % 3], "satisfaction": 7 + (n * 7 % 30) / 10}
        if n % 4 == 0:
            known |= {"good": SignalKind.DELIVERY, "good_at": TUESDAY - (n % 9) * DAY}
        if n % 10 == 0:
            known["wrote"] = timedelta(hours=n % 47)
        if n % 13 == 0:
            known["consent"] = Permission.UNKNOWN
        if n % 11 == 0:
            known["customer_since"] = TUESDAY - timedelta(days=n % 60)
        people[f"n{n}"] = known
    return people


def asked_this_week(shop: Shop, count: int) -> None:
    """That `lin` has had so many asks since Friday."""

    def unit(tx: Any) -> None:
        for n in range(count):
            person = f"p{900 + n:016d}"
            tx.people.create(Person(id=person, name=f"asked{n}"), TUESDAY)
            at = TUESDAY - 4 * DAY
            nudge = Nudge(
                id=f"g{n}", person=person, decision="send", why="eligible", state=NudgeState.ENDED, created_at=at,
                planned_at=at, route=Route.REP, rep="lin",
            )  # fmt: skip
            assert tx.nudges.add(nudge)

    shop.write(unit)


class TestThePlan:
    @pytest.mark.parametrize(("budget", "earlier"), [(200, 0), (12, 0), (7, 4), (200, 3), (200, 9)])
    def test_it_asks_exactly_those_who_were_on_the_list(self, tmp_path, budget, earlier):
        shop = shop_in(tmp_path, sending=f"daily_budget = {budget}")
        shop.open()
        shop.customers(**crowd(120))
        asked_this_week(shop, earlier)
        listed = shop.shortlist("--limit", "1000")
        before = shop.shortlist("--all", "--limit", "1000")

        made = shop.desk.json("plan")

        names = {line["person"]["crm_id"] for line in listed}
        assert shop.asked() == names
        assert made["sent"] + made["listed"] == len(listed) > 0
        assert made["sent"] == sum(line["channel"] == "kf" for line in listed)
        assert {line["person"]["crm_id"] for line in before if line["decision"] == "send"} == names
        others = [line for line in before if line["decision"] != "send"]
        assert made["deferred"] + made["dropped"] == sum(made["by_reason"].values()) == len(others)
        if budget == 200:  # else the plan does not look at all of them
            assert made["deferred"] == sum(line["decision"] == "defer" for line in others)
            firsts = [codes(line["why"])[0] for line in others]
            assert made["by_reason"] == {code: firsts.count(code) for code in firsts}

    def test_it_is_the_same_on_each_database(self, either_shop):
        either_shop.open()
        either_shop.customers(**crowd(40))
        listed = set(either_shop.names("--limit", "1000"))

        made = either_shop.desk.json("plan")

        assert made["sent"] + made["listed"] == len(listed)
        assert listed == either_shop.asked()
        assert list(made) == TALLY

    def test_a_second_one_on_the_same_day_adds_nothing(self, shop):
        shop.open()
        shop.customers(**crowd(60))
        first = shop.desk.json("plan")
        asked = shop.asked()

        second = shop.desk.json("plan")

        assert (second["sent"], second["listed"], second["permissions"]) == (0, 0, 0)
        assert shop.asked() == asked
        assert {name: second[name] for name in ("deferred", "dropped", "by_reason")} == {
            name: first[name] for name in ("deferred", "dropped", "by_reason")
        }

    def test_outside_the_hours_it_sends_nothing_and_lists_for_the_next(self, shop):
        shop.open()
        shop.customers(happy={**GOOD, "wrote": timedelta(hours=1)}, plain={})
        shop.set_clock(TUESDAY + timedelta(hours=12))  # 22:00

        made = shop.desk.json("plan")

        assert (made["sent"], made["listed"]) == (0, 2)
        times = {line[0] for line in shop.desk.ask_database("select planned_at from nudges")}
        opening = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)
        assert times == {at.timestamp() * 1000 for at in (opening, opening + timedelta(minutes=30))}

    def test_without_a_campaign_nobody_is_touched_and_one_that_starts_finds_everybody(self, shop):
        shop.customers(happy=GOOD, plain={})

        made = shop.desk.json("plan")
        shop.open()
        after = shop.desk.json("plan")

        assert (made["listed"], made["dropped"], made["by_reason"]) == (0, 2, {"campaign.none": 2})
        assert after["listed"] == 2

    def test_where_a_rep_can_take_nobody_more_the_rest_are_passed_over_but_not_who_can_be_reached_otherwise(self, shop):
        # given sixty customers of a rep named as people are, and a less likely one who has just written
        shop.open()
        shop.write(lambda tx: tx.reps.see("lin", "林顾问"))
        shop.customers(**{f"n{n}": {"satisfaction": 8 + n / 100, "rep": None} for n in range(60)})
        shop.write(lambda tx: [tx.people.learn(f"p{n:016d}", rep="林顾问") for n in range(1, 61)])
        shop.customers(wrote={"satisfaction": 7, "rep": None, "wrote": timedelta(hours=1)})
        listed = set(shop.names())

        made = shop.desk.json("plan")

        assert (made["sent"], made["listed"], made["by_reason"]) == (1, 10, {"rep.load": 50})
        assert shop.asked() == listed == {"wrote", *(f"n{n}" for n in range(50, 60))}
        assert shop.desk.ask_database("select count(*) from nudges") == [(26,)]
        shop.set_clock(TUESDAY + DAY)
        assert shop.of("n0", "--limit", "100")["decision"] == "defer"

    def test_those_beyond_the_budget_come_another_day(self, tmp_path):
        shop = shop_in(tmp_path, sending="daily_budget = 3")
        shop.open()
        shop.customers(**{f"n{n}": {"satisfaction": 8 + n / 100} for n in range(60)})

        made = shop.desk.json("plan")

        assert (made["listed"], made["by_reason"]) == (3, {"budget.day": 57})
        shop.set_clock(TUESDAY + DAY)
        assert shop.desk.json("plan")["listed"] == 3
        assert len(shop.asked()) == 6

    def test_an_ask_that_ran_out_on_the_list_does_not_hold_the_plan_up(self, shop):
        shop.open()
        shop.customers(happy=GOOD)
        assert shop.desk.json("plan")["listed"] == 1

        shop.set_clock(TUESDAY + 20 * DAY)
        listed = shop.names()

        assert listed == ["happy"]
        assert shop.desk.json("plan")["listed"] == 1

    def test_customers_who_were_never_asked_are_asked_first_whether_they_want_it(self, shop):
        shop.open()
        shop.customers(**{f"n{n}": {"consent": Permission.UNKNOWN} for n in range(5)})

        made = shop.desk.json("plan")

        assert (made["listed"], made["permissions"], made["dropped"]) == (0, 3, 5)

    def test_it_tells_in_words(self, shop):
        shop.open()
        shop.customers(happy=GOOD, young={"customer_since": TUESDAY - 3 * DAY}, hurt={"complaints": 1})

        result = shop.desk.run("plan")

        lines = result.stdout.splitlines()
        assert (result.exit_code, lines[0]) == (0, "现在发出 0 位，排定 1 位；先不问 1 位，不问 1 位")
        assert "成为客户的时间还短（tenure.short）" in result.stdout
        assert "有投诉还没处理完（complaint.open）" in result.stdout


class TestWhy:
    def test_of_one_who_is_to_be_asked_and_then_is(self, either_shop):
        either_shop.open()
        either_shop.customers(happy={**GOOD, "satisfaction": 9})

        nudge = either_shop.desk.json("why", "crm:happy")["nudge"]
        either_shop.desk.json("plan")
        planned = either_shop.desk.json("why", "crm:happy")["nudge"]

        assert (nudge["decision"], nudge["channel"], nudge["last"]) == ("send", "rep", None)
        assert codes(nudge["why"]) == ["good.praise.given", "satisfaction"]
        assert (planned["decision"], codes(planned["why"])) == ("defer", ["asked.open"])
        assert planned["last"]["state"] == "listed"
        assert planned["last"]["planned_at"].startswith("2026-11-24T10:0")

    def test_of_one_to_whom_an_ask_was_sent(self, shop):
        shop.open()
        shop.customers(happy=GOOD)
        shop.desk.json("plan")

        def unit(tx: Any) -> None:
            nudge = tx.nudges.open_of(f"p{1:016d}")
            tx.nudges.save(replace(nudge, state=NudgeState.SENT, sent_at=TUESDAY, delivered_at=TUESDAY))
            moment = tx.moments.get(nudge.person).but(nudged_at=TUESDAY, fatigue=1.0)
            due_rows.keep(tx, FACTS, moment, now=TUESDAY)

        shop.write(unit)

        nudge = shop.desk.json("why", "crm:happy")["nudge"]

        assert (nudge["decision"], codes(nudge["why"])) == ("defer", ["gap"])
        assert nudge["not_before"] == "2026-12-08T10:00:00+08:00"
        assert (nudge["last"]["sent_at"], nudge["last"]["outcome"]) == ("2026-11-24T10:00:00+08:00", None)

    def test_of_one_who_waits_and_of_one_who_is_left_alone(self, shop):
        shop.open()
        shop.customers(young={"customer_since": TUESDAY - 3 * DAY}, quiet={})

        def unit(tx: Any) -> None:
            tx.people.find(Identity(IdentityKind.CRM, "quiet"))
            consent.say(tx, FACTS, f"p{2:016d}", Answer.WITHDRAWN, evidence="不再提醒", channel="kf", now=TUESDAY)

        shop.write(unit)

        young, quiet = (shop.desk.json("why", f"crm:{name}")["nudge"] for name in ("young", "quiet"))

        assert (young["decision"], young["not_before"]) == ("defer", "2026-12-21T10:00:00+08:00")
        assert (quiet["decision"], codes(quiet["why"]), quiet["not_before"]) == ("drop", ["opted_out"], None)

    def test_it_says_the_same_as_the_list_when_not_all_can_be_asked(self, tmp_path):
        shop = shop_in(tmp_path, sending="daily_budget = 1")
        shop.open()
        shop.customers(first=GOOD, second={})

        told = {name: shop.desk.json("why", f"crm:{name}")["nudge"] for name in ("first", "second")}

        assert (told["first"]["decision"], told["second"]["decision"]) == ("send", "defer")
        assert codes(told["second"]["why"]) == codes(shop.of("second")["why"]) == ["budget.day"]

    def test_whom_the_plan_put_off_it_does_not_promise_an_ask(self, shop):
        # given one for whom there was no way this morning, and who has written since
        shop.open()
        shop.customers(lost={"rep": None})
        assert shop.desk.json("plan")["by_reason"] == {"channel.none": 1}
        shop.write(lambda tx: tx.windows.opened("wkSANDBOX", f"p{1:016d}", "wm-lost", TUESDAY))

        nudge = shop.desk.json("why", "crm:lost")["nudge"]

        assert (nudge["decision"], codes(nudge["why"])) == ("drop", ["channel.none"])
        assert shop.names() == []

    def test_it_is_readable_too(self, shop):
        shop.open()
        shop.customers(
            happy={**GOOD, "last_order_at": TUESDAY - 400 * DAY}, young={"customer_since": TUESDAY - 3 * DAY}
        )
        shop.desk.json("plan")

        happy, young = (shop.desk.run("why", f"crm:{name}").stdout for name in ("happy", "young"))

        assert "现在先不问" in happy
        assert "已经在名单上，或正要发出（asked.open）" in happy
        assert "请对方推荐，由顾问，在名单上" in happy
        assert "成为客户的时间还短（tenure.short）" in young
        assert "最早：2026-12-21 10:00" in young
        assert "还没有问过" in young

    def test_without_a_campaign_it_says_that_nothing_would_go_out(self, shop):
        shop.customers(happy=GOOD, young={"customer_since": TUESDAY - 3 * DAY})

        happy, young = (shop.desk.run("why", f"crm:{name}", "--json") for name in ("happy", "young"))

        assert json.loads(happy.stdout)["nudge"]["decision"] == "send"
        assert "没有进行中的活动" in happy.stderr
        assert young.stderr == ""
