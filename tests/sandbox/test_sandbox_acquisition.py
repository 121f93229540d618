"""Acquisition links: made by an app that may, and telling their mark at the add (platform.md 4.3)."""

import pytest

from tests.sandbox.town import an_app, open_town

CREATE = "externalcontact/customer_acquisition/create_link"
WANTED = {"link_name": "转介绍", "range": {"user_list": ["lin"]}, "skip_verify": True}


async def test_an_add_by_a_link_tells_its_mark_and_how_it_came_about():
    async with open_town([an_app(uses=("contact", "acquisition"))]) as town:
        link = (await town.post(CREATE, WANTED))["link"]

        scanned = await town.act("jun", "scan", f"{link['url']}?customer_channel=s1")
        added = await town.act("jun", "add")

        assert scanned["status"] == 200
        assert (added["rep"], added["state"]) == ("lin", "s1")
        assert town.bot.events("add_external_contact")[0]["State"] == "s1"
        known = await town.get("externalcontact/get", external_userid=added["external_userid"])
        assert (known["follow_user"][0]["state"], known["follow_user"][0]["add_way"]) == ("s1", 16)


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"link_name": ""}, 40063),
        ({"range": {"user_list": []}}, 40063),
        ({"range": {"user_list": ["nobody"]}}, 40003),
        ({"range": {"user_list": ["lin"] * 501}}, 41041),
    ],
)
async def test_what_is_missing_or_wrong_is_refused(changed, errcode):
    async with open_town([an_app(uses=("contact", "acquisition"))]) as town:
        assert (await town.post(CREATE, WANTED | changed))["errcode"] == errcode


async def test_an_app_without_the_permission_gets_no_link(town):
    assert (await town.post(CREATE, WANTED))["errcode"] == 84074


async def test_a_mark_of_more_than_64_bytes_is_cut(town):
    async with open_town([an_app(uses=("contact", "acquisition"))]) as opened:
        link = (await opened.post(CREATE, WANTED))["link"]

        added = await opened.act("jun", "add", f"{link['url']}?customer_channel={'x' * 80}")

        assert added["state"] == "x" * 64
