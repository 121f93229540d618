"""The backup proof in small: a few kills on each database. `make proof-backup` does a hundred."""

import random

from tests.proofs.backups import Proof

CYCLES = 1


async def test_a_backup_under_load_is_one_moment_and_a_kill_leaves_nothing_between(ready_url, tmp_path):
    seed = random.randrange(10**6)
    proof = Proof(url=ready_url, folder=tmp_path / "house", rng=random.Random(seed))

    # when backups and restores are killed while somebody writes
    report = await proof.run(CYCLES)

    # then every backup was a state that there was, and every restore happened, or did not
    assert report["problems"] == [], f"seed {seed}"
    assert report["seen"]["steps in the last backup"] > 0
    assert report["seen"]["restores"] >= 2
