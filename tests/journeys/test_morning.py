"""From a customer file to a friend who buys: through the desk's own window, and through a rep who edits the words."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from io import StringIO

from bot.demo_morning import take_in
from referral.nudges import NudgeState
from referral.times import SHANGHAI
from tests.journeys.test_sync import befriend, sync
from tests.journeys.town import MORNING

HEADER = ("客户编号", "手机号", "external_userid", "姓名", "顾问", "成为客户日期", "满意度", "活跃度", "同意营销")
DAY_S = 86_400


def customer_file(town, folder, *rows):
    """A GB18030 file as a company's own system exports it; rows are (name, days a customer, satisfaction, consent)."""
    today = MORNING.astimezone(SHANGHAI).date()
    file = StringIO()
    sheet = csv.writer(file)
    sheet.writerow(HEADER)
    for number, (name, days, satisfaction, consent) in enumerate(rows, start=1):
        since = (today - timedelta(days=days)).strftime("%Y年%m月%d日")
        sheet.writerow((f"V{number}", "", town.handle(name), name, "林顾问", since, satisfaction, 10 * number, consent))
    path = folder / "客户.csv"
    path.write_bytes(file.getvalue().encode("gb18030"))
    return path


async def moment(town, persona):
    person = await town.person(persona)
    return await town.look(lambda tx: tx.moments.get(person.id))


async def asks(town, persona):
    """Every ask that was planned for somebody, oldest first."""
    person = await town.person(persona)
    found = await town.look(lambda tx: tx.nudges.of_person(person.id))
    return [nudge for nudge in found if nudge.decision == "send" and nudge.purpose == "ask"]


async def next_morning(town, hours_=23.55):
    """From ten in the morning to just after half past nine on the next day."""
    await town.pass_time(int(hours_ * 3600))


async def test_from_a_file_to_a_friend_who_buys_through_the_desk(either_town, tmp_path):
    town = either_town
    await town.campaign()

    # the company's file and what WeCom knows come together in one person; nobody has consented yet
    befriend(town, "王芳")
    report = await take_in(town.app, customer_file(town, tmp_path, ("王芳", 420, 8, "")))
    assert (report.rows, report.consent) == (1, {"granted": 0, "to_ask": 1, "refused": 0})
    assert (await sync(town))["customers"] == 2  # Mei is one already
    fang = await town.person("王芳")
    assert {i.kind.value for i in await town.look(lambda tx: tx.people.identities(fang.id))} >= {"crm", "wecom"}

    # at the next natural contact the desk asks once whether she wants to hear of good news (征询)
    greeted = await town.say("王芳", "你好")
    assert "以后有老客户的好消息，可以告诉您吗？" in greeted[-1]
    assert not any("老客户" in line for line in await town.say("王芳", "进度"))  # once, not again
    assert "不想收了" in (await town.say("王芳", "可以"))[0]
    assert (await moment(town, "王芳")).consent == "granted"
    assert await asks(town, "王芳") == []

    # survey → thanks → ask, all in one window
    await town.say("王芳", "打分")
    said = await town.say("王芳", "9")
    assert said[0] == "收到，谢谢您告诉我们。"
    assert "要一张海报" in said[1]
    assert "不想再收到请回复「不再提醒」" in said[1]
    (ask,) = await asks(town, "王芳")
    assert (ask.route, ask.state, ask.delivered_at is not None) == ("kf", NudgeState.SENT, True)
    assert ask.planned_at <= ask.sent_at <= ask.delivered_at

    # she takes the poster from the ask's own menu
    poster = (await town.act("王芳", "tap", "recommend"))["replies"]
    assert [line["kind"] for line in poster][:2] == ["image", "text"]
    (ask,) = await asks(town, "王芳")
    assert (ask.outcome, ask.took_at is not None, ask.read_at is not None) == ("took", True, True)

    # a friend comes through it and buys
    code = re.search(r"邀请码 (\w{8})", poster[1]["text"])[1]
    await town.act("jun", "scan", code)
    await town.act("jun", "add", code)
    assert (await town.buy("jun"))["answer"]["outcome"] == "held"
    (share,) = [s for s in await town.look(lambda tx: tx.shares.of_person(fang.id)) if s.level == "bought"]
    assert share.code == code

    # nobody asks her again for two weeks, whatever good happens
    await town.say("王芳", "10分")
    await next_morning(town)
    assert len(await asks(town, "王芳")) == 1


async def test_from_a_file_to_a_friend_who_buys_through_a_rep_who_edits_the_words(either_town, tmp_path):
    town = either_town
    await town.campaign()
    befriend(town, "王芳", "赵敏", "孙悦")
    rows = (("王芳", 420, 9, "1"), ("赵敏", 300, 8, ""), ("孙悦", 300, 6, "1"))
    await take_in(town.app, customer_file(town, tmp_path, *rows))
    await sync(town)

    # next morning the rep gets one card, and behind it her list
    await next_morning(town)
    cards = [line for line in await town.lines() if line["to"] == "lin" and line["kind"] == "card"]
    assert len(cards) == 1
    assert "王芳" in cards[0]["text"]
    entered = await town.get(cards[0]["url"])
    cookies = entered.cookies
    page = await town.get("/rep", cookies=cookies)
    assert "王芳" in page.text
    assert "孙悦" not in page.text  # below 7: not to be asked
    assert "聊天时顺便问一句" in page.text  # 赵敏 has not been asked whether she wants to hear of anything

    # 征询 through the rep, kept with who said it
    min_ = await town.person("赵敏")
    question = await town.look(lambda tx: tx.nudges.open_of(min_.id))
    await town.post(f"/rep/q/{question.id}", {"answer": "yes"}, cookies=cookies, Origin=town.app.own_address)
    assert (await moment(town, "赵敏")).consent == "granted"

    # she changes the words and says them herself; the bot never does
    (ask,) = await asks(town, "王芳")
    mine = "芳姐，上次那张桌子用着还顺手吧？您要是有朋友也在看家具，让她来找我。"
    path = f"/rep/c/{ask.id}"
    await town.post(path, {"act": "go", "words": mine}, cookies=cookies, Origin=town.app.own_address)
    await town.act("lin", "send", {"to": "王芳", "text": mine})
    await town.post(path, {"act": "said", "words": mine}, cookies=cookies, Origin=town.app.own_address)
    (ask,) = await asks(town, "王芳")
    assert (ask.route, ask.state, ask.words) == ("rep", NudgeState.SENT, mine)
    assert ask.delivered_at is not None
    assert [line["from"] for line in await town.lines() if line["to"] == "王芳"] == ["lin"]

    # she wants the poster: the rep makes it, and a friend comes through it and buys
    made = await town.post(path, {"act": "poster", "words": mine}, cookies=cookies, Origin=town.app.own_address)
    poster = await town.get(made.headers["Location"], cookies=cookies)
    code = re.search(r"/p/(\w{8})\.jpg", poster.text)[1]
    fang = await town.person("王芳")
    levels = {s.level.value for s in await town.look(lambda tx: tx.shares.of_person(fang.id))}
    assert "sent_for" in levels
    assert (await asks(town, "王芳"))[0].outcome == "took"
    await town.act("jun", "scan", code)
    await town.act("jun", "add", code)
    assert (await town.buy("jun"))["answer"]["outcome"] == "held"


async def test_the_next_day_a_low_score_tells_the_rep_and_nobody_asks(town, tmp_path):
    await town.campaign()
    befriend(town, "王芳")
    await take_in(town.app, customer_file(town, tmp_path, ("王芳", 420, 9, "1")))
    await town.say("王芳", "打分")

    said = await town.say("王芳", "3")

    assert said == ["收到，谢谢您告诉我们。"]  # the same thanks as for a nine
    assert any("刚打了 3 分" in told for told in await town.log("lin"))
    await next_morning(town)
    assert await asks(town, "王芳") == []


async def test_not_now_is_remembered_and_silence_can_be_taken_back(town, tmp_path):
    await town.campaign()
    befriend(town, "王芳")
    await take_in(town.app, customer_file(town, tmp_path, ("王芳", 420, 9, "1")))
    assert "要一张海报" in (await town.say("王芳", "9分"))[1]

    assert "先不打扰" in (await town.act("王芳", "tap", "later"))["replies"][0]["text"]
    assert (await moment(town, "王芳")).rest_why == "later"
    assert (await asks(town, "王芳"))[0].outcome == "later"

    await town.act("王芳", "tap", "stop")
    assert (await moment(town, "王芳")).consent == "withdrawn"
    assert "以后有好消息再告诉您" in (await town.say("王芳", "恢复提醒"))[0]
    assert (await moment(town, "王芳")).consent == "granted"


async def test_a_plain_yes_to_the_ask_brings_the_poster(town, tmp_path):
    await town.campaign()
    befriend(town, "王芳")
    await take_in(town.app, customer_file(town, tmp_path, ("王芳", 420, 9, "1")))
    assert "要一张海报" in (await town.say("王芳", "9分"))[1]

    replies = (await town.act("王芳", "say", "好的"))["replies"]

    assert [line["kind"] for line in replies][:2] == ["image", "text"]
    assert (await asks(town, "王芳"))[0].outcome == "took"


async def test_a_yes_at_the_desk_ends_the_reps_question_and_the_window_is_used(town, tmp_path):
    await town.campaign()
    befriend(town, "王芳", "赵敏")
    await take_in(town.app, customer_file(town, tmp_path, ("王芳", 420, 9, ""), ("赵敏", 420, 9, "1")))
    await sync(town)
    await next_morning(town)
    fang, min_ = await town.person("王芳"), await town.person("赵敏")
    assert (await town.look(lambda tx: tx.nudges.open_of(fang.id))).purpose == "consent"
    assert (await town.look(lambda tx: tx.nudges.open_of(min_.id))).route == "rep"

    # asked and answered at the desk: the rep's question is over
    await town.say("王芳", "你好")
    await town.say("王芳", "可以")
    assert await town.look(lambda tx: tx.nudges.open_of(fang.id)) is None
    assert "要一张海报" in (await town.say("王芳", "9分"))[1]

    # she is on the rep's list, and writes herself with good news: the desk asks in the same window
    assert "要一张海报" in (await town.say("赵敏", "10分"))[1]
    by_route = {ask.route: ask for ask in await asks(town, "赵敏")}
    assert (by_route["rep"].outcome, by_route["kf"].delivered_at is not None) == ("moved:kf", True)


async def test_a_file_that_comes_again_takes_back_nothing_heard_since(town, tmp_path):
    befriend(town, "王芳")
    file = customer_file(town, tmp_path, ("王芳", 420, 9, "1"))
    await take_in(town.app, file)
    await town.buy("王芳")
    before = await moment(town, "王芳")

    report = await take_in(town.app, file)

    assert report.counts["same"] == 1
    assert await moment(town, "王芳") == before


async def test_whoever_had_nobody_to_ask_them_is_looked_at_again_after_a_sync(town, tmp_path):
    await town.campaign()
    await take_in(town.app, customer_file(town, tmp_path, ("王芳", 420, 9, "1")))
    await town.look(lambda tx: tx.people.all())
    person = await town.person("王芳")
    await town.app.store.write(lambda tx: tx.people.learn(person.id, rep=None))
    assert (await town.app.operator.run("plan", {}))["by_reason"] == {"channel.none": 1, "consent.unknown": 1}

    befriend(town, "王芳")
    await sync(town)
    await town.app.settle()
    await town.app.operator.run("plan", {})

    assert (await asks(town, "王芳"))[0].rep == "lin"


async def test_whoever_is_being_helped_by_a_colleague_is_not_asked_meanwhile(town, tmp_path):
    await town.campaign()
    befriend(town, "王芳")
    await take_in(town.app, customer_file(town, tmp_path, ("王芳", 420, 9, "1")))
    await sync(town)
    await town.say("王芳", "人工")

    await next_morning(town)
    first = await asks(town, "王芳")
    await town.pass_time(48 * 3600)
    later = await asks(town, "王芳")

    assert first == []
    assert [ask.route for ask in later] == ["rep"]
