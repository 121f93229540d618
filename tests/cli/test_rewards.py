"""`reward`, `person` and `campaign edit` from the command line, while a bot runs and on files."""

from __future__ import annotations

import pytest

from tests.cli.test_claims import act, person_of


@pytest.fixture(scope="module")
def town(running):
    """A campaign in which every thanks is looked at, and a friend who bought, beside the running bot."""
    running.campaign = running.json("campaign", "start", "double-month", "--set", "confirm=true")["id"]
    running.code = running.json("code", "crm:mei", "--campaign", running.campaign)["code"]
    act(running, "jun", "add", running.code)
    act(running, "jun", "buy", 19_900)
    return running


def adjust(town, *more, by="王会计"):
    args = ("--campaign", town.campaign, "--kind", "days", "--amount", "15", "--unit", "days")
    return ("reward", "adjust", "crm:mei", *args, "--reason", "漏记的", "--by", by, *more)


# --- reward -----------------------------------------------------------------------------------------------------------


def test_what_waits_is_listed_with_why(town):
    waiting = town.json("reward", "list", "--waiting")

    assert {each["state"] for each in waiting} == {"held"}
    assert "confirm" in {each["approval"]["why"] for each in waiting}
    shown = town.run("reward", "list", "--waiting").stdout
    assert "等审批（按规则要有人核对）" in shown
    assert "小军" in shown


def test_an_adjustment_is_held_until_a_second_person_says_yes(town):
    made = town.json(*adjust(town))

    assert (made["state"], made["what"], made["cost_fen"], made["note"]) == ("held", "15天会员", 1_500, "漏记的")
    assert (made["approval"]["why"], made["approval"]["asked_by"]) == ("manual", "王会计")
    own = town.run("reward", "approve", made["id"], "--by", "王会计 ")
    assert (own.exit_code, "请换一位同事" in own.stderr) == (1, True), own.output

    done = town.json("reward", "approve", made["id"], "--by", "周经理")
    assert (done["approval"]["answer"], done["approval"]["answered_by"]) == ("approved", "周经理")
    again = town.run("reward", "approve", made["id"], "--by", "周经理")
    assert (again.exit_code, "没有在等审批" in again.stderr) == (1, True)
    audited = town.ask_database("select who, action, detail from audit where action like 'reward.%'")
    assert {("王会计", "reward.adjust", "漏记的"), ("周经理", "reward.approve", "")} <= set(audited)
    assert ("cli", "reward.approve", "周经理") in audited


def test_why_says_what_a_thanks_is_and_whose_yes_it_waits_for(town):
    made = town.json(*adjust(town))

    told = town.run("why", f"reward:{made['id']}").stdout
    listed = town.run("reward", "list").stdout

    assert "介绍人 15天会员，确认中" in told
    assert "还差第二人核准" in told
    assert "确认期满" not in told
    assert "确认中" in listed
    assert "待兑现" not in listed


def test_a_name_in_capitals_is_no_second_person(town):
    made = town.json(*adjust(town, by="Wang"))

    result = town.run("reward", "approve", made["id"], "--by", "WANG")

    assert (result.exit_code, "请换一位同事" in result.stderr) == (1, True)
    refused = town.run("reward", "refuse", made["id"], "--by", "Wang", "--reason", "写错了")
    assert (refused.exit_code, "请换一位同事" in refused.stderr) == (1, True)


def test_a_refusal_ends_a_thanks_and_frees_its_budget(town):
    before = town.json("campaign", "show", town.campaign)["used_fen"]
    made = town.json(*adjust(town))
    assert town.json("campaign", "show", town.campaign)["used_fen"] == before + 1_500

    refused = town.json("reward", "refuse", made["id"], "--reason", "重复了", "--by", "周经理")

    assert (refused["state"], refused["reason"]["code"]) == ("rejected", "approval.refused")
    assert town.json("campaign", "show", town.campaign)["used_fen"] == before
    listed = town.json("reward", "list")
    assert made["id"] == listed[0]["id"]
    assert "周经理 不同意" in town.run("reward", "list").stdout


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        (("--kind", "cash"), 2, "--unit"),
        (("--kind", "points", "--unit", "points"), 2, "--cost-fen"),
        (("--kind", "gift", "--unit", "pieces", "--cost-fen", "100", "--says", "{amount}份礼盒"), 2, "--value"),
        (("--cost-fen", "99999999999"), 2, "--cost-fen"),
        (("--says", "{code}天会员"), 2, "--says"),
        (("--says", "转发即得{amount}天会员"), 2, "--says"),
        (("--reason", "  "), 2, "--reason"),
        (("--by", " "), 2, "--by"),
        (("--campaign", "c0000000000000000"), 1, "没有这个活动"),
        (("--kind", "smiles"), 2, "--kind"),
        (("--amount", "0"), 2, "--amount"),
    ],
)
def test_an_adjustment_that_cannot_be_is_refused_by_its_field(town, more, code, says):
    result = town.run(*adjust(town, *more))

    assert (result.exit_code, says in result.stderr, result.stdout) == (code, True, ""), result.output


def test_money_needs_no_words_and_is_taxed(town):
    made = town.json(*adjust(town, "--kind", "cash", "--unit", "fen", "--amount", "2000"))

    assert (made["what"], made["cost_fen"], made["tax_class"]) == ("20元现金", 2_000, "incidental")


def test_a_thanks_that_is_not_there_is_told(town):
    for verb, more in (("approve", ()), ("refuse", ("--reason", "无"))):
        result = town.run("reward", verb, "w0000000000000000", "--by", "周", *more)
        assert (result.exit_code, "没有这份谢礼" in result.stderr) == (1, True)


def test_nobody_erased_gets_anything_any_more(desk):
    desk.campaign = desk.json("campaign", "start", "double-month")["id"]
    desk.json("code", "crm:mei", "--campaign", desk.campaign)
    [(mei,)] = desk.ask_database("select person from identities where value = 'mei'")
    assert desk.run("erase", "crm:mei").exit_code == 0

    code = desk.run("code", mei, "--campaign", desk.campaign)
    thanks = desk.run(*(mei if word == "crm:mei" else word for word in adjust(desk)))

    assert [(each.exit_code, "已经删除" in each.stderr) for each in (code, thanks)] == [(1, True), (1, True)]


# --- person -----------------------------------------------------------------------------------------------------------


def test_two_people_are_merged_and_parted_again(town):
    jun = person_of(town, "小军")
    other = town.json("code", "crm:jun-2", "--campaign", town.campaign)

    made = town.json("person", "merge", jun["id"], "crm:jun-2", "--reason", "来电核对过", "--by", "周经理")
    assert (made["kept"], made["why"], made["by"], made["undone_at"]) == (jun["id"], "来电核对过", "周经理", None)
    assert town.json("person", "merges", "crm:jun-2") == [made]
    again = town.run("person", "merge", jun["id"], "crm:jun-2", "--reason", "再来", "--by", "周经理")
    assert (again.exit_code, "已经是同一位" in again.stderr) == (1, True)

    parted = town.json("person", "part", made["id"], "--by", "林顾问")
    assert parted["undone_at"] is not None
    assert town.json("code", "crm:jun-2", "--campaign", town.campaign)["code"] == other["code"]
    assert "已撤销" in town.run("person", "merges", jun["id"]).stdout
    twice = town.run("person", "part", made["id"], "--by", "林顾问")
    assert (twice.exit_code, "已经撤销" in twice.stderr) == (1, True)


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("merge", "crm:nobody", "crm:mei", "--reason", "x", "--by", "周"), 1, "没有找到这个人"),
        (("merge", "mei", "crm:mei", "--reason", "x", "--by", "周"), 2, "PERSON"),
        (("merge", "crm:mei", "crm:mei", "--reason", "x"), 2, "--by"),
        (("merge", "crm:mei", "crm:mei", "--by", "周"), 2, "--reason"),
        (("merge", "crm:mei", "crm:mei", "--reason", "x", "--by", "周"), 1, "同一位"),
        (("part", "g0000000000000000", "--by", "周"), 1, "没有这次合并"),
        (("merges", "crm:nobody"), 1, "没有找到这个人"),
    ],
)
def test_a_merge_that_cannot_be_is_told(town, args, code, says):
    result = town.run("person", *args)

    assert (result.exit_code, says in result.stderr) == (code, True), result.output


# --- campaign edit ----------------------------------------------------------------------------------------------------


def test_a_campaign_is_edited_for_the_better_only(desk):
    campaign = desk.json("campaign", "start", "double-month", "--to", "2099-06-30", "--budget-fen", "900000")["id"]

    better = desk.json(
        *("campaign", "edit", campaign, "--set", "cap_per_year=60", "--set", "amount_friend=45"),
        *("--budget-fen", "1000000", "--to", "2099-12-31"),
    )
    assert (better["budget_fen"], better["to"]) == (1_000_000, "2099-12-31")

    worse = desk.run(
        *("campaign", "edit", campaign, "--set", "cap_per_year=40", "--set", "window_days=10"),
        *("--budget-fen", "1", "--to", "2099-07-01"),
    )
    assert worse.exit_code == 1
    assert all(key in worse.stderr for key in ("cap_per_year", "window_days", "budget_fen", "to:"))
    assert "请另开一个活动" in worse.stderr
    assert desk.ask_database("select count(*) from terms") == [(2,)]
    assert desk.json("campaign", "show", campaign)["budget_fen"] == 1_000_000


def test_an_edit_that_cannot_be_is_told(desk):
    campaign = desk.json("campaign", "start", "double-month")["id"]

    nothing = desk.run("campaign", "edit", campaign)
    unknown = desk.run("campaign", "edit", campaign, "--set", "nosuch=1")
    nowhere = desk.run("campaign", "edit", "c0000000000000000", "--budget-fen", "1")

    assert [each.exit_code for each in (nothing, unknown, nowhere)] == [2, 2, 1]
    assert ("--set" in nothing.stderr, "nosuch" in unknown.stderr, "没有这个活动" in nowhere.stderr) == (True,) * 3


def test_a_campaign_shown_says_when_its_budget_ends(town):
    shown = town.json("campaign", "show", town.campaign)

    assert {"spent_fen", "forecast"} <= shown.keys()
    assert shown["forecast"].keys() == {"left_fen", "a_day_fen", "runs_out_on"}
    assert shown["forecast"]["left_fen"] == shown["budget_fen"] - shown["used_fen"]
    assert shown["forecast"]["a_day_fen"] > 0
    lines = town.run("campaign", "show", town.campaign).stdout
    assert all(word in lines for word in ("已兑现", "还剩", "近两周每天约", "照这样用到"))
