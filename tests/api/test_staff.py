"""What staff decide through the API: campaigns edited, thanks approved, people merged, claims and appeals answered."""

import json
from datetime import datetime

HOLD_S = 15 * 86_400
NOBODY = {letter: letter + "0" * 16 for letter in "pcwkag"}


async def waiting_thanks(api):
    """Jun bought in a campaign in which somebody has to look at every thanks. Returns what waits."""
    campaign = await api.campaign(set={"confirm": "true"})
    code = (await api.post("/codes", {"person": "crm:mei", "campaign": campaign})).body["code"]
    assert (await api.post("/orders", api.paid(code=code))).body["outcome"] == "held"
    return await api.all("/approvals")


def wanted(campaign, **fields):
    form = {"person": "crm:mei", "campaign": campaign, "kind": "cash", "unit": "fen", "amount": 2_000}
    return form | {"reason": "漏记的", "by": "王会计"} | fields


# --- campaigns -----------------------------------------------------------------------------------------------------


async def test_a_campaign_is_edited_for_the_better_only(either_api):
    api = either_api
    campaign = await api.campaign(budget_fen=900_000)
    address = f"/campaigns/{campaign}"

    async def edit(body, once="e1"):
        raw = json.dumps(body).encode()
        return await api.send("PATCH", address, data=raw, headers={"Idempotency-Key": once})

    better = await edit({"budget_fen": 1_000_000, "set": {"cap_per_year": "60"}})
    replayed = await edit({"budget_fen": 1_000_000, "set": {"cap_per_year": "60"}})
    worse = await edit({"budget_fen": 1, "set": {"cap_per_year": "10", "window_days": "3"}}, once="e2")

    assert (better.status, better.body["budget_fen"]) == (200, 1_000_000)
    assert (replayed.body, replayed.headers["Idempotent-Replayed"]) == (better.body, "true")
    assert (worse.status, worse.body["code"]) == (409, "campaign.worse")
    assert all(key in worse.body["detail"] for key in ("budget_fen", "cap_per_year", "window_days", "请另开一个活动"))
    assert (await api.get(address)).body == better.body


async def test_what_posters_carry_is_chosen_shown_and_changed(either_api):
    api = either_api
    started = await api.post("/campaigns", {"pack": "double-month", "carrier": "kf"})
    address = f"/campaigns/{started.body['id']}"

    async def edit(carrier):
        return await api.send("PATCH", address, data=json.dumps({"carrier": carrier}).encode())

    changed, refused, unknown = await edit("contact"), await edit("official"), await edit("pigeon")

    assert (started.body["carrier"], changed.body["carrier"]) == ("kf", "contact")
    assert (refused.status, refused.body["code"]) == (409, "campaign.carrier")
    assert "公众号还没有接入" in refused.body["detail"]
    assert unknown.wrong.keys() == {"carrier"}
    assert (await api.get(address)).body == changed.body


async def test_an_edit_that_cannot_be_is_refused(api):
    campaign = await api.campaign()

    async def edit(body, which=campaign):
        return await api.send("PATCH", f"/campaigns/{which}", data=json.dumps(body).encode())

    assert (await edit({})).wrong.keys() == {"set"}
    assert (await edit({"set": {"nosuch": "1"}})).wrong.keys() == {"set"}
    assert (await edit({"from": "2026-12-01"})).wrong.keys() == {"from"}
    assert (await edit({"budget_fen": 10**12}, NOBODY["c"])).status == 404


# --- thanks --------------------------------------------------------------------------------------------------------


async def test_what_waits_is_approved_and_reaches_its_person(either_api):
    api = either_api
    mine, theirs = await waiting_thanks(api)
    assert {each["approval"]["why"] for each in (mine, theirs)} == {"confirm"}
    assert {each["what"] for each in (mine, theirs)} == {"30天会员"}

    for each in (mine, theirs):
        done = await api.post(f"/rewards/{each['reward']['id']}/approve", {"by": "周经理"})
        assert (done.status, done.body["approval"]["answered_by"]) == (200, "周经理")
    again = await api.post(f"/rewards/{mine['reward']['id']}/approve", {"by": "周经理"})
    await api.town.pass_time(HOLD_S)

    assert (again.status, again.body["code"]) == (409, "approval.none")
    assert await api.all("/approvals") == []
    assert {row["state"] for row in await api.all("/rewards")} == {"granted"}


async def test_a_refusal_ends_both_sides(api):
    mine, _ = await waiting_thanks(api)

    refused = await api.post(f"/rewards/{mine['reward']['id']}/refuse", {"by": "周经理", "reason": "同一家人"})

    assert (refused.body["reward"]["state"], refused.body["reward"]["reason"]["code"]) == (
        "rejected",
        "approval.refused",
    )
    assert {row["state"] for row in await api.all("/rewards")} == {"rejected"}
    assert (await api.post(f"/rewards/{NOBODY['w']}/refuse", {"by": "周", "reason": "x"})).status == 404


async def test_an_adjustment_needs_a_second_person(either_api):
    api = either_api
    campaign = await api.a_friend_bought()

    second = await api.new_key("approvals:write")
    made = await api.post("/rewards", wanted(campaign))
    way = f"/rewards/{made.body['reward']['id']}/approve"
    own = await api.post(way, {"by": "王会计"}, key=second)
    alone = await api.post(way, {"by": "周经理"})
    done = await api.post(way, {"by": "周经理"}, key=second)

    assert (alone.status, alone.body["code"]) == (409, "approval.second")
    assert (made.status, made.body["what"], made.body["note"]) == (201, "20元现金", "漏记的")
    assert (own.status, own.body["code"]) == (409, "approval.second")
    assert done.status == 200
    noted = await api.town.look(
        lambda tx: tx.connection.exec_driver_sql(
            "select who, detail from audit where action = 'reward.approve'"
        ).fetchall()
    )
    assert [who.startswith("api:caller") or (who, detail) for who, detail in noted] in (
        [("周经理", ""), True],
        [True, ("周经理", "")],
    )


async def test_an_adjustment_that_cannot_be_is_refused_by_its_field(api):
    campaign = await api.a_friend_bought()
    cannot_be = (
        ({"kind": "smiles"}, {"kind"}),
        ({"unit": "days"}, {"unit"}),
        ({"amount": 0}, {"amount"}),
        ({"reason": ""}, {"reason"}),
        ({"by": " "}, {"by"}),
        ({"kind": "points", "unit": "points"}, {"cost_fen"}),
        ({"says": "转发即得{yuan}元"}, {"says"}),
        ({"person": "mei"}, {"person"}),
    )

    told = [await api.post("/rewards", wanted(campaign, **fields)) for fields, _ in cannot_be]

    assert [(said.status, said.wrong.keys()) for said in told] == [(422, fields) for _, fields in cannot_be]
    assert (await api.post("/rewards", wanted(NOBODY["c"]))).status == 404
    assert (await api.post("/rewards", wanted(campaign, person="crm:nobody"))).status == 404


# --- tax -----------------------------------------------------------------------------------------------------------


async def test_the_tax_of_a_year_is_told_for_each_person(either_api):
    api = either_api
    campaign = await api.a_friend_bought()
    second = await api.new_key("approvals:write")
    for person in ("crm:mei", "crm:mei", "crm:jun"):
        made = await api.post("/rewards", wanted(campaign, person=person))
        await api.post(f"/rewards/{made.body['reward']['id']}/approve", {"by": "周经理"}, key=second)
    held = await api.post("/rewards", wanted(campaign))
    await api.town.app.settle()

    years = await api.all("/rewards/tax", year=2026, limit=1)

    assert held.body["reward"]["state"] == "held"
    mei = (await api.post("/people/find", {"identity": "crm:mei"})).body["id"]
    assert len(years) == 2
    [mine] = [year for year in years if year["person"] == mei]
    assert (mine["year"], mine["value_fen"], mine["tax_fen"]) == (2026, 4_000, 800)
    assert mine["classes"] == [
        {
            "tax_class": "incidental",
            "payments": 2,
            "value_fen": 4_000,
            "tax_fen": 800,
            "net_fen": 3_200,
            "gross_up_fen": 5_000,
        }
    ]
    assert await api.all("/rewards/tax", year=2025) == []
    assert (await api.get("/rewards/tax")).wrong.keys() == {"year"}


# --- people --------------------------------------------------------------------------------------------------------


async def test_two_people_are_merged_and_parted(either_api):
    api = either_api
    await api.a_friend_bought()
    jun = (await api.post("/people/find", {"identity": "crm:jun"})).body["id"]
    other = (await api.post("/people", {"identities": ["crm:jun-2"]})).body["person"]["id"]

    made = await api.post("/people/merge", {"kept": "crm:jun", "gone": other, "reason": "来电核对过", "by": "周经理"})
    listed = await api.get("/merges", person=other)
    parted = await api.post(f"/merges/{made.body['id']}/part", {"by": "林顾问"})

    assert (made.status, made.body["kept"], made.body["gone"], made.body["by"]) == (200, jun, other, "周经理")
    assert listed.body["items"] == [made.body]
    assert parted.body["undone_at"] is not None
    assert (await api.get(f"/people/{other}")).body["id"] == other
    assert (await api.post(f"/merges/{made.body['id']}/part", {"by": "林顾问"})).body["code"] == "merge.undone"
    assert (await api.post(f"/merges/{NOBODY['g']}/part", {"by": "林顾问"})).status == 404
    assert (await api.get("/merges", person=NOBODY["p"])).status == 404


async def test_nobody_erased_is_merged(api):
    await api.a_friend_bought()
    jun = (await api.post("/people/find", {"identity": "crm:jun"})).body["id"]
    await api.town.app.operator.run("erase", {"person": jun})

    said = await api.post("/people/merge", {"kept": "crm:mei", "gone": jun, "reason": "x", "by": "周"})

    assert (said.status, said.body["code"]) == (409, "person.erased")


# --- claims and appeals --------------------------------------------------------------------------------------------


async def test_a_claim_is_confirmed_or_refused(either_api):
    api = either_api
    town, campaign = api.town, await api.campaign()
    code = await town.code_of("mei", campaign)
    await town.say("mei", "您好")
    await town.say("jun", "是梅姐介绍的")
    await town.say("bo", "是李姐介绍的")
    first, second = sorted(await api.all("/claims", state="open"), key=lambda claim: claim["name"] != "梅姐")
    assert [each["code"] for each in first["candidates"]] == [code]

    confirmed = await api.post(f"/claims/{first['id']}/confirm", {"advocate": code})
    refused = await api.post(f"/claims/{second['id']}/refuse", {"reason": "查无此人"})

    assert (confirmed.body["state"], confirmed.body["code"]) == ("confirmed", code)
    assert confirmed.body["decided_by"].startswith("api:caller")
    assert (refused.body["state"], refused.body["reason"]) == ("refused", "查无此人")
    assert await api.all("/claims", state="open") == []
    assert (await api.get(f"/claims/{first['id']}")).body == confirmed.body
    assert (await api.post(f"/claims/{second['id']}/confirm", {"advocate": code})).status == 409
    assert (await api.post(f"/claims/{NOBODY['k']}/confirm", {"advocate": code})).status == 404


async def test_an_appeal_is_answered_once(either_api):
    api = either_api
    town = api.town
    await town.code_of("mei", await api.campaign())
    await town.say("mei", "您好")
    await town.say("mei", "为什么")
    await town.say("mei", "申诉")
    [appeal] = await api.all("/appeals", waiting="true")

    answered = await api.post(f"/appeals/{appeal['id']}/answer", {"text": "查过了，朋友还没有下单。"})

    assert (answered.status, answered.body["answer"]) == (200, "查过了，朋友还没有下单。")
    assert await api.all("/appeals", waiting="true") == []
    assert await api.all("/appeals") == [answered.body]
    assert (await api.get(f"/appeals/{appeal['id']}")).body == answered.body
    again = await api.post(f"/appeals/{appeal['id']}/answer", {"text": "再说一次"})
    assert (again.status, again.body["code"]) == (409, "appeal.answered")
    assert (await api.post(f"/appeals/{NOBODY['a']}/answer", {"text": "您好"})).status == 404


# --- orders --------------------------------------------------------------------------------------------------------


async def test_orders_that_wait_for_a_buyer_say_how_long_and_the_rate_counts_them(either_api):
    api = either_api
    await api.a_friend_bought()
    await api.post("/orders", api.paid("Z9", buyer={"crm_id": "stranger"}))

    [order] = await api.all("/orders", outcome="unmatched")
    rate = (await api.get("/orders/match-rate")).body

    assert order["days_left"] == 7
    assert datetime.fromisoformat(order["closes_at"]) > api.town.app.clock()
    assert rate == {"days": 30, "orders": 2, "matched": 1, "percent": 50.0, "waiting": 1}


async def test_what_an_order_earns_is_kept_and_guards_the_margin(either_api):
    api = either_api
    campaign = await api.campaign()
    code = (await api.post("/codes", {"person": "crm:mei", "campaign": campaign})).body["code"]

    told = await api.post("/orders", api.paid(code=code, earned_fen=500, product="春茶礼盒"))

    [order] = await api.all("/orders")
    assert (order["earned_fen"], order["product"]) == (500, "春茶礼盒")
    assert (told.body["outcome"], [why["code"] for why in told.body["reasons"]]) == ("rejected", ["margin.exceeded"])
