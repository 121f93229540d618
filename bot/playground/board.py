"""Everything on the page at one moment. Pure but for reading the sandbox's memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.playground.behind import Behind
from bot.playground.chat import SHOWN, Around, Bubble, bubbles
from bot.playground.seats import NEWCOMERS, UNHAPPY, Seats, newcomer
from bot.playground.tour import Step, steps
from bot.sandbox import Sandbox
from bot.sandbox.faults import Fault
from bot.sandbox.people import CAST
from bot.sandbox.watching import Passed

PASSED = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """One phone: whose, and what is on it."""

    seat: str
    persona: str
    name: str
    bubbles: Sequence[Bubble]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The page: `choices` are personas with their names, for the customers' phones and for the staff's."""

    seats: Seats
    now: str
    phones: Sequence[Phone]
    choices: Mapping[str, str]
    staff: Mapping[str, str]
    next_newcomer: str
    passed: Sequence[Passed]
    broken: Fault
    faults: Sequence[Fault]
    behind: Behind
    tour: Sequence[Step]
    playing: tuple[int, int, str] | None
    with_staff: Sequence[str]


def board_of(
    sandbox: Sandbox, seats: Seats, behind: Behind, around: Around, *, playing: tuple[int, int, str] | None
) -> Board:
    """What there is to see from these seats."""
    known = [person.name for person in sandbox.customers()]
    lines = sandbox.lines()
    return Board(
        seats=seats,
        now=sandbox.now(),
        phones=[phone_of(sandbox, seat, persona, around) for seat, persona in seats.phones.items()],
        choices=_choices(known, around.names, seats),
        staff=sandbox.staff(),
        next_newcomer=newcomer([*known, seats.friend]),
        passed=sandbox.trace.since(sandbox.trace.seq - PASSED),
        broken=sandbox.broken,
        faults=list(Fault),
        behind=behind,
        tour=steps(seats, lines, now=sandbox.now(), granted_at=behind.friend.granted_at if behind.friend else ""),
        playing=playing,
        with_staff=[each for each in (seats.customer, seats.friend) if sandbox.is_with_staff(each)],
    )


def phone_of(sandbox: Sandbox, seat: str, persona: str, around: Around, since: int | None = None) -> Phone:
    """A phone with what was said since the log's counter stood there, or with the latest of all."""
    said, lines = sandbox.said, sandbox.lines()
    fresh = lines if since is None else sandbox.lines_since(since)
    found = bubbles(fresh, said - len(fresh) + 1, persona, around)
    return Phone(
        seat=seat,
        persona=persona,
        name=around.names.get(persona, persona),
        bubbles=found if since is not None else found[-SHOWN:],
    )


def names_of(sandbox: Sandbox) -> Mapping[str, str]:
    """What people are called, by persona."""
    return {person.name: person.nickname for person in sandbox.customers()} | dict(sandbox.staff())


def _choices(known: Sequence[str], names: Mapping[str, str], seats: Seats) -> Mapping[str, str]:
    personas = dict.fromkeys([*CAST, UNHAPPY, NEWCOMERS[0], *known, seats.customer, seats.friend])
    return {persona: names.get(persona, persona) for persona in personas}
