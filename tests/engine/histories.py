"""Random histories: which offers run, and what happens, is told twice, too late, in another order, or never."""

from hypothesis import strategies as st

DAY = 1440  # minutes
TOUCHED = (1, 40, 600, 2 * DAY, 2 * DAY, 4 * DAY, 4 * DAY, 9 * DAY, 20 * DAY, 45 * DAY)
BOUGHT = (1, 1, 1, 40, 600, 600, DAY, 3 * DAY, 5 * DAY, 21 * DAY)
FRIENDS = ("jun", "jun", "han", "kai")
NAMES = (*["jun/w"] * 4, "jun/p", "jun/c", "han/w", "han/w", "han/p", "kai/w", "bo/w")
BYS = tuple((who, number) for number in range(3) for who in ("mei", "mei", "bo", "bo", "jun"))
KINDS = (*["order.paid"] * 9, "trial.started", "visit.completed", "contract.signed")
FEN = (*[30_000] * 5, 8_000, 900, 0)
NUMBERS = tuple(f"A{number}" for number in range(4))

OFFERS = (
    ("double-month", {}, None, None),
    ("double-month", {}, 12_000, None),
    ("double-month", {"attribution": "first", "new_customers_only": False, "cap_per_day": 1}, None, None),
    ("double-month", {"cap_campaign": 2, "window_days": 15, "hold_days": 2}, None, 12),
    ("prime", {}, None, None),
    ("prime", {"margin_percent": 20, "approve_over_fen": 2_000, "hold_days": 1}, 9_000, None),
    ("top-fans", {"hold_days": 1}, None, None),
    ("top-fans", {"hold_days": 1, "margin_percent": 20}, None, None),
    ("classmates", {"cap_per_year": 1}, None, None),
    ("good-neighbour", {}, None, None),
    ("table-for-two", {"hold_days": 3}, 8_000, 40),
    ("gratitude", {}, None, None),
)
"""(pack, its terms changed, budget, days until the end)."""

STEPS = {
    "touch": (9, (NAMES, BYS, TOUCHED)),
    "add": (5, (FRIENDS, ("lin", "wu"), (*BYS, None), TOUCHED)),
    "leave": (1, (FRIENDS, ("lin", "wu"))),
    "order": (12, (NUMBERS, NAMES, KINDS, FEN, (*[None] * 15, *BYS), BOUGHT)),
    "refund": (4, (NUMBERS, ("R1", "R2"), (None, 30_000, 5_000, 500), KINDS)),
    "link": (3, (FRIENDS, ("w", "p"), ("p", "c"))),
    "merge": (1, (NAMES, NAMES)),
    "part": (1, ()),
    "joined": (1, (NAMES, (0, 3, 30))),
    "staff": (1, (("kai/w", "bo/w", "han/w"),)),
    "move": (2, ((0, 1, 2), ("paused", "running", "running", "ended"))),
    "edit": (1, ((0, 1, 2), (0, 6_000))),
    "choose": (2, ((0, 1, 2, 3), (0, 1, 2))),
    "answer": (3, ((0, 1, 2, 3), (True, True, False))),
    "days": (5, ((0.1, 1, 4, 16, 16, 70),)),
    "again": (3, (tuple(range(12)),)),
}
"""How often each comes, and out of what its arguments are drawn."""

BEGINNINGS = ((), ("touch", "order"), ("touch", "touch", "order", "order"), ("add", "order", "days"))
LENGTHS = (5, 10, 16, 24)


def random_history(rng):
    """(offers, steps), drawn by a seeded generator: the fast way, for very many."""
    few = {pool: rng.sample(pool, min(3, len(pool))) for _, pools in STEPS.values() for pool in pools}
    verbs = rng.choices(list(STEPS), [weight for weight, _ in STEPS.values()], k=rng.choice(LENGTHS))
    verbs = [*rng.choice(BEGINNINGS), *verbs]
    steps = [(verb, *(rng.choice(few[pool]) for pool in STEPS[verb][1])) for verb in verbs]
    return rng.sample(OFFERS, rng.choice((1, 1, 2, 3))), steps


@st.composite
def histories(draw):
    """The same, drawn by hypothesis."""
    pools = dict.fromkeys(pool for _, pools in STEPS.values() for pool in pools)
    few = {pool: draw(st.lists(st.sampled_from(pool), min_size=1, max_size=3)) for pool in pools}
    drawn = [
        st.tuples(st.just(verb), *(st.sampled_from(few[pool]) for pool in pools))
        for verb, (weight, pools) in STEPS.items()
        for _ in range(weight)
    ]
    offers = draw(st.lists(st.sampled_from(OFFERS), min_size=1, max_size=3))
    return offers, draw(st.lists(st.one_of(drawn), min_size=4, max_size=20))


def smaller(history, fails):
    """A history that still fails, out of which no step can be left; and that of as few offers as do."""
    offers, steps = history
    for part in range(len(offers) - 1, -1, -1):
        fewer = offers[:part] + offers[part + 1 :]
        if fewer and fails((fewer, steps)):
            offers = fewer
    number = len(steps) - 1
    while number >= 0:
        fewer = steps[:number] + steps[number + 1 :]
        if fails((offers, fewer)):
            steps = fewer
        number -= 1
    return offers, steps
