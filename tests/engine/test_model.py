"""The engine beside a model of plain dicts: after every step of every history both say the same.

`make proof-engine` tells twenty thousand histories; here a share of them.
"""

import random

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from sqlalchemy import text

from tests.engine.books import history
from tests.engine.histories import histories, random_history, smaller
from tests.engine.telling import Telling, play

QUICK = {
    "deadline": None,
    "phases": (Phase.explicit, Phase.generate),  # `smaller` makes small what fails, and in seconds
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}
JOINED_LATE = (
    [("prime", {}, None, None), ("classmates", {}, None, None)],
    [
        ("touch", "jun/c", ("mei", 0), 45 * 1440),
        ("order", "A1", "jun/p", "order.paid", 30_000, ("mei", 0), 1),
        ("order", "A2", "jun/p", "trial.started", 30_000, None, 600),
        ("touch", "jun/p", ("bo", 1), 1),
        ("link", "jun", "p", "c"),
    ],
)
"""An order loses its credit to a campaign in which another order has one."""

REFUSED_LATE = (
    [("good-neighbour", {}, None, None)],
    [
        ("touch", "jun/w", ("mei", 0), 600),
        ("order", "A1", "jun/w", "visit.completed", 0, None, 40),
        ("days", 16),
        ("answer", 0, True),
        ("answer", 0, True),
        ("answer", 0, False),
        ("days", 1),
        ("refund", "A1", "R1", None, "visit.completed"),
    ],
)
"""One side's thanks was granted, the other's refused; then all is taken back."""

PARTED = (
    [("prime", {}, None, None)],
    [
        ("touch", "han/w", ("mei", 0), 40),
        ("touch", "jun/w", ("mei", 0), 20 * 1440),
        ("merge", "han/w", "jun/w"),
        ("order", "A1", "han/w", "order.paid", 30_000, None, 40),
        ("order", "A2", "jun/w", "order.paid", 30_000, None, 5 * 1440),
        ("part",),
    ],
)
"""Two are parted after both have bought as one: each has brought their own thanks."""


AT_ONE_MOMENT = (
    [("gratitude", {}, None, None), ("double-month", {}, None, 12), ("classmates", {}, None, None)],
    [
        ("touch", "bo/w", ("mei", 0), 45 * 1440),
        ("order", "A1", "jun/w", "visit.completed", 30_000, None, 3 * 1440),
        ("touch", "jun/w", ("mei", 0), 2 * 1440),
        ("order", "A0", "bo/w", "visit.completed", 30_000, None, 3 * 1440),
        ("move", 0, "paused"),
        ("order", "A1", "jun/w", "order.paid", 900, None, 3 * 1440),
        ("merge", "jun/w", "bo/w"),
        ("refund", "A1", "R2", 5000, "order.paid"),
    ],
)
"""Two bought at one moment, and are one: the order told first is the earlier, in every rule."""


THANKED_TWICE = (
    [("top-fans", {"hold_days": 1}, None, None)],
    [
        ("touch", "jun/w", ("mei", 0), 20 * 1440),
        ("order", "A3", "jun/w", "order.paid", 30_000, None, 3 * 1440),
        ("order", "A2", "jun/c", "order.paid", 30_000, ("mei", 2), 21 * 1440),
        ("link", "jun", "w", "c"),
        ("link", "jun", "p", "c"),
        ("part",),
    ],
)
"""Two who were both thanked are one, and parted again: what each has had stays each one's."""


TURN_USED_UP = (
    [
        ("good-neighbour", {}, None, None),
        ("prime", {}, None, None),
        ("double-month", {"attribution": "first", "new_customers_only": False, "cap_per_day": 1}, None, None),
    ],
    [
        ("touch", "han/p", ("jun", 1), 2 * 1440),
        ("again", 6),
        ("refund", "A0", "R2", 500, "order.paid"),
        ("refund", "A0", "R1", None, "order.paid"),
        ("refund", "A2", "R1", None, "order.paid"),
        ("refund", "A0", "R2", 5_000, "order.paid"),
        ("order", "A0", "han/p", "contract.signed", 30_000, ("mei", 1), 3 * 1440),
        ("order", "A2", "jun/c", "order.paid", 30_000, ("mei", 1), 3 * 1440),
        ("staff", "kai/w"),
        ("order", "A2", "jun/w", "contract.signed", 30_000, ("mei", 1), 3 * 1440),
        ("merge", "jun/w", "jun/c"),
    ],
)
"""Of two refusals of one moment the one that used up their turn stands."""


@settings(max_examples=60, **QUICK)
@given(told=histories())
@example(told=JOINED_LATE)
@example(told=REFUSED_LATE)
@example(told=PARTED)
@example(told=AT_ONE_MOMENT)
@example(told=THANKED_TWICE)
@example(told=TURN_USED_UP)
def test_whatever_happens_the_engine_says_what_the_model_says(pages, told):
    problem = play(pages, told).problem

    assert not problem, _smallest(pages, told)


@pytest.mark.postgres
def test_on_postgres_it_says_the_same(postgres_pages):
    found = _first_problem(postgres_pages, random.randrange(10**9), 12)

    assert not found, found


def test_of_some_hundred_events_none_is_credited_wrongly_where_a_plain_counter_errs_often(pages):
    # given histories told to the engine, and to two counters as others have them
    seed = random.randrange(10**9)
    rng, events, engine, adds, sales = random.Random(seed), 0, 0, 0, 0

    while events < 400:
        told = random_history(rng)
        played = play(pages, told, look_every=4)
        assert not played.problem, (seed, _smallest(pages, told))
        events += played.events
        engine, adds, sales = (one + more for one, more in zip((engine, adds, sales), played.wrong, strict=True))

    # then the engine credits nobody wrongly, and they do
    assert engine == 0
    assert adds > events / 20
    assert sales > events / 40


def test_the_model_has_eyes(pages):
    # given a history on which both agree, with thanks held and granted
    offers, steps = (
        [("prime", {}, None, None)],
        [
            ("touch", "jun/w", ("mei", 0), 600),
            ("order", "A1", "jun/w", "order.paid", 30_000, None, 40),
            ("days", 16),
            ("touch", "han/w", ("bo", 0), 600),
            ("order", "A2", "han/w", "order.paid", 30_000, None, 40),
        ],
    )
    damage = {
        "rewards": "update rewards set amount = amount + 1 where state = 'held'",
        "referrals": "update referrals set advocate = friend",
        "orders": "update orders set outcome = 'rejected' where order_no = 'A2'",
        "campaigns": "update campaigns set used_fen = used_fen - 1",
        "people": "update people set tier = '钻石'",
        "ids": "update identities set value = value || 'x'",
    }

    with history(pages) as books:
        telling = Telling(books, offers)
        for step in steps:
            telling.tell(step)
        assert telling.differences() == {}

        # then each piece of damage is seen, where it was done
        for place, statement in damage.items():
            with pages.begin_nested() as tried:
                pages.execute(text(statement))
                assert list(telling.differences()) == [place]
                tried.rollback()


def _first_problem(connection, seed, count):
    rng = random.Random(seed)
    for _ in range(count):
        told = random_history(rng)
        if play(connection, told, look_every=4).problem:
            return seed, _smallest(connection, told)
    return None


def _smallest(connection, told):
    """The least that still goes wrong, and how."""
    least = smaller(told, lambda each: bool(play(connection, each).problem))
    return least, play(connection, least).problem
