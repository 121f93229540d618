"""`fraud` from the command line, while a bot runs."""

from __future__ import annotations

import pytest

from bot.suspecting import likelihood
from tests.cli.test_claims import act, person_of


@pytest.fixture(scope="module")
def town(running):
    """Bo came twice as his own friend, with the phone that he opens his own page with."""
    campaign = running.json("campaign", "start", "double-month")["id"]
    act(running, "bo", "say", "您好")
    bo = person_of(running, "阿博")
    code = running.json("code", f"wecom:{bo['external_userid']}", "--campaign", campaign)["code"]
    for persona, name in (("jun", "小军"), ("小倩", "小倩")):
        act(running, persona, "add", code)
        friend = person_of(running, name)
        for person in (bo, friend):
            running.ask_database(f"insert or ignore into devices values ('phone', '{person['id']}', 0)")
        act(running, persona, "buy", 19_900)
    return running


def test_what_waits_is_listed_with_the_evidence_then_cleared_or_confirmed(town):
    first, second = town.json("fraud", "list")
    assert {each["state"] for each in (first, second)} == {"open"}
    assert {each["code"] for each in first["evidence"]} == {"same_device", "within_hour"}
    assert [each["state"] for each in first["rewards"]] == ["held", "held"]
    shown = town.run("fraud", "list").stdout
    assert "朋友和推荐人用过同一台设备" in shown
    assert "等核对" in shown
    assert "阿博" in shown

    clear = ("fraud", "clear", first["id"], "--reason", "夫妻共用一台手机", "--by", "周经理")
    cleared = town.json(*clear)
    confirmed = town.run("fraud", "confirm", second["id"], "--reason", "收货人是他本人", "--by", "周经理")
    again = town.run(*clear)

    assert (cleared["state"], cleared["decided_by"], cleared["note"]) == ("cleared", "周经理", "夫妻共用一台手机")
    assert (confirmed.exit_code, "不算（周经理，收货人是他本人）" in confirmed.stdout) == (0, True), confirmed.output
    assert (again.exit_code, "已经有同事核对过了" in again.stderr) == (1, True)
    assert town.json("fraud", "list") == []
    assert "没有要核对的推荐" in town.run("fraud", "list").stderr
    assert sorted(each["state"] for each in town.json("fraud", "list", "--all")) == ["cleared", "confirmed"]
    told = town.run("why", f"reward:{second['rewards'][0]['id']}").stdout
    assert "同事核对后认定不是真实的朋友推荐（suspect.confirmed）" in told
    assert "周经理 核对过：收货人是他本人" in told
    audited = town.ask_database("select who, action, detail from audit where action like 'suspicion.%'")
    assert ("周经理", "suspicion.cleared", "夫妻共用一台手机") in audited
    assert ("cli", "suspicion.confirm", "周经理") in audited

    reopened = town.run("fraud", "reopen", second["id"], "--reason", "看错了人", "--by", "周经理")

    assert (reopened.exit_code, "等核对" in reopened.stdout) == (0, True), reopened.output
    assert "推荐人 30天会员（确认中）" in reopened.stdout
    assert [each["id"] for each in town.json("fraud", "list")] == [second["id"]]


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("clear", "r0000000000000000", "--reason", "无", "--by", "周"), 1, "没有这一条"),
        (("confirm", "r0000000000000000", "--reason", "无", "--by", "周"), 1, "没有这一条"),
        (("clear", "r0000000000000000", "--reason", " ", "--by", "周"), 2, "--reason"),
        (("clear", "r0000000000000000", "--reason", "无"), 2, "--by"),
        (("confirm", "r0000000000000000", "--by", "周"), 2, "--reason"),
    ],
)
def test_what_cannot_be_decided_is_told(town, args, code, says):
    result = town.run("fraud", *args)

    assert (result.exit_code, says in result.stderr) == (code, True), result.output


@pytest.mark.parametrize(
    ("chance", "words"), [(0.0, "<1%"), (0.01, "1%"), (0.784, "78%"), (0.99, "99%"), (0.998, ">99%"), (1.0, ">99%")]
)
def test_a_chance_is_never_told_as_certain(chance: float, words: str):
    assert likelihood(chance) == words
