"""`/champions`: who stands out, from the rows of the forest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from referral.forest import Grove, Kind, Tally

GROVE = Grove(advocates=40, brought=80, stayed=40, ripe=60, lasting=30, descendants=16)
MANY = Tally(brought=6, stayed=5, ripe=6, lasting=5, descendants=1)
ONWARDS = Tally(brought=1, stayed=1, ripe=1, lasting=1, descendants=4, further=2)


@pytest.fixture
async def two(either_api: Any) -> Any:
    """Mei is a champion, Jun, who came by her, a quiet connector."""
    api = either_api
    await api.a_friend_bought()
    mei, jun = [(await api.post("/people/find", {"identity": f"crm:{name}"})).body["id"] for name in ("mei", "jun")]

    def unit(tx: Any) -> None:
        tx.branches.set_grove(GROVE)
        for person, tally, kind in ((mei, MANY, Kind.CHAMPION), (jun, ONWARDS, Kind.CONNECTOR)):
            tx.branches.save(replace(tx.branches.get(person), tally=tally, kind=kind))

    await api.town.app.store.write(unit)
    return api, mei, jun


async def test_the_most_valuable_come_first_with_why_and_how_they_came(two: Any) -> None:
    api, mei, jun = two

    first, second = (await api.get("/champions")).body["items"]

    assert (first["person"]["id"], first["kind"], first["value"]) == (mei, "champion", 5.0)
    assert first["why"] == [{"code": "stayed", "text": "介绍来 6 位朋友，已有 5 位留了下来"}]
    assert (first["root"], first["generation"]) == (mei, 0)
    assert first["stay_rate"] == 0.7
    assert (second["person"]["id"], second["kind"], second["descendants"]) == (jun, "connector", 4)
    assert (second["root"], second["generation"]) == (mei, 1)
    assert second["why"][0]["text"] == "只介绍来 1 位朋友，这位朋友又带来了 4 位"


async def test_it_can_be_asked_for_one_kind_and_for_few(two: Any) -> None:
    api, mei, jun = two

    def ids(said: Any) -> list[str]:
        return [each["person"]["id"] for each in said.body["items"]]

    assert ids(await api.get("/champions?kind=connector")) == [jun]
    assert ids(await api.get("/champions?limit=1")) == [mei]
    assert (await api.get("/champions?kind=hub")).wrong.keys() == {"kind"}
    assert (await api.get("/champions?limit=0")).wrong.keys() == {"limit"}


async def test_it_needs_a_key_that_may_read_people(two: Any) -> None:
    api, _, _ = two

    assert (await api.get("/champions", key=await api.new_key("orders:read"))).status == 403
    assert (await api.get("/champions", key=await api.new_key("people:read"))).status == 200
