"""Scenario A: a rep's text, answered in the same HTTP exchange after it was stored, against the stateless echo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from statistics import median
from typing import Any

from processes import Child

CONNECTIONS = 32
_AT_MOST = 9_000  # requests sealed per second of a round; a faster server ends its round earlier


@dataclass(slots=True)
class Side:
    """One of the two servers, and its rounds."""

    server: Child
    port: int
    expected: str | None
    rounds: list[dict[str, float]] = field(default_factory=list)
    answered: int = 0

    def play(self, load: Child, *, seconds: float, first: int, counted: bool) -> None:
        """Play one round."""
        order = {"port": self.port, "seconds": seconds, "most": int(_AT_MOST * seconds), "first": first}
        before = self.server.cpu_seconds()
        result = load.order(**order, connections=CONNECTIONS, expected=self.expected)
        result["cpu_us_per_request"] = (self.server.cpu_seconds() - before) / result["answered"] * 1e6
        self.answered += int(result["answered"])
        if counted:
            self.rounds.append(result)

    def figures(self) -> dict[str, Any]:
        """Medians over the rounds, and all errors."""
        names = ("requests_per_second", "p50_ms", "p99_ms", "cpu_us_per_request")
        medians = {name: round(median(each[name] for each in self.rounds), 2) for name in names}
        return {**medians, "errors": int(sum(each["errors"] for each in self.rounds)), "loop": self.server.loop()}


def compare(sides: Mapping[str, Side], load: Child, *, rounds: Iterable[int], seconds: float) -> dict[str, Any]:
    """Play the rounds in turns, after one short round each that is not counted; what came out."""
    ids = count(1, 1_000_000)
    for side in sides.values():
        side.play(load, seconds=min(seconds, 1.0), first=next(ids), counted=False)
    for _ in rounds:
        for side in sides.values():
            side.play(load, seconds=seconds, first=next(ids), counted=True)
    ours, echo = sides["taoli"].rounds, sides["echo"].rounds
    by_round = [a["requests_per_second"] / b["requests_per_second"] for a, b in zip(ours, echo, strict=True)]
    return {
        "connections": CONNECTIONS,
        "rounds": len(by_round),
        "seconds_each": seconds,
        "ratio_by_round": [round(each, 3) for each in by_round],
        **{name: side.figures() for name, side in sides.items()},
    }
