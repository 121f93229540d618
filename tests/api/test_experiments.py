"""Experiments over the API, and what asks have cost a campaign."""

from __future__ import annotations


async def campaign_of(api, **wanted):
    said = await api.post("/campaigns", {"pack": "double-month", **wanted})
    assert said.status == 201, said.body
    return said.body["id"]


def copy_of(campaign, *arms):
    return {"kind": "copy", "campaign": campaign, "arms": [{"arm": arm} for arm in arms]}


async def test_an_experiment_is_started_looked_at_listed_and_stopped(either_api):
    api = either_api
    campaign = await campaign_of(api)

    made = await api.post("/experiments", copy_of(campaign, "help", "plain") | {"name": "开口第一句"})

    assert made.status == 201, made.body
    told = made.body
    assert (told["kind"], told["campaign"], told["metric"], told["state"]) == ("copy", campaign, "took", "running")
    assert [(arm["name"], arm["share"], arm["people"]) for arm in told["arms"]] == [
        ("帮朋友", 0.5, 0),
        ("平实", 0.5, 0),
    ]
    assert (await api.get(f"/experiments/{told['id']}")).body == told
    assert await api.all("/experiments", campaign=campaign, kind="copy", state="running") == [told]
    stopped = await api.post(f"/experiments/{told['id']}/stop")
    assert (stopped.status, stopped.body["state"]) == (200, "stopped")
    assert await api.all("/experiments", state="running") == []


async def test_what_cannot_be_compared_is_refused_by_its_field(api):
    campaign = await campaign_of(api)
    wanted = {
        "arms": copy_of(campaign, "help", "loud"),
        "campaign": {"kind": "copy", "arms": [{"arm": "help"}, {"arm": "plain"}]},
        "metric": {
            "kind": "poster",
            "campaign": campaign,
            "metric": "took",
            "arms": [{"arm": "coast"}, {"arm": "orchard"}],
        },
    }

    for field, body in wanted.items():
        said = await api.post("/experiments", body)
        assert (said.status, set(said.wrong)) == (422, {field}), said.body
    shares = copy_of(campaign) | {"arms": [{"arm": "help", "share": 0.6}, {"arm": "plain", "share": 0.6}]}
    assert (await api.post("/experiments", shares)).wrong == {"arms": "各组的比例加起来要等于 1，这里是 1.2"}


async def test_how_things_stand_may_refuse_it(api):
    campaign = await campaign_of(api)
    first = await api.post("/experiments", copy_of(campaign, "help", "plain"))

    again = await api.post("/experiments", copy_of(campaign, "help", "thanks"))
    await api.post(f"/campaigns/{campaign}/pause")
    paused = await api.post("/experiments", copy_of(campaign, "help", "thanks"))

    assert first.status == 201
    assert (again.status, again.body["code"]) == (409, "experiment.running")
    assert (paused.status, paused.body["code"]) == (409, "experiment.campaign")
    assert "现在是「已暂停」" in paused.body["detail"]


async def test_one_that_is_not_there_is_not_found(api):
    for said in (
        await api.get("/experiments/x0123456789abcdef"),
        await api.post("/experiments/x0123456789abcdef/stop"),
    ):
        assert (said.status, said.body["detail"]) == (404, "没有这个实验")


async def test_a_campaign_tells_what_its_asks_have_cost(api):
    campaign = await campaign_of(api)

    told = (await api.get(f"/campaigns/{campaign}")).body["guardrail"]

    assert told == {
        "asked": 0,
        "optouts": 0,
        "complaints": 0,
        "optout_limit": 0.01,
        "complaint_limit": 0.02,
        "trip": None,
    }
