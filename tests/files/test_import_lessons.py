"""A table with what customers brought before teaches whom to ask: Part 6, Shows 7, from the file to the short list."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import pytest

from referral.studying import share
from tests.cli.desk import CONFIG, Desk
from tests.rules.tables_of_customers import DAY, KINDS, NOW, Row, table

HEAD = ["客户编号", "首单日期", "满意度", "活跃度", "最近下单", "订单数", "等级", "顾问", "标签", "同意营销"]
HISTORY = "已介绍人数"
SIZE = 700


class Company:
    """A desk and its table of customers, half of whom have their history in it."""

    def __init__(self, desk: Desk, kind: str, size: int = SIZE) -> None:
        self.desk = desk
        self.rows = table(KINDS[kind], size, 7)
        rng = random.Random(3)
        self.told = [rng.random() < 0.5 for _ in self.rows]

    def file(self, name: str, *, history: bool) -> str:
        """The table as a CRM writes it."""
        path = self.desk.folder / name
        with path.open("w", encoding="utf-8", newline="") as file:
            written = csv.writer(file)
            written.writerow([*HEAD, *([HISTORY] if history else [])])
            for number, row in enumerate(self.rows):
                friends = [row.friends if self.told[number] else ""]
                written.writerow([*cells(number, row), *(friends if history else [])])
        return str(path)

    def tells_one_more(self):
        """The history of one more customer is known."""
        self.told[self.told.index(False)] = True

    def take_in(self, file: str, *options: str):
        result = self.desk.run("import", "people", file, "--json", *options)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def ranked(self) -> list[tuple[int, float]]:
        """Everybody's number in the CRM and score, as the short list tells them."""
        result = self.desk.run("shortlist", "--all", "--limit", "10000")
        assert result.exit_code == 0, result.output
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        found = [(line["person"]["crm_id"], line["score"]) for line in lines]
        ours = [(int(number), score) for number, score in found if number.isdecimal()]  # the sandbox has its own cast
        assert len(ours) == len(self.rows)
        return ours

    def top_share(self, ranked) -> float:
        """How much of all friends of those whose history was not told the first fifth of them brought."""
        others = [self.rows[number].friends for number, _ in ranked if not self.told[number]]
        return sum(others[: len(others) // 5]) / sum(others)

    def by_tenure(self) -> float:
        others = [row for row, told in zip(self.rows, self.told, strict=True) if not told]
        return share([row.joined or 0.0 for row in others], [float(row.friends) for row in others])


def cells(number: int, row: Row) -> list[object]:
    def day(ago: float | None) -> str:
        return "" if ago is None else f"{NOW - ago * DAY:%Y-%m-%d}"

    told = (row.satisfaction, row.activity, day(row.idle), row.orders, row.tier, row.rep, "、".join(row.tags), 1)
    return [number, day(row.joined), *("" if value is None else value for value in told)]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def shop(request, tmp_path: Path) -> Desk:
    """A company's folder over each kind of database."""
    if request.param == "sqlite":
        return Desk(tmp_path)
    url = request.getfixturevalue("postgres_url")
    desk = Desk(tmp_path, CONFIG + f'\n[database]\nurl = "{url}"\n')
    assert desk.run("migrate").exit_code == 0
    return desk


def test_the_untold_half_is_ranked_better_after_the_history_than_before_and_than_by_tenure(shop):
    company = Company(shop, "married with a contract")

    without = company.take_in(company.file("before.csv", history=False))
    before = company.top_share(company.ranked())
    with_history = company.take_in(company.file("after.csv", history=True))
    after = company.ranked()
    again = company.take_in(company.file("after.csv", history=True))

    assert without["learned"] is None
    assert company.top_share(after) > max(before, company.by_tenure()) + 0.05
    learned = with_history["learned"]
    friends = sum(row.friends for row, told in zip(company.rows, company.told, strict=True) if told)
    assert (learned["customers"], learned["referrals"]) == (sum(company.told), friends)
    assert learned["top_20"]["learned"] > learned["top_20"]["profile"]
    assert any(finding.get("value") in ("银卡", "有孩子") for finding in learned["findings"])
    assert (again["same"], again["learned"]) == (SIZE, learned)
    assert company.ranked() == after


def test_those_who_brought_friends_stand_above_their_like_who_brought_none(desk):
    company = Company(desk, "the brief's profile")

    company.take_in(company.file("table.csv", history=True))

    place = {number: position for position, (number, _) in enumerate(company.ranked())}
    told = [number for number, known in enumerate(company.told) if known]
    brought = [place[number] for number in told if company.rows[number].friends >= 3]
    none = [place[number] for number in told if not company.rows[number].friends]
    assert sum(brought) / len(brought) < sum(none) / len(none) - SIZE / 4


def test_with_no_history_the_score_is_the_profile_rule(desk):
    company = Company(desk, "tier alone", 60)

    company.take_in(company.file("table.csv", history=False))

    assert desk.ask_database("select distinct profile from moments") == [(0.0,)]
    assert desk.ask_database("select count(*) from lessons") == [(0,)]


def test_a_trial_says_what_would_be_learned_and_keeps_nothing(desk):
    company = Company(desk, "tier alone")
    file = company.file("table.csv", history=True)

    trial = company.take_in(file, "--dry-run")
    assert not desk.database.exists()
    real = company.take_in(file)
    spoken = desk.run("import", "people", file).stdout

    assert trial["learned"]["customers"] == real["learned"]["customers"] == sum(company.told)
    assert {finding["text"] for finding in trial["learned"]["findings"]} == {
        finding["text"] for finding in real["learned"]["findings"]
    }
    assert f"从 {sum(company.told)} 位客户过去介绍的" in spoken
    assert "等级「金卡」的客户，介绍的朋友是平均的" in spoken
    assert "前 20% 的客户占全部介绍的" in spoken


def test_too_little_history_is_said_to_be_too_little(desk):
    company = Company(desk, "tier alone", 30)

    told = desk.run("import", "people", company.file("table.csv", history=True)).stdout

    assert f"过去的介绍：{sum(company.told)} 位客户填了已介绍人数" in told
    assert "评分先按通用规则" in told


def test_a_column_without_a_nought_is_asked_about(desk):
    company = Company(desk, "married with a contract")
    company.told = [known and row.friends > 0 for known, row in zip(company.told, company.rows, strict=True)]

    told = desk.run("import", "people", company.file("table.csv", history=True)).stdout

    assert "已介绍人数一列没有 0" in told


def test_new_customers_have_the_effect_at_once_and_changed_ones_anew(desk):
    company = Company(desk, "tier alone")
    company.take_in(company.file("table.csv", history=True))
    file = desk.folder / "more.csv"

    def effect(number: int) -> float:
        question = (
            "select m.profile from moments m join identities i on i.person = m.person "
            f"where i.kind = 'crm' and i.value = '{number}'"
        )
        return desk.ask_database(question)[0][0]

    file.write_text("客户编号,首单日期,等级\n9001,2025-01-01,金卡\n9002,2025-01-01,普通\n", encoding="utf-8")
    company.take_in(str(file))
    gold, plain = effect(9001), effect(9002)
    file.write_text("客户编号,首单日期,等级\n9002,2025-01-01,金卡\n", encoding="utf-8")
    company.take_in(str(file))

    assert gold > plain + 0.5
    assert effect(9002) == pytest.approx(effect(9001), abs=0.05)


def test_beside_a_running_bot_the_bot_keeps_the_lesson_and_the_short_list_shows_it(running):
    company = Company(running, "young gold, old silver")

    company.take_in(company.file("before.csv", history=False))
    before = company.top_share(company.ranked())
    learned = company.take_in(company.file("after.csv", history=True))["learned"]

    assert learned["customers"] == sum(company.told)
    assert company.top_share(company.ranked()) > before + 0.1


def test_what_history_taught_can_be_looked_at_and_switched_off_and_every_score_is_made_anew(desk: Desk):
    company = Company(desk, "tier alone")
    company.take_in(company.file("told.csv", history=True))
    before = json.loads(desk.run("model", "show", "--json").stdout)["history"]
    weighed = desk.ask_database("select count(*) from moments where profile <> 0")[0][0]
    scores = dict(company.ranked())

    said = desk.run("model", "history", "off", "--reason", "不想用", "--by", "周经理")

    assert said.exit_code == 0, said.output
    assert "从 " in "\n".join(before["lines"])
    assert before["on"] and before["learned"]["customers"] > 100
    assert weighed > 0
    assert desk.ask_database("select count(*) from moments where profile <> 0")[0][0] == 0
    assert dict(company.ranked()) != scores
    assert "过去的介绍：已关掉" in desk.run("model", "show").stdout
    assert desk.ask_database("select count(*) from audit where action = 'model.history'")[0][0] == 1
    company.tells_one_more()
    assert company.take_in(company.file("more.csv", history=True))["learned"] is None

    said = desk.run("model", "history", "on", "--reason", "再试一次", "--by", "周经理")

    assert "从今天夜里起" in said.output
    assert "过去的介绍：已关掉" not in desk.run("model", "show").stdout
    company.tells_one_more()
    assert company.take_in(company.file("most.csv", history=True))["learned"]["customers"] == sum(company.told)
