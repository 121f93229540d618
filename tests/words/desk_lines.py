"""Lines as customers write them to a desk, each with what it means: praise, a complaint, or neither.

Written before the patterns of `referral.praise`; what was missed in the held-out half (drawn with a fixed seed) was not
looked at while they were made. As a script it prints the figures.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from referral.praise import Mood, mood

FILE = Path(__file__).parent / "corpus" / "desk_lines.tsv"
SEED = 7


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line; `meant` is praise, complaint, or plain, which a hint for staff may be too."""

    meant: str
    said: str


def lines() -> list[Line]:
    """Every line of the corpus."""
    rows = FILE.read_text(encoding="utf-8").splitlines()[1:]
    return [Line(meant=row.partition("\t")[0], said=row.partition("\t")[2]) for row in rows]


def halves() -> tuple[list[Line], list[Line]]:
    """The half that the patterns were made with and the half that was held out, every meaning in both."""
    chance, tuned, held_out = random.Random(SEED), list[Line](), list[Line]()
    for meant in ("complaint", "plain", "praise"):
        alike = [line for line in lines() if line.meant == meant]
        chance.shuffle(alike)
        tuned += alike[::2]
        held_out += alike[1::2]
    return tuned, held_out


def missed(half: list[Line], meant: Mood) -> list[Line]:
    """Lines of this meaning that were not heard as such."""
    return [line for line in half if line.meant == meant and mood(line.said) is not meant]


def alarms(half: list[Line], meant: Mood) -> list[Line]:
    """Lines that were heard as this and mean something else."""
    return [line for line in half if line.meant != meant and mood(line.said) is meant]


def share(few: list[Line], half: list[Line], meant: Mood, *, others: bool = False) -> float:
    """How many of the lines of this meaning, or of all others, a few are, 0-1."""
    return len(few) / sum((line.meant == meant) is not others for line in half)


def _figures() -> None:
    for name, half in zip(("tuned", "held-out"), halves(), strict=True):
        for meant in (Mood.PRAISE, Mood.COMPLAINT):
            recall = 1 - share(missed(half, meant), half, meant)
            print(
                name,
                meant,
                f"recall {recall:.3f}",
                f"alarms {share(alarms(half, meant), half, meant, others=True):.3f}",
            )


if __name__ == "__main__":
    _figures()
