"""The intervals' proof in small: a few runs of each world, seen every sixth day. `make proof-intervals` does 2 000."""

import random

import pytest

from tests.proofs.intervals import WORLDS, World, prove

RUNS, EVERY = 20, 6


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_who_looks_again_and_again_is_misled_no_more_often_than_said(world):
    seed = random.randrange(10**6)

    found = prove(world, runs=RUNS, seed=seed, every=EVERY)

    assert found["ok"], (seed, found)


def test_an_ordinary_interval_would_not_pass():
    def naive(draw):
        yield from ((plain, truth, None) for _, truth, plain in WORLDS[0].look(draw))

    found = prove(World(name="naive", look=naive), runs=200, seed=1)

    assert not found["ok"]
