"""The proof of the posters: every look x size x odd name drawn, read and compared, and every QR through hardship.

    python tests/proofs/posters.py [--looks NAME ...] [--every N]

One JSON on standard output: `names` counts what was drawn, with what looks other than when it was approved and what
does not read; `qr` says for each look and size how many of the hardships (half, a third, JPEG quality 40 and 60,
forwarded twice, held askew by 5 degrees) two decoders survived, zxing-cpp and zbar. Ends with 1 if anything failed.
`--every N` takes every Nth name. With WRITE_GOLDEN=1 it approves what it draws: look at it first.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from bot.posters import qr  # the project is found only now
from bot.posters.engine import HybridEngine
from bot.posters.errors import PosterBroken
from bot.posters.look import SIZES, names
from templates import ROOT
from tests.fixtures.nicknames import TORTURE
from tests.posters.conftest import FEED, FRIEND, LINK, a_face
from tests.posters.decoders import hardships, opened, read_by_zbar, read_by_zxing
from tests.posters.goldens import APPROVING, NAMES, approved_names, name_on
from tests.posters.test_goldens import NAME_MOST

LOOKS = names(ROOT / "posters")
DECODERS = {"zxing": read_by_zxing, "zbar": read_by_zbar}


@dataclass
class Proof:
    """What was seen so far."""

    engine: HybridEngine = field(default_factory=HybridEngine)
    drawn: int = 0
    unread: list[str] = field(default_factory=list)
    changed: dict[str, int] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)

    def names(self, look: str, every: int) -> None:
        """Draw every `every`th name in all sizes of a look."""
        made = np.zeros((len(SIZES), len(TORTURE), 20, 40), np.uint8)
        for row, size in enumerate(SIZES):
            for place, (kind, name) in list(enumerate(TORTURE.items()))[::every]:
                made[row, place] = self._name(look, size, name, f"{look} {size}: {kind}")
                if not APPROVING:
                    away = np.abs(made[row, place].astype(int) - approved_names()[look][row, place]).max()
                    if away > NAME_MOST:
                        self.changed[f"{look} {size}: {kind}"] = int(away)
        self.kept[look] = made

    def _name(self, look: str, size: str, name: str, called: str) -> Any:
        spec = replace(FEED, template=look, size=size, nickname=name)
        jpeg = self.engine.render(spec)
        self.drawn += 1
        try:
            qr.check(jpeg, LINK, self.engine.qr_square(spec))
        except PosterBroken:
            self.unread.append(called)
        return name_on(opened(jpeg), size, self.engine.look(look).frames[size].panel)

    def qr(self, look: str) -> dict[str, dict[str, str]]:
        """By size and decoder: how many hardships the QR of a look survived, of how many, and which not."""
        return {size: self._survived(look, size) for size in SIZES}

    def _survived(self, look: str, size: str) -> dict[str, str]:
        poster = opened(self.engine.render(replace(FRIEND, template=look, size=size, avatar=a_face())))
        read = {
            name: {how: decoder(picture) == {LINK} for how, picture in hardships(poster)}
            for name, decoder in DECODERS.items()
        }
        return {
            name: f"{sum(found.values())}/{len(found)}"
            + "".join(f", not {how}" for how, survived in found.items() if not survived)
            for name, found in read.items()
        }


def prove(looks: Iterable[str], *, every: int = 1) -> dict[str, Any]:
    """Draw and read everything of these looks."""
    proof, survived = Proof(), {}
    for look in looks:
        proof.names(look, every)
        survived[look] = proof.qr(look)
    if APPROVING:
        np.savez_compressed(NAMES, **proof.kept)
    return {"names": {"drawn": proof.drawn, "unread": proof.unread, "changed": proof.changed}, "qr": survived}


def is_whole(report: dict[str, Any]) -> bool:
    """Whether nothing failed."""
    lost = [
        text for sizes in report["qr"].values() for found in sizes.values() for text in found.values() if "not" in text
    ]
    return not (lost or report["names"]["unread"] or report["names"]["changed"])


def main() -> int:
    """Prove, and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--looks", nargs="+", choices=LOOKS, default=LOOKS)
    parser.add_argument("--every", type=int, default=1)
    asked = parser.parse_args()
    report = prove(asked.looks, every=asked.every)
    print(json.dumps(report, ensure_ascii=False, indent=2))
    return 0 if is_whole(report) else 1


if __name__ == "__main__":
    sys.exit(main())
