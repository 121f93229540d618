"""Staff come in by the platform's login; the tickets of the JS interface."""

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.sandbox.town import CORP, an_app, open_town

LOGIN = "/connect/oauth2/authorize"


def query(town, **changes):
    known = {
        "appid": CORP, "redirect_uri": f"{town.client._base_url}rep/enter?next=list", "response_type": "code",
        "scope": "snsapi_base", "state": "S1", "agentid": "1000002",
    }  # fmt: skip
    return known | changes


async def enter(town, **changes):
    async with town.client.get(LOGIN, params=query(town, **changes), allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", ""), await answer.text()


async def code_of(town, who):
    _, location, _ = await enter(town, **{"as": who})
    return parse_qs(urlsplit(location).query)["code"][0]


async def test_whoever_enters_is_sent_on_with_a_code_and_the_state(town):
    status, location, _ = await enter(town, **{"as": "lin"})

    asked = parse_qs(urlsplit(location).query)
    assert (status, urlsplit(location).path) == (302, "/rep/enter")
    assert (asked["next"], asked["state"]) == (["list"], ["S1"])
    assert (await town.get("auth/getuserinfo", code=asked["code"][0]))["userid"] == "lin"


async def test_a_browser_is_asked_who_enters(town):
    status, _, page = await enter(town)

    assert status == 200
    assert "林顾问" in page
    assert "周店长" in page
    assert "as=lin" in page


async def test_a_code_is_good_once(town):
    code = await code_of(town, "lin")

    first = await town.get("auth/getuserinfo", code=code)
    second = await town.get("auth/getuserinfo", code=code)

    assert (first["errcode"], second["errcode"]) == (0, 40029)


async def test_a_code_is_good_for_five_minutes(town):
    code = await code_of(town, "lin")
    await town.later(301)

    assert (await town.get("auth/getuserinfo", code=code))["errcode"] == 40029


async def test_somebody_who_is_no_staff_has_no_userid(town):
    told = await town.get("auth/getuserinfo", code=await code_of(town, "mei"))

    assert "userid" not in told
    assert told["external_userid"] == town.sandbox.external_userid("mei")


@pytest.mark.parametrize(
    "changes",
    [
        {"appid": "ww0"},
        {"redirect_uri": "https://elsewhere.example/x"},
        {"redirect_uri": "javascript:x"},
        {"state": "s" * 129},
    ],
)
async def test_a_login_that_leads_elsewhere_is_refused(town, changes):
    status, location, _ = await enter(town, **changes | {"as": "lin"})

    assert (status, location) == (400, "")


async def test_tickets_last_two_hours_and_each_app_has_its_own():
    async with open_town([an_app(), an_app("second", agent_id=1000003)]) as town:
        company = await town.get("get_jsapi_ticket")
        app = await town.get("ticket/get", type="agent_config")

        assert (await town.get("get_jsapi_ticket", app="second"))["ticket"] == company["ticket"]
        assert (await town.get("ticket/get", type="agent_config", app="second"))["ticket"] != app["ticket"]
        assert company["expires_in"] == 7200
        await town.later(7200)
        assert (await town.get("get_jsapi_ticket"))["ticket"] != company["ticket"]
