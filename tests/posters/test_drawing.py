"""Shared parts of posters: each is drawn once, and only who wants that very one waits for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest

from bot.posters.drawing import Drawing
from bot.posters.errors import CopyDoesNotFit
from bot.posters.faces import Faces
from bot.posters.look import read_look
from bot.posters.shelf import Shelf
from templates import ROOT
from tests.posters.conftest import FEED

LOOK = read_look("orchard", ROOT / "posters")
SPEC = replace(FEED, template="orchard", size="square")
PATIENCE = 20  # s until a test gives up


class SlowShelf(Shelf):
    """A shelf without a folder, on which `cold.plate` is looked for until the gate opens; it notes what it is given."""

    def __init__(self) -> None:
        super().__init__(None)
        self.asked, self.gate = Event(), Event()
        self.given: list[str] = []

    def get(self, name: str) -> bytes | None:
        if name == "cold.plate":
            self.asked.set()
            assert self.gate.wait(PATIENCE)
        return None

    def put(self, name: str, content: bytes) -> None:
        self.given.append(name)


def test_who_draws_a_new_one_holds_up_nobody_else_and_it_is_drawn_once() -> None:
    shelf = SlowShelf()
    drawing = Drawing(Faces(()), shelf)
    with ThreadPoolExecutor(3) as threads:
        cold = [threads.submit(drawing.poster, SPEC, LOOK, "cold", keep=True) for _ in range(2)]
        assert shelf.asked.wait(PATIENCE)

        warm = [threads.submit(drawing.poster, SPEC, LOOK, "warm", keep=True).result(PATIENCE) for _ in range(2)]

        assert not any(each.done() for each in cold)
        shelf.gate.set()
        assert [each.result(PATIENCE) for each in cold] == warm
    assert shelf.given == ["warm.plate", "cold.plate"]


def test_one_that_cannot_be_drawn_is_told_to_all_who_wait_and_tried_anew_by_the_next() -> None:
    shelf = SlowShelf()
    drawing = Drawing(Faces(()), shelf)
    too_long = replace(SPEC, headline="长" * 200)
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(drawing.poster, too_long, LOOK, "cold", keep=True) for _ in range(2)]
        assert shelf.asked.wait(PATIENCE)
        shelf.gate.set()
        for each in waiting:
            with pytest.raises(CopyDoesNotFit):
                each.result(PATIENCE)

    assert drawing.poster(SPEC, LOOK, "cold", keep=True)
