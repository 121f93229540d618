"""Draw sixty odd nicknames on posters and pages, many to a sheet, for somebody to look at.

    python -m scripts.contact_sheet FOLDER

Writes `posters-N.png` (the card of each poster, with the kind of name under it) and, where there is a Chromium, pages
that show all the names at once, 320 and 390 px wide, by day and by night.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Literal

import click
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, Route, sync_playwright

from bot.pages.look import static_css
from bot.pages.rep_look import static_files
from bot.posters.engine import HybridEngine
from tests.fixtures.nicknames import TORTURE
from tests.pages.name_pages import landings, many_page, own_pages, rep_pages
from tests.posters.conftest import FEED

CARD = (52, 1360, 1028, 1836)  # px of a poster: left, top, right, bottom
TILE = (488, 238)
PER_SHEET, COLUMNS, LABEL = 20, 4, 20
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
SCREENS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((390, "light"), (320, "dark"))
HOST = "http://127.0.0.1:9"
PAGES: dict[str, Callable[[Sequence[str]], str]] = {
    "landing": landings,
    "me": own_pages,
    "rep": rep_pages,
    "many": many_page,
}


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def main(folder: Path) -> None:
    """Write the sheets into FOLDER, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds = list(TORTURE)
    for number, start in enumerate(range(0, len(kinds), PER_SHEET), 1):
        _poster_sheet(kinds[start : start + PER_SHEET]).save(folder / f"posters-{number}.png")
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        click.echo("no Chromium here, so no pages")
        return
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--hide-scrollbars"])
        for name, page in _screens(browser):
            _folded(page.screenshot(full_page=True)).save(folder / f"{name}.png")
        browser.close()


def _poster_sheet(kinds: Sequence[str]) -> Image.Image:
    engine, width, height = HybridEngine(), TILE[0] + 8, TILE[1] + LABEL
    sheet = Image.new("RGB", (COLUMNS * width, -(-len(kinds) // COLUMNS) * height), "white")
    pen = ImageDraw.Draw(sheet)
    for place, kind in enumerate(kinds):
        poster = Image.open(BytesIO(engine.render(replace(FEED, nickname=TORTURE[kind]))))
        left, top = place % COLUMNS * width, place // COLUMNS * height
        sheet.paste(poster.crop(CARD).resize(TILE, Image.Resampling.LANCZOS), (left, top))
        pen.text((left + 4, top + TILE[1] + 4), kind, fill="black")
    return sheet


def _screens(browser: Browser) -> Iterator[tuple[str, Page]]:
    for name, write in PAGES.items():
        html = write(list(TORTURE.values()))
        for width, scheme in SCREENS:
            page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
            page.route("**/*", partial(_serve, html))
            page.goto(HOST)
            yield f"{name}-{width}-{scheme}", page
            page.close()


def _serve(html: str, route: Route) -> None:
    path = route.request.url.removeprefix(HOST)
    files = {at: body for at, body, _ in static_files()} | dict([static_css()])
    if path == "/":
        route.fulfill(body=html, content_type="text/html; charset=utf-8")
    elif path in files:
        route.fulfill(body=files[path], content_type="text/css" if path.endswith("css") else "text/javascript")
    else:
        route.fulfill(status=404)


def _folded(png: bytes, tall: int = 1600) -> Image.Image:
    """A tall screenshot as columns side by side."""
    whole = Image.open(BytesIO(png)).convert("RGB")
    columns = -(-whole.height // tall)
    sheet = Image.new("RGB", (columns * (whole.width + 8), min(tall, whole.height)), "white")
    for column in range(columns):
        part = whole.crop((0, column * tall, whole.width, min(whole.height, (column + 1) * tall)))
        sheet.paste(part, (column * (whole.width + 8), 0))
    return sheet


if __name__ == "__main__":
    main()
