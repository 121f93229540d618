"""Idempotency keys: under one key a request is done once, and answered alike again."""

import asyncio

from storage import tables as t

PARALLEL = 40


async def people_count(api):
    return len(await api.all("/people", limit=200))


async def test_the_first_answer_is_given_again(api):
    first = await api.post("/people", {"identities": ["crm:1"]}, once="a")
    again = await api.post("/people", {"identities": ["crm:1"]}, once="a")

    assert first.body["is_new"] is True
    assert (again.status, again.body) == (first.status, first.body)
    assert (first.headers.get("Idempotent-Replayed"), again.headers["Idempotent-Replayed"]) == (None, "true")


async def test_without_a_key_it_is_done_again(api):
    await api.post("/people", {"identities": ["crm:1"]})

    assert (await api.post("/people", {"identities": ["crm:1"]})).body["is_new"] is False


async def test_a_refusal_by_a_rule_is_an_answer_too(api):
    campaign = await api.campaign()
    await api.town.end(campaign)

    first = await api.post(f"/campaigns/{campaign}/resume", once="a")
    again = await api.post(f"/campaigns/{campaign}/resume", once="a")

    assert (first.status, first.body["code"]) == (409, "campaign.state")
    assert (again.status, again.body) == (409, first.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Content-Type"] == "application/problem+json"


async def test_what_was_not_tried_may_be_put_right_under_the_same_key(api):
    bad = await api.post("/people", {"identities": ["phone:12"]}, once="a")
    good = await api.post("/people", {"identities": ["phone:13800000000"]}, once="a")

    assert (bad.status, good.status) == (422, 200)


async def test_the_same_key_for_another_request_is_a_conflict(api):
    await api.post("/people", {"identities": ["crm:1"]}, once="a")

    for path, body in (("/people", {"identities": ["crm:2"]}), ("/people/find", {"identity": "crm:1"})):
        said = await api.post(path, body, once="a")

        assert (said.status, said.body["code"]) == (409, "idempotency.reused")
    assert await people_count(api) == 2  # mei, and the one of the first request


async def test_another_callers_keys_are_their_own(api):
    other = await api.new_key("people:write")
    await api.post("/people", {"identities": ["crm:1"]}, once="a")

    said = await api.post("/people", {"identities": ["crm:2"]}, once="a", key=other)

    assert said.body["is_new"] is True


async def test_an_answer_is_kept_for_a_day_at_least_and_not_for_ever(api):
    body = {"identities": ["crm:1"]}
    await api.post("/people", body, once="a")

    api.town.machine.tick(86_400)
    a_day_later = await api.post("/people", body, once="a")
    api.town.machine.tick(86_401)
    later_still = await api.post("/people", body, once="a")

    assert a_day_later.body["is_new"] is True
    assert later_still.body["is_new"] is False
    assert await api.town.look(lambda tx: len(tx.connection.execute(t.api_answers.select()).all())) == 1


async def test_a_key_that_is_none_is_said(api):
    for name in ("a b", "x" * 256, "键"):
        said = await api.send("POST", "/people", data=b'{"identities":["crm:1"]}', headers={"Idempotency-Key": name})

        assert (said.status, list(said.wrong)) == (422, ["Idempotency-Key"]), name


async def test_many_at_once_under_one_key_have_one_effect(either_api):
    api = either_api

    said = await asyncio.gather(*(api.post("/people", {"identities": ["crm:1"]}, once="a") for _ in range(PARALLEL)))

    assert {each.status for each in said} == {200}
    assert {each.body["is_new"] for each in said} == {True}
    assert len({each.body["person"]["id"] for each in said}) == 1
    assert sum("Idempotent-Replayed" not in each.headers for each in said) == 1
    assert await people_count(api) == 2


async def test_many_orders_at_once_under_one_key_are_one_order(either_api):
    api = either_api
    campaign = await api.campaign()
    code = (await api.post("/codes", {"person": "crm:mei", "campaign": campaign})).body["code"]

    said = await asyncio.gather(*(api.post("/orders", api.paid(code=code), once="a") for _ in range(PARALLEL)))

    assert {(each.status, each.body["outcome"]) for each in said} == {(200, "held")}
    assert len(await api.all("/orders")) == 1
    assert len(await api.all("/rewards")) == 2
