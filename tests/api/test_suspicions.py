"""Staff clear and confirm what looks made up through the API."""

import pytest

from tests.journeys.test_suspicions import bo_comes_as_jun

HOLD_S = 15 * 86_400
SEEN = {"by": "周经理", "reason": "到店核实过"}


@pytest.mark.parametrize(
    ("what", "state", "rewards"), [("clear", "cleared", "held"), ("confirm", "confirmed", "rejected")]
)
async def test_a_suspicion_is_decided_once(either_api, what, state, rewards):
    api = either_api
    referral = await bo_comes_as_jun(api.town)

    [found] = await api.all("/suspicions", state="open")
    done = await api.post(f"/suspicions/{referral}/{what}", SEEN)
    again = await api.post(f"/suspicions/{referral}/{what}", SEEN)

    assert (found["id"], found["state"], {each["state"] for each in found["rewards"]}) == (referral, "open", {"held"})
    assert {each["code"] for each in found["evidence"]} == {"same_device", "within_hour"}
    assert (done.status, done.body["state"], done.body["decided_by"], done.body["note"]) == (
        200,
        state,
        "周经理",
        "到店核实过",
    )
    assert (again.status, again.body["code"]) == (409, "suspicion.decided")
    assert await api.all("/suspicions", state="open") == []
    assert await api.all("/suspicions") == [(await api.get(f"/suspicions/{referral}")).body]
    assert {row["state"] for row in await api.all("/rewards")} == {rewards}


@pytest.mark.parametrize("what", ["clear", "confirm"])
async def test_a_decision_is_taken_back_with_a_reason(either_api, what):
    api = either_api
    referral = await bo_comes_as_jun(api.town)
    early = await api.post(f"/suspicions/{referral}/reopen", SEEN)
    await api.post(f"/suspicions/{referral}/{what}", SEEN)

    done = await api.post(f"/suspicions/{referral}/reopen", {"by": "周经理", "reason": "看错了人"})

    assert (early.status, early.body["code"]) == (409, "suspicion.undecided")
    assert (done.status, done.body["state"], done.body["decided_by"]) == (200, "open", None)
    held = [(each["side"], each["state"]) for each in done.body["rewards"] if each["state"] == "held"]
    assert sorted(held) == [("advocate", "held"), ("friend", "held")]


async def test_what_is_not_there_and_what_is_not_allowed_is_told(api):
    await bo_comes_as_jun(api.town)
    [found] = await api.all("/suspicions")
    reader = await api.new_key("suspicions:read")

    assert (await api.get("/suspicions/r0000000000000000")).status == 404
    assert (await api.post("/suspicions/r0000000000000000/clear", SEEN)).status == 404
    assert (await api.post(f"/suspicions/{found['id']}/clear", SEEN, key=reader)).status == 403
    assert (await api.post(f"/suspicions/{found['id']}/clear", {"by": "周经理"})).wrong.keys() == {"reason"}
    assert (await api.get("/suspicions", state="nosuch")).wrong.keys() == {"state"}


async def test_why_of_a_thanks_tells_what_holds_it_up(api):
    await bo_comes_as_jun(api.town)
    [reward, _] = await api.all("/rewards")

    told = (await api.get(f"/rewards/{reward['id']}/why")).body["reward"]

    assert (told["reason"]["code"], told["explained"]["missing"]) == ("suspect.review", ["review"])
    assert (told["suspicion"]["state"], told["suspicion"]["chance"] > 0.5) == ("open", True)
