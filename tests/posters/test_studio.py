"""The studio: nobody gets a poster that was not read back, and nobody waits for the loop."""

import asyncio
import os
import sys
import threading
from dataclasses import replace

import pytest

from bot.posters.errors import PosterBroken
from bot.posters.shelf import Shelf, name_of
from tests.posters.conftest import FEED, FRIEND

PATIENCE = 20  # s until a test gives up


class CountingEngine:
    """The real engine, counted; `link` replaces what the QR says, `gate` holds the drawing until it is opened."""

    def __init__(self, real, *, link=None, gate=None):
        self.real, self.link, self.gate = real, link, gate
        self.drawn = 0
        self.threads = set()
        self.niceness = set()

    def fingerprint(self, spec):
        return self.real.fingerprint(spec)

    def qr_square(self, spec):
        return self.real.qr_square(spec)

    def render(self, spec, *, keep=True):
        self.drawn += 1
        self.threads.add(threading.current_thread())
        self.niceness.add(os.getpriority(os.PRIO_PROCESS, 0))
        assert self.gate is None or self.gate.wait(PATIENCE), "the loop never came to open the gate"
        return self.real.render(replace(spec, link=self.link or spec.link), keep=keep)


async def test_a_second_request_gets_the_same_bytes_without_drawing(engine, open_studio):
    counting = CountingEngine(engine)

    first = await open_studio(counting).poster(FEED)
    second = await open_studio(counting).poster(FEED)

    assert first == second
    assert counting.drawn == 1


async def test_many_requests_at_once_draw_one_poster(engine, open_studio):
    counting = CountingEngine(engine)
    studio = open_studio(counting, None)

    posters = await asyncio.gather(*(studio.poster(FEED) for _ in range(20)))

    assert len(set(posters)) == 1
    assert counting.drawn == 1


async def test_one_poster_is_drawn_at_a_time(engine, open_studio):
    counting = CountingEngine(engine)
    studio = open_studio(counting, None)

    await asyncio.gather(*(studio.poster(replace(FEED, nickname=f"李姐{turn}")) for turn in range(8)))

    assert counting.drawn == 8
    assert len(counting.threads) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a niceness of threads")
async def test_callbacks_go_before_posters(engine, open_studio):
    counting = CountingEngine(engine)

    await open_studio(counting, None).poster(FEED)

    assert min(counting.niceness) > os.getpriority(os.PRIO_PROCESS, 0) or counting.niceness == {19}


async def test_the_loop_goes_on_while_a_poster_is_drawn(engine, open_studio):
    """The gate opens only when the loop has turned a thousand times during the drawing."""
    gate = threading.Event()
    counting = CountingEngine(engine, gate=gate)
    drawing = asyncio.ensure_future(open_studio(counting).poster(FEED))

    for _ in range(1000):
        await asyncio.sleep(0)
    gate.set()

    assert await drawing
    assert threading.main_thread() not in counting.threads


async def test_one_who_gives_up_does_not_stop_the_poster_of_another(engine, open_studio):
    gate = threading.Event()
    studio = open_studio(CountingEngine(engine, gate=gate))
    impatient = asyncio.ensure_future(studio.poster(FEED))
    patient = asyncio.ensure_future(studio.poster(FEED))
    await asyncio.sleep(0)

    impatient.cancel()
    gate.set()

    assert await patient
    assert impatient.cancelled()


async def test_a_poster_that_says_something_else_reaches_nobody_and_is_not_kept(engine, open_studio, tmp_path):
    studio = open_studio(CountingEngine(engine, link="HTTPS://EVIL.EXAMPLE/I/3F9K2A7B"))

    for _ in range(2):
        with pytest.raises(PosterBroken):
            await studio.poster(FEED)

    assert list(tmp_path.rglob("*.jpg")) == []


async def test_a_kept_poster_that_was_swapped_on_disk_is_drawn_again(engine, open_studio, tmp_path):
    studio = open_studio(engine)
    good = await studio.poster(FEED)
    (kept,) = tmp_path.rglob("*.jpg")
    kept.write_bytes(engine.render(replace(FEED, link="HTTPS://EVIL.EXAMPLE/I/3F9K2A7B")))

    assert await studio.poster(FEED) == good
    assert kept.read_bytes() == good


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda file: file[: len(file) // 2], id="cut short"),
        pytest.param(lambda file: file[:40_000] + bytes(10_000) + file[50_000:], id="a hole far above the QR"),
        pytest.param(lambda _: b"", id="empty"),
    ],
)
async def test_a_kept_poster_that_was_damaged_on_disk_is_drawn_again(engine, open_studio, tmp_path, damage):
    studio = open_studio(engine)
    good = await studio.poster(FEED)
    (kept,) = tmp_path.rglob("*.jpg")
    kept.write_bytes(damage(good))

    assert await studio.poster(FEED) == good
    assert kept.read_bytes() == good


async def test_a_folder_that_cannot_be_written_to_still_gives_the_poster(engine, open_studio, tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a folder")

    assert await open_studio(engine, in_the_way).poster(FEED)
    assert in_the_way.read_text() == "not a folder"


async def test_dropping_a_codes_posters_leaves_every_others(engine, open_studio, tmp_path):
    studio = open_studio(engine)
    await studio.poster(FEED)
    await studio.poster(FRIEND)
    await studio.poster(replace(FEED, code="0000000C"))

    shelf = Shelf(tmp_path / "posters")
    assert shelf.drop(name_of(FEED.code, "*")) == 2
    assert shelf.drop(name_of(FEED.code, "*")) == 0
    assert len(list(tmp_path.rglob("*.jpg"))) == 1


def test_a_full_shelf_makes_room_by_dropping_the_oldest(tmp_path):
    shelf = Shelf(tmp_path, most_bytes=1000)

    for turn in range(30):
        shelf.put(f"{turn:02}", bytes(100))

    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 1000
    assert shelf.get("29") == bytes(100)
    assert shelf.get("00") is None


def test_a_shelf_never_holds_half_a_file(tmp_path):
    shelf = Shelf(tmp_path)

    for content in (b"first", b"second"):
        shelf.put("poster", content)

    assert [path.name for path in tmp_path.iterdir()] == ["poster"]
    assert shelf.get("poster") == b"second"
