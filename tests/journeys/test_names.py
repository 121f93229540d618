"""What a stranger typed as a name, all the way to a page and a chat of a running bot."""

import pytest

from referral.people import NAMELESS, Byline
from tests.fixtures.nicknames import TORTURE


@pytest.fixture
async def code(town):
    return await town.code_of("mei", await town.campaign())


async def named(town, nickname, **known):
    mei = (await town.person("mei")).id
    await town.app.store.write(lambda tx: tx.people.learn(mei, nickname=nickname, **known))


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("zero width only", NAMELESS),
        ("blank letters", NAMELESS),
        ("private use", "私用区"),
        ("turned around", "陈姐嘿gpj.exe"),
    ],
)
async def test_a_page_and_a_welcome_name_what_can_be_read(town, code, kind, shown):
    await named(town, TORTURE[kind])

    landing = await town.get(f"/i/{code}")
    await town.act("jun", "add", code)

    assert f"{shown}介绍您来的" in "\n".join(await town.log("jun"))
    assert f'<bdi class="name">{shown}</bdi>' in landing.text
    assert f"{shown}介绍您认识" in landing.text


async def test_a_face_that_cannot_be_had_is_drawn(town, code):
    await named(town, "李姐", byline=Byline.FACE, avatar="https://elsewhere.example/mei.jpg")

    face = await town.get(f"/face/{code}.jpg")

    assert f"/face/{code}.jpg" in (await town.get(f"/i/{code}")).text
    assert (face.status, face.headers["Content-Type"]) == (200, "image/svg+xml")
    assert face.headers["X-Content-Type-Options"] == "nosniff"
    assert (await town.get(f"/p/{code}.jpg")).status == 200
