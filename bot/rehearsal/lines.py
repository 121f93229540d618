"""What the simulator says and is answered, a JSON value a line (design 5.6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

Hour = Annotated[int, Meta(ge=0, le=23)]
Answer = Annotated[float, Meta(ge=0, le=10)]
Link = Annotated[str, Meta(pattern=r"^L\d{1,9}-")]
Cid = Annotated[int, Meta(ge=0, lt=10**9)]
Days = Annotated[float, Meta(ge=0, le=36_500)]
DayNumber = Annotated[int, Meta(ge=0, le=36_500)]
Budget = Annotated[int, Meta(ge=0, le=10**6)]
Copies = Annotated[list[str], Meta(min_length=1)]


class Known(Struct, frozen=True):
    """A customer at the beginning: days as one, share of orders with a coupon, high value, and was referred."""

    cid: Cid
    tenure: Days
    coupon: float | None = None
    tier: int = 0
    referred: int = 0


class Init(Struct, frozen=True, tag_field="t", tag="init"):
    """The world: `copy` are the wordings that it knows."""

    n: int
    days: DayNumber
    budget: Budget
    copy: Copies
    customers: list[Known]


class Event(Struct, frozen=True):
    """An outcome or an event; which fields it has depends on its kind."""

    t: Literal["read", "optout", "took", "click", "convert", "refund"]
    cid: int | None = None
    link: Link | None = None
    pid: int | str | None = None
    nudge: int | None = None
    same_device: bool | None = None
    hours: float | None = None


class Day(Struct, frozen=True, tag_field="t", tag="day"):
    """One day: what yesterday's nudges did, and what has happened today before the next."""

    day: DayNumber
    outcomes: list[Event] = []
    events: list[Event] = []
    msg: list[tuple[int, Hour]] = []
    buy: list[int] = []
    praise: list[int] = []
    complaint: list[int] = []
    survey: list[tuple[int, Answer]] = []


class End(Struct, frozen=True, tag_field="t", tag="end"):
    """The last outcomes."""

    outcomes: list[Event] = []


class Score(Struct, frozen=True, tag_field="t", tag="score"):
    """What the simulator makes of it; nothing to do."""


Line = Init | Day | End | Score

_decoder = msgspec.json.Decoder(Line)
_encoder = msgspec.json.Encoder()


def read(line: bytes) -> Line:
    """What a line says; `msgspec.ValidationError` names the field that is wrong, any other `ValueError` is no JSON."""
    said: Line = _decoder.decode(line)
    return said


def spoken_of(said: Day | End) -> Iterator[tuple[str, int | None]]:
    """Every customer whom a line is about, behind the field that names them; None where one is missing."""
    for place, event in enumerate(said.outcomes):
        yield from _named(f"outcomes[{place}]", event)
    if isinstance(said, End):
        return
    for place, event in enumerate(said.events):
        yield from _named(f"events[{place}]", event)
    for field, pairs in (("msg", said.msg), ("survey", said.survey)):
        yield from ((f"{field}[{place}]", pair[0]) for place, pair in enumerate(pairs))
    for field, cids in (("buy", said.buy), ("praise", said.praise), ("complaint", said.complaint)):
        yield from ((f"{field}[{place}]", cid) for place, cid in enumerate(cids))


def advocate_of(link: str) -> int:
    """Whose link it is: `L17-40` is customer 17's."""
    return int(link[1:].partition("-")[0])


def _named(where: str, event: Event) -> Iterator[tuple[str, int | None]]:
    if event.t in ("read", "optout", "took"):
        yield f"{where}.cid", event.cid
    elif event.link or event.t == "click":
        yield f"{where}.link", advocate_of(event.link) if event.link else None


def written(answer: Any) -> str:
    """An answer as a line."""
    return _encoder.encode(answer).decode()
