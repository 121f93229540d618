"""What posters quote of stories, on both databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from referral.people import Person
from referral.story_quotes import FORGET, StoryQuote, take_down
from storage.errors import AlreadyKept
from storage.store import Store
from tests.storage.cast import NOON, TERMS, a_campaign, after
from tests.storage.test_stories import selected

QUOTE = StoryQuote(campaign="c1", story="h1", words="房间很安静。", chosen_by="cli", chosen_at=NOON)


@pytest.fixture
async def told(store: Store) -> Store:
    """Two stories on the wall and two campaigns."""

    def cast(tx):
        tx.people.create(Person(id="mei"), NOON)
        for number in (1, 2):
            selected(tx, number)
            tx.campaigns.add(a_campaign(id=f"c{number}"), TERMS, NOON)

    await store.write(cast)
    return store


async def test_a_campaign_quotes_one_story_at_a_time(told: Store):
    later = replace(QUOTE, story="h2", words="早饭一般。", chosen_by="api:wall", chosen_at=after(hours=1))

    def unit(tx):
        tx.story_quotes.keep(QUOTE)
        tx.story_quotes.keep(replace(QUOTE, campaign="c2"))
        both = tx.story_quotes.of_story("h1")
        tx.story_quotes.keep(later)
        return both, tx.story_quotes.of_campaign("c1"), tx.story_quotes.of_story("h1")

    both, now, left = await told.write(unit)

    assert both == [QUOTE, replace(QUOTE, campaign="c2")]
    assert now == later
    assert left == [replace(QUOTE, campaign="c2")]


async def test_what_is_taken_down_is_gone_at_once_and_its_posters_a_minute_later(told: Store):
    def unit(tx):
        tx.story_quotes.keep(QUOTE)
        take_down(tx, QUOTE, now=NOON)
        early = tx.jobs.claim(after(seconds=59), limit=10, lease=after(hours=1) - NOON)
        due = tx.jobs.claim(after(seconds=60), limit=10, lease=after(hours=1) - NOON)
        return tx.story_quotes.of_campaign("c1"), early, [(job.kind, job.key) for job in due]

    assert await told.write(unit) == (None, [], [(FORGET, "c1")])


@pytest.mark.parametrize("unknown", [{"campaign": "c9"}, {"story": "h9"}])
async def test_a_quote_of_nothing_cannot_be_kept(told: Store, unknown):
    with pytest.raises(AlreadyKept):
        await told.write(lambda tx: tx.story_quotes.keep(replace(QUOTE, **unknown)))


async def test_wall_pages_find_their_neighbours_in_both_directions(told: Store):
    def unit(tx):
        for number, minutes in ((3, 5), (4, 9), (5, 9)):
            selected(tx, number, minutes=minutes)
        wall = [story.id for story in tx.stories.published()]
        assert tx.stories.places(limit=9) == [(each.id, each.selected_at) for each in tx.stories.published()]
        assert [story for story, _ in tx.stories.places(limit=2)] == wall[:2]
        newer = {story: [each.id for each in tx.stories.newer(story, limit=2)] for story in (*wall, "h77")}
        return wall, newer

    wall, newer = await told.write(unit)

    assert wall == ["h5", "h4", "h3", "h2", "h1"]
    assert newer == {"h5": [], "h4": ["h5"], "h3": ["h4", "h5"], "h2": ["h3", "h4"], "h1": ["h2", "h3"], "h77": []}
