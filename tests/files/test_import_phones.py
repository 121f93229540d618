"""One phone of two customers: each row that comes in without it is named, and nobody gets what is not surely theirs."""

from __future__ import annotations

import json

import pytest

from tests.cli.desk import CONFIG, Desk
from tests.files.test_import_people import csv, take_in, write

HEAD = "客户编号,手机号,姓名"
X = "13800138000"
SHARED = "同一个手机号属于两位客户，没有记到任何一位"
ANOTHERS = "这个手机号已经记在另一位客户名下，没有记到这一位"


@pytest.fixture
def desk(ready_url, tmp_path):
    """A company that knows nobody yet, on each kind of database."""
    return Desk(tmp_path, f'{CONFIG}\n[database]\nurl = "{ready_url}"\n')


def people(*rows):
    return csv(*rows, head=HEAD)


def whose(desk, phone=X):
    """The customer to whom a phone leads, None where it leads to nobody."""
    found = desk.run("why", f"phone:{phone}", "--json")
    return json.loads(found.stdout)["person"]["crm_id"] if found.exit_code == 0 else None


def names(desk):
    """All customers by their numbers."""
    rows = map(json.loads, desk.run("export", "people").stdout.splitlines())
    return {row["crm_id"]: row["name"] for row in rows}


def lost(report):
    """(line, why) of every row that came in without its phone."""
    assert {error["field"] for error in report["errors"]} <= {"phone"}
    return [(error["line"], error["problem"]) for error in report["errors"]]


def test_two_customers_with_one_phone_in_a_file_are_both_taken_in_without_it_and_both_named(desk):
    file = write(desk, people(f"A1,{X},梅姐", "A2,13800138001,俊", "A7,138-0013-8000,国强"))

    first = take_in(desk, file)
    again = take_in(desk, file)

    assert lost(first) == lost(again) == [(2, SHARED), (4, SHARED)]
    assert [error["value"] for error in first["errors"]] == ["138****00"] * 2
    assert [first[key] for key in ("rows", "new", "changed", "same")] == [3, 3, 0, 0]
    assert [again[key] for key in ("new", "changed", "same")] == [0, 0, 3]
    assert names(desk) == {"A1": "梅姐", "A2": "俊", "A7": "国强"}
    assert (whose(desk), whose(desk, "13800138001")) == (None, "A2")


@pytest.mark.parametrize("with_owner", [False, True])
def test_a_phone_that_is_known_as_anothers_stays_theirs_and_the_row_is_named(desk, with_owner):
    take_in(desk, write(desk, people(f"A1,{X},梅姐")))
    rows = [f"A7,{X},国强", *(["A1,,梅姐"] if with_owner else [])]

    report = take_in(desk, write(desk, people(*rows), "later.csv"))

    assert lost(report) == [(2, ANOTHERS)]
    assert (report["new"], report["same"]) == (1, int(with_owner))
    assert names(desk) == {"A1": "梅姐", "A7": "国强"}
    assert whose(desk) == "A1"


def test_of_two_rows_with_a_known_phone_only_the_others_is_named(desk):
    take_in(desk, write(desk, people(f"A1,{X},梅姐")))

    report = take_in(desk, write(desk, people(f"A1,{X},梅芳", f"A7,{X},国强"), "later.csv"))

    assert lost(report) == [(3, ANOTHERS)]
    assert names(desk) == {"A1": "梅芳", "A7": "国强"}
    assert whose(desk) == "A1"


def test_the_same_is_said_in_words_and_a_broken_row_is_still_counted_alone(desk):
    file = write(desk, people(f"A1,{X},梅姐", f"A7,{X},国强", "A8,1380013,小白"))

    said = desk.run("import", "people", file)

    assert said.exit_code == 1
    assert said.stdout.splitlines() == [
        "客户 3 行：新增 2，更新 0，未变 0，有误 1",
        "其中 2 行已收下，只有手机号没有记",
        "接收消息：已同意 0，待征询 2，已拒绝 0",
        f"  第 2 行 手机号：{SHARED}（138****00）",
        f"  第 3 行 手机号：{SHARED}（138****00）",
        "  第 4 行 手机号：不是完整的手机号（1380013）",
    ]


def test_a_dry_run_names_them_too_and_keeps_nothing(desk):
    file = write(desk, people(f"A1,{X},梅姐", f"A7,{X},国强"))

    report = take_in(desk, file, "--dry-run")

    assert lost(report) == [(2, SHARED), (3, SHARED)]
    assert names(desk) == {}
