"""The engine proof in small: a few histories, with its figures. `make proof-engine` tells twenty thousand."""

import random

from storage.open import migrate_database
from tests.proofs.engine import Tally, told

HISTORIES = 8


async def test_the_same_seed_tells_the_same_histories_and_none_fails(sqlite_url):
    # given an empty database
    await migrate_database(sqlite_url)
    seed = random.randrange(10**6)

    # when histories are told on it, and once more
    one, other = (told(sqlite_url, seed, HISTORIES) for _ in range(2))

    # then nothing is left behind by the first, and nobody was credited wrongly
    assert one.problems == [], seed
    assert one == other
    assert one.sequences == HISTORIES
    assert one.wrong["engine"] == 0


def test_the_figures_of_several_processes_are_added_up():
    whole = Tally()
    for tally in (Tally(sequences=2, steps=9, events=4), Tally(sequences=1, steps=1, events=1)):
        tally.wrong["a_counter_of_adds"] = 1
        tally.problems.append({"batch": tally.steps})
        whole.add(tally)

    report = whole.report(1.0)

    assert (report["sequences"], report["steps"], report["events"], report["failing"]) == (3, 10, 5, 2)
    assert report["wrong_credits_per_10000_events"]["a_counter_of_adds"] == 4000.0
