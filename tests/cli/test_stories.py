"""Stories from the command line, beside a running bot and without one."""

import json
import urllib.request

from tests.cli.desk import serving

TOLD = "住进来就碰上停水。老板娘半夜起来给我们烧热水。"


def act(desk, persona, do, value):
    body = json.dumps({"persona": persona, "do": do, "value": value}).encode()
    request = urllib.request.Request(f"{desk.bot.address}/sandbox/act", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert json.load(answer)["ok"]


def tell(desk, persona, text):
    for said in ("写故事", text, "写完了", "同意，用昵称"):
        act(desk, persona, "say", said)


def page(desk, story):
    try:
        with urllib.request.urlopen(f"{desk.bot.address}/stories/{story}", timeout=60) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_a_story_is_listed_selected_and_withdrawn(desk):
    with serving(desk) as bot:
        desk.bot = bot
        tell(desk, "mei", TOLD)
        tell(desk, "bo", "这是全国第一的店，电话13812345678。")

        unlawful, told = desk.json("story", "list")
        spoken = desk.run("story", "list", "--state", "submitted")
        made = desk.json("story", "select", told["id"], "--note", "具体")
        refused = desk.run("story", "select", unlawful["id"])
        shown = page(desk, told["id"])
        gone = desk.run("story", "withdraw", told["id"], "--note", "作者来电")

        assert (told["state"], told["text"], told["signed"], told["findings"]) == ("submitted", TOLD, True, [])
        assert {"R6", "R7"} <= {found["rule"] for found in unlawful["findings"]}
        assert "第一" in spoken.stdout
        assert (made["state"], made["author"], made["rewards"]) == ("selected", "梅姐", [])
        assert "没有进行中的活动" in made["no_thanks"]["text"]
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert "13812345678" in refused.stderr
        assert shown == 200
        assert (gone.exit_code, gone.stdout) == (0, f"已撤回 {told['id']}\n")
        assert page(desk, told["id"]) == 410

    (kept,) = desk.json("story", "list", "--state", "withdrawn")
    assert (kept["text"], kept["author"], kept["note"], kept["url"]) == ("", "", "作者来电", None)
    actions = desk.ask_database("select who, action, subject from audit where action like 'story.%' order by at")
    assert actions == [("cli", "story.select", told["id"]), ("cli", "story.withdraw", told["id"])]


def test_a_campaigns_posters_quote_a_story_by_its_words_or_by_its_number(desk):
    campaign = desk.json("campaign", "start", "double-month")["id"]
    with serving(desk) as bot:
        desk.bot = bot
        tell(desk, "mei", f"{TOLD}一共花了980元。")
        (told,) = desk.json("story", "list")
        unshown = desk.run("story", "quote", told["id"])
        desk.json("story", "select", told["id"])

        spoken = desk.run("story", "quote", told["id"])
        cut = desk.run("story", "quote", told["id"], "--campaign", campaign, "--words", "老板娘半夜起来")
        nowhere = desk.run("story", "quote", told["id"], "--number", "1")
        beyond = desk.run("story", "quote", told["id"], "--campaign", campaign, "--number", "9")
        made = desk.json("story", "quote", told["id"], "--campaign", campaign, "--number", "3")
        listed = desk.json("story", "quote", told["id"])
        off = desk.run("story", "unquote", told["id"], "--campaign", campaign)

    assert (unshown.exit_code, "选上墙" in unshown.stderr) == (1, True)
    assert "  3  老板娘半夜起来给我们烧热水。" in spoken.stdout
    assert "✗  一共花了980元。" in spoken.stdout
    assert (cut.exit_code, "要用整句" in cut.stderr) == (1, True)
    assert (nowhere.exit_code, "--campaign" in nowhere.stderr) == (2, True)
    assert (beyond.exit_code, "--number" in beyond.stderr) == (2, True)
    assert (made["words"], made["chosen_by"]) == ("老板娘半夜起来给我们烧热水。", "cli")
    assert listed["quoted"] == [made]
    assert off.exit_code == 0
    actions = desk.ask_database("select action, detail from audit where action like 'story.%quote' order by at")
    assert actions == [("story.quote", campaign), ("story.unquote", campaign)]


def test_an_unknown_story_is_said_and_an_empty_list_is_empty(desk):
    desk.json("campaign", "start", "double-month")

    assert desk.json("story", "list") == []
    assert "还没有故事" in desk.run("story", "list").stderr
    for verb in ("select", "withdraw"):
        unknown = desk.run("story", verb, "h123")
        assert (unknown.exit_code, unknown.stdout) == (1, "")
        assert "没有这篇故事：h123" in unknown.stderr


def test_a_note_too_long_is_a_mistake_of_typing(desk):
    refused = desk.run("story", "withdraw", "h123", "--note", "长" * 201)

    assert refused.exit_code == 2
    assert "--note" in refused.stderr
