"""Stories and their photos, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from referral.people import Person
from referral.stories import Photo, Story, StoryState
from storage.errors import AlreadyKept
from storage.store import Store
from tests.storage.cast import NOON


def a_story(number: int = 1, **changes) -> Story:
    known = {"id": f"h{number}", "person": "mei", "text": f"第{number}篇", "begun_at": NOON, "changed_at": NOON}
    return Story(**known | changes)


def handed_in(tx, number: int = 1, *, minutes: int = 0, person: str = "mei") -> Story:
    at = NOON + timedelta(minutes=minutes)
    tx.stories.add(a_story(number, person=person))
    story = a_story(number, person=person, licence="x", signed=True, submitted_at=at)
    assert tx.stories.move(story, StoryState.SUBMITTED)
    return tx.stories.get(story.id)


def selected(tx, number: int = 1, *, minutes: int = 0) -> Story:
    story = replace(handed_in(tx, number), author="梅姐", selected_at=NOON + timedelta(minutes=minutes))
    assert tx.stories.move(story, StoryState.SELECTED)
    return tx.stories.get(story.id)


@pytest.fixture
async def known(store: Store) -> Store:
    def cast(tx):
        for person in ("mei", "bo"):
            tx.people.create(Person(id=person), NOON)

    await store.write(cast)
    return store


async def test_a_story_comes_back_as_it_was_kept(known: Store):
    def unit(tx):
        tx.stories.add(a_story())
        tx.stories.add_photo(Photo(id="i1", story="h1"))
        tx.stories.add_photo(Photo(id="i2", story="h1"))
        assert tx.stories.photo_came(Photo(id="i2", story="h1", file="b.jpg", width=3, height=2))
        return tx.stories.get("h1"), tx.stories.draft_of("mei"), tx.stories.draft_of("bo")

    story, draft, none = await known.write(unit)

    photos = (Photo(id="i1", story="h1"), Photo(id="i2", story="h1", file="b.jpg", width=3, height=2))
    assert story == draft == a_story(photos=photos)
    assert none is None


async def test_drafts_are_listed_nowhere(known: Store):
    def unit(tx):
        tx.stories.add(a_story())
        return tx.stories.all(), tx.stories.published(), tx.stories.all(state=StoryState.DRAFT)

    every, shown, drafts = await known.write(unit)

    assert (every, shown) == ([], [])
    assert [each.id for each in drafts] == ["h1"]


async def test_stories_are_paged_newest_first(known: Store):
    def unit(tx):
        for number in range(7):
            handed_in(tx, number)
        first = tx.stories.all(limit=3)
        second = tx.stories.all(after=first[-1].id, limit=3)
        return [s.id for s in first], [s.id for s in second], tx.stories.all(after="h0"), tx.stories.all(after="h99")

    first, second, past, unknown = await known.write(unit)

    assert (first, second) == (["h6", "h5", "h4"], ["h3", "h2", "h1"])
    assert (past, unknown) == ([], [])


async def test_the_wall_is_in_the_order_of_selection_even_past_one_that_came_down(known: Store):
    def unit(tx):
        for number, minutes in ((1, 5), (2, 1), (3, 5), (4, 9)):
            selected(tx, number, minutes=minutes)
        whole = [s.id for s in tx.stories.published()]
        gone = replace(tx.stories.get("h3"), text="", author="", withdrawn_at=NOON)
        assert tx.stories.move(gone, StoryState.WITHDRAWN)
        return whole, [s.id for s in tx.stories.published(after="h3")], tx.stories.published(after="h77")

    whole, later, unknown = await known.write(unit)

    assert whole == ["h4", "h3", "h1", "h2"]
    assert later == ["h1", "h2"]
    assert unknown == []


async def test_only_the_first_of_two_decisions_counts(known: Store):
    def unit(tx):
        story = handed_in(tx)
        selection = replace(story, selected_at=NOON)
        gone = replace(story, text="", withdrawn_at=NOON)
        return tx.stories.move(gone, StoryState.WITHDRAWN), tx.stories.move(selection, StoryState.SELECTED)

    assert await known.write(unit) == (True, False)


async def test_a_photo_is_shown_only_with_its_story(known: Store):
    def unit(tx):
        handed_in(tx, 1)
        for number in (1, 2):
            if number == 2:
                selected(tx, 2)
            tx.stories.add_photo(Photo(id=f"i{number}", story=f"h{number}"))
            tx.stories.photo_came(Photo(id=f"i{number}", story=f"h{number}", file=f"{number}.jpg", width=1, height=1))
        shown = [tx.stories.shows(f"{number}.jpg") for number in (1, 2, 3)]
        return shown, tx.stories.remove_photos("h2"), tx.stories.shows("2.jpg"), tx.stories.photo("i2")

    assert await known.write(unit) == ([False, True, False], ["2.jpg"], False, None)


async def test_a_photo_that_nobody_waits_for_is_not_taken(known: Store):
    def unit(tx):
        tx.stories.add(a_story())
        tx.stories.add_photo(Photo(id="i1", story="h1"))
        assert tx.stories.remove_photos("h1", "i1") == []
        tx.stories.remove("h1")
        return tx.stories.photo_came(Photo(id="i1", story="h1", file="a.jpg")), tx.stories.get("h1")

    assert await known.write(unit) == (False, None)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param("update stories set state = 'selected', licence = ''", id="shown without a licence"),
        pytest.param("update stories set state = 'withdrawn', text = 'x'", id="taken back with words left"),
        pytest.param("update stories set state = 'praised'", id="a state there is not"),
    ],
)
async def test_the_database_itself_refuses_what_may_not_be(known: Store, broken: str):
    await known.write(lambda tx: handed_in(tx) and None)

    with pytest.raises(AlreadyKept):
        await known.write(lambda tx: tx.connection.execute(text(broken)) and None)
