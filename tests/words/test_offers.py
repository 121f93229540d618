"""The pack as shipped, its terms, and what an operator may change."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.copy import CopyError
from bot.offers import load_pack, pack_names
from referral.framing import Framing
from referral.offers import EDITIONS, RULE_FIELDS, BadTerms, Terms, override

PACK_FILE = Path("templates/offers/double-month.toml")


def test_double_month_has_the_settled_numbers():
    terms = load_pack("double-month").terms

    assert (terms.window_days, terms.late_days, terms.hold_days, terms.cap_per_year) == (30, 7, 15, 50)
    assert (terms.kind, terms.unit, terms.amount_advocate, terms.amount_friend) == ("days", "days", 30, 30)
    assert (terms.cost_fen, terms.budget_fen, terms.min_amount_fen) == (3000, 10_000_000, 1)
    assert (terms.rule, terms.attribution, terms.conversions) == ("first-order", "last", ("order.paid",))
    assert terms.new_customers_only
    assert terms.both_or_neither


def test_every_shipped_pack_can_be_read():
    assert [load_pack(name).name for name in pack_names()] == pack_names()


def test_the_rules_fill_every_field_that_must_be_published():
    rules = load_pack("double-month").rules

    assert set(RULE_FIELDS) <= {section.field for section in rules}


def test_every_framing_and_edition_has_at_least_two_wordings():
    words = load_pack("double-month").words

    assert all(len(set(words[framing][edition])) >= 2 for framing in Framing for edition in EDITIONS)


def test_terms_survive_being_frozen_and_read_back():
    terms = load_pack("double-month").terms

    frozen = terms.to_json()

    assert Terms.from_json(frozen) == terms
    assert Terms.from_json(frozen).to_json() == frozen


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rule":"x","extra":1}'])
def test_a_spoilt_rule_version_is_refused(text: str):
    with pytest.raises(BadTerms):
        Terms.from_json(text)


def test_an_operator_changes_terms_by_key_and_value():
    terms = load_pack("double-month").terms

    changed = override(
        terms, {"hold_days": "7", "attribution": "first", "new_customers_only": "false", "budget_fen": " 500 "}
    )

    assert changed == replace(terms, hold_days=7, attribution="first", new_customers_only=False, budget_fen=500)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("hold_days", "-1", "from 0 to 180"),
        ("hold_days", "seven", "from 0 to 180"),
        ("hold_days", "7.5", "from 0 to 180"),
        ("window_days", "0", "from 1 to 365"),
        ("attribution", "best", "last, first"),
        ("new_customers_only", "maybe", "true or false"),
        ("conversions", "order.lost", "order.paid"),
        ("rule", "other", "cannot be set"),
        ("holddays", "7", "hold_days"),
    ],
)
def test_a_bad_change_names_its_key_and_what_is_allowed(key: str, value: str, says: str):
    with pytest.raises(BadTerms, match=re.escape(key)) as caught:
        override(load_pack("double-month").terms, {key: value})

    assert says in str(caught.value)


def test_all_bad_changes_are_told_at_once():
    with pytest.raises(BadTerms) as caught:
        override(load_pack("double-month").terms, {"hold_days": "x", "late_days": "y"})

    assert len(caught.value.problems) == 2


def test_an_unknown_pack_is_answered_with_the_packs_there_are():
    with pytest.raises(CopyError, match="double-month"):
        load_pack("triple-month")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('title = "一起多一个月"', "", "title: missing"),
        ("{friend_thanks}", "{friend_gift}", "{friend_gift}: unknown placeholder"),
        ("hold_days = 15", 'hold_days = "15"', "terms.hold_days"),
        ('field = "organiser"', 'field = "host"', "'organiser' must be filled in"),
        ('field = "complaints"', 'field = "complaint"', "'complaints' must be filled in"),
        ('button = "添加顾问"', "", "landing.button: missing"),
        ('short = "', 'colour = "', "words.colour: unknown key"),
        ("[terms]", "[terms", "double-month"),
        ("steps = [", "steps = 3 # [", "double-month"),
    ],
)
def test_a_broken_pack_is_refused_with_the_place_of_the_fault(tmp_path: Path, old: str, new: str, says: str):
    text = PACK_FILE.read_text(encoding="utf-8")
    (tmp_path / "double-month.toml").write_text(text.replace(old, new), encoding="utf-8")

    with pytest.raises(CopyError) as caught:
        load_pack("double-month", tmp_path)

    assert says in str(caught.value)


def test_every_fault_of_a_pack_is_told_at_once(tmp_path: Path):
    text = PACK_FILE.read_text(encoding="utf-8").replace("hold_days = 15", "hold_days = 999").replace("{title}", "")
    (tmp_path / "double-month.toml").write_text(text.replace("{contact}", "{phone}"), encoding="utf-8")

    with pytest.raises(CopyError) as caught:
        load_pack("double-month", tmp_path)

    assert len(caught.value.problems) >= 3
