"""The pages in a phone's browser without script: readable, complete, and silent towards the rest of the world."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any, Literal

import pytest
import segno
from PIL import Image, ImageDraw
from playwright.async_api import Browser, Page

from bot.pages.look import STATIC_HEADERS, headers_of, render, static_css, static_file, status_of
from tests.fixtures.browsers import WECHAT, stay_inside
from tests.pages.sample_pages import a_landing, a_me_page, every_page

pytestmark = pytest.mark.browser

PAGES = every_page()
WIDTHS = (320, 390)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
HEIGHTS = {320: 568, 390: 844}
SCREENSHOTS = os.environ.get("PAGE_SCREENSHOTS")
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")

LEGIBLE = """() => {
  const channel = v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 };
  const light = c => .2126 * channel(c[0]) + .7152 * channel(c[1]) + .0722 * channel(c[2]);
  const rgba = text => { const c = text.match(/[\\d.]+/g).map(Number); return c.length < 4 ? [...c, 1] : c };
  const grounds = start => {
    for (let at = start; at; at = at.parentElement) {
      const { backgroundColor, backgroundImage } = getComputedStyle(at);
      const stops = (backgroundImage.match(/rgba?\\([^)]*\\)/g) ?? []).map(rgba);
      if (rgba(backgroundColor)[3] === 1) return [rgba(backgroundColor), ...stops];
    }
    return [[255, 255, 255, 1]];
  };
  const poor = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const words = walk.currentNode.textContent.trim(), at = walk.currentNode.parentElement;
    if (!words) continue;
    for (const ground of grounds(at)) {
      const [a, b] = [light(rgba(getComputedStyle(at).color)), light(ground)].sort((x, y) => y - x);
      const ratio = (a + .05) / (b + .05);
      if (ratio < 4.5) poor.push(words + ' ' + ratio.toFixed(2));
    }
  }
  return poor;
}"""

LARGER = {
    "all-twice": "() => { document.documentElement.style.fontSize = '34px' }",
    "type-twice": """() => {
      const all = [...document.querySelectorAll('body, body *')];
      const sized = all.map(e => [e, parseFloat(getComputedStyle(e).fontSize)]);
      for (const [element, size] of sized) element.style.fontSize = `${size * 2}px`;
    }""",
}

CUT = """() => [...document.querySelectorAll('body *')]
  .filter(e => e.innerText && e.checkVisibility() && getComputedStyle(e).overflow !== 'visible')
  .filter(e => getComputedStyle(e).webkitLineClamp === 'none' && getComputedStyle(e).textOverflow === 'clip')
  .filter(e => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)
  .map(e => `cuts ${e.innerText}`)"""

SERIOUS = """async () => (await axe.run(document, { resultTypes: ['violations'] })).violations
  .filter(found => ['serious', 'critical'].includes(found.impact))
  .map(found => `${found.id}: ${found.nodes.map(node => node.html)}`)"""

GROUND = "element => getComputedStyle(element).backgroundColor"

SMALL_TARGETS = """() => [...document.querySelectorAll('a, button, label, summary')]
  .filter(e => e.checkVisibility({ contentVisibilityAuto: true }))
  .map(e => [e.textContent.trim(), e.getBoundingClientRect()])
  .filter(([_, box]) => box.height < 44 || box.width < 44)
  .map(([words, box]) => `${words} ${box.width}x${box.height}`)"""


@pytest.fixture(params=sorted({name.partition("-")[0] for name in PAGES}))
def names(request: pytest.FixtureRequest) -> list[str]:
    """The pages of one kind, in all their states."""
    return [name for name in PAGES if name.partition("-")[0] == request.param]


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    with _serving() as served:
        yield served


async def test_every_page_fits_is_legible_and_can_be_tapped_by_day_and_night(
    browser: Browser, house: House, names: list[str]
) -> None:
    faults: dict[str, list[str]] = {}

    async with _phone(browser, house) as phone:
        for name, width in product(names, WIDTHS):
            await phone.hold(width=width, scheme="light")
            await phone.open(name)
            for scheme in SCHEMES:
                await phone.hold(width=width, scheme=scheme)
                faults[f"{name} {width} {scheme}"] = await _faults(phone.page, width)
                await _keep_screenshot(phone.page, f"{name}-{width}-{scheme}")

    assert {look: found for look, found in faults.items() if found} == {}


async def test_type_set_twice_as_large_cuts_nothing_off(browser: Browser, house: House, names: list[str]) -> None:
    """As the reader sets it in the browser, which all is measured by; and as WeChat does, which enlarges only type."""
    faults: dict[str, list[str]] = {}

    async with _phone(browser, house) as phone:
        for name, (way, enlarge) in product(names, LARGER.items()):
            await phone.open(name)
            await phone.page.evaluate(enlarge)
            await _keep_screenshot(phone.page, f"{name}-{way}")
            wide = await phone.page.evaluate("document.documentElement.scrollWidth")
            cut = await phone.page.evaluate(CUT)
            faults[f"{name} {way}"] = [*([f"is {wide} px wide"] if wide > WIDTHS[-1] else []), *cut]

    assert {look: found for look, found in faults.items() if found} == {}


async def test_every_page_is_open_to_those_who_hear_it_read(browser: Browser, house: House, names: list[str]) -> None:
    """What axe calls serious or critical is nowhere, by day and night.

    But for this: a page whose QR is still being made loads itself again until it is there, says so, and cannot do it
    otherwise without script.
    """
    faults: dict[str, list[str]] = {}

    async with _phone(browser, house, script=True) as phone:
        for name in names:
            await phone.open(name)
            await phone.page.evaluate(AXE)
            for scheme in SCHEMES:
                await phone.hold(width=390, scheme=scheme)
                found = await phone.page.evaluate(SERIOUS)
                faults[f"{name} {scheme}"] = [each for each in found if not _is_waiting(name, each)]

    assert {look: found for look, found in faults.items() if found} == {}


async def test_pages_ask_nobody_but_our_own_host_for_anything(browser: Browser, house: House) -> None:
    async with _phone(browser, house) as phone:
        for name in PAGES:
            await phone.open(name)

            assert await _broken_pictures(phone.page) == []
        assert phone.strangers == []
        assert phone.complaints == []


async def test_the_night_is_dark_and_the_qr_stays_white(browser: Browser, house: House) -> None:
    async with _phone(browser, house) as phone:
        await phone.open("landing")
        grounds = []
        for scheme in SCHEMES:
            await phone.hold(width=390, scheme=scheme)
            grounds += await phone.page.evaluate("[document.body, document.querySelector('.qr')].map(" + GROUND + ")")

        assert grounds[0] != grounds[2]
        assert grounds[1] == grounds[3] == "rgb(255, 255, 255)"


async def test_the_qr_is_large_and_near_the_top(browser: Browser, house: House) -> None:
    async with _phone(browser, house) as phone:
        for width in WIDTHS:
            await phone.hold(width=width, scheme="light")
            await phone.open("landing")

            box = await phone.page.locator("img[data-contact-qr]").bounding_box()
            assert box
            assert box["width"] == box["height"] >= 220
            assert box["y"] + box["height"] <= HEIGHTS[390]


async def test_a_long_nickname_does_not_push_the_qr_away(browser: Browser, house: House) -> None:
    house.pages["long"] = a_landing(inviter="梅" * 100, rep_name="W" * 64)

    async with _phone(browser, house, width=320) as phone:
        await phone.open("long")

        assert await phone.page.evaluate("document.documentElement.scrollWidth") <= 320
        await _keep_screenshot(phone.page, "long")
        box = await phone.page.locator("img[data-contact-qr]").bounding_box()
        assert box
        assert box["y"] <= HEIGHTS[390]


async def test_a_friend_can_say_yes_without_script(browser: Browser, house: House) -> None:
    house.pages["me-asked"] = a_me_page(home="/me/asked")

    async with _phone(browser, house, width=390) as phone:
        await phone.open("me-asked")
        await phone.page.get_by_role("button", name="可以").click()
        await phone.page.wait_for_url("**/me/asked/answer")

        assert house.posted == [("/me/asked/answer", "referral=41&answer=yes", house.origin)]


async def test_a_waiting_page_turns_into_the_one_with_the_qr(browser: Browser, house: House) -> None:
    house.pages["making"] = a_landing(contact_qr=None, refresh_s=1)

    async with _phone(browser, house, width=390) as phone:
        await phone.open("making")
        assert await phone.page.locator("img[data-contact-qr]").count() == 0
        house.pages["making"] = a_landing()

        await phone.page.wait_for_selector("img[data-contact-qr]", timeout=10_000)


class House:
    """A loopback server of rendered pages, their style sheet and sample pictures."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.pages = dict(PAGES)
        self.posted: list[tuple[str, str, str]] = []


class Phone:
    """One open page, with what it complained about and whom it tried to reach."""

    def __init__(self, page: Page, house: House) -> None:
        self.page = page
        self.strangers: list[str] = []
        self.complaints: list[str] = []
        self._origin = house.origin
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._heard)
        page.on("request", self._asked)

    async def open(self, name: str) -> None:
        await self.page.goto(f"{self._origin}/page/{name}", wait_until="load")

    async def hold(self, *, width: int, scheme: Literal["light", "dark"]) -> None:
        await self.page.set_viewport_size({"width": width, "height": HEIGHTS[width]})
        await self.page.emulate_media(color_scheme=scheme)

    def _heard(self, message: Any) -> None:
        """Keep errors, except the browser's own remark that a page was served as 404, 410 or 429."""
        if message.type in ("error", "warning") and "the server responded with a status of" not in message.text:
            self.complaints.append(message.text)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith(self._origin + "/"):
            self.strangers.append(request.url)


@asynccontextmanager
async def _phone(browser: Browser, house: House, *, width: int = 390, script: bool = False) -> AsyncIterator[Phone]:
    context = await browser.new_context(
        user_agent=WECHAT,
        java_script_enabled=script,
        viewport={"width": width, "height": HEIGHTS[width]},
        device_scale_factor=2,
        is_mobile=True,
        has_touch=True,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    try:
        await context.route("**/*", stay_inside)
        phone = Phone(await context.new_page(), house)
        yield phone
    finally:
        await context.close()


def _is_waiting(name: str, finding: str) -> bool:
    return finding.startswith("meta-refresh:") and getattr(PAGES[name], "refresh_s", None) is not None


async def _keep_screenshot(page: Page, name: str) -> None:
    if SCREENSHOTS:
        await page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", full_page=True)


async def _faults(page: Page, width: int) -> list[str]:
    wide = await page.evaluate("document.documentElement.scrollWidth")
    size = await page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    return [
        *([f"is {wide} px wide"] if wide > width else []),
        *([f"has type of {size} px"] if size != 17 else []),
        *(f"is hard to read: {words}" for words in await page.evaluate(LEGIBLE)),
        *(f"is hard to tap: {words}" for words in await page.evaluate(SMALL_TARGETS)),
    ]


async def _broken_pictures(page: Page) -> list[str]:
    await page.wait_for_function("[...document.images].every(image => image.complete)")
    return list(await page.evaluate("[...document.images].filter(i => !i.naturalWidth).map(i => i.src)"))


@contextmanager
def _serving() -> Iterator[House]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    served = House(f"http://127.0.0.1:{server.server_port}")
    server.RequestHandlerClass = _handler(served, _pictures())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(house: House, pictures: dict[str, bytes]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/page/"):
                view = house.pages[self.path.removeprefix("/page/")]
                self._answer(status_of(view), headers_of(view), render(view).encode())
            elif sheet := dict([static_css(), static_file("stories.css")]).get(self.path):
                self._answer(200, STATIC_HEADERS, sheet)
            elif (name := self.path.partition("?")[0]) in pictures:
                self._answer(200, {"Content-Type": "image/png"}, pictures[name])
            else:
                self._answer(404, {}, b"")

        def do_POST(self) -> None:
            fields = self.rfile.read(int(self.headers["Content-Length"])).decode()
            house.posted.append((self.path, fields, self.headers["Origin"]))
            self._answer(200, {"Content-Type": "text/plain; charset=utf-8"}, "好".encode())

        def log_message(self, *_: Any) -> None:
            pass

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    return Handler


def _pictures() -> dict[str, bytes]:
    return {
        "/avatars/mei.jpg": _png(_avatar),
        "/qr/contact.png": _contact_qr(),
        "/p/3F9K2A7B.jpg": _png(_poster),
        "/stories/photos/lake.jpg": _png(lambda: _landscape(1600, 1200)),
        "/stories/photos/tower.jpg": _png(lambda: _landscape(900, 1600)),
        "/stories/photos/window.jpg": _png(lambda: _landscape(600, 600)),
        "/stories/photos/lake-640.jpg": _png(lambda: _landscape(640, 480)),
        "/stories/photos/tower-640.jpg": _png(lambda: _landscape(640, 1138)),
    }


def _contact_qr() -> bytes:
    """A picture as dense as the platform's own."""
    png = io.BytesIO()
    segno.make("https://work.weixin.qq.com/ca/cawcde" + "x7Qd2m0TzK" * 3, error="m").save(png, kind="png", scale=8)
    return png.getvalue()


def _avatar() -> Image.Image:
    picture = Image.new("RGB", (96, 96), "#e9a0a4")
    ImageDraw.Draw(picture).ellipse((24, 20, 72, 96), fill="#8f2d4d")
    return picture


def _poster() -> Image.Image:
    return Image.linear_gradient("L").resize((1080, 1920)).convert("RGB")


def _landscape(width: int, height: int) -> Image.Image:
    picture = Image.new("RGB", (width, height), "#9fc4d8")
    ImageDraw.Draw(picture).rectangle((0, height * 3 // 5, width, height), fill="#3f6b4f")
    return picture


def _png(paint: Callable[[], Image.Image]) -> bytes:
    png = io.BytesIO()
    paint().save(png, format="PNG")
    return png.getvalue()
