"""The linter on the corpus of part 5: nearly every unlawful line stopped, hardly a lawful one."""

from __future__ import annotations

from pathlib import Path

import pytest

from referral.wording import SOURCES, lint
from tests.words.corpus_lines import alarms, caught_by_rule, halves, lines, recall

VIOLATING = lines("violating_lines.tsv")
LAWFUL = lines("lawful_lines.tsv")
TUNED, HELD_OUT = halves(VIOLATING)
ORDINARY = (Path(__file__).parent / "normal_lines.txt").read_text(encoding="utf-8").splitlines()
RULES = ["R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R12"]

either_half = pytest.mark.parametrize("half", [TUNED, HELD_OUT], ids=["tuned", "held-out"])


def test_the_corpus_is_large_and_its_lines_are_all_different():
    texts = [line.text for line in VIOLATING + LAWFUL]

    assert len(VIOLATING) >= 260
    assert len(LAWFUL) >= 300
    assert len(set(texts)) == len(texts)
    assert set(caught_by_rule(VIOLATING)) == set(RULES)


@either_half
def test_of_a_hundred_unlawful_lines_at_least_ninety_five_are_stopped(half):
    assert recall(half) >= 0.95


@pytest.mark.parametrize("rule", RULES)
@either_half
def test_no_rule_misses_more_than_one_line_in_eight(half, rule: str):
    caught, written = caught_by_rule(half)[rule]

    assert caught / written >= 0.875


@pytest.mark.parametrize("half", halves(LAWFUL), ids=["tuned", "held-out"])
def test_fewer_than_one_lawful_line_in_a_hundred_is_stopped(half):
    found = alarms(half)

    assert len(found) / len(half) < 0.01, found


@pytest.mark.parametrize("rule", RULES)
def test_no_rule_alone_stops_one_lawful_line_in_a_hundred(rule: str):
    ordinary = [f.rule for text in ORDINARY for f in lint(text)]
    near = [each.rule for line in LAWFUL for each in line.findings()]

    assert (ordinary + near).count(rule) / len(ORDINARY + LAWFUL) < 0.01


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_of_the_corpus_names_its_source(rule: str):
    assert SOURCES[rule]


@pytest.mark.parametrize(
    "text", ["五⭐好评返三块", "好❤️评❤️返❤️现", "下➕线越多佣金越高", "轉咗先有得領紅包", "投保返傭"]
)
def test_pictures_and_other_scripts_do_not_hide_a_fault(text: str):
    assert lint(text)


@pytest.mark.parametrize("text", ["1" * 40_000, "转发" * 10_000, "介绍朋友扫码看孩子，" * 2_000])
def test_a_fault_at_the_very_end_of_an_endless_sentence_is_found_once(text: str):
    whole = text + "，转发得红包"

    found = lint(whole, industry="medical")

    assert [finding.rule for finding in found if finding.end == len(whole)] == ["R1", "R8"]


def test_a_fault_far_down_an_endless_sentence_is_found_once():
    (finding,) = lint("这是普通的介绍，" * 400 + "转发得红包")

    assert finding.text == "转发得红包"
    assert finding.start == 3200
