"""Whatever is written in a field that people read later stays text: in every page a real browser runs, on posters, and
in what is fetched for them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from playwright.async_api import BrowserContext, Page

from bot.posters import qr
from tests.journeys.test_rep_list import befriend, card_link, plan
from tests.journeys.test_stories import published
from tests.journeys.town import Town, open_town

ACTS = {
    "script": "<script>hit()</script>",
    "picture": '"><img src=x onerror=hit()>',
    "end": "</title></script><svg onload=hit()>",
    "quote": "' autofocus onfocus=hit() x='",
    "template": "{{7*191}}{% raw %}${7*191}",
    "format": "{company.__class__}%(x)s",
}
"""Each would call `hit` where it is run, or show 1337 where it is computed."""

FOREIGN = (
    "[onerror], [onload], [onfocus], [autofocus], svg[onload], script:not([src]):not([type='application/ld+json'])"
)
"""What none of our pages has: content policy would keep it from running, but it must not even be there."""

WATCH = "window.hits = 0; window.hit = () => { window.hits += 1; };"
_MOST_PAGES = 60


class Trap:
    """A server on this machine that nobody has any business with; it counts who knocks."""

    def __init__(self) -> None:
        self.knocks = 0
        self.port = 0

    async def take(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.knocks += 1
        writer.close()


@asynccontextmanager
async def trap() -> AsyncIterator[Trap]:
    """A trap on a port of its own."""
    set_up = Trap()
    server = await asyncio.start_server(set_up.take, "127.0.0.1", 0)
    set_up.port = server.sockets[0].getsockname()[1]
    async with server:
        yield set_up


class Visitor:
    """Somebody who opens every page that leads on from where they begin."""

    def __init__(self, page: Page, town: Town) -> None:
        self.page, self.town = page, town
        self.seen: list[str] = []
        self.wrong: list[str] = []
        page.on("dialog", lambda box: self.wrong.append(f"a dialog: {box.message}"))
        page.on("request", self._asked)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.town.app.own_address, "data:", "about:")):
            self.wrong.append(f"asked for {request.url}")

    async def walk(self, *begin: str) -> None:
        todo = [self.town.at(path) for path in begin]
        while todo and len(self.seen) < _MOST_PAGES:
            address = todo.pop(0)
            self.seen.append(address)
            todo += [url for url in await self._open(address) if url not in [*self.seen, *todo]]

    async def _open(self, address: str) -> list[str]:
        """Open a page, look whether anything ran or was computed, and return where it leads."""
        answer = await self.page.goto(address, wait_until="load")
        assert answer
        assert answer.status < 500, address
        html = await self.page.content()
        if await self.page.evaluate("window.hits"):
            self.wrong.append(f"something ran on {address}")
        if await self.page.locator(FOREIGN).count():
            self.wrong.append(f"markup came through on {address}")
        if "1337" in html or "object at 0x" in html or "&lt;class" in html:
            self.wrong.append(f"something was computed on {address}")
        links = await self.page.eval_on_selector_all("a[href]", "all => all.map(a => a.getAttribute('href'))")
        found = [urldefrag(urljoin(self.page.url, link))[0] for link in links]
        wild = [link for link in found if urlsplit(link).scheme not in ("http", "https")]
        self.wrong += [f"a link to {link}" for link in wild]
        return [link for link in found if self._is_page(link)]

    def _is_page(self, link: str) -> bool:
        """Ours, and none of the many looks of one poster."""
        path = urlsplit(link)
        return link.startswith(self.town.app.own_address) and not (path.query and path.path.startswith("/p/"))


@pytest.mark.timeout(300)  # every page in a browser, on whatever machine
@pytest.mark.browser
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
async def test_what_is_written_in_any_field_is_only_ever_text(
    quick_url: str, tmp_path: Path, phone: BrowserContext, act: str
) -> None:
    page = await phone.new_page()
    await page.add_init_script(WATCH)
    async with open_town(tmp_path, quick_url, company=act[:30]) as town:
        sandbox = town.app.sandbox
        assert sandbox
        for name in ("mei", "jun"):
            sandbox._people.customer(name).nickname = f"{name}{act}"
        sandbox._people.reps["lin"] = f"林{act}"
        await town.app.work._ask_for_reps()
        campaign = await town.campaign(name=act[:20])
        code = await town.code_of("mei", campaign)
        await town.act("jun", "add", code)
        await town.buy("jun")
        story = await published(town, "mei", text=f"早上六点出发，{act}\n{act}\n回来时天黑了，路上还好。")
        await befriend(town, "安安")
        await plan(town)
        visitor = Visitor(page, town)

        await visitor.walk(f"/i/{code}", f"/p/{code}", f"/i/{code}?c={act}", f"/p/{code}?template={act}", f"/i/{act}")
        await visitor.walk(await town.me("mei"), await town.me("jun"), f"/rules/{campaign}", "/privacy", "/stories")
        await visitor.walk(f"/stories/{story}", await card_link(town))

        assert visitor.wrong == []
        assert len(visitor.seen) > 15
        poster = await town.get(f"/p/{code}.jpg")
        assert (qr.decode(poster.body) or "").upper().endswith(f"/I/{code}")


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}/face.png",
        "http://localhost:{port}/face.png",
        "http://[::1]:{port}/face.png",
        "http://2130706433:{port}/face.png",
        "http://0x7f.1:{port}/face.png",
        "http://wx.qlogo.cn@127.0.0.1:{port}/face.png",
        "http://127.0.0.1:{port}#.qlogo.cn",
        "http://127.0.0.1:{port}/.qlogo.cn/face.png",
        "http://wx.qlogo.cn:{port}/face.png",
        "gopher://127.0.0.1:{port}/_x",
        "javascript:alert(1)",
        "data:image/svg+xml,<svg onload='alert(1)'/>",
        "file:///etc/passwd",
        "//127.0.0.1:{port}/face.png",
    ],
)
async def test_a_face_at_an_address_inside_is_never_asked_for(town: Town, address: str) -> None:
    code = await town.code_of("mei", await town.campaign())
    mei = await town.person("mei")
    async with trap() as inside:
        await town.app.store.write(lambda tx: tx.people.learn(mei.id, avatar=address.format(port=inside.port)))

        poster = await town.get(f"/p/{code}.jpg")
        landing = await town.get(f"/i/{code}")

        assert inside.knocks == 0
    assert (poster.status, landing.status) == (200, 200)
    assert (qr.decode(poster.body) or "").upper().endswith(f"/I/{code}")
    assert address.format(port=inside.port) not in landing.text


async def test_markup_in_a_nickname_fetches_nothing_when_a_poster_is_drawn(town: Town) -> None:
    code = await town.code_of("mei", await town.campaign())
    mei = await town.person("mei")
    async with trap() as inside:
        name = f"<img src='http://127.0.0.1:{inside.port}/x.png'>"
        style = f"梅<style>@import url(http://127.0.0.1:{inside.port}/x.css)</style>"
        for nickname in (name, style):
            await town.app.store.write(lambda tx, told=nickname: tx.people.learn(mei.id, nickname=told))
            assert (await town.get(f"/p/{code}.jpg")).status == 200

        assert inside.knocks == 0
