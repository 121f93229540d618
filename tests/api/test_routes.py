"""What each noun answers, beside what the chat, the hooks and the command line say."""

import json

from bot.whys import explain
from storage import proofs

HOLD_S = 15 * 86_400


async def test_a_campaign_goes_through_its_life(api):
    started = await api.post("/campaigns", {"pack": "double-month", "name": "冬", "budget_fen": 60_000, "set": {}})
    campaign = started.body["id"]

    assert (started.status, started.body["state"], started.body["budget_fen"]) == (201, "running", 60_000)
    assert (await api.get(f"/campaigns/{campaign}")).body == started.body
    assert (await api.post(f"/campaigns/{campaign}/pause")).body["state"] == "paused"
    assert (await api.post(f"/campaigns/{campaign}/resume")).body["state"] == "running"
    assert (await api.post(f"/campaigns/{campaign}/end")).body["state"] == "ended"
    assert (await api.post(f"/campaigns/{campaign}/pause")).body["code"] == "campaign.state"


async def test_a_campaign_that_cannot_be_is_refused_by_its_field(api):
    cannot_be = (
        ({"pack": "nosuch"}, "pack"),
        ({"pack": "double-month", "set": {"nosuch": "1"}}, "set"),
        ({"pack": "double-month", "from": "2026-02-30"}, "from"),
        ({"pack": "double-month", "to": "1999-01-01"}, "to"),
        ({"pack": "double-month", "name": "x\x07"}, "name"),
        ({"pack": "double-month", "budget_fen": -1}, "budget_fen"),
        ({}, "pack"),
    )

    told = [await api.post("/campaigns", wanted) for wanted, _ in cannot_be]

    assert [(said.status, list(said.wrong)) for said in told] == [(422, [field]) for _, field in cannot_be]


async def test_the_audit_names_the_key(api):
    campaign = (await api.post("/campaigns", {"pack": "double-month"})).body["id"]

    def noted(tx):
        return tx.connection.exec_driver_sql("select who from audit where subject = ?", (campaign,)).scalar()

    assert (await api.town.look(noted)).startswith("api:caller")


async def test_a_person_is_met_and_found_by_every_name_but_a_phone_never_comes_back(either_api):
    api = either_api
    met = await api.post("/people", {"identities": ["crm:42", "phone:138 0000 0000", "unionid:oU1"]})

    assert met.body["is_new"] is True
    person = met.body["person"]
    assert person["identities"] == ["crm:42", "unionid:oU1"]
    assert person["has_phone"] is True
    for name in ("crm:42", "phone:+86 13800000000", "unionid:oU1", person["id"]):
        assert (await api.post("/people/find", {"identity": name})).body == person
    assert (await api.get(f"/people/{person['id']}")).body == person
    assert "13800000000" not in json.dumps(await api.all("/people"))


async def test_whom_nobody_knows_is_not_found(api):
    assert (await api.post("/people/find", {"identity": "crm:nobody"})).status == 404
    assert (await api.get("/people/p0000000000000000")).status == 404


async def test_every_name_that_cannot_be_is_said(api):
    said = await api.post("/people", {"identities": ["crm:1", "phone:12", "openid:x"]})

    assert set(said.wrong) == {"identities[1]", "identities[2]"}


async def test_a_colleague_is_no_customer(api):
    said = await api.post("/people", {"identities": ["wecom:lin"]})

    assert said.status == 422


async def test_somebody_folded_into_another_is_given_as_that_one(either_api):
    api = either_api
    await api.a_friend_bought()
    jun = (await api.post("/people/find", {"identity": "crm:jun"})).body["id"]
    other = (await api.post("/people", {"identities": ["unionid:oJun"]})).body["person"]["id"]

    await api.post("/people", {"identities": ["crm:jun", "unionid:oJun"]})

    assert (await api.get(f"/people/{other}")).body["id"] == jun
    assert [row["side"] for row in await api.all("/rewards", person=other)] == ["friend"]
    assert other not in {row["id"] for row in await api.all("/people")}


async def test_of_somebody_erased_only_the_id_is_left(api):
    await api.a_friend_bought()
    jun = (await api.post("/people/find", {"identity": "crm:jun"})).body["id"]

    await api.town.app.operator.run("erase", {"person": jun})

    found = (await api.get(f"/people/{jun}")).body
    assert (found["identities"], found["name"], found["has_phone"]) == ([], "", False)
    assert found["erased_at"] is not None
    assert (await api.post("/people/find", {"identity": "crm:jun"})).status == 404
    assert [row["person"] for row in await api.all("/orders")] == [jun]


async def test_a_code_is_the_same_one_each_time(api):
    campaign = await api.campaign()

    first = await api.post("/codes", {"person": "crm:mei", "campaign": campaign})
    again = await api.post("/codes", {"person": "crm:mei", "campaign": campaign})

    assert (first.status, again.body) == (200, first.body)
    assert (await api.get(f"/codes/{first.body['code']}")).body == first.body
    assert (await api.town.get(first.body["url"])).status == 200


async def test_no_code_without_its_campaign(api):
    ended = await api.campaign()
    await api.town.end(ended)

    nowhere = await api.post("/codes", {"person": "crm:mei", "campaign": "c" + "0" * 16})
    over = await api.post("/codes", {"person": "crm:mei", "campaign": ended})

    assert (nowhere.status, over.status, over.body["code"]) == (404, 409, "campaign.ended")


async def test_an_order_is_taken_in_with_the_answers_of_the_webhook(either_api):
    api = either_api
    campaign = await api.campaign()
    code = (await api.post("/codes", {"person": "crm:mei", "campaign": campaign})).body["code"]

    held = await api.post("/orders", api.paid(code=code))
    twice = await api.post("/orders", api.paid(code=code))
    otherwise = await api.post("/orders", api.paid(code=code, amount_fen=1))
    back = {
        "source": "shop",
        "order_no": "A1",
        "refund_no": "R1",
        "amount_fen": 19_900,
        "refunded_at": api.town.app.clock().isoformat(),
    }
    refunded = await api.post("/orders", {"type": "order.refunded", "data": back})

    assert (held.body["outcome"], [r["code"] for r in held.body["reasons"]]) == ("held", ["hold.running"])
    assert held.body["reasons"][0]["text"]
    assert twice.body["outcome"] == "duplicate"
    assert otherwise.status == 409
    assert (refunded.body["outcome"], refunded.body["reasons"][0]["code"]) == ("recorded", "refund.before_grant")
    [order] = await api.all("/orders")
    assert (order["refunded_fen"], order["outcome"]) == (19_900, "rejected")
    assert (await api.get(f"/orders/{order['id']}")).body == order
    assert {row["state"] for row in await api.all("/rewards")} == {"reversed"}


async def test_orders_of_nobody_yet_are_the_queue_of_the_unmatched(api):
    await api.post("/orders", api.paid())

    [order] = await api.all("/orders", outcome="unmatched")

    assert (order["person"], order["reasons"][0]["code"]) == (None, "buyer.unknown")


async def test_a_reward_is_proved_and_the_proof_holds(either_api):
    api = either_api
    await api.a_friend_bought()
    await api.town.app.settle()
    reward = (await api.all("/rewards"))[0]

    proof = await api.get(f"/proofs/{reward['id']}")
    checked = await api.post("/proofs/check", proof.body)
    broken = await api.post("/proofs/check", proof.body | {"root": "00" * 32})

    assert proof.body["reward"] == reward["id"]
    assert proof.body == await api.town.look(lambda tx: proofs.prove(tx, reward["id"]))
    assert checked.body == {"ok": True, "problem": None}
    assert broken.body["ok"] is False and broken.body["problem"]
    assert (await api.get("/ledger/head")).body["size"] >= 2


async def test_what_stands_beside_an_order_can_be_followed(api):
    campaign = await api.a_friend_bought()
    [referral] = await api.all("/referrals")
    [touch] = await api.all("/touches")
    share = (await api.all("/shares", level="bought"))[0]

    assert (await api.get(f"/referrals/{referral['id']}")).body == referral
    assert (await api.get(f"/touches/{touch['id']}")).body == touch
    assert (await api.get(f"/shares/{share['code']}/bought")).body == share
    assert (referral["campaign"], referral["status"]) == (campaign, "credited")
    assert referral["reason"]["text"]


async def test_a_reward_is_granted_once_the_time_for_refunds_is_over(api):
    await api.a_friend_bought()
    [mine, _] = await api.all("/rewards")

    await api.town.pass_time(HOLD_S)

    granted = (await api.get(f"/rewards/{mine['id']}")).body
    assert (mine["state"], granted["state"], granted["order"]) == ("held", "granted", "shop/A1")
    assert granted["granted_at"] is not None


async def test_why_is_told_as_the_command_line_tells_it(either_api):
    api = either_api
    await api.a_friend_bought()
    mei = (await api.post("/people/find", {"identity": "crm:mei"})).body["id"]
    [order], rewards = await api.all("/orders"), await api.all("/rewards")
    office = api.town.app.operator

    told = [
        (await api.get(f"/people/{mei}/why"), mei),
        (await api.get(f"/orders/{order['id']}/why"), "order:shop/A1"),
        (await api.get(f"/rewards/{rewards[0]['id']}/why"), f"reward:{rewards[0]['id']}"),
    ]

    for said, what in told:
        assert said.body == await api.town.look(lambda tx, what=what: explain(office, tx, what)), what
    assert (await api.get(f"/people/{'p' + '0' * 16}/why")).status == 404


async def test_a_story_is_selected_and_taken_down(api):
    story = await api.a_story("顾问把水温讲得很清楚，第一泡就喝出了兰花香。")
    [listed] = await api.all("/stories", state="submitted")

    selected = await api.post(f"/stories/{story}/select", {"note": "写得具体"})
    shown = await api.town.get(selected.body["story"]["url"])
    withdrawn = await api.post(f"/stories/{story}/withdraw", {})

    assert (listed["id"], listed["state"]) == (story, "submitted")
    assert (selected.status, selected.body["story"]["state"]) == (200, "selected")
    assert shown.status == 200
    assert (withdrawn.body["state"], withdrawn.body["text"]) == ("withdrawn", "")
    assert (await api.get(f"/stories/{story}")).body == withdrawn.body
    assert (await api.post(f"/stories/{story}/select", {})).status == 409


async def test_a_campaigns_posters_quote_a_story_while_it_stands(api):
    campaign = await api.campaign()
    story = await api.a_story("一壶茶的下午。顾问把水温讲得很清楚。一壶茶要200块。")
    unshown = await api.get(f"/stories/{story}/quotes")
    await api.post(f"/stories/{story}/select", {})
    chosen = {"campaign": campaign, "words": "顾问把水温讲得很清楚。"}

    before = (await api.get(f"/stories/{story}/quotes")).body
    made = await api.post(f"/stories/{story}/quote", chosen)
    refused = await api.post(f"/stories/{story}/quote", chosen | {"words": "顾问把水温讲得很清楚"})
    after = (await api.get(f"/stories/{story}/quotes")).body
    ended = await api.post(f"/stories/{story}/unquote", {"campaign": campaign})

    assert unshown.status == 404
    told = {each["words"]: each["why_not"] for each in before["candidates"]}
    assert told["顾问把水温讲得很清楚。"] is None
    assert "金额" in told["一壶茶要200块。"]
    assert (made.status, made.body["words"], made.body["chosen_by"][:4]) == (200, chosen["words"], "api:")
    assert refused.status == 409
    assert (before["quoted"], after["quoted"]) == ([], [made.body])
    assert (ended.status, (await api.post(f"/stories/{story}/unquote", {"campaign": campaign})).status) == (200, 404)


async def test_a_story_that_was_not_handed_in_is_nobody_elses(api):
    story = await api.a_story("还没有写完的故事，先放一放。", hand_in=False)

    assert await api.all("/stories") == []
    assert (await api.get(f"/stories/{story}")).status == 404


async def test_a_budget_says_what_is_left(api):
    campaign = await api.a_friend_bought()

    [budget] = await api.all("/budgets")

    assert (await api.get(f"/budgets/{campaign}")).body == budget
    assert budget["used_fen"] > 0
    assert budget["left_fen"] == budget["budget_fen"] - budget["used_fen"]
