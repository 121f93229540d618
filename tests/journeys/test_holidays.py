"""Holidays in a running bot: quiet mornings, and a warning while the coming days are not announced."""

import io
import json
import logging
from datetime import UTC, datetime

import pytest
import structlog

from bot.log import set_up
from tests.journeys.town import Machine, open_town

HOUR = 3600
HOLIDAY_EVE = datetime(2026, 9, 30, 8, 0, tzinfo=UTC)  # a Wednesday, 16:00 in Beijing
FAR = datetime(2098, 12, 1, 2, 0, tzinfo=UTC)


@pytest.fixture
def log():
    """What the bot writes to its log."""
    written = io.StringIO()
    set_up(written)
    yield written
    structlog.reset_defaults()
    logging.captureWarnings(False)


def warned(log):
    told = [json.loads(line) for line in log.getvalue().splitlines()]
    return [(line["level"], line["year"]) for line in told if line["event"] == "calendar.uncertain"]


async def test_thanks_of_the_night_before_a_holiday_are_told_at_its_noon(quick_url, tmp_path):
    async with open_town(tmp_path, quick_url, machine=Machine(HOLIDAY_EVE)) as town:
        code = await town.code_of("mei", await town.campaign())
        await town.act("jun", "add", code)
        await town.say("mei", "您好")
        await town.later(8 * HOUR)
        await town.buy("jun")

        await town.later(11 * HOUR)
        assert not any("已下单" in told for told in await town.log("mei"))
        await town.later(HOUR)
        assert sum("已下单" in told for told in await town.log("mei")) == 1


async def test_a_start_warns_of_each_coming_year_that_is_not_announced(quick_url, tmp_path, log):
    async with open_town(tmp_path, quick_url, machine=Machine(FAR)):
        assert warned(log) == [("warning", 2098), ("warning", 2099)]


async def test_a_year_that_the_company_names_is_not_warned_of(quick_url, tmp_path, log):
    (tmp_path / "days.toml").write_text("off = [2098-10-01, 2099-01-01]", "utf-8")

    async with open_town(tmp_path, quick_url, machine=Machine(FAR), sending='calendar = "days.toml"'):
        assert warned(log) == []
