"""The linter against lines written before its patterns were seen: each rule, each sector, and ordinary talk."""

from __future__ import annotations

from pathlib import Path

import pytest

from referral.wording import SOURCES, lint

FOLDER = Path(__file__).parent / "lines"
NORMAL = (Path(__file__).parent / "normal_lines.txt").read_text(encoding="utf-8").splitlines()
NAMES = sorted(file.name.removesuffix(".fail.txt") for file in FOLDER.glob("*.fail.txt"))


@pytest.mark.parametrize("name", NAMES)
def test_every_line_that_breaks_a_rule_is_stopped_by_that_rule(name: str):
    rule, industry = _named(name)
    lines = _lines(f"{name}.fail.txt")

    missed = [line for line in lines if rule not in {f.rule for f in lint(line, industry=industry)}]

    assert len(lines) >= 20
    assert missed == []


@pytest.mark.parametrize("name", NAMES)
def test_every_line_that_comes_near_a_rule_without_breaking_it_passes(name: str):
    _, industry = _named(name)
    lines = _lines(f"{name}.pass.txt")

    stopped = {line: [f.text for f in lint(line, edition="chat", industry=industry)] for line in lines}

    assert len(lines) >= 20
    assert {line: texts for line, texts in stopped.items() if texts} == {}


@pytest.mark.parametrize("edition", ["friend", "chat"])
def test_two_thousand_ordinary_lines_raise_fewer_than_one_false_alarm_in_a_hundred(edition):
    alarms = {line: [f.text for f in found] for line in NORMAL if (found := lint(line, edition=edition))}

    assert len(set(NORMAL)) == len(NORMAL) >= 2000
    assert len(alarms) / len(NORMAL) < 0.01, alarms


def test_every_sector_with_laws_of_its_own_has_lines():
    sectors = {name.partition(".")[2] for name in NAMES} - {""}

    assert sectors == {"bank", "insurance", "k12", "loans", "medical", "securities", "training"}


@pytest.mark.parametrize("rule", ["R1", "R3", "R7", "R8", "R12"])
def test_every_rule_names_its_source(rule: str):
    assert SOURCES[rule]


@pytest.mark.parametrize(
    "text",
    ["刷单是骗局，别信", "返佣是违规的，我们不做", "集赞这种活动我们不做", "稳赚不赔的事我不信", "投保送礼是不允许的"],
)
def test_warning_of_a_thing_or_refusing_it_is_not_offering_it(text: str):
    assert lint(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "拉人头一人一百，我们不是传销",
        "转发得红包，没有套路",
        "不是骗局，刷单返佣",
        "稳赚不赔，亏损不存在",
        "别家不做，我们集赞送券",
    ],
)
def test_a_denial_beside_an_offer_does_not_cover_it(text: str):
    assert lint(text)


def _named(name: str) -> tuple[str, str | None]:
    rule, _, industry = name.partition(".")
    return rule, industry or None


def _lines(file: str) -> list[str]:
    return (FOLDER / file).read_text(encoding="utf-8").splitlines()
