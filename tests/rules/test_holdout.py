"""The holdout: the share it should be, for ever, and nobody can choose it."""

import random
from collections.abc import Iterator

import pytest

from referral.holdout import is_held_out
from referral.ids import new_id

COUNT = 100_000


def ids() -> Iterator[str]:
    return (f"p{number}" for number in range(COUNT))


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
@pytest.mark.parametrize("salt", ["", "other"])
def test_as_many_are_held_out_as_should_be_by_chance(share, salt):
    held = sum(is_held_out(person, share, salt) for person in ids())

    assert abs(held - COUNT * share) < 4 * (COUNT * share * (1 - share)) ** 0.5


def test_nobody_and_everybody():
    assert not any(is_held_out(person, 0.0) for person in ids())
    assert all(is_held_out(person, 1.0) for person in ids())


def test_who_is_held_out_stays_so_and_stays_so_when_the_share_grows():
    tenth = {person for person in ids() if is_held_out(person, 0.1)}

    assert tenth == {person for person in ids() if is_held_out(person, 0.1)}
    assert tenth < {person for person in ids() if is_held_out(person, 0.2)}


def test_another_salt_draws_others_independently():
    both = sum(is_held_out(person, 0.1, "a") and is_held_out(person, 0.1, "b") for person in ids())

    assert abs(both - COUNT * 0.01) < 4 * (COUNT * 0.01 * 0.99) ** 0.5


def test_it_is_the_same_on_every_machine():
    """Fixed for ever: people who are held out today must be held out after an upgrade."""
    assert [number for number in range(60) if is_held_out(f"p{number}", 0.1)] == [19, 21, 31, 35, 44, 52, 58]


def test_ids_as_they_are_made_are_drawn_like_any():
    rng = random.Random(5)
    held = sum(is_held_out(new_id(rng, "p"), 0.1) for _ in range(20_000))

    assert abs(held - 2000) < 4 * (20_000 * 0.09) ** 0.5
