"""Experiments from the command line, where no bot runs."""

import pytest

EXPERIMENT = [
    *("id", "kind", "campaign", "name", "metric", "state", "state_text", "started_at", "ended_at", "winner", "arms"),
    *("best", "rival", "difference", "result"),
]


@pytest.fixture
def campaign(desk):
    return desk.json("campaign", "start", "double-month")["id"]


def start(desk, kind, *args, json=True):
    return desk.json("experiment", "start", kind, *args) if json else desk.run("experiment", "start", kind, *args)


def test_an_experiment_is_started_looked_at_and_stopped(desk, campaign):
    made = start(desk, "copy", "--campaign", campaign, "--arm", "help=0.6", "--arm", "plain", "--name", "开口第一句")

    assert list(made) == EXPERIMENT
    assert (made["kind"], made["campaign"], made["metric"], made["state"]) == ("copy", campaign, "took", "running")
    assert [(arm["arm"], arm["name"], arm["share"]) for arm in made["arms"]] == [
        ("help", "帮朋友", 0.6),
        ("plain", "平实", 0.4),
    ]
    assert (made["difference"], made["result"]) == (None, "还有一组没有客户，暂时没有可比的。")
    assert desk.json("experiment", "list") == [made]
    assert desk.json("experiment", "show", made["id"]) == made
    stopped = [desk.json("experiment", "stop", made["id"], "--note", "活动提前结束") for _ in range(2)]
    assert [each["state"] for each in stopped] == ["stopped", "stopped"]
    assert stopped[0]["ended_at"] == stopped[1]["ended_at"]
    noted = desk.ask_database("select who, action, detail from audit where action like 'experiment%' order by at")
    assert noted == [("cli", "experiment.start", "copy help=0.6 plain=0.4"), ("cli", "experiment.stop", "活动提前结束")]


def test_sizes_of_thanks_are_compared_between_two_campaigns_of_one_pack(desk, campaign):
    other = desk.json("campaign", "start", "double-month", "--set", "amount_advocate=60")["id"]

    made = start(desk, "reward", "--arm", campaign, "--arm", other)

    assert [arm["arm"] for arm in made["arms"]] == [campaign, other]
    assert (made["metric"], made["campaign"]) == ("credited", campaign)


def test_a_reader_gets_a_table_and_a_sentence(desk, campaign):
    start(desk, "poster", "--campaign", campaign, "--arm", "orchard", "--arm", "coast")
    desk.ask_database("update experiment_arms set n = 400, credited = 60, credited_squares = 60 where arm = 'coast'")
    desk.ask_database("update experiment_arms set n = 400, credited = 12, credited_squares = 12 where arm = 'orchard'")
    made = desk.json("experiment", "list")[0]

    shown = desk.run("experiment", "show", made["id"]).stdout
    listed = desk.run("experiment", "list").stdout.splitlines()

    assert listed[0].split() == ["编号", "比什么", "名称", "活动", "状态", "开始"]
    assert "海报" in listed[1]
    assert "coast    50%" in shown
    assert "「coast」对「orchard」：每百位客户带来的成交好友相差 +12.0 位" in shown
    assert "可以下结论：「coast」更好。" in shown
    assert made["state"] == "decided"
    assert made["difference"]["lo"] > 0


def test_without_any_the_list_says_so(desk, campaign):
    told = desk.run("experiment", "list")

    assert (told.exit_code, told.stdout, told.stderr) == (0, "", "还没有实验\n")


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (("colour", "--arm", "a", "--arm", "b"), 2, "colour"),
        (("copy", "--arm", "help", "--arm", "plain"), 2, "--campaign: 话术实验要写在哪个活动里做"),
        (
            ("copy", "--campaign", "{c}", "--arm", "help", "--arm", "loud"),
            2,
            "--arm: 没有这个说法：loud；可以用 plain 平实",
        ),
        (("poster", "--campaign", "{c}", "--arm", "coast", "--arm", "moon"), 2, "--arm: 没有这个图样：moon；可以用"),
        (("poster", "--campaign", "{c}", "--arm", "coast", "--arm", "_seasons"), 2, "--arm: 没有这个图样：_seasons"),
        (("copy", "--campaign", "{c}", "--arm", "help", "--arm", "early"), 2, "--arm: 没有这个说法：early"),
        (("copy", "--campaign", "{c}", "--arm", "help=x", "--arm", "plain"), 2, "--arm: help=x：比例请写成小数"),
        (
            ("copy", "--campaign", "{c}", "--arm", "help=0.9", "--arm", "plain=0.9"),
            2,
            "--arm: 各组的比例加起来要等于 1，这里是 1.8",
        ),
        (("copy", "--campaign", "{c}", "--arm", "help"), 2, "--arm: 要有 2 到 5 组"),
        (("copy", "--campaign", "c0", "--arm", "help", "--arm", "plain"), 2, "--campaign: 没有这个活动：c0"),
        (("offer", "--campaign", "{c}", "--arm", "help", "--arm", "plain"), 2, "--campaign: 礼包实验比的就是活动"),
        (("copy", "--campaign", "{c}", "--arm", "help", "--arm", "plain", "--name", "名" * 41), 2, "--name"),
        (("copy", "--campaign", "{p}", "--arm", "help", "--arm", "plain"), 1, "--campaign: 活动"),
    ],
)
def test_what_cannot_be_compared_is_said_with_its_option(desk, campaign, args, code, says):
    paused = desk.json("campaign", "start", "double-month")["id"]
    desk.json("campaign", "pause", paused)

    result = start(desk, *(arg.format(c=campaign, p=paused) for arg in args), json=False)

    assert (result.exit_code, result.stdout) == (code, "")
    assert says in result.stderr


def test_the_same_thing_is_not_compared_twice_at_once(desk, campaign):
    args = ("--campaign", campaign, "--arm", "help", "--arm", "plain")
    first = start(desk, "copy", *args)

    result = start(desk, "copy", *args, json=False)

    assert result.exit_code == 1
    assert f"实验 {first['id']}「话术 · " in result.stderr
    assert "正在比同一件事" in result.stderr


def test_what_is_not_there_is_said(desk, campaign):
    for verb in ("show", "stop"):
        told = desk.run("experiment", verb, "x0")
        assert (told.exit_code, told.stderr) == (1, "taoli: 没有这个实验：x0\n")


def test_what_asks_have_cost_is_shown_with_the_campaign(desk, campaign):
    guard = desk.json("campaign", "show", campaign)["guardrail"]
    desk.ask_database(f"insert into guards values ('{campaign}', 1795320000000, 'optout', 240, 12)")
    told = desk.run("campaign", "show", campaign).stdout

    assert guard == {
        "asked": 0,
        "optouts": 0,
        "complaints": 0,
        "optout_limit": 0.01,
        "complaint_limit": 0.02,
        "trip": None,
    }
    assert "其中退订  0 位（上限 1%）" in told
    assert "上次因退订暂停  2026-11-22，问过 240 位，退订 12 位" in told


def test_a_campaign_that_a_guardrail_paused_says_why(desk, campaign):
    desk.ask_database(f"update campaigns set state = 'paused', pause = 'guardrail' where id = '{campaign}'")

    assert "已暂停（退订或投诉超过上限，要有人看过再恢复）" in desk.run("campaign", "list").stdout
    assert desk.json("campaign", "show", campaign)["pause"] == "guardrail"
    assert desk.json("campaign", "resume", campaign)["state"] == "running"


@pytest.mark.parametrize("limit", ["0", "1.5", '"1%"'])
def test_a_limit_that_is_no_share_is_refused_with_its_key(desk, limit):
    desk.file.write_text(f"{desk.file.read_text(encoding='utf-8')}[sending]\noptout_limit = {limit}\n", "utf-8")

    result = desk.run("check")

    assert result.exit_code != 0
    assert "sending.optout_limit" in result.output
