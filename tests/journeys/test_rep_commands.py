"""What staff write to the app: lists, campaigns that a manager approves, customers and posters."""

import json
import re
from datetime import timedelta

import pytest

from bot.conversations import rep
from bot.offers import pack_names
from referral import due_rows
from referral.campaigns import CampaignState
from referral.consent import Answer
from referral.consent import say as say_consent
from referral.decisions import Route
from referral.events import RepSaid
from referral.identities import Identity, IdentityKind
from referral.moments import Moment, Permission
from referral.nudges import Nudge, NudgeState
from referral.people import Person
from referral.shares import ShareLevel
from referral.signals import SignalKind
from storage import tables as t
from tests.journeys.town import MORNING, Machine, link_in, open_town

DAY = 86_400
WEEK = 7 * DAY
HANDLE = re.compile(r"「同意 ([0-9A-Z]{4})」")


# --- the cast ---------------------------------------------------------------------------------------------------------


async def meet(town, number, nickname, *, rep="lin", name="", crm=None, **known):
    """A customer of a rep, for a year and content, who may be asked."""
    person = f"p{number:016d}"
    now = town.app.clock()
    told = {"consent": Permission.GRANTED, "customer_since": now - timedelta(days=400), "satisfaction": 9.0} | known

    def unit(tx):
        since = told["customer_since"]
        tx.people.create(Person(id=person, nickname=nickname, name=name, rep=rep, joined_at=since), now)
        tx.people.attach(person, Identity(IdentityKind.WECOM, f"wm{number}"), now)
        if crm:
            tx.people.attach(person, Identity(IdentityKind.CRM, crm), now)
        tx.reps.add_contact(person, rep, now - timedelta(days=100))
        due_rows.keep(tx, town.app.facts, Moment(person=person, **told), now=now)

    await town.app.store.write(unit)
    return person


async def put_on_list(town, person, *, rep="lin", state=NudgeState.LISTED, score=0.1, reason=("tenure", "14 个月")):
    now = town.app.clock()
    nudge = Nudge(
        id=f"g{person[1:]}",
        person=person,
        decision="send",
        why=reason[0],
        reasons=(reason,),
        route=Route.REP,
        rep=rep,
        score=score,
        state=state,
        created_at=now,
        planned_at=now,
        expires_at=now + timedelta(days=3),
    )
    await town.app.store.write(lambda tx: tx.nudges.add(nudge))


async def say(town, who, text):
    """Say something to the app; its answer, which comes a moment later by itself where the machine is busy."""
    before = len(await town.log(who))
    answers = [line["text"] for line in (await town.act(who, "say", text))["replies"] if line["to"] == who]
    await town.app.settle()
    answers = answers or (await town.log(who))[before:]
    assert answers, (who, text)
    return answers[0]


async def draft(town, who="lin"):
    """Ask for the shipped offer; the handle that the manager was given."""
    assert "送去审批" in await say(town, who, "新活动 一起多一个月")
    return HANDLE.findall((await town.log("zhou"))[-1])[0]


async def states(town):
    return [campaign.state for campaign in await town.look(lambda tx: tx.campaigns.all())]


async def audit(town):
    """(who, action, detail) of everything that was decided."""
    columns = (t.audit.c.who, t.audit.c.action, t.audit.c.detail)
    rows = await town.look(lambda tx: tx.connection.execute(t.audit.select().with_only_columns(*columns)).all())
    return [tuple(row) for row in rows]


# --- 名单 -------------------------------------------------------------------------------------------------------------


async def test_the_list_names_the_best_eight_with_a_reason_each(town):
    for number in range(10):
        person = await meet(town, number, f"客户{number}")
        await put_on_list(town, person, score=number / 10)
    stranger = await meet(town, 90, "别人的客户", rep="wang")
    await put_on_list(town, stranger, rep="wang")

    told = await say(town, "lin", "「名单」")

    lines = told.splitlines()
    assert lines[0] == "今天适合聊的客户 10 位："
    assert lines[1] == "· 客户9：成为客户 14 个月"
    assert lines[8:10] == ["· 客户2：成为客户 14 个月", "还有 2 位没列出来。"]
    assert "别人" not in told


@pytest.mark.parametrize(
    ("hours_later", "when"),
    [(0, "11月24日 09:30"), (12, "11月24日 09:30"), (-2, "11月23日 09:30"), (4 * 24, "11月30日 09:30")],
)
async def test_an_empty_list_says_when_the_next_comes(quick_url, tmp_path, hours_later, when):
    machine = Machine(now=MORNING + timedelta(hours=hours_later))
    async with open_town(tmp_path, quick_url, machine=machine) as town:
        assert f"下一份名单最早 {when}" in await say(town, "lin", "名单")


async def test_a_list_that_is_done_is_not_told_as_empty(town):
    await put_on_list(town, await meet(town, 1, "小美"), state=NudgeState.SENT)

    assert "都聊过了" in await say(town, "lin", "名单")


async def test_the_chat_names_for_today_whom_the_page_names(either_town):
    """As on the sandbox's first day: Mei's yes is unknown, so she is asked in passing, and nobody to turn to."""
    town = either_town
    await town.pass_time(DAY)

    alone = await say(town, "lin", "名单")
    page = await the_page(town, alone)

    assert "今天没有需要您去问的客户" in alone and "适合聊" not in alone
    assert "今天没有要聊的" in page and "聊天时顺便问一句" in page and "梅姐" in page
    assert "聊天时可以顺便问一句愿不愿意收到消息的，有 1 位：梅姐" in alone

    await put_on_list(town, await meet(town, 2, "小美"))
    told = await say(town, "lin", "名单")
    page = await the_page(town, told)

    assert told.splitlines()[:3] == [
        "今天适合聊的客户 1 位：",
        "· 小美：成为客户 14 个月",
        "聊天时可以顺便问一句愿不愿意收到消息的，有 1 位：梅姐",
    ]
    assert "今天适合聊的，有 1 位" in page


async def the_page(town, told):
    """What stands behind the link of an answer, for whoever taps it."""
    door = await town.get(link_in(told, "/rep"))
    entered = await town.get(door.headers["Location"], cookies=door.cookies)
    return entered.text


# --- 活动 -------------------------------------------------------------------------------------------------------------


async def test_running_campaigns_come_with_what_they_have_brought(either_town):
    town = either_town
    assert "没有进行中的活动" in await say(town, "lin", "活动")
    campaign = await town.campaign(name="双十二", to="2026-12-12")
    await town.campaign(name="开春", **{"from": "2027-03-01"})
    code = await town.code_of("mei", campaign)
    await town.act("jun", "add", code)
    await town.buy("jun")

    told = await say(town, "lin", "活动")

    assert told.splitlines() == [
        "现在的活动：",
        "· 双十二（进行中，还剩 19 天）",
        "  预算用了 60 元，共 100000 元；取海报 1 位，来的朋友 1 位",
        "· 开春（未开始，2027年3月1日开始）",
        "  预算用了 0 元，共 100000 元；取海报 0 位，来的朋友 0 位",
    ]


# --- 新活动, and a manager's answer -----------------------------------------------------------------------------------


async def test_offers_are_listed_with_a_line_each(town):
    listed = await say(town, "lin", "新活动")
    assert "· 一起多一个月（double-month）：双方各得30天会员\n" in listed
    assert "· 谢谢您的引荐（gratitude）：只说谢谢，不送任何东西\n" in listed
    unknown = await say(town, "lin", "新活动 送金条")
    assert unknown.startswith("没有叫「送金条」的活动")
    assert "double-month" in unknown


async def test_a_manager_approves_and_the_campaign_runs_from_then(either_town):
    town = either_town
    handle = await draft(town)
    asked = (await town.log("zhou"))[-1]
    for part in (
        "林顾问想开活动「一起多一个月」",
        "朋友完成首单、过了 15 天退款期后，双方各得30天会员。",
        "预算：10万元",
        "不同意 " + handle,
    ):
        assert part in asked
    assert await states(town) == [CampaignState.DRAFT]
    assert "等批准" in await say(town, "lin", "活动")
    assert "没有" in (await town.say("mei", "我要推荐"))[0]  # a draft gives nobody a poster
    await town.pass_time(DAY)

    assert await say(town, "zhou", "同意") == "好的，「一起多一个月」同意了，已经告诉林顾问。"

    assert await states(town) == [CampaignState.RUNNING]
    (campaign,) = await town.look(lambda tx: tx.campaigns.all())
    assert campaign.starts_at == town.app.clock()
    assert "「一起多一个月」zhou同意了，现在开始" in (await town.log("lin"))[-1]
    assert ("rep:zhou", "campaign.approved", '{"draft_of": "lin"}') in await audit(town)
    assert "已经由zhou同意了" in await say(town, "zhou", f"同意 {handle}")
    assert "已经由zhou同意了" in await say(town, "zhou", "同意")


async def test_a_manager_turns_it_down(town):
    handle = await draft(town)

    assert "不开了" in await say(town, "zhou", f"不同意「{handle.lower()}」")

    assert await states(town) == [CampaignState.ENDED]
    assert "没有同意" in (await town.log("lin"))[-1]
    assert ("rep:zhou", "campaign.refused", '{"draft_of": "lin"}') in await audit(town)
    assert "已经答复不同意" in await say(town, "zhou", f"同意 {handle}")
    assert await states(town) == [CampaignState.ENDED]


async def test_with_two_waiting_the_manager_must_say_which(town):
    await town.hire("wang", "王顾问")
    first, second = await draft(town), await draft(town, "wang")

    which = await say(town, "zhou", "同意")
    assert f"同意 {first}（林顾问申请的「一起多一个月」）" in which
    assert f"同意 {second}（王顾问申请的「一起多一个月」）" in which
    assert "等批准的有 2 个" in await say(town, "zhou", f"同意 {first} 但是预算减半")
    assert await states(town) == [CampaignState.DRAFT, CampaignState.DRAFT]

    spaced = f"同　意　{second[:2]} {second[2:]}".translate({ord(a): ord(a) + 0xFEE0 for a in second})
    assert "王顾问" in await say(town, "zhou", spaced)
    assert sorted(await states(town)) == [CampaignState.DRAFT, CampaignState.RUNNING]
    (left,) = await town.look(lambda tx: tx.drafts.waiting())
    assert (left.rep, left.handle) == ("lin", first)


async def test_offers_are_judged_before_anything_is_held_up(town):
    def heard(text):
        return RepSaid(rep="lin", kind="text", text=text, message_id="m1", at=town.app.clock())

    rep.prepare(town.app.words, town.app.facts, heard("名单"))
    assert town.app.words.judged == {}

    rep.prepare(town.app.words, town.app.facts, heard("新活动"))
    assert {pack for pack, _, _ in town.app.words.judged} == set(pack_names())


async def test_asking_twice_makes_one_draft(town):
    await draft(town)

    assert "已经在等批准" in await say(town, "lin", "新活动 double-month")
    assert len(await states(town)) == 1


async def test_only_managers_can_answer(town):
    handle = await draft(town)

    for text in ("同意", f"同意 {handle}", "不同意"):
        assert "没看懂" in await say(town, "lin", text)
    assert await states(town) == [CampaignState.DRAFT]
    assert "同意 编号" not in await say(town, "lin", "帮助")
    assert "同意 编号" in await say(town, "zhou", "帮助")


async def test_a_manager_cannot_approve_her_own_but_may_take_it_back(quick_url, tmp_path):
    async with open_town(tmp_path, quick_url, server='[wecom]\nmanagers = ["lin", "zhou"]') as town:
        await draft(town)
        assert not any("想开活动" in line for line in await town.log("lin"))

        assert "另一位批准人" in await say(town, "lin", "同意")
        assert await states(town) == [CampaignState.DRAFT]
        assert "不开了" in await say(town, "lin", "不同意")
        assert await states(town) == [CampaignState.ENDED]


async def test_the_only_manager_approves_her_own_and_the_audit_says_so(quick_url, tmp_path):
    async with open_town(tmp_path, quick_url, server='[wecom]\nmanagers = ["lin"]') as town:
        assert "批准人只有您一位" in await say(town, "lin", "新活动 一起多一个月")

        assert "开始了" in await say(town, "lin", "同意")
        assert await states(town) == [CampaignState.RUNNING]
        assert ("rep:lin", "campaign.approved", '{"draft_of": "lin", "own_draft": true}') in await audit(town)


async def test_without_managers_an_operator_lets_the_draft_run(quick_url, tmp_path):
    async with open_town(tmp_path, quick_url, server="[wecom]\nmanagers = []") as town:
        told = await say(town, "lin", "新活动 一起多一个月")
        campaign = re.search(r"taoli campaign resume (c\w{16})", told)[1]

        made = await town.app.operator.run("campaign.resume", {"id": campaign})
        await town.app.settle()

        assert made["state"] == "running"
        assert "管理员同意了" in (await town.log("lin"))[-1]
        assert ("cli", "campaign.approved", '{"draft_of": "lin"}') in await audit(town)


async def test_a_draft_that_nobody_answers_lapses_in_a_week(town):
    handle = await draft(town)
    await town.pass_time(WEEK - 60)
    assert await states(town) == [CampaignState.DRAFT]

    await town.pass_time(120)

    assert await states(town) == [CampaignState.ENDED]
    assert "一周没有人答复" in (await town.log("lin"))[-1]
    assert "已经作废" in await say(town, "zhou", f"同意 {handle}")
    assert await states(town) == [CampaignState.ENDED]


async def test_an_offer_that_the_industry_forbids_is_refused(quick_url, tmp_path):
    async with open_town(tmp_path, quick_url, industry="insurance") as town:
        told = await say(town, "lin", "新活动 一起多一个月")

        assert told.startswith("「一起多一个月」在本行业不能用：")
        assert "保险法" in told
        assert await states(town) == []
        listed = await say(town, "lin", "新活动")
        assert "gratitude" in listed
        assert "double-month" not in listed


# --- 客户 -------------------------------------------------------------------------------------------------------------


async def test_a_customer_is_told_with_what_speaks_for_and_against(town):
    await town.campaign()
    now = town.app.clock()
    await meet(town, 1, "小美🌸", good=SignalKind.PRAISE, good_at=now - timedelta(days=1))

    told = await say(town, "lin", "客户 「小美」")

    assert told.splitlines() == [
        "小美🌸：现在可以请对方推荐。",
        "合适：昨天给了好评；满意度 9 分；成为客户 13 个月",
        "怎样会变：有投诉、打了低分或说不再提醒，就不问了",
        "是否愿意收消息：愿意",
        "近一年没有请对方推荐过",
        "海报：没有取过",
        "朋友：还没有带来过",
    ]
    assert "/me/" not in told


@pytest.mark.parametrize(
    ("known", "says"),
    [
        (
            {"complaints": 1},
            ["现在不问", "先不问，因为：有投诉还没处理完\n合适：满意度 9 分", "要先补的一步：产品体验"],
        ),
        ({"satisfaction": 5.0}, ["现在不问", "先不问，因为：最近一次满意度低于 7 分", "怎样会变：下一次满意度到 7 分"]),
        ({"consent": Permission.UNKNOWN}, ["现在不问", "还没问过愿不愿意收到消息", "是否愿意收消息：还没问过"]),
        ({"consent": Permission.WITHDRAWN}, ["现在不问", "对方说过不再提醒", "是否愿意收消息：说过不再提醒"]),
    ],
)
async def test_what_stands_against_asking_is_said(town, known, says):
    await town.campaign()
    await meet(town, 1, "小美", **known)

    told = await say(town, "lin", "客户 小美")

    for part in says:
        assert part in told


async def test_whoever_has_not_been_heard_of_for_half_a_year_is_greeted_and_not_asked(town):
    await town.campaign()
    long_ago = town.app.clock() - timedelta(days=200)
    await meet(town, 1, "小美", seen_at=long_ago, last_order_at=long_ago)

    told = (await say(town, "lin", "客户 小美")).splitlines()

    assert told[:2] == ["小美：现在不问。", "先不问，因为：很久没来往了，先问候关心"]
    assert "要先补的一步：持续互动：很久没来往了，先问候关心" in told
    assert "怎样会变：先问候一声，等对方回话或再来" in told


async def test_a_day_too_early_names_the_day(town):
    await meet(town, 1, "小美", customer_since=town.app.clock() - timedelta(days=20))

    assert "小美：先不问，12月3日 再看。" in await say(town, "lin", "客户 小美")


async def test_what_a_customer_has_brought_is_counted(town):
    code = await town.code_of("mei", await town.campaign())
    await town.act("jun", "add", code)
    await town.buy("jun")

    told = await say(town, "lin", "客户 梅姐")

    assert "朋友：带来过 1 位，其中 1 位已成交" in told
    assert "小军" not in told


async def test_several_of_one_name_are_told_apart(either_town):
    town = either_town
    twin = await meet(town, 1, "小军", name="王军", crm="A-17")
    await meet(town, 2, "小军")
    for number in range(3, 10):
        await meet(town, number, f"小军{number}")

    told = await say(town, "lin", "客户　小军")

    lines = told.splitlines()
    assert lines[0].startswith("有 9 位")
    assert lines[1] == "· 小军（王军） · 编号 A-17 · 2025年10月19日成为客户"
    assert len(lines) == 8
    assert lines[-1] == "还有 3 位没列出来。"
    assert (await say(town, "lin", "客户 A-17")).startswith("小军：")
    assert (await say(town, "lin", "客户 王军")).startswith("小军：")
    assert (await say(town, "lin", f"客户 {twin.upper()}")).startswith("小军：")


@pytest.mark.parametrize("asked", ["小美", "王美", "B-1", "p0000000000000001", "\u200b", "%", "_"])
async def test_another_reps_customer_is_not_shown(town, asked):
    await town.hire("wang", "王顾问")
    await town.campaign()
    await meet(town, 1, "小美", name="王美", rep="wang", crm="B-1")

    for command in ("客户", "海报"):
        told = await say(town, "lin", f"{command} {asked}")
        assert "没有找到" in told or told.startswith(("想看哪位", "哪位客户"))
    assert await town.look(lambda tx: tx.codes.of_advocate("p0000000000000001")) == []


async def test_a_customer_named_by_the_reps_own_name_is_hers(town):
    def unit(tx):
        tx.people.create(Person(id="p0000000000000007", nickname="נועה", rep="林顾问"), town.app.clock())

    await town.app.store.write(unit)

    assert "נועה" in await say(town, "lin", "客户 \u202bנועה\u202c")


async def test_without_a_name_the_rep_is_told_how(town):
    assert "客户 姓名" in await say(town, "lin", "客户")
    assert "海报 姓名" in await say(town, "lin", "海报")


# --- 海报 -------------------------------------------------------------------------------------------------------------


async def test_a_poster_for_a_customer_who_wants_one(town):
    campaign = await town.campaign()
    person = await meet(town, 1, "小美")
    await put_on_list(town, person, state=NudgeState.SENT)
    now = town.app.clock()
    await town.app.store.write(
        lambda tx: tx.connection.execute(t.nudges.update().values(sent_at=int(now.timestamp() * 1000)))
    )

    told = await say(town, "lin", "海报小美")

    (code,) = await town.look(lambda tx: tx.codes.of_advocate(person))
    assert f"/i/{code.code}" in told
    picture = re.search(r"http\S+/p/\S+\.jpg\?edition=friend", told)[0]
    page = await town.get(picture)
    assert (page.status, page.body[:2]) == (200, b"\xff\xd8")
    shares = await town.look(lambda tx: tx.shares.of_person(person))
    assert {(share.level, share.evidence, share.campaign) for share in shares} == {
        (ShareLevel.PREPARED, "rep:lin", campaign),
        (ShareLevel.SENT_FOR, "rep:lin", campaign),
    }
    nudge = await town.look(lambda tx: tx.nudges.last_sent(person, now))
    assert (nudge.outcome, nudge.took_at) == ("took", town.app.clock())


async def test_a_poster_for_someone_who_asked_for_silence_reminds_the_rep(town):
    await town.campaign()
    person = await meet(town, 1, "陈姐")
    now = town.app.clock()
    await town.app.store.write(
        lambda tx: say_consent(tx, town.app.facts, person, Answer.WITHDRAWN, evidence="别发了", channel="kf", now=now)
    )

    told = await say(town, "lin", "海报 陈姐")

    assert told.startswith("对方说过不再提醒，只有她自己要时才发。")
    assert "/i/" in told


async def test_without_a_campaign_there_is_no_poster(town):
    await meet(town, 1, "小美")

    assert "没有进行中的活动" in await say(town, "lin", "海报 小美")


# --- the rest ---------------------------------------------------------------------------------------------------------


async def test_help_names_everything_and_other_words_are_not_understood(town):
    told = await say(town, "lin", "帮助")

    for word in ("名单", "客户", "海报", "活动", "新活动", "业绩", "帮助"):
        assert f"{word} " in told
    assert "没看懂" in await say(town, "lin", "今天天气不错")


async def test_no_answer_is_longer_than_the_platform_lets_through(town):
    await town.campaign(name="名" * 40)
    for number in range(9):
        long = "🌺" * 60 + str(number)
        person = await meet(town, number, long, name="国" * 100 + str(number), crm="编" * 90 + str(number))
        await put_on_list(town, person, reason=("good.praise.given", "今天"))
    for number in range(12):
        await town.campaign(name=f"{number}{'活' * 38}")

    for text in ("名单", "活动", "新活动", "新活动 " + "长" * 600, "客户 🌺", "海报 国", "客户 " + "长" * 600, "帮助"):
        told = await say(town, "lin", text)
        assert len(told.encode()) < 2048, text
    assert json.dumps(told)
