"""The crash proof in small: ten lives on each database. `make proof-crash` runs two hundred."""

import random
import sqlite3
from contextlib import closing

from tests.proofs.crash import Proof
from tests.proofs.nursery import nursery

CYCLES = 6
DAMAGE = {
    "an acknowledged event was lost": "delete from inbox where rowid = 1",
    "says it used": "update campaigns set used_fen = used_fen - 1 where rowid = 1",
    "are no pair": "update rewards set state = 'rejected' where rowid = (select min(rowid) from rewards)",
    "was answered": "delete from deliveries where rowid = 1",
    "touches of": "delete from touches where kind = 'add'"
    " and friend = (select person from identities where kind = 'wecom' and value = :certain)",
    "an acknowledged order was lost": "update orders set source = 'elsewhere' where rowid = 1",
    "that nobody decided": "update outbox set dedupe = 'x'"
    " where seq = (select min(seq) from outbox where kind = 'Welcome' and state = 'sent')",
    "lost their salt": "delete from ledger_salts where rowid = 1",
}
"""What the judge must say of what was done to a database; `:certain` is a friend whose add was acknowledged."""


async def proven(url, folder):
    """A proof that has run, and its report."""
    async with nursery() as home:
        proof = Proof(url=url, folder=folder, seed=random.randrange(10**6), home=home)
        return proof, await proof.run(CYCLES, look_every=5)


async def test_nothing_acknowledged_is_lost_or_doubled_whenever_a_bot_is_killed(ready_url, tmp_path):
    # when a bot is killed ten times under load, and started again on what it left
    proof, report = await proven(ready_url, tmp_path / "house")

    # then all that was acknowledged is there once, and there was much of it
    assert report["problems"] == [], f"seed {proof.seed}"
    assert report["sent"]["acknowledged"] > 2 * CYCLES
    assert report["sent"]["unacknowledged"] > 0

    # and the judge who says so has eyes
    if ready_url.startswith("sqlite"):
        assert [words for words, damage in DAMAGE.items() if not seen(proof, words, damage)] == []


def seen(proof, words, damage):
    """Whether the judge says `words` of a database that was tampered with; afterwards it is as before."""
    path = proof.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as whole, closing(sqlite3.connect(":memory:")) as kept:
        whole.backup(kept)
        whole.execute(damage, {"certain": min(who for who, _ in proof.load.record.adds)})
        whole.commit()
        proof.judge.problems.clear()
        proof.judge.look(settled=True)
        kept.backup(whole)
    return any(words in problem for problem in proof.judge.problems)
