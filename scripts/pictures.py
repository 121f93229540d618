"""Make the pictures of README and docs from the real pages: a demo is started, its story played, Chromium looks.

    python scripts/pictures.py [--out DIR] [NAME]...

Needs Chromium and fonts for Chinese on this machine (`make deps`). Each run draws other codes; commit what it makes
when a page has changed. `docs/pictures/how-it-works*.svg` are drawn by hand.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Literal
from urllib.request import urlopen

import click
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, Route, ViewportSize, sync_playwright

LARGEST = 250_000  # bytes of a picture
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = ("--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars", "--force-color-profile=srgb")
READY = "已就绪："
DESKTOP: ViewportSize = {"width": 1600, "height": 1180}
PHONE: ViewportSize = {"width": 390, "height": 844}

TO_THE_POSTER = """() => {
    const sent = document.querySelector('[data-phone] .picture');
    if (sent) { sent.scrollIntoView({block: 'center'}); window.scrollTo(0, 0); }
}"""
"""On the page with the phones, the customer's chat goes back to what she was sent."""

Scheme = Literal["light", "dark"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """A demo whose story has been told. `log` are the lines of its people's phones, oldest first."""

    address: str
    code: str
    folder: Path
    log: list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One picture of a page. `shows` must stand on the page; `at` is where the page is."""

    name: str
    at: Callable[[Demo], str]
    shows: str
    size: ViewportSize
    scheme: Scheme = "light"
    scale: float = 2


def sandbox(language: str) -> Callable[[Demo], str]:
    """The page with the phones, of those whom the story is about."""
    return lambda demo: f"{demo.address}/sandbox/?customer=mei&friend=jun&rep=lin&lang={language}"


def landing(demo: Demo) -> str:
    """What a friend sees who scans the poster."""
    return f"{demo.address}/i/{demo.code}"


def rep_list(demo: Demo) -> str:
    """What the morning's card opens."""
    url = next(line["url"] for line in reversed(demo.log) if line["to"] == "lin" and line["kind"] == "card")
    return url if url.startswith("http") else f"{demo.address}{url}"


SHOTS = (
    Shot(name="sandbox-zh-light", at=sandbox("zh"), shows="[data-phone]", size=DESKTOP, scale=1),
    Shot(name="sandbox-zh-dark", at=sandbox("zh"), shows="[data-phone]", size=DESKTOP, scale=1, scheme="dark"),
    Shot(name="sandbox-en-light", at=sandbox("en"), shows="[data-phone]", size=DESKTOP, scale=1),
    Shot(name="sandbox-en-dark", at=sandbox("en"), shows="[data-phone]", size=DESKTOP, scale=1, scheme="dark"),
    Shot(name="landing", at=landing, shows="[data-contact-qr]", size=PHONE),
    Shot(name="rep-list", at=rep_list, shows="main", size=PHONE),
)
POSTER = "poster"
NAMES = (*(shot.name for shot in SHOTS), POSTER)


@click.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path("docs/pictures"))
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
def main(out: Path, names: tuple[str, ...]) -> None:
    """Write the pictures NAME (default: all) into OUT as WebP."""
    out.mkdir(parents=True, exist_ok=True)
    wanted = names or NAMES
    with told() as demo:
        if POSTER in wanted:
            keep(out / f"{POSTER}.webp", Image.open(BytesIO(fetch(f"{demo.address}/p/{demo.code}.jpg"))), width=540)
        with sync_playwright() as driver:
            browser = launch(driver)
            for shot in SHOTS:
                if shot.name in wanted:
                    keep(out / f"{shot.name}.webp", Image.open(BytesIO(taken(browser, shot, demo))))
            browser.close()


@contextmanager
def told() -> Iterator[Demo]:
    """A demo in a process of its own, from its last confirmed step to the end of the block."""
    with tempfile.TemporaryDirectory(prefix="taoli-pictures-") as folder:
        command = [sys.executable, "-m", "bot", "demo", "--port", "0", "--data", folder]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")
        try:
            address = address_of(process)
            code = next(Path(folder).glob("poster-*.jpg")).stem.removeprefix("poster-")
            log = json.loads(fetch(f"{address}/sandbox/log"))
            yield Demo(address=address, code=code, folder=Path(folder), log=log)
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


def address_of(process: subprocess.Popen[str]) -> str:
    """Where it serves, once it says so."""
    assert process.stdout
    for line in process.stdout:
        if line.startswith(READY):
            return line.removeprefix(READY).strip().removesuffix("/sandbox/")
    sys.exit("the demo ended before it was ready")


def fetch(url: str) -> bytes:
    """A page or picture of the demo."""
    with urlopen(url, timeout=30) as answer:
        content: bytes = answer.read()
    return content


def launch(driver: Playwright) -> Browser:
    """This machine's Chromium, which reaches nothing but the demo."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        sys.exit("Chromium is missing: run make deps")
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return driver.chromium.launch(executable_path=program, args=[*SWITCHES, *root])


def taken(browser: Browser, shot: Shot, demo: Demo) -> bytes:
    """The picture as PNG. Pages keep a stream open, so that waiting for a quiet network would never end."""
    context = browser.new_context(
        viewport=shot.size,
        device_scale_factor=shot.scale,
        color_scheme=shot.scheme,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
    )
    context.route("**/*", stay_inside)
    page = context.new_page()
    answer = page.goto(shot.at(demo), wait_until="load")
    if answer is None or answer.status != 200:
        sys.exit(f"{shot.name}: the page answers {answer.status if answer else 'nothing'}")
    page.wait_for_selector(shot.shows)
    settle(page)
    page.evaluate(TO_THE_POSTER)
    png = page.screenshot(animations="disabled")
    context.close()
    return png


def settle(page: Page) -> None:
    """Wait for fonts and for every picture, those out of view too."""
    page.evaluate("() => { for (const picture of document.images) picture.loading = 'eager'; }")
    page.evaluate("() => document.fonts.ready.then(() => null)")
    page.wait_for_function("() => Array.from(document.images).every(picture => picture.complete)")


def stay_inside(route: Route) -> None:
    """Let only requests to this machine pass."""
    if route.request.url.startswith(("http://127.0.0.1", "data:", "blob:")):
        route.continue_()
    else:
        route.abort()


def keep(file: Path, picture: Image.Image, *, width: int = 0) -> None:
    """Write the picture, as fine as `LARGEST` allows; `width` in pixels, 0 for its own."""
    picture = picture.convert("RGB")
    if width and picture.width > width:
        picture = picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
    for quality in (88, 80, 70, 60):
        picture.save(file, "WEBP", quality=quality, method=6)
        if file.stat().st_size <= LARGEST:
            break
    else:
        sys.exit(f"{file} has more than {LARGEST} bytes")
    click.echo(f"{file}: {picture.width}×{picture.height}, {file.stat().st_size:,} bytes", err=True)


if __name__ == "__main__":
    main()
