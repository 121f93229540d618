"""`claim` and `unmatched` from the command line, while a bot runs and on files."""

from __future__ import annotations

import json
import urllib.request

import pytest


def act(desk, persona, do, value):
    """Act through the sandbox's door."""
    body = json.dumps({"persona": persona, "do": do, "value": value}).encode()
    request = urllib.request.Request(f"{desk.bot.address}/sandbox/act", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        told = json.load(answer)
    assert told["ok"], told
    return told["result"]


def person_of(desk, who):
    return next(
        row for row in map(json.loads, desk.run("export", "people").stdout.splitlines()) if row["nickname"] == who
    )


@pytest.fixture(scope="module")
def town(running):
    """A campaign with Mei's code, beside the running bot."""
    campaign = running.json("campaign", "start", "double-month")["id"]
    running.code = running.json("code", "crm:mei", "--campaign", campaign)["code"]
    return running


def test_a_claim_is_listed_with_who_may_be_meant_then_confirmed_or_refused(town):
    assert town.json("claim", "list") == []
    act(town, "jun", "say", "是梅姐介绍的")
    act(town, "bo", "say", "是李姐介绍的")

    second, first = sorted(town.json("claim", "list"), key=lambda claim: claim["name"])
    assert (first["name"], first["state"], first["words"]) == ("梅姐", "open", "是梅姐介绍的")
    assert [(each["nickname"], each["code"]) for each in first["candidates"]] == [("梅姐", town.code)]
    assert second["candidates"] == []
    shown = town.run("claim", "list").stdout
    assert f"梅姐（{town.code}）" in shown
    assert "等确认" in shown

    done = town.json("claim", "confirm", first["id"], "crm:mei")
    assert (done["state"], done["decided_by"], done["code"]) == ("confirmed", "cli", town.code)
    refused = town.run("claim", "refuse", second["id"], "--reason", "查无此人")
    assert (refused.exit_code, "不算" in refused.stdout, "查无此人" in refused.stdout) == (0, True, True)

    assert town.json("claim", "list") == []
    assert sorted(each["state"] for each in town.json("claim", "list", "--all")) == ["confirmed", "refused"]
    why = town.json("why", f"wecom:{person_of(town, '小军')['external_userid']}")
    assert [each["method"] for each in why["referrals"]] == ["claim"]


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("confirm", "k0000000000000000", "crm:mei"), 1, "没有这一条"),
        (("refuse", "k0000000000000000", "--reason", "无"), 1, "没有这一条"),
        (("refuse", "k0000000000000000"), 2, "--reason"),
        (("confirm", "k0000000000000000"), 2, "ADVOCATE"),
    ],
)
def test_a_claim_that_is_not_there_is_told(town, args, code, says):
    result = town.run("claim", *args)

    assert (result.exit_code, says in result.stderr) == (code, True), result.output


def test_orders_of_nobody_are_listed_with_what_is_left_and_the_match_rate(town):
    before = town.json("unmatched")
    bought = act(town, "fei", "buy", {"amount_fen": 12_300, "buyer": {"phone": "13800138000", "crm_id": "C-10042-77"}})

    found = town.json("unmatched")

    (order,) = [each for each in found["orders"] if each["order"].endswith(bought["order_no"])]
    assert (order["amount_fen"], order["age_days"], order["days_left"]) == (12_300, 0, 7)
    assert order["buyer"] == ["客户编号 C-…-77", "手机号"]
    assert (found["count"], found["rate"]["orders"]) == (before["count"] + 1, before["rate"]["orders"] + 1)
    assert found["rate"]["days"] == 30
    shown = town.run("unmatched").stdout
    assert "C-10042-77" not in shown
    assert "13800138000" not in shown
    assert f"等着对上买家的 {found['count']} 单；近 30 天对上的：" in shown


def test_an_id_of_another_namespace_is_refused_with_the_reason(town):
    campaign = town.json("campaign", "list")[0]["id"]
    for name, says in (
        ("wecom:oAbC1234567890_-abcdefghijkl", "external_userid 以 wm 或 wo 开头"),
        ("unionid:wmAJ2GCAAAXtWyujaWJHDDGi0mACH71w", "请放在 external_userid 里"),
        ("wecom:lin", "这是同事的 userid"),
    ):
        result = town.run("code", name, "--campaign", campaign)
        assert (result.exit_code, says in result.stderr) == (2, True), (name, result.output)


def test_an_import_names_the_rows_whose_ids_belong_elsewhere(town, tmp_path):
    file = tmp_path / "people.csv"
    rows = (
        "客户编号,external_userid,unionid,标签",
        "1,oAbC1234567890_-abcdefghijkl,,",
        "2,lin,,",
        "3,,wmAJ2GCAAAXtWyujaWJHDDGi0mACH71w,",
        "4,wmAJ2GCAAAXtWyujaWJHDDGi0mACH71w,oAbC1234567890_-abcdefghijkl,员工;老客户",
        "5,wmBJ2GCAAAXtWyujaWJHDDGi0mACH71w,,Staff",
    )
    file.write_text("\n".join(rows), encoding="utf-8")

    report = json.loads(town.run("import", "people", str(file), "--json").stdout)

    assert [(each["line"], each["field"]) for each in report["errors"]] == [
        (2, "external_userid"),
        (3, "external_userid"),
        (4, "unionid"),
    ]
    assert report["new"] == 2
    staff = town.ask_database("select count(*) from people where staff")
    assert staff == [(2,)]
    again = json.loads(town.run("import", "people", str(file), "--json").stdout)
    assert again["same"] == 2
