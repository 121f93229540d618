"""The guided tour: six steps from a customer who asks for a poster to the next morning's list. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.playground.seats import Seats
from bot.sandbox.state import Deed, Line

PRICE_FEN = 19_900
MORNING = "morning"
"""How far the clock may be moved instead of by seconds: to the reps' next list."""

HOLD_S = 15 * 86_400 + 60
_DAY = len("2026-11-24")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: its words go by `name`; `phone` is where to look; `deed` does it for the visitor."""

    name: str
    phone: str
    deed: Deed
    done: bool


def steps(seats: Seats, lines: Sequence[Line], *, now: str, granted_at: str) -> list[Step]:
    """The six steps as far as these people have come; `granted_at` is when their thanks were, or empty.

    Times are ISO 8601 in Beijing.
    """
    customer, friend = seats.customer, seats.friend
    bought = _last(lines, friend, "shop", "order")
    added = _last(lines, friend, "", "add")
    return [
        Step(
            name="poster",
            phone="customer",
            deed=Deed(persona=customer, do="say", value="我要推荐"),
            done=_last(lines, "kf", customer, "image") >= 0,
        ),
        Step(
            name="scan",
            phone="friend",
            deed=Deed(persona=friend, do="scan", value={"picture_of": customer}),
            done=_last(lines, friend, "app", "view") >= 0,
        ),
        Step(name="add", phone="friend", deed=Deed(persona=friend, do="add"), done=added >= 0),
        Step(name="buy", phone="friend", deed=Deed(persona=friend, do="buy", value=PRICE_FEN), done=bought >= 0),
        Step(name="thanks", phone="customer", deed=Deed(persona="", do="advance", value=HOLD_S), done=bool(granted_at)),
        Step(
            name="morning",
            phone="rep",
            deed=Deed(persona="", do="advance", value=MORNING),
            done=bool(granted_at) and now[:_DAY] > granted_at[:_DAY],
        ),
    ]


def _last(lines: Sequence[Line], speaker: str, to: str, kind: str) -> int:
    """The place of the last such line, -1 if there is none; `to` may be anybody where it is empty."""
    for place in range(len(lines) - 1, -1, -1):
        line = lines[place]
        if (line.speaker, line.kind) == (speaker, kind) and to in ("", line.to):
            return place
    return -1
