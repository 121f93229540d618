"""The opt-out proof in small: a hundred asks on each database. `make proof-optout` queues fifty thousand."""

import random

from tests.proofs.optout import WITHIN_S, prove

ASKS, PEOPLE = 150, 12


async def test_who_says_no_while_the_queue_is_full_is_not_asked_later_than_five_seconds_on(ready_url, tmp_path):
    # when people say 不再提醒 to the desk, or to their rep, while asks are going out
    seed = random.randrange(10**6)
    report = await prove(ready_url, tmp_path / "house", asks=ASKS, people=PEOPLE, seed=seed)

    # then nobody hears of anything later than that
    assert report["problems"] == [], seed
    assert report["largest_delay_s"] <= WITHIN_S

    # and all of them are silent, some before anything reached them, while everybody else was asked once
    assert report["withdrawn"] == report["said_no"] == PEOPLE
    assert report["never_asked"] > 0
    assert report["asks_delivered"] == ASKS - report["never_asked"]
