"""What a personal poster costs beside the JPEG encode alone and beside headless Chromium, as one JSON.

    python bench/posters.py [--quick] [--template NAME]

In turns, so that whatever else the machine does bears on all of them, per second of the processor (children included):

A  `encode`: the whole finished picture through the JPEG encoder alone, and nothing else.
B  `poster`: the product's own way from a spec to a file that was read back: name and face laid on the shared part,
   live QR, encode, self-check of the finished bytes. Names rotate, rare characters among them; every second shows a
   face.
C  `chromium`: the same design, the same words, drawn by headless Chromium to a JPEG.

And `first_ms`, from a fresh process' first wish to the file, of wall time, with `first_cpu_ms` of the processor;
`peak_mb`, what this process held at most before Chromium was started; `kilobytes` of a file; `callbacks`, what reps
wait for their answers while a genuine `serve` draws a thousand posters (beside.py). `--quick` shows that the bench
runs, not how fast anything is.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import resource
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from playwright.async_api import Page

ROOT = Path(__file__).parents[1]
LIMITS = {
    "of_encode": 0.5,
    "of_chromium": 10.0,
    "poster_aim": 110,
    "first_ms": 400,
    "peak_mb": 150,
    "kilobytes": 350,
    "p99_beside_ms": 50,
}
NAMES = ("梅姐", "李明", "小林👨‍👩‍👧‍👦", "Alexandra", "欧阳娜娜", "老王🇨🇳", "㛃堃燚", "王小二 🌸")
_FIRST = """
import time; began = time.perf_counter()
import sys; sys.path.insert(0, {root!r})
from bot.posters.engine import HybridEngine, PosterSpec
from bot.posters import qr
engine = HybridEngine()
spec = PosterSpec(**{words!r})
jpeg = engine.render(spec)
qr.check(jpeg, spec.link, engine.qr_square(spec), fresh=True)
print((time.perf_counter() - began) * 1e3, time.process_time() * 1e3)
"""


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few rounds")
    parser.add_argument("--template", default="orchard")
    asked = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    rounds, each = (1, 4) if asked.quick else (9, 40)
    load, bench = os.getloadavg(), Bench(asked.template)
    figures = bench.run(rounds, each)
    figures["callbacks"] = _callbacks(asked.quick)
    print(json.dumps(figures | {"limits": LIMITS, "machine": _machine(load[0])}, ensure_ascii=False, indent=2))


def _callbacks(quick: bool) -> dict[str, Any]:
    import beside  # noqa: PLC0415 (the company in it would weigh in this process' peak)

    if quick:
        return beside.measure(posters=20, turns=1, seconds=1.0)
    return beside.measure(posters=1000, turns=5, seconds=5.0)


class Bench:
    """One design, and the ways to make a picture of it."""

    def __init__(self, template: str) -> None:
        from bot.posters.engine import HybridEngine, PosterSpec  # noqa: PLC0415

        self.words = {
            "template": template,
            "company": "春和家居",
            "headline": "买之前，先问清楚",
            "body": "春和家居的顾问一对一解答，适不适合你，聊过再定。",
            "nickname": NAMES[0],
            "code": "3F9K2A7B",
            "link": "HTTPS://I.MT.CN/I/3F9K2A7B",
        }
        self.engine, face = HybridEngine(), _face()
        plain = PosterSpec(**self.words)
        self.specs = [replace(plain, nickname=name, avatar=face if n % 2 else None) for n, name in enumerate(NAMES)]

    def run(self, rounds: int, each: int) -> dict[str, Any]:
        """Everything measured."""
        import simplejpeg  # noqa: PLC0415

        first, first_cpu = (median(took) for took in zip(*(self._first() for _ in range(min(rounds, 5))), strict=True))
        jpeg = self._poster(0)
        picture = simplejpeg.decode_jpeg(jpeg)
        ways: dict[str, Callable[[int], object]] = {
            "encode": lambda _: simplejpeg.encode_jpeg(picture, quality=88, colorsubsampling="420"),
            "poster": self._poster,
        }
        for number in range(each):
            self._poster(number)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
        told = asyncio.run(self._rates(ways, rounds, each))
        return {
            "per_processor_second": told,
            "of_encode": round(told["poster"] / told["encode"], 2),
            "of_chromium": round(told["poster"] / told["chromium"], 1),
            "first_ms": round(first),
            "first_cpu_ms": round(first_cpu),
            "peak_mb": round(peak),
            "kilobytes": round(len(jpeg) / 1000),
        }

    def _poster(self, number: int) -> bytes:
        from bot.posters import qr  # noqa: PLC0415

        spec = self.specs[number % len(self.specs)]
        jpeg = self.engine.render(spec)
        qr.check(jpeg, spec.link, self.engine.qr_square(spec), fresh=True)
        return jpeg

    def _first(self) -> tuple[float, float]:
        """Milliseconds of a fresh process, of the wall and of the processor."""
        program = _FIRST.format(root=str(ROOT), words=self.words)
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        wall, used = done.stdout.split()
        return float(wall), float(used)

    async def _rates(self, ways: dict[str, Callable[[int], object]], rounds: int, each: int) -> dict[str, float]:
        """Posters per second of the processor, in turns; Chromium's with all its children, an eighth as many."""
        from playwright.async_api import async_playwright  # noqa: PLC0415

        rates: dict[str, list[float]] = {name: [] for name in (*ways, "chromium")}
        async with async_playwright() as driver:
            switches = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars"]
            browser = await driver.chromium.launch(executable_path=_program(), args=switches)
            page = await browser.new_page(viewport={"width": 1080, "height": 1920})
            await page.set_content(self._html())
            await page.evaluate("document.fonts.ready")
            await _shots(page, 2)
            for _ in range(rounds):
                for name, way in ways.items():
                    rates[name].append(_per_second(way, each))
                rates["chromium"].append(await _shots(page, max(2, each // 8)))
            await browser.close()
        return {name: round(median(found), 1) for name, found in rates.items()}

    def _html(self) -> str:
        """The design as one page of HTML, with what the product's engine gives it."""
        from bot.posters import base, qr  # noqa: PLC0415
        from bot.posters.faces import Faces  # noqa: PLC0415
        from bot.posters.press import Press  # noqa: PLC0415

        spec, look, ours = self.specs[0], self.engine.look(self.specs[0].template), Faces(())
        frame, sheet = look.frames["tall"], Press(ours).sheet("")
        page = base.page(spec, look, sheet)
        person = look.person.render(
            size="tall", theme="light", portrait=False, initial="梅", tint=look.tints[0], name=spec.nickname,
            name_size=48, direction="ltr", code="3F9K 2A7B", sans=sheet.sans, serif=sheet.serif,
        )  # fmt: skip
        symbol = _png(qr.draw(spec.link, side=frame.qr.side, dark=look.dark))
        art = f"data:image/svg+xml;base64,{b64encode(frame.art['light']).decode()}"
        encoded = {name: b64encode(file.read_bytes()).decode() for name, file in ours.vendored.items()}
        faces = "".join(
            f"@font-face{{font-family:{name};src:url(data:font/otf;base64,{font})}}" for name, font in encoded.items()
        )
        panel, square = frame.panel, frame.qr
        return (
            f"<style>*{{box-sizing:border-box}}body{{margin:0}}{faces}"
            f"{look.style.replace('url(art)', f'url({art})')}</style>"
            f"{page}<div style='position:absolute;left:{panel.left}px;top:{panel.top}px;width:{panel.width}px;"
            f"height:{panel.height}px'>{person}</div>"
            f"<img style='position:absolute;left:{square.left}px;top:{square.top}px' src='{symbol}'>"
        )


def _per_second(way: Callable[[int], object], count: int) -> float:
    began = time.process_time()
    for number in range(count):
        way(number)
    return count / (time.process_time() - began)


async def _shots(page: Page, count: int) -> float:
    """Names set and pictures taken by Chromium, per second of the processor."""
    before = _used_by_children()
    for number in range(count):
        await page.evaluate("name => document.querySelector('.name').textContent = name", NAMES[number % len(NAMES)])
        await page.screenshot(type="jpeg", quality=88)
    return count / (_used_by_children() - before)


def _used_by_children() -> float:
    used = 0.0
    for child in psutil.Process().children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        used += times.user + times.system
    return used


def _face() -> bytes:
    from PIL import Image  # noqa: PLC0415

    out = BytesIO()
    Image.radial_gradient("L").resize((640, 640)).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def _png(pixels: Any) -> str:
    from PIL import Image  # noqa: PLC0415

    out = BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return f"data:image/png;base64,{b64encode(out.getvalue()).decode()}"


def _program() -> str:
    import shutil  # noqa: PLC0415

    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        raise SystemExit("Chromium is not installed: scripts/deps.sh brings it")
    return found


def _machine(load: float) -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "load": round(load, 1),
        "python": platform.python_version(),
        "pytakumi": version("pytakumi"),
        "simplejpeg": version("simplejpeg"),
    }


if __name__ == "__main__":
    main()
