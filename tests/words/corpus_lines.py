"""The corpus of part 5: lines as shops, schools, clinics and banks write them, unlawful and lawful; figures per rule.

Written from the published rules before the linter's patterns were read. Columns of a line: the rules it breaks (any of
them counts), edition, industry, words. What was missed in the held-out half of the unlawful lines (drawn with a fixed
seed) was not looked at while the patterns were made. The first false alarms were seen in both halves of the lawful
lines, so that half is no blind measure. As a script it prints the figures.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from referral.wording import Finding, lint

FOLDER = Path(__file__).parent / "corpus"
SEED = 6


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the corpus; `rules` is empty where nothing is wrong with it."""

    rules: frozenset[str]
    first_rule: str
    edition: str
    industry: str
    text: str

    def findings(self) -> list[Finding]:
        return lint(self.text, edition=self.edition, industry=_sector(self.industry, self.text))  # type: ignore[arg-type]

    def is_caught(self) -> bool:
        return bool(self.rules & {finding.rule for finding in self.findings()})


def lines(file: str) -> list[Line]:
    """Every line of a file of the corpus."""
    rows = (FOLDER / file).read_text(encoding="utf-8").splitlines()[1:]
    return [_line(*row.split("\t")) for row in rows]


def halves(all_lines: list[Line]) -> tuple[list[Line], list[Line]]:
    """The half that the patterns were made with and the half that was held out, every rule in both."""
    alike: dict[tuple[str, str, str], list[Line]] = defaultdict(list)
    for line in all_lines:
        alike[line.first_rule, line.edition, line.industry].append(line)
    chance = random.Random(SEED)
    tuned: list[Line] = []
    held_out: list[Line] = []
    for key in sorted(alike):
        chance.shuffle(alike[key])
        tuned += alike[key][::2]
        held_out += alike[key][1::2]
    return tuned, held_out


def caught_by_rule(violating: Iterable[Line]) -> dict[str, tuple[int, int]]:
    """How many lines of each rule are caught, and of how many."""
    written, caught = Counter[str](), Counter[str]()
    for line in violating:
        written[line.first_rule] += 1
        caught[line.first_rule] += line.is_caught()
    return {rule: (caught[rule], written[rule]) for rule in sorted(written, key=lambda rule: int(rule[1:]))}


def recall(violating: list[Line]) -> float:
    return sum(line.is_caught() for line in violating) / len(violating)


def alarms(lawful: Iterable[Line]) -> dict[str, list[str]]:
    """The lawful lines that were stopped, with what stopped them."""
    return {line.text: [f"{f.rule} {f.text}" for f in found] for line in lawful if (found := line.findings())}


def _line(rules: str, edition: str, industry: str, text: str) -> Line:
    named = rules.strip("-").split("|")
    return Line(
        rules=frozenset(named) - {""}, first_rule=named[0], edition=edition, industry=industry.strip("-"), text=text
    )


def _sector(industry: str, text: str) -> str | None:
    """The configured industry of a line; finance is three of them."""
    if industry != "finance":
        return industry or None
    if any(word in text for word in ("贷", "下款", "黑户")):
        return "loans"
    return "bank" if any(word in text for word in ("存", "理财", "网点", "贵宾", "客户经理", "利息")) else "securities"


def _show() -> None:
    tuned, held_out = halves(lines("violating_lines.tsv"))
    seen, unseen = caught_by_rule(tuned), caught_by_rule(held_out)
    print("rule  tuned   held out")
    for rule in seen:
        print(f"{rule:<5}{seen[rule][0]:>3}/{seen[rule][1]:<3}{unseen[rule][0]:>5}/{unseen[rule][1]}")
    print(f"all  {recall(tuned):>7.3f}{recall(held_out):>8.3f}")
    for name, lawful in zip(("tuned", "held out"), halves(lines("lawful_lines.tsv")), strict=True):
        by_rule = Counter(alarm.split()[0] for found in alarms(lawful).values() for alarm in found)
        print(f"false alarms, {name}: {len(alarms(lawful))} of {len(lawful)} {dict(by_rule)}")


if __name__ == "__main__":
    _show()
