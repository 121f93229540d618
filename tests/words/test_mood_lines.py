"""Kind words beside bitter ones, and plain ones that were once missed: a second corpus, half of it held out.

The held-out half was written before the patterns were widened for the other.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from referral.praise import Mood, mood

FILE = Path(__file__).parent / "corpus" / "mood_lines.tsv"
ROWS = [row.split("\t") for row in FILE.read_text(encoding="utf-8").splitlines()[1:]]
LEAST = {"tuned": 0.95, "held-out": 0.85}

either_half = pytest.mark.parametrize("half", ["tuned", "held-out"])
either_mood = pytest.mark.parametrize("meant", [Mood.PRAISE, Mood.COMPLAINT])


def heard(half: str, said: str) -> list[tuple[str, Mood]]:
    """Of each line of one half that says this: the line, and what was heard."""
    return [(text, mood(text)) for where, meant, text in ROWS if (where, meant) == (half, said)]


def test_each_half_holds_sixty_lines_that_are_all_different():
    assert len({text for *_, text in ROWS}) == len(ROWS)
    assert all(sum(half == where for half, *_ in ROWS) >= 60 for where in LEAST)


@either_half
@either_mood
def test_nearly_all_kind_words_and_complaints_are_heard(half: str, meant: Mood):
    lines = heard(half, meant)
    missed = [text for text, found in lines if found is not meant]

    assert 1 - len(missed) / len(lines) >= LEAST[half], missed


@either_half
def test_hardly_a_bitter_or_ordinary_line_is_taken_for_praise_or_a_complaint(half: str):
    lines = heard(half, "plain")
    alarms = [text for text, found in lines if found in (Mood.PRAISE, Mood.COMPLAINT)]

    assert 1 - len(alarms) / len(lines) >= LEAST[half], alarms


@either_half
def test_no_complaint_is_taken_for_praise(half: str):
    assert [text for text, found in heard(half, "complaint") if found is Mood.PRAISE] == []
