"""`champions`: who stands out, as an operator reads it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

GROVE = {"advocates": 40, "brought": 80, "stayed": 40, "ripe": 60, "lasting": 30, "descendants": 16}


def looked(told: Any, **grown: Any) -> None:
    """The night has looked, and found Mei's row so."""
    with closing(sqlite3.connect(told.database)) as database, database:
        database.execute("insert or replace into marks (key, value) values ('forest_grove', ?)", [json.dumps(GROVE)])
        for name, value in grown.items():
            database.execute(f"update branches set {name} = ? where brought > 0", [value])


CHAMPION = {"brought": 6, "stayed": 5, "ripe": 6, "lasting": 5, "value": 5.0, "kind": "champion"}


def test_who_brings_people_who_stay_is_listed_with_why(told):
    looked(told, **CHAMPION)

    result = told.run("champions")

    assert result.exit_code == 0
    assert "热心人" in result.stdout
    assert "介绍来 6 位朋友，已有 5 位留了下来" in result.stdout
    assert result.stdout.splitlines()[0].split() == ["称谓", "客户", "介绍来", "留下", "再带来", "为什么"]


def test_it_is_there_in_json_too(told):
    looked(told, **CHAMPION)

    (champion,) = told.json("champions")["champions"]

    assert champion["person"]["id"] == next(row["id"] for row in told.rows("people") if row["crm_id"] == "mei")
    assert (champion["kind"], champion["brought"], champion["stayed"], champion["generation"]) == ("champion", 6, 5, 0)
    assert champion["why"] == [{"code": "stayed", "text": "介绍来 6 位朋友，已有 5 位留了下来"}]
    assert told.json("champions", "--kind", "connector") == {"champions": []}


def test_one_friend_makes_nobody_stand_out(told):
    looked(told)

    assert told.run("champions").stdout == "还没有特别突出的。\n"
    assert told.json("champions") == {"champions": []}


def test_before_the_first_night_it_says_when_it_will_know(desk):
    desk.run("migrate")

    assert "夜里 3:20" in desk.run("champions").stdout


def test_a_limit_that_cannot_be_is_refused(told):
    result = told.run("champions", "--limit", "0")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "--limit" in result.stderr
