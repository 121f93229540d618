"""How soon the sandbox's page is useful, and how soon what is said appears on it, as one JSON on standard output.

    python bench/page.py [--quick]

A demo in a process of its own, played to its end, and the machine's Chromium. `first_paint_ms` is the browser's own
first contentful paint of a fresh page, nothing cached; `said_ms` from the press of Enter until the words stand on the
phone, and `answered_ms` until the bot's answer does. Medians, and the slowest. `--quick` takes few rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import tempfile
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from processes import Child

LIMITS = {"first_paint_ms": 1000, "said_ms": 300}
_SWITCHES = ("--disable-dev-shm-usage", "--disable-gpu", "--no-proxy-server")
_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
_SAY = """words => new Promise(done => {
  const phone = document.querySelector("[data-phone=customer]"), chat = phone.querySelector("[data-chat]");
  const before = { mine: chat.querySelectorAll(".mine").length, theirs: chat.querySelectorAll(".theirs").length };
  const told = {}, began = performance.now();
  const look = () => {
    for (const side of ["mine", "theirs"])
      if (!(side in told) && chat.querySelectorAll("." + side).length > before[side])
        told[side] = performance.now() - began;
    if ("mine" in told && "theirs" in told) { watcher.disconnect(); done(told); }
  };
  const watcher = new MutationObserver(look);
  watcher.observe(chat, { childList: true });
  phone.querySelector("[data-write] input[name=value]").value = words;
  phone.querySelector("[data-write]").requestSubmit();
})"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few rounds: it shows that the bench runs")
    rounds = 3 if parser.parse_args().quick else 15
    with (
        tempfile.TemporaryDirectory(prefix="taoli-bench-") as folder,
        Child("-m", "bot", "demo", "--port", "0", "--data", folder) as demo,
        sync_playwright() as driver,
    ):
        address = "http" + demo.line("/sandbox/").partition("http")[2]
        switches = [*_SWITCHES, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=switches)
        figures = {**_paint(browser, address, rounds), **_say(browser, address, rounds)}
        browser.close()
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
    print(json.dumps({**figures, "limits": LIMITS, "machine": machine}, indent=2))


def _paint(browser: Browser, address: str, rounds: int) -> dict[str, Any]:
    took = []
    for _ in range(rounds):
        page = _fresh(browser, address)
        page.wait_for_function(_PAINT)
        took.append(page.evaluate(_PAINT))
        page.context.close()
    return _told("first_paint", took)


def _say(browser: Browser, address: str, rounds: int) -> dict[str, Any]:
    page = _fresh(browser, address)
    page.wait_for_timeout(1000)  # the stream is open by then
    took = [page.evaluate(_SAY, "进度") for _ in range(rounds)]
    page.context.close()
    return _told("said", [each["mine"] for each in took]) | _told("answered", [each["theirs"] for each in took])


def _fresh(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN").new_page()
    page.goto(address)
    return page


def _told(name: str, took: list[float]) -> dict[str, Any]:
    return {f"{name}_ms": round(median(took), 1), f"{name}_slowest_ms": round(max(took), 1)}


if __name__ == "__main__":
    main()
