"""What a friend waits for who opens a landing page, and what the server bears of it, as one JSON on standard output.

    python bench/pages.py [--quick]

A demo in a process of its own, played to its end, SQLite; advocates of its sandbox take a code each.

`wire_kb`: all that a fresh browser loads of a landing page before its pictures, as Chromium counts it on the wire,
headers included. `lcp_ms`: its Largest Contentful Paint on a 4G as browsers' own tools throttle it (1.6 Mbit/s down,
750 kbit/s up, 150 ms, and a processor four times slower), nothing cached, each time a new visitor; the median, and the
slowest. `server`: landing pages in an open loop, 200 a second whether or not the last is answered, each a new visitor
on a new connection, over all codes in turn; times count from the moment each was due, and `cpu_ms_per_visit` is what
the whole process used of the processor for one. `--quick` shows that it runs, not how fast anything is.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import shutil
import tempfile
import time
from statistics import median
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, CDPSession, sync_playwright
from processes import Child

LIMITS = {"wire_kb": 60, "lcp_ms": 1000, "server_p99_ms": 20}
RATE = 200  # landing pages a second
SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
SLOWER = 4  # times
WECHAT = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0 "
    "Mobile Safari/537.36 MicroMessenger/8.0.60.2860 NetType/4G Language/zh_CN"
)
_SWITCHES = ("--disable-dev-shm-usage", "--disable-gpu", "--no-proxy-server")
_LINK = re.compile(r"/i/([0-9A-Za-z]{8})")
_PAINTED = """() => new Promise(done => new PerformanceObserver(seen =>
  done(seen.getEntries().at(-1).startTime)).observe({ type: "largest-contentful-paint", buffered: true }))"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few rounds: it shows that the bench runs")
    quick = parser.parse_args().quick
    rounds, seconds, codes = (2, 1, 3) if quick else (11, 30, 20)
    with (
        tempfile.TemporaryDirectory(prefix="taoli-bench-") as folder,
        Child("-m", "bot", "demo", "--port", "0", "--data", folder) as demo,
    ):
        home = "http" + demo.line("/sandbox/").partition("http")[2].partition("/sandbox/")[0]
        taken = [_code(home, f"advocate{number}") for number in range(codes)]
        for code in taken:
            _settle(home, code)
        figures = _opened([f"{home}/i/{taken[n % codes]}" for n in range(rounds)])
        used = demo.cpu_seconds()
        figures["server"] = asyncio.run(_visited(home, taken, RATE * seconds))
        figures["server"]["cpu_ms_per_visit"] = round((demo.cpu_seconds() - used) * 1e3 / (RATE * seconds), 2)
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
    print(json.dumps({**figures, "limits": LIMITS, "machine": machine}, indent=2))


def _code(home: str, persona: str) -> str:
    """A code of somebody who asked for one."""
    body = json.dumps({"persona": persona, "do": "say", "value": "我要推荐"}).encode()
    asked = Request(f"{home}/sandbox/act", data=body, headers={"Content-Type": "application/json"})
    with urlopen(asked, timeout=60) as answer:
        return str(_LINK.findall(answer.read().decode())[-1]).upper()


def _settle(home: str, code: str) -> None:
    """Wait until the page has its own contact QR, which the first view of it asks for."""
    for _ in range(100):
        with urlopen(f"{home}/i/{code}", timeout=60) as answer:
            if 'http-equiv="refresh"' not in answer.read().decode():
                return
        time.sleep(0.1)
    raise SystemExit(f"the landing page of {code} gets no QR")


def _opened(addresses: list[str]) -> dict[str, Any]:
    """Each address by a new visitor: the bytes before pictures, and when the largest piece stood there."""
    switches = [*_SWITCHES, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=switches)
        wires, paints = zip(*(_open(browser, address) for address in addresses), strict=True)
        browser.close()
    return {
        "wire_kb": round(max(wires) / 1000, 1),
        "lcp_ms": round(median(paints)),
        "lcp_slowest_ms": round(max(paints)),
    }


def _open(browser: Browser, address: str) -> tuple[int, float]:
    context = browser.new_context(
        user_agent=WECHAT,
        viewport={"width": 390, "height": 844},
        device_scale_factor=3,
        is_mobile=True,
        has_touch=True,
        locale="zh-CN",
    )
    page = context.new_page()
    session = context.new_cdp_session(page)
    wire = _Wire(session)
    session.send("Network.emulateNetworkConditions", SLOW_4G)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(address, wait_until="load")
    painted = page.evaluate(_PAINTED)
    context.close()
    return wire.before_pictures(), painted


class _Wire:
    """What came over the wire, by what it was for."""

    def __init__(self, session: CDPSession) -> None:
        self._kinds: dict[str, str] = {}
        self._bytes: dict[str, int] = {}
        session.on("Network.responseReceived", lambda told: self._kinds.update({told["requestId"]: told["type"]}))
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")

    def before_pictures(self) -> int:
        """Bytes of all that is no picture."""
        return sum(size for request, size in self._bytes.items() if self._kinds.get(request) != "Image")

    def _finished(self, told: dict[str, Any]) -> None:
        self._bytes[told["requestId"]] = told["encodedDataLength"]


async def _visited(home: str, codes: list[str], visits: int) -> dict[str, Any]:
    """Open loop: visits at their times, whatever becomes of those before."""
    loop = asyncio.get_running_loop()
    host = urlsplit(home)
    began = loop.time() + 0.5
    tasks = []
    for number in range(visits):
        due = began + number / RATE
        await asyncio.sleep(max(0.0, due - loop.time()))
        tasks.append(asyncio.create_task(_visit(host.hostname or "", host.port or 0, codes[number % len(codes)], due)))
    times = sorted(await asyncio.gather(*tasks))
    good = [each for each in times if each < float("inf")]
    return {
        "visits": visits,
        "errors": visits - len(good),
        "rate": round(visits / (loop.time() - began), 1),
        "p50_ms": round(good[len(good) // 2] * 1e3, 2),
        "p99_ms": round(good[len(good) * 99 // 100] * 1e3, 2),
        "slowest_ms": round(good[-1] * 1e3, 2),
    }


async def _visit(host: str, port: int, code: str, due: float) -> float:
    """Seconds from when it was due until the page was there; infinity for anything but the page."""
    request = f"GET /i/{code} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {WECHAT}\r\nAccept-Encoding: gzip\r\n"
    try:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(f"{request}Connection: close\r\n\r\n".encode())
        answer = await asyncio.wait_for(reader.read(), 30)
        writer.close()
    except OSError:
        return float("inf")
    return asyncio.get_running_loop().time() - due if answer.startswith(b"HTTP/1.1 200 ") else float("inf")


if __name__ == "__main__":
    main()
