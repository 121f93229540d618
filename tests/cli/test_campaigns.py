"""Campaigns and codes from the command line, where no bot runs."""

import pytest

CAMPAIGN = ["id", "pack", "name", "state", "from", "to", "budget_fen", "used_fen", "carrier"]


def test_a_campaign_starts_at_once_and_can_be_looked_at(desk):
    made = desk.json("campaign", "start", "double-month")

    assert list(made) == CAMPAIGN
    assert (made["pack"], made["state"], made["to"], made["used_fen"]) == ("double-month", "running", None, 0)
    assert made["budget_fen"] == 10_000_000
    assert desk.json("campaign", "list") == [made]
    assert desk.json("campaign", "show", made["id"]).items() >= made.items()


def test_a_campaign_is_paused_resumed_and_ended(desk):
    campaign = desk.json("campaign", "start", "double-month")["id"]

    states = [desk.json("campaign", verb, campaign)["state"] for verb in ("pause", "pause", "resume", "end", "end")]

    assert states == ["paused", "paused", "running", "ended", "ended"]
    again = desk.run("campaign", "resume", campaign)
    assert (again.exit_code, again.stdout) == (1, "")
    assert "活动现在是「已结束」，不能改为「进行中」" in again.stderr


def test_what_is_set_is_kept(desk):
    made = desk.json(
        *("campaign", "start", "double-month", "--name", "双十二", "--from", "2090-12-01", "--to", "2090-12-12"),
        *("--budget-fen", "600000", "--set", "window_days=14", "--set", "hold_days=7"),
    )

    told = [made[key] for key in ("name", "state", "from", "to", "budget_fen")]
    assert told == ["双十二", "waiting", "2090-12-01", "2090-12-12", 600_000]
    terms = desk.ask_database("select body from terms")[0][0]
    assert '"hold_days":7' in terms
    assert '"window_days":14' in terms


def test_a_reader_gets_short_chinese_lines(desk):
    shown = desk.run("campaign", "start", "double-month")
    listed = desk.run("campaign", "list")

    assert "进行中" in shown.stdout
    assert "100000.00 元" in shown.stdout
    assert listed.stdout.splitlines()[0].split() == ["编号", "礼包", "名称", "状态", "开始", "结束", "预算", "已用"]
    assert "不限" in listed.stdout.splitlines()[1]


def test_a_paused_campaign_says_why(desk):
    campaign = desk.json("campaign", "start", "double-month")["id"]
    desk.json("campaign", "pause", campaign)

    assert "已暂停（同事暂停的）" in desk.run("campaign", "list").stdout
    assert "已暂停（同事暂停的）" in desk.run("campaign", "show", campaign).stdout
    assert desk.json("campaign", "show", campaign)["pause"] == "operator"
    assert list(desk.json("campaign", "list")[0]) == CAMPAIGN


START = ("campaign", "start", "double-month")


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("campaign", "start", "nosuch"), 2, "PACK: 没有这个礼包：nosuch；现有 classmates、double-month"),
        ((*START, "--set", "price=1"), 2, "--set: price: 不能改；可以改 amount_advocate"),
        ((*START, "--set", "window_days=x", "--set", "hold_days=-1"), 2, "hold_days"),
        ((*START, "--set", "window_days"), 2, "--set: window_days：请写成 key=value"),
        ((*START, "--from", "22.11."), 2, "--from: 22.11. 不是日期"),
        ((*START, "--to", "9999-12-31"), 2, "--to: 年份"),
        ((*START, "--from", "2090-02-02", "--to", "2090-02-01"), 1, "结束时间"),
        ((*START, "--to", "2001-01-01"), 1, "已经过去"),
        ((*START, "--budget-fen", "-1"), 2, "--budget-fen"),
        ((*START, "--budget-fen", "0"), 2, "--budget-fen: 预算是 0"),
        ((*START, "--budget-fen", "1.5"), 2, "--budget-fen"),
        ((*START, "--name", "名" * 41), 2, "--name"),
        (("campaign", "show", "c0"), 1, "没有这个活动：c0"),
        (("campaign", "pause", "c0"), 1, "没有这个活动：c0"),
        (("code", "crm:1", "--campaign", "c0"), 1, "没有这个活动：c0"),
    ],
)
def test_what_cannot_be_done_is_said_with_its_option(desk, args, code, says):
    assert desk.run("migrate").exit_code == 0

    result = desk.run(*args)

    assert (result.exit_code, result.stdout) == (code, "")
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_an_offer_that_a_sector_forbids_does_not_start(desk):
    desk.file.write_text(desk.file.read_text().replace("[sandbox]", 'industry = "insurance"\n[sandbox]'))

    result = desk.run("campaign", "start", "double-month")

    assert result.exit_code == 1
    assert "本行业不能用" in result.stderr


def test_a_code_makes_an_unknown_person_known_by_that_identity_alone(desk):
    campaign = desk.json("campaign", "start", "double-month")["id"]

    made = desk.json("code", "crm:42", "--campaign", campaign)

    assert list(made) == ["code", "url", "poster_url", "campaign"]
    assert made["url"].endswith(f"/i/{made['code']}")
    assert made["poster_url"].endswith(f"/p/{made['code']}.jpg")
    assert desk.ask_database("select kind, value from identities") == [("crm", "42")]
    person = desk.ask_database("select id from people")[0][0]
    assert desk.json("code", person, "--campaign", campaign) == made
    assert desk.json("code", " crm : 42", "--campaign", campaign) == made


def test_a_phone_is_known_by_its_hash_only(desk):
    campaign = desk.json("campaign", "start", "double-month")["id"]

    plain = desk.json("code", "phone:13812345678", "--campaign", campaign)
    spaced = desk.json("code", "phone:+86 138-1234-5678", "--campaign", campaign)

    assert plain == spaced
    ((kind, value),) = desk.ask_database("select kind, value from identities")
    assert (kind, len(value)) == ("phone", 64)


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("42", 2, "PERSON: 请写成 crm:"),
        ("crm:", 2, "PERSON"),
        ("mail:a@b", 2, "PERSON"),
        ("phone:12", 2, "phone"),
        ("openid:oAbc", 2, "openid:APPID/OPENID"),
        ("openid:wx1/", 2, "openid:APPID/OPENID"),
        ("crm:a\nb", 2, "PERSON"),
        ("p" + "0" * 16, 1, "没有找到这个人"),
    ],
)
def test_a_person_who_cannot_be_is_said(desk, name, code, says):
    campaign = desk.json("campaign", "start", "double-month")["id"]

    result = desk.run("code", name, "--campaign", campaign)

    assert (result.exit_code, result.stdout) == (code, "")
    assert says in result.stderr
    assert desk.ask_database("select count(*) from people") == [(0,)]


def test_an_openid_may_be_bare_where_there_is_one_account(desk):
    account = '[[official]]\nname = "shop"\napp_id = "wx00000000000000aa"\n'
    desk.file.write_text(desk.file.read_text() + account)
    campaign = desk.json("campaign", "start", "double-month")["id"]

    bare = desk.json("code", "openid:oAbc", "--campaign", campaign)
    full = desk.json("code", "openid:wx00000000000000aa/oAbc", "--campaign", campaign)

    assert bare == full


def test_no_codes_are_given_for_a_campaign_that_is_over(desk):
    campaign = desk.json("campaign", "start", "double-month")["id"]
    desk.json("campaign", "end", campaign)

    result = desk.run("code", "crm:1", "--campaign", campaign)

    assert (result.exit_code, result.stderr) == (1, "taoli: 这个活动已经结束。\n")
