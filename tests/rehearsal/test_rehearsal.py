"""`taoli rehearse` as a simulator has it: its own process, a line a day, and no rule broken in a whole world."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pytest

from bot.rehearsal.rehearsal import HOLDOUT
from referral.holdout import is_held_out
from tests.cli.desk import ROOT

PRACTICE = str(ROOT / "tests" / "rehearsal" / "practice.py")
COPY = {"plain", "help", "reward", "early", "thanks"}
REHEARSE = [sys.executable, "-m", "bot", "rehearse"]
PEOPLE, DAYS, BUDGET = 600, 40, 10
INIT = {
    "t": "init",
    "n": 2,
    "days": 3,
    "budget": 1,
    "copy": ["plain", "help"],
    "customers": [{"cid": 0, "tenure": 400, "coupon": 0.3}, {"cid": 1, "tenure": 90}],
}


@dataclass(frozen=True, kw_only=True)
class Played:
    """A world that was played: what was said to the bot, what it answered, and what the world makes of it."""

    said: str
    answered: str
    score: dict[str, Any]

    @property
    def days(self) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
        """Each day as it was told, and the asks of that day."""
        told = [json.loads(line) for line in self.said.splitlines()]
        answers = [json.loads(line) for line in self.answered.splitlines()]
        return [(day, answer["nudges"]) for day, answer in zip(told[1:-2], answers[:-1], strict=True)]

    @property
    def end(self) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.answered.splitlines()[-1])
        return said


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """One small world, played once by the command itself."""
    folder = tmp_path_factory.mktemp("world")
    said, answered = folder / "said", folder / "answered"
    tapped = f"tee {said} | {shlex.join(REHEARSE)} | tee {answered}"
    size = ["--seed", "7", "--n", str(PEOPLE), "--days", str(DAYS), "--budget", str(BUDGET)]

    done = subprocess.run(
        [sys.executable, PRACTICE, *size, "--", "bash", "-c", tapped],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        check=True,
        timeout=120,
    )

    return Played(said=said.read_text(), answered=answered.read_text(), score=json.loads(done.stdout)["bot"])


def told(*lines: Any) -> subprocess.CompletedProcess[str]:
    """What the command makes of these lines; what is not a string is written as JSON."""
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    return subprocess.run(
        REHEARSE,
        input=text,
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        cwd=ROOT,
        check=False,
        timeout=60,
    )


def test_every_answer_is_one_that_the_world_can_use(played: Played):
    assert len(played.days) == DAYS
    for _, nudges in played.days:
        assert len(nudges) <= BUDGET
        assert len({each["cid"] for each in nudges}) == len(nudges)
        for each in nudges:
            assert set(each) == {"cid", "copy", "hour"}
            assert 0 <= each["cid"] < PEOPLE
            assert each["copy"] in COPY
    assert sum(len(nudges) for _, nudges in played.days) > DAYS * BUDGET / 2


def test_nobody_is_asked_in_quiet_hours_or_twice_in_a_fortnight(played: Played):
    last: dict[int, int] = {}
    for day, nudges in played.days:
        for each in nudges:
            assert 9 <= each["hour"] <= 20
            assert day["day"] - last.get(each["cid"], -14) >= 14
            last[each["cid"]] = day["day"]
    assert (played.score["quiet_hour_nudges"], played.score["gap_violations"]) == (0, 0)


def test_nobody_is_asked_who_has_had_enough_or_a_complaint_open_or_a_low_score(played: Played):
    gone: set[int] = set()
    complained: dict[int, int] = defaultdict(lambda: -99)
    scores: dict[int, float] = {}
    for day, nudges in played.days:
        gone |= {each["cid"] for each in day["outcomes"] + day["events"] if each["t"] == "optout"}
        complained.update(dict.fromkeys(day["complaint"], day["day"]))
        scores.update(dict(day["survey"]))
        for each in nudges:
            assert each["cid"] not in gone
            assert day["day"] - complained[each["cid"]] >= 14
            assert scores.get(each["cid"], 10) >= 7
    assert complained and scores


def test_the_holdout_is_a_tenth_and_is_never_asked(played: Played):
    salt = sha256((played.said.splitlines()[0] + "\n").encode()).hexdigest()
    held = {cid for cid in range(PEOPLE) if is_held_out(str(cid), HOLDOUT, salt)}

    assert 0.06 * PEOPLE < len(held) < 0.14 * PEOPLE
    assert not held & {each["cid"] for _, nudges in played.days for each in nudges}


def test_at_the_end_it_says_what_asking_brought_and_which_links_it_does_not_believe(played: Played):
    incremental = played.end["incremental"]
    links = {each["link"] for day, _ in played.days for each in day["outcomes"] + day["events"] if each.get("link")}

    assert incremental["lo"] <= incremental["point"] <= incremental["hi"]
    assert set(played.end["fraud_links"]) <= links


def test_the_same_world_is_played_the_same_way_again(played: Played):
    again = told(*played.said.splitlines())

    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout == played.answered


def test_another_world_holds_others_out():
    world = INIT | {"budget": 200, "customers": [{"cid": cid, "tenure": 400} for cid in range(200)]}
    asked = [
        {each["cid"] for each in json.loads(told(world | {"days": days}, {"t": "day", "day": 0}).stdout)["nudges"]}
        for days in (30, 31)
    ]

    assert asked[0] != asked[1]
    assert all(160 <= len(each) < 200 for each in asked)


def test_it_ends_with_its_input_and_with_the_score():
    assert told().returncode == 0
    ended = told(INIT, {"t": "end"}, {"t": "score", "nudges": 0}, "what comes after is not read")
    assert (ended.returncode, len(ended.stdout.splitlines())) == (0, 1)


def test_where_nobody_was_asked_asking_has_brought_nothing_and_every_number_is_one():
    events = [{"t": "convert", "link": "L0-1", "pid": 3, "same_device": False, "hours": 30.0}]

    never = told(INIT | {"budget": 0}, {"t": "day", "day": 0}, {"t": "day", "day": 1, "events": events}, {"t": "end"})

    assert (never.returncode, never.stderr) == (0, "")
    assert json.loads(never.stdout.splitlines()[-1])["incremental"] == {"point": 0.0, "lo": 0.0, "hi": 0.0}


def test_where_nobody_is_held_out_to_compare_with_the_interval_says_no_more_than_what_came():
    events = [{"t": "convert", "link": "L0-1", "pid": 3, "same_device": False, "hours": 30.0}]

    said = told(INIT, {"t": "day", "day": 0}, {"t": "day", "day": 1, "events": events}, {"t": "end"})

    found = json.loads(said.stdout.splitlines()[-1])["incremental"]
    assert found["lo"] <= found["point"] <= found["hi"] <= 1
    assert found["hi"] > 0.5


BROKEN = {
    "a day before the world": ([{"t": "day", "day": 0}], ["第 1 行", "init"]),
    "no JSON": ([INIT, "tomorrow"], ["第 2 行", "JSON"]),
    "no UTF-8": ([INIT, '{"t": "day\udcff"}'], ["第 2 行", "UTF-8"]),
    "a budget below nothing": ([INIT | {"budget": -1}], ["第 1 行 budget", "不能小于 0"]),
    "a budget beyond all": ([INIT | {"budget": 10**30}], ["第 1 行 budget"]),
    "no copy": ([INIT | {"copy": []}], ["第 1 行 copy", "不能为空"]),
    "a customer for longer than anybody lives": (
        [INIT | {"customers": [{"cid": 0, "tenure": 10**12}]}],
        ["第 1 行 customers[0].tenure", "不能超过"],
    ),
    "a number of a customer beyond all": (
        [INIT | {"customers": [{"cid": 10**18, "tenure": 1}]}],
        ["第 1 行 customers[0].cid"],
    ),
    "a customer twice": ([INIT | {"customers": INIT["customers"] * 2}], ["第 1 行 customers[2].cid", "写了两次"]),
    "a day beyond all": ([INIT, {"t": "day", "day": 10**9}], ["第 2 行 day", "不能超过"]),
    "a day that is over": ([INIT, {"t": "day", "day": 2}, {"t": "day", "day": 1}], ["第 3 行 day", "第 2 天"]),
    "half a pair": ([INIT, {"t": "day", "day": 0, "msg": [[0]]}], ["第 2 行 msg[0]", "2 个"]),
    "an end that never comes": ([INIT, {"t": "day", "day": 0}], ["第 2 行以后", "end"]),
    "a list": ([[1, 2]], ["第 1 行", "对象"]),
    "no kind": ([{"n": 1}], ["第 1 行 t", "缺少这一项"]),
    "an unknown kind": ([{"t": "night"}], ["第 1 行 t", "不是认识的值"]),
    "a field that is missing": ([{k: v for k, v in INIT.items() if k != "budget"}], ["第 1 行", "budget"]),
    "a word for a number": ([INIT | {"budget": "ten"}], ["第 1 行 budget", "要是整数"]),
    "a customer without a number": ([INIT | {"customers": [{"tenure": 3}]}], ["第 1 行", "cid", "customers[0]"]),
    "an hour there is not": ([INIT, {"t": "day", "day": 0, "msg": [[0, 24]]}], ["第 2 行", "msg[0][1]"]),
    "a score there is not": ([INIT, {"t": "day", "day": 0, "survey": [[0, 11]]}], ["第 2 行", "survey[0][1]"]),
    "somebody unknown": ([INIT, {"t": "day", "day": 0, "buy": [1, 7]}], ["第 2 行", "buy[1]", "7 号客户"]),
    "a link of somebody unknown": (
        [INIT, {"t": "day", "day": 0, "events": [{"t": "click", "link": "L9-1", "pid": 3}]}],
        ["第 2 行", "events[0].link", "9 号客户"],
    ),
    "no link at all": ([INIT, {"t": "day", "day": 0, "events": [{"t": "click"}]}], ["第 2 行", "events[0].link"]),
    "nobody who took one": ([INIT, {"t": "end", "outcomes": [{"t": "took"}]}], ["第 2 行", "outcomes[0].cid"]),
    "a link of nobody's number": (
        [INIT, {"t": "day", "day": 0, "events": [{"t": "click", "link": f"L{'9' * 5000}-1"}]}],
        ["第 2 行 events[0].link"],
    ),
    "a link of another form": (
        [INIT, {"t": "day", "day": 0, "events": [{"t": "click", "link": "seventeen"}]}],
        ["第 2 行", "events[0].link"],
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_input_is_refused_in_one_sentence_that_names_the_line_and_the_field(case):
    lines, named = BROKEN[case]

    refused = told(*lines)

    assert refused.returncode == 2  # as everywhere, for what cannot be used
    assert refused.stderr.startswith("taoli: ") and refused.stderr.count("\n") == 1
    assert all(word in refused.stderr for word in named), refused.stderr
