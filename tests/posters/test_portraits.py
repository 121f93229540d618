"""An advocate's face is fetched once for many posters, and a host that does not answer is left alone for a while."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.errors import Unreachable
from bot.posters.portraits import Portraits


class Gallery:
    """A host of pictures, on a clock that the test turns."""

    def __init__(self):
        self.now = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
        self.fetched = []
        self.up = True
        self.portraits = Portraits(self.fetch, lambda: self.now)

    async def fetch(self, address):
        self.fetched.append(address)
        if not self.up:
            raise Unreachable("no_connection", maybe_done=False)
        return address.encode()


@pytest.fixture
def gallery():
    return Gallery()


async def test_a_face_is_fetched_once_in_ten_minutes(gallery):
    for _ in range(5):
        assert await gallery.portraits.get("mei") == b"mei"
        gallery.now += timedelta(minutes=2)
    assert gallery.fetched == ["mei"]

    await gallery.portraits.get("mei")

    assert gallery.fetched == ["mei", "mei"]


async def test_a_face_that_could_not_be_had_is_asked_for_again_after_a_minute(gallery):
    gallery.up = False
    assert [await gallery.portraits.get("mei") for _ in range(5)] == [None] * 5
    assert len(gallery.fetched) == 1

    gallery.up = True
    gallery.now += timedelta(minutes=1)

    assert await gallery.portraits.get("mei") == b"mei"


async def test_a_host_that_does_not_answer_holds_no_poster_up():
    async def never(address):
        asked.append(address)
        await asyncio.Event().wait()

    asked, now = [], datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
    portraits = Portraits(never, lambda: now, patience=0.01)

    assert [await portraits.get("mei") for _ in range(3)] == [None] * 3
    assert asked == ["mei"]


async def test_only_the_faces_asked_for_last_are_kept(gallery):
    for n in range(40):
        await gallery.portraits.get("mei")
        await gallery.portraits.get(f"friend {n}")

    await gallery.portraits.get("mei")
    await gallery.portraits.get("friend 39")
    assert len(gallery.fetched) == 41

    await gallery.portraits.get("friend 0")
    assert len(gallery.fetched) == 42
