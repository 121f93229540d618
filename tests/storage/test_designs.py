"""Designs are kept by campaign and rep; their photos go when nothing shows them; a rep's newest code is found."""

from dataclasses import replace
from typing import Any

from sqlalchemy import select

from referral import designs
from referral.designs import SWEEP, TEXTS, THE_PACKS, Design
from referral.offers import PosterCopy
from referral.story_quotes import FORGET
from storage import tables as t
from storage.store import Store
from storage.times import ms
from tests.storage.cast import KEY, NOON, TERMS, a_campaign, after, settle

WARM = PosterCopy(headline="想到你", body="送你{friend_thanks}", note="规则见页内")
HERS = Design(
    campaign="c1",
    rep="lin",
    template="coast",
    palette="plum",
    season="spring",
    friend=WARM,
    photo="a.jpg",
    changed_at=NOON,
)


def sweeps(tx: Any) -> dict[str, int]:
    """Which photos are to be looked at, and when (ms)."""
    return open_jobs(tx, SWEEP)


def open_jobs(tx: Any, kind: str) -> dict[str, int]:
    where = (t.jobs.c.kind == kind, t.jobs.c.state == "open")
    return {row.key: row.due_at for row in tx.connection.execute(select(t.jobs.c.key, t.jobs.c.due_at).where(*where))}


async def test_a_design_comes_back_as_it_was_and_only_to_its_rep(store: Store):
    def story(tx):
        settle(tx)
        designs.save(tx, HERS)
        return tx.designs.get("c1", "lin"), tx.designs.get("c1", "chen"), tx.designs.get("c2", "lin")

    assert await store.write(story) == (HERS, None, None)


async def test_a_later_design_takes_the_place_of_the_one_before(store: Store):
    later = replace(HERS, template="", feed=replace(THE_PACKS, note="见页内"), photo="b.jpg", changed_at=after(days=1))

    def story(tx):
        settle(tx)
        designs.save(tx, HERS)
        designs.save(tx, later)
        return tx.designs.get("c1", "lin"), tx.designs.shows("a.jpg"), tx.designs.shows("b.jpg"), list(sweeps(tx))

    assert await store.write(story) == (later, False, True, ["a.jpg"])


async def test_each_change_is_on_record_and_no_change_is_none(store: Store):
    def story(tx):
        settle(tx)
        designs.save(tx, HERS)
        designs.save(tx, replace(HERS, changed_at=after(days=1)))
        designs.save(tx, Design(campaign="c1", rep="lin", changed_at=after(days=2)))
        designs.drop(tx, "c1", "lin", now=after(days=3))
        rows = tx.connection.execute(t.audit.select().order_by(t.audit.c.row))
        return [(row.who, row.action, row.subject, row.detail) for row in rows], tx.designs.get("c1", "lin")

    told, left = await store.write(story)

    assert [each[:3] for each in told] == [("rep:lin", "design.saved", "c1"), ("rep:lin", "design.dropped", "c1")]
    changed = ["template: coast", "palette: plum", "season: spring", "photo", *(f"friend.{name}" for name in TEXTS)]
    assert told[0][3].splitlines() == changed
    assert left is None


async def test_the_photo_of_a_dropped_design_is_looked_at_at_once(store: Store):
    def story(tx):
        settle(tx)
        designs.save(tx, HERS)
        designs.drop(tx, "c1", "lin", now=after(days=1))
        return sweeps(tx)

    assert list(await store.write(story)) == ["a.jpg"]


async def test_kept_posters_that_show_a_photo_go_a_minute_after_it_is_dropped_or_replaced(store: Store):
    def story(tx):
        settle(tx)
        designs.save(tx, HERS)
        first = open_jobs(tx, FORGET)
        designs.save(tx, replace(HERS, photo="b.jpg", changed_at=after(days=1)))
        return first, open_jobs(tx, FORGET)

    first, then = await store.write(story)

    assert (first, then) == ({}, {"c1": ms(after(days=1, minutes=1))})


async def test_a_photo_that_is_held_is_not_looked_at_until_nothing_shows_it_again(store: Store):
    def story(tx):
        settle(tx)
        designs.unused(tx, "a.jpg", NOON)
        designs.hold(tx, "a.jpg")
        held = sweeps(tx)
        designs.save(tx, HERS)
        designs.drop(tx, "c1", "lin", now=NOON)
        return held, sweeps(tx)

    held, then = await store.write(story)

    assert (held, list(then)) == ({}, ["a.jpg"])


async def test_the_newest_code_of_a_rep_in_a_campaign(store: Store):
    def story(tx):
        first = settle(tx)
        tx.campaigns.add(a_campaign(id="c2"), TERMS, NOON)
        given = {"campaign": "c1", "channel": "", "now": NOON}
        second = tx.codes.issue(KEY, advocate="jun", rep="lin", **given)
        tx.codes.issue(KEY, advocate="bo", rep="chen", **given)
        found = tx.codes.newest_of_rep("lin", "c1")
        tx.codes.set_rep(second.code, "chen")
        return first, second, found, tx.codes.newest_of_rep("lin", "c1"), tx.codes.newest_of_rep("lin", "c2")

    first, second, found, after_it, elsewhere = await store.write(story)

    assert (found, after_it, elsewhere) == (second, first, None)
