"""Who introduced a friend, as the friend says and as staff know it; and orders that find their buyer."""

import re

import pytest

from referral.claims import ClaimState
from referral.errors import BadInput, NotFound, RuleViolation
from referral.identities import Identity, IdentityKind
from referral.people import Person
from referral.touches import TouchKind
from storage import tables as t
from tests.journeys.town import HOLD_S, PRICE

DAY = 86_400
PHONE = "138 0013 8000"
WHICH = "请问是哪位梅姐？可发她的邀请码，或由顾问确认。"
HANDLE = re.compile(r"^([0-9A-Z]{4}) · ", re.MULTILINE)


# --- the town, as these stories need it -------------------------------------------------------------------------------


@pytest.fixture
async def code(town):
    """Mei's code in a running campaign."""
    return await town.code_of("mei", await town.campaign())


async def rep_cookies(town, rep="lin"):
    """Let a rep's browser in by the link of a card."""
    came = await town.get(town.app.facts.rep_page(rep, town.app.clock()))
    assert came.status == 303, came.text
    return came.cookies


async def claims_of(town, persona):
    person = (await town.person(persona)).id
    return await town.look(lambda tx: tx.claims.of_person(person))


async def said(town, who, text):
    """Say something to the app; the passive answer."""
    return next(line["text"] for line in (await town.act(who, "say", text))["replies"] if line["to"] == who)


async def audited(town):
    columns = (t.audit.c.who, t.audit.c.action)
    rows = await town.look(lambda tx: tx.connection.execute(t.audit.select().with_only_columns(*columns)).all())
    return [tuple(row) for row in rows]


async def outcome(town, bought):
    """How an order stands now, and its first reason."""
    order = (await town.look(lambda tx: tx.orders.named("sandbox", bought["order_no"])))[0]
    return order.outcome.value, str(order.reasons[0])


async def advocate(town, campaign, number, nickname, name=""):
    """Another customer with a code."""
    person, now = f"p{number:016d}", town.app.clock()

    def unit(tx):
        tx.people.create(Person(id=person, nickname=nickname, name=name), now)
        tx.people.attach(person, Identity(IdentityKind.CRM, f"{number}"), now)

    await town.app.store.write(unit)
    made = await town.app.operator.run("code", {"person": person, "campaign": campaign})
    return person, made["code"]


def mask(text):
    """Without the addresses that hold ids."""
    return re.sub(r'(href|action|value)="[^"]*"', "", text)


# --- what a friend says -----------------------------------------------------------------------------------------------


async def test_a_name_said_in_chat_is_kept_and_told_to_the_friends_rep_and_is_no_touch(either_town):
    town = either_town
    code = await town.code_of("mei", await town.campaign())
    await town.act("jun", "add", "lin")

    assert await town.say("jun", "您好，我想问一下") != []
    assert await town.say("jun", "是梅姐介绍的") == [WHICH]

    (claim,) = await claims_of(town, "jun")
    assert (claim.state, claim.name, claim.words, claim.rep) == (ClaimState.OPEN, "梅姐", "是梅姐介绍的", "lin")
    assert "小军说是「梅姐」介绍来的，请您确认。回复「介绍」，看看可能是哪一位。" in await town.log("lin")
    assert code not in "\n".join(await town.log("jun"))
    # a bare name credits nobody
    assert await town.touches("jun") == []
    assert (await town.buy("jun"))["answer"]["outcome"] == "no_referral"


async def test_the_same_name_is_one_claim_and_more_than_five_are_not_kept(town, code):
    for words in ("是梅姐介绍的", "梅姐推荐我来的", "是 梅姐 介绍来的"):
        assert "请问是哪位梅姐" in (await town.say("jun", words))[0].replace(" ", "")
    assert len(await claims_of(town, "jun")) == 1

    for name in ("李姐", "王哥", "赵总", "孙老师"):
        await town.say("jun", f"是{name}介绍的")

    assert "前面说的几位还在请同事确认" in (await town.say("jun", "是周姐介绍的"))[0]
    assert len(await claims_of(town, "jun")) == 5


@pytest.mark.parametrize("words", ["朋友介绍的", "是一个朋友介绍来的", "抖音推荐的", "我朋友介绍的"])
async def test_who_names_nobody_is_asked_for_a_name(town, words):
    assert await town.say("jun", words) == ["请问是哪位朋友介绍的？可发对方的邀请码，或说一声称呼，由顾问确认。"]
    assert await claims_of(town, "jun") == []


async def test_a_code_typed_after_all_settles_the_claim(town, code):
    await town.say("jun", "是梅姐介绍的")

    assert "您是梅姐介绍来的" in (await town.say("jun", code))[0]

    (claim,) = await claims_of(town, "jun")
    assert (claim.state, claim.code, claim.decided_by) == (ClaimState.SETTLED, code, "code")
    assert "现在没有要您确认的介绍" in await said(town, "zhou", "介绍")
    with pytest.raises(RuleViolation, match="已经有结果"):
        await town.app.operator.run("claim.confirm", {"id": claim.id, "advocate": code})


async def test_a_claim_that_nobody_decides_in_the_late_days_is_given_up_and_the_friend_is_told_kindly(town, code):
    await town.say("jun", "是梅姐介绍的")
    await town.later(7 * DAY + 60)

    (claim,) = await claims_of(town, "jun")
    assert (claim.state, claim.decided_by) == (ClaimState.EXPIRED, "clock")
    told = await town.say("jun", "您好")
    assert any("您说的梅姐，一直没能确认是哪一位，这次先不记了。" in line for line in told)


# --- what staff make of it --------------------------------------------------------------------------------------------


async def test_a_rep_confirms_in_two_taps_and_what_was_bought_since_counts(either_town):
    town = either_town
    await town.code_of("mei", await town.campaign())
    await town.act("jun", "add", "lin")
    await town.say("jun", "是梅姐介绍的")
    when = (await claims_of(town, "jun"))[0].said_at
    await town.later(DAY)
    bought = await town.buy("jun")
    cookies = await rep_cookies(town)
    mei = (await town.person("mei")).id

    home = await town.get("/rep", cookies=cookies)
    (link,) = set(re.findall(r'"(/rep/k/[0-9a-z]+)"', home.text))
    assert "说是「<bdi>梅姐</bdi>」" in home.text
    asked = await town.get(link, cookies=cookies)
    assert "梅姐" in asked.text
    assert "您的客户" in asked.text
    decided = await town.post(link, {"act": f"confirm:{mei}"}, cookies=cookies)

    assert (decided.status, decided.headers["Location"]) == (303, link)
    assert "已经确认，记上了" in (await town.get(link, cookies=cookies)).text
    (touch,) = await town.touches("jun")
    assert (touch.kind, touch.at, touch.advocate) == (TouchKind.CLAIM, when, mei)
    assert await outcome(town, bought) == ("held", "hold.running")
    assert await town.standing("mei") == [("held", "hold.running")]
    assert ("rep:lin", "claim.confirmed") in await audited(town)
    told = [*await town.log("jun"), *await town.say("jun", "您好")]
    assert any("同事确认过了，您是梅姐介绍来的，已经记下。" in line for line in told)
    await town.later(HOLD_S + 60)
    assert await town.standing("mei") == [("granted", "granted")]


async def test_a_friend_without_a_rep_is_a_managers_who_answers_in_chat(town):
    campaign = await town.campaign()
    await advocate(town, campaign, 1, "梅姐")
    wanted, code = await advocate(town, campaign, 2, "小梅", name="梅兰")
    await town.say("jun", "是梅姐介绍的")

    listed = await said(town, "zhou", "介绍")
    handle = HANDLE.findall(listed)[0]
    assert listed.splitlines()[0] == "等您确认是谁介绍来的，有 1 位："
    assert listed.splitlines()[2:4] == ["1. 梅姐", "2. 小梅（梅兰）"]
    assert "还不能确定是哪一位" in await said(town, "zhou", f"确认 {handle}")
    assert "没有找到「ZZZZ」" in await said(town, "zhou", "确认 ZZZZ")
    assert "没有找到" in await said(town, "lin", f"确认 {handle} 2")

    assert await said(town, "zhou", f"确认 {handle.lower()} 2") == "记上了，小军是小梅（梅兰）介绍来的。"

    (claim,) = await claims_of(town, "jun")
    assert (claim.advocate, claim.code, claim.decided_by) == (wanted, code, "rep:zhou")


async def test_a_claim_is_turned_down_with_a_reason_and_the_friend_hears_how_the_code_would_help(town, code):
    await town.say("jun", "是李姐介绍的")
    handle = HANDLE.findall(await said(town, "zhou", "介绍"))[0]

    assert "请写上原因" in await said(town, "zhou", f"不算 {handle}")
    assert "这一条不算了" in await said(town, "zhou", f"不算 {handle} 问过了，对方不认识")

    (claim,) = await claims_of(town, "jun")
    assert (claim.state, claim.reason) == (ClaimState.REFUSED, "问过了,对方不认识")
    assert ("rep:zhou", "claim.refused") in await audited(town)
    assert any("您说的李姐，同事没能对上是哪一位。有她的邀请码发来就能登记" in one for one in await town.log("jun"))
    assert await town.touches("jun") == []


async def test_a_rep_sees_only_the_claims_of_her_own_customers(town, code):
    await town.act("jun", "add", "lin")
    await town.say("jun", "是梅姐介绍的")
    await town.hire("wang", "王顾问")
    claim = (await claims_of(town, "jun"))[0]

    hers, others = await rep_cookies(town), await rep_cookies(town, "wang")

    assert (await town.get(f"/rep/k/{claim.id}", cookies=hers)).status == 200
    assert (await town.get(f"/rep/k/{claim.id}", cookies=others)).status == 404
    refused = await town.post(f"/rep/k/{claim.id}", {"act": "refuse:nobody"}, cookies=others)
    assert refused.status == 404
    assert "小军" not in (await town.get("/rep", cookies=others)).text
    assert (await claims_of(town, "jun"))[0].state is ClaimState.OPEN


async def test_an_operator_confirms_and_refuses_from_the_command_line(town, code):
    await town.say("jun", "是梅姐介绍的")
    await town.say("bo", "是李姐介绍的")
    first, second = (await claims_of(town, "jun"))[0], (await claims_of(town, "bo"))[0]

    confirmed = await town.app.operator.run("claim.confirm", {"id": first.id, "advocate": code.lower()})
    with pytest.raises(BadInput):
        await town.app.operator.run("claim.refuse", {"id": second.id, "reason": "  "})
    with pytest.raises(NotFound):
        await town.app.operator.run("claim.refuse", {"id": "k1", "reason": "没有"})
    with pytest.raises(RuleViolation, match="还没有邀请码"):
        await town.app.operator.run("claim.confirm", {"id": second.id, "advocate": f"wecom:{town.handle('jun')}"})
    refused = await town.app.operator.run("claim.refuse", {"id": second.id, "reason": "查无此人"})

    assert (confirmed["state"], confirmed["code"], confirmed["decided_by"]) == ("confirmed", code, "cli")
    assert (refused["state"], refused["reason"]) == ("refused", "查无此人")


# --- 登记推荐人 -----------------------------------------------------------------------------------------------


async def test_a_rep_registers_what_was_said_in_the_shop(either_town):
    town = either_town
    code = await town.code_of("mei", await town.campaign())
    await town.act("jun", "add", "lin")
    bought = await town.buy("jun")
    assert bought["answer"]["outcome"] == "no_referral"
    await town.later(2 * DAY)
    cookies, jun, mei = await rep_cookies(town), (await town.person("jun")).id, (await town.person("mei")).id

    found = await town.get("/rep/p?q=小军", cookies=cookies)
    (link,) = set(re.findall(r'"(/rep/p/[0-9a-z]+)"', found.text))
    asked = await town.get(f"{link}?q={code.lower()}", cookies=cookies)
    assert f'value="name:{mei}"' in asked.text
    done = await town.post(link, {"act": f"name:{mei}"}, cookies=cookies)

    assert done.headers["Location"] == f"/rep/p/{jun}?told=named"
    assert "推荐人记上了。" in (await town.get(done.headers["Location"], cookies=cookies)).text
    assert await outcome(town, bought) == ("held", "late.claim")
    (claim,) = await claims_of(town, "jun")
    assert (claim.source, claim.state, claim.decided_by) == ("rep:lin", ClaimState.CONFIRMED, "rep:lin")
    assert ("rep:lin", "claim.confirmed") in await audited(town)


async def test_a_claim_that_comes_too_late_is_recorded_and_changes_nothing(town, code):
    await town.act("jun", "add", "lin")
    bought = await town.buy("jun")
    await town.later(8 * DAY)
    cookies, jun, mei = await rep_cookies(town), (await town.person("jun")).id, (await town.person("mei")).id

    await town.post(f"/rep/p/{jun}", {"act": f"name:{mei}"}, cookies=cookies)

    assert [touch.kind for touch in await town.touches("jun")] == [TouchKind.CLAIM]
    assert (await outcome(town, bought))[0] == "no_referral"
    assert await town.standing("mei") == []


async def test_a_rep_names_neither_herself_nor_a_colleague_nor_the_friend(town):
    campaign = await town.campaign()
    namesake, _ = await advocate(town, campaign, 1, "林顾问")
    colleague, _ = await advocate(town, campaign, 2, "小周")
    await town.app.store.write(lambda tx: tx.people.learn(colleague, staff=True))
    await town.act("jun", "add", "lin")
    cookies, jun = await rep_cookies(town), (await town.person("jun")).id

    for who, why in ((namesake, "不能登记自己"), (colleague, "同事不参加活动"), (jun, "自己不能做自己的推荐人")):
        refused = await town.post(f"/rep/p/{jun}", {"act": f"name:{who}"}, cookies=cookies)
        assert (refused.status, why in refused.text) == (200, True), why
    assert "小周" not in (await town.get(f"/rep/p/{jun}?q=小周", cookies=cookies)).text.partition("登记推荐人")[2][600:]
    assert await town.touches("jun") == []
    assert await claims_of(town, "jun") == []


async def test_a_rep_opens_only_her_own_customers(town, code):
    await town.act("jun", "add", "lin")
    await town.hire("wang", "王顾问")
    jun, others = (await town.person("jun")).id, await rep_cookies(town, "wang")

    assert (await town.get(f"/rep/p/{jun}", cookies=others)).status == 404
    assert (await town.post(f"/rep/p/{jun}", {"act": "staff"}, cookies=others)).status == 404
    assert "没有找到" in (await town.get("/rep/p?q=小军", cookies=others)).text
    assert not (await town.person("jun")).staff


async def test_a_rep_marks_a_colleague_with_two_taps_and_may_take_it_back(town):
    await town.act("jun", "add", "lin")
    cookies, jun = await rep_cookies(town), (await town.person("jun")).id

    await town.post(f"/rep/p/{jun}", {"act": "staff"}, cookies=cookies)
    assert (await town.person("jun")).staff
    assert "同事" in (await town.get(f"/rep/p/{jun}", cookies=cookies)).text
    await town.post(f"/rep/p/{jun}", {"act": "not-staff"}, cookies=cookies)

    assert not (await town.person("jun")).staff
    assert [action for who, action in await audited(town) if who == "rep:lin"] == ["person.staff", "person.not-staff"]


# --- orders that find their buyer -------------------------------------------------------------------------------------


async def test_a_rep_enters_the_phone_and_the_order_finds_its_buyer(either_town):
    town = either_town
    code = await town.code_of("mei", await town.campaign())
    await town.act("jun", "add", code)
    bought = await town.buy("jun", {"amount_fen": PRICE, "buyer": {"phone": PHONE}})
    assert bought["answer"]["outcome"] == "unmatched"
    cookies, jun = await rep_cookies(town), (await town.person("jun")).id
    listed = await town.get("/rep/p", cookies=cookies)
    assert bought["order_no"] in listed.text
    assert "等了 0 天，还剩 7 天" in listed.text
    assert "13800138000" not in listed.text

    bad = await town.post(f"/rep/p/{jun}", {"act": "phone", "phone": "12345"}, cookies=cookies)
    done = await town.post(f"/rep/p/{jun}", {"act": "phone", "phone": "13800138000"}, cookies=cookies)

    assert "不是完整的电话号码" in bad.text
    assert "有对得上的订单已经归到这位客户" in (await town.get(done.headers["Location"], cookies=cookies)).text
    assert await outcome(town, bought) == ("held", "hold.running")
    assert bought["order_no"] not in (await town.get("/rep/p", cookies=cookies)).text


async def test_a_rep_notes_the_phone_in_wecom_and_the_order_finds_its_buyer_at_once(either_town):
    town = either_town
    code = await town.code_of("mei", await town.campaign())
    await town.act("jun", "add", code)
    bought = await town.buy("jun", {"amount_fen": PRICE, "buyer": {"phone": PHONE}})
    assert bought["answer"]["outcome"] == "unmatched"

    await town.act("lin", "note", {"to": "jun", "remark": "君", "mobile": "138 0013 8000"})
    await town.later(5)

    phone = await hashed(town, PHONE)
    assert (await town.look(lambda tx: tx.people.find(phone))).id == (await town.person("jun")).id
    assert await outcome(town, bought) == ("held", "hold.running")


async def test_what_a_rep_notes_in_wecom_takes_no_phone_from_another_customer(town, code):
    await town.act("jun", "add", "lin")
    await town.act("bo", "add", "lin")
    await town.act("lin", "note", {"to": "bo", "mobile": "13800138000"})
    await town.later(5)

    await town.act("lin", "note", {"to": "jun", "mobile": "13800138000"})
    await town.act("lin", "note", {"to": "jun", "mobile": "问他妈妈"})
    await town.later(5)

    phone = await hashed(town, PHONE)
    assert (await town.look(lambda tx: tx.people.find(phone))).id == (await town.person("bo")).id
    assert (await town.person("jun")).id != (await town.person("bo")).id


async def test_a_phone_that_is_another_customers_is_told_to_the_rep(town, code):
    await town.act("jun", "add", "lin")
    phone = await hashed(town, PHONE)

    def unit(tx):
        now = town.app.clock()
        bo = tx.people.find(Identity(IdentityKind.WECOM, town.handle("bo")))
        tx.people.attach(bo.id, phone, now)

    await town.say("bo", "您好")
    await town.app.store.write(unit)
    cookies, jun = await rep_cookies(town), (await town.person("jun")).id

    refused = await town.post(f"/rep/p/{jun}", {"act": "phone", "phone": PHONE}, cookies=cookies)

    assert "已经是另一位客户的" in refused.text
    assert (await town.look(lambda tx: tx.people.find(phone))).nickname == "阿博"


async def test_a_friend_gives_the_phone_they_bought_with_on_their_own_page(either_town):
    town = either_town
    await town.act("jun", "add", await town.code_of("mei", await town.campaign()))
    bought = await town.buy("jun", {"amount_fen": PRICE, "buyer": {"phone": PHONE}})
    home = await town.me("jun")
    assert "填写下单手机号，自动对上您的订单" in (await town.get(home)).text

    done = await town.post(f"{home}/phone", {"phone": "+86 138-0013-8000"})

    assert (done.status, done.headers["Location"]) == (303, f"{home}?told=phone#phone")
    assert "收到了。有对得上的订单，这一页会告诉您" in (await town.get(f"{home}?told=phone")).text
    assert await outcome(town, bought) == ("held", "hold.running")


async def test_a_phone_of_somebody_else_is_not_taken_and_nothing_of_it_is_revealed(town, code):
    await town.act("jun", "add", code)
    await town.say("bo", "您好")
    phone = await hashed(town, PHONE)
    mei = (await town.person("mei")).id
    await town.app.store.write(lambda tx: tx.people.attach(mei, phone, town.app.clock()))

    theirs = await town.post(f"{await town.me('bo')}/phone", {"phone": PHONE})
    nobodys = await town.post(f"{await town.me('bo')}/phone", {"phone": "13900139000"})
    before, after = [(await town.get(f"{await town.me('bo')}?told=phone")).text for _ in range(2)]

    assert theirs.status == nobodys.status == 303
    assert theirs.headers["Location"] == nobodys.headers["Location"]
    assert before == after
    assert (await town.look(lambda tx: tx.people.find(phone))).id == mei


async def test_phones_are_tried_five_times_in_ten_minutes_and_two_are_kept(town, code):
    await town.act("jun", "add", code)
    home, jun = await town.me("jun"), (await town.person("jun")).id
    for last in range(1, 4):
        await town.buy("jun", {"amount_fen": PRICE, "buyer": {"phone": f"1380013800{last}"}})

    told = [(await town.post(f"{home}/phone", {"phone": f"1380013800{last}"})).headers["Location"] for last in range(6)]

    assert [each.partition("told=")[2] for each in told] == ["phone#phone"] * 5 + ["phone-busy#phone"]
    known = await town.look(lambda tx: tx.people.identities(jun))
    assert [each.kind for each in known].count(IdentityKind.PHONE) == 2
    await town.later(601)
    again = await town.post(f"{home}/phone", {"phone": "1380"})
    assert again.headers["Location"].endswith("told=phone-unclear#phone")
    assert (await town.post(f"{home}x/phone", {"phone": PHONE})).status == 404
    assert (await town.post(f"{home}/phone", {"phone": PHONE}, Origin="https://evil.example")).status == 404


async def hashed(town, number):
    from bot.phone_hash import phone_hash

    return Identity(IdentityKind.PHONE, phone_hash(number, town.app.keys.phone))
