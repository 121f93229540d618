"""Make the pictures of docs/pages.md: what customers and friends see, by day and by night, from the real pages.

    python scripts/page_pictures.py [--out DIR] [NAME]...

A demo is started and its story played; Chromium looks at its pages as a phone does, and at the last ones after the
campaign was ended. Needs Chromium and fonts for Chinese on this machine (`make deps`). Each run draws other codes;
commit what it makes when a page has changed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import click
from pictures import Demo, Scheme, fetch, keep, launch, settle, stay_inside, told
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

WECHAT = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0 "
    "Mobile Safari/537.36 MicroMessenger/8.0.60.2860 NetType/WIFI Language/zh_CN"
)
OUTSIDE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 Version/17.6 Safari/604.1"
SHORT = 700  # px
WIDTH = 480  # px of a kept picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One page in one state, taken by day and by night; `at` is its path, `shows` must stand on it."""

    name: str
    at: Callable[[Demo], str]
    shows: str
    height: int = 1120
    status: int = 200
    agent: str = WECHAT


def landing(demo: Demo) -> str:
    """What a friend sees who scans the poster."""
    return f"/i/{demo.code}"


def posters(demo: Demo) -> str:
    """What an advocate saves a poster from."""
    return f"/p/{demo.code}"


def own(demo: Demo) -> str:
    """The page that is hers alone: the bot gave her the link."""
    links = (re.search(r"/me/[0-9A-Za-z_-]+", line["text"]) for line in demo.log if line["to"] == "mei")
    return next(found[0] for found in links if found)


def reward(demo: Demo) -> str:
    """The newest thanks on it."""
    return re.findall(r'class="proof" href="([^"]+)"', fetch(f"{demo.address}{own(demo)}").decode())[0]


def rules(demo: Demo) -> str:
    """The rules that the landing page leads to."""
    return re.findall(r'href="(/rules/[^"]+)"', fetch(f"{demo.address}{landing(demo)}").decode())[0]


RUNNING = (
    Look(name="landing", at=landing, shows="[data-contact-qr]"),
    Look(name="landing-outside", at=landing, shows=".ways", agent=OUTSIDE),
    Look(name="poster", at=posters, shows=".poster"),
    Look(name="me", at=own, shows="#thanks"),
    Look(name="reward", at=reward, shows=".ledger", height=SHORT),
    Look(name="rules", at=rules, shows="article"),
    Look(name="missing", at=lambda _: "/i/ZZZZZZZZ", shows=".notice", height=SHORT, status=404),
)
ENDED = Look(name="ended", at=landing, shows=".notice", height=SHORT, status=410)
NAMES = (*(look.name for look in RUNNING), ENDED.name)
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@click.command()
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path("docs/pictures/pages"))
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
def main(out: Path, names: tuple[str, ...]) -> None:
    """Write the pictures NAME (default: all) into OUT as WebP, each with its night beside it."""
    out.mkdir(parents=True, exist_ok=True)
    with told() as demo, sync_playwright() as driver:
        browser = launch(driver)
        for look in RUNNING:
            if not names or look.name in names:
                take(browser, look, demo, out)
        if not names or ENDED.name in names:
            end(demo)
            take(browser, ENDED, demo, out)
        browser.close()


def take(browser: Browser, look: Look, demo: Demo, out: Path) -> None:
    """One page by day and by night, the two in one file side by side."""
    days = [Image.open(BytesIO(seen(browser, look, demo, scheme))).convert("RGB") for scheme in SCHEMES]
    both = Image.new("RGB", (sum(each.width for each in days), days[0].height))
    for place, each in enumerate(days):
        both.paste(each, (place * each.width, 0))
    keep(out / f"{look.name}.webp", both, width=2 * WIDTH)


def seen(browser: Browser, look: Look, demo: Demo, scheme: Scheme) -> bytes:
    """The page as PNG."""
    context = browser.new_context(
        user_agent=look.agent,
        viewport={"width": 390, "height": look.height},
        device_scale_factor=2,
        is_mobile=True,
        color_scheme=scheme,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    context.route("**/*", stay_inside)
    page = context.new_page()
    answer = page.goto(f"{demo.address}{look.at(demo)}", wait_until="load")
    if answer is None or answer.status != look.status:
        sys.exit(f"{look.name}: the page answers {answer.status if answer else 'nothing'}")
    page.wait_for_selector(look.shows)
    settle(page)
    png = page.screenshot(animations="disabled")
    context.close()
    return png


def end(demo: Demo) -> None:
    """End the campaign, as staff do."""
    campaign = urlsplit(rules(demo)).path.removeprefix("/rules/")
    command = [sys.executable, "-m", "bot", "campaign", "end", campaign, "--config", str(demo.folder / "taoli.toml")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
