"""Connectors and parcels from the command line."""

import base64
import csv
import io

import pytest

from tests.cli.desk import CONFIG, Desk

SECTIONS = """
[fulfilment.erp]
kind = "webhook"
gives = ["points"]
url = "http://127.0.0.1:9/thanks"
secret_env = "ERP"
events = ["reward.granted"]

[fulfilment.parcels]
kind = "shipping"
"""
ENV = {"ERP": "whsec_" + base64.b64encode(bytes(range(32))).decode()}


@pytest.fixture
def connected(tmp_path):
    """A company with two connectors and a database without anything in it."""
    desk = Desk(tmp_path, CONFIG + SECTIONS)
    assert desk.run("migrate", env=ENV).exit_code == 0
    return desk


def test_every_connector_is_listed_with_what_it_gives_and_how_it_stands(connected):
    shown = connected.run("fulfilment", "list", env=ENV)
    found = connected.json("fulfilment", "list")

    assert [(each["name"], each["kind"], each["gives"], each["events"], each["state"]) for each in found] == [
        ("erp", "webhook", ["points"], ["reward.granted"], "on"),
        ("parcels", "shipping", ["gift"], [], "on"),
    ]
    assert "erp" in shown.stdout
    assert "在用" in shown.stdout


def test_without_a_connector_it_is_said_that_thanks_are_granted_at_once(desk):
    desk.run("migrate")

    shown = desk.run("fulfilment", "list")

    assert (shown.exit_code, shown.stdout) == (0, "")
    assert "直接记为到账" in shown.stderr


def test_a_connector_may_be_enabled_and_replayed_by_name(connected):
    assert connected.json("fulfilment", "enable", "erp") == {"connector": "erp", "bills": 0, "announcements": 0}
    assert connected.json("fulfilment", "replay", "erp", "--since", "2026-11-01")["bills"] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fulfilment", "enable", "crm"], "没有这个接口：crm"),
        (["fulfilment", "replay", "erp", "--since", "昨天"], "--since"),
        (["fulfilment", "decide", "b1", "done", "--why", " "], "--why"),
        (["fulfilment", "decide", "b1", "done", "--why", "查过了"], "没有这张单子：b1"),
        (["shipping", "sent", "b1", "--number", "SF1"], "寄送单里没有这一件：b1"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(connected, words, said):
    result = connected.run(*words, env=ENV)

    assert result.exit_code in (1, 2)
    assert said in result.stderr
    assert result.stdout == ""


def test_the_list_of_parcels_is_a_table_for_the_courier(connected):
    result = connected.run("shipping", "list", "--format", "csv", env=ENV)

    assert result.exit_code == 0
    assert next(csv.reader(io.StringIO(result.stdout.removeprefix("\ufeff")))) == [
        "bill", "reward", "goods", "name", "phone", "address", "waiting_since",
    ]  # fmt: skip
    assert connected.json("shipping", "list") == []
