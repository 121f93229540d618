"""How every look and every odd name came out when somebody last looked at them: small pictures to compare with.

Set WRITE_GOLDEN=1 to approve what is drawn now; look at the pictures before committing them.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bot.posters.look import SIZES, Panel

FOLDER = Path(__file__).parent / "golden"
NAMES = FOLDER / "names.npz"
CELL = (126, 224)  # px: a poster of any size, within
NAME = (40, 20)  # px: a person's part of any poster, in grey
TILE = 14  # px of a cell
APPROVING = bool(os.environ.get("WRITE_GOLDEN"))

Grey = NDArray[np.uint8]


def cell(poster: Image.Image) -> Image.Image:
    """A poster as one picture of a sheet, on white."""
    small = poster.convert("RGB")
    small.thumbnail(CELL, Image.Resampling.LANCZOS)
    whole = Image.new("RGB", CELL, "white")
    whole.paste(small)
    return whole


def sheet(cells: list[Image.Image]) -> Image.Image:
    """The pictures of one look, side by side."""
    whole = Image.new("RGB", (CELL[0] * len(cells), CELL[1]), "white")
    for place, each in enumerate(cells):
        whole.paste(each, (place * CELL[0], 0))
    return whole


def approved_sheet(look: str) -> list[Image.Image]:
    """The pictures of one look as they were approved."""
    with Image.open(FOLDER / f"{look}.webp") as kept:
        whole = kept.convert("RGB")
    return [whole.crop((left, 0, left + CELL[0], CELL[1])) for left in range(0, whole.width, CELL[0])]


def approve_sheet(look: str, cells: list[Image.Image]) -> None:
    """Keep the pictures of one look as those to compare with."""
    sheet(cells).save(FOLDER / f"{look}.webp", lossless=True, method=6)


def apart(one: Image.Image, other: Image.Image) -> NDArray[np.float64]:
    """How far two cells differ, tile by tile, of 255."""
    difference = np.abs(np.asarray(one, dtype=float) - np.asarray(other, dtype=float))
    return difference.reshape(CELL[1] // TILE, TILE, CELL[0] // TILE, TILE, 3).mean(axis=(1, 3, 4))


def name_on(poster: Image.Image, size: str, panel: Panel) -> Grey:
    """The part of a poster with somebody's name, small."""
    dots = SIZES[size].dots
    box = (panel.left, panel.top, panel.left + panel.width, panel.top + panel.height)
    part = poster.crop(tuple(edge * dots for edge in box)).convert("L")  # type: ignore[arg-type]
    return np.asarray(part.resize(NAME, Image.Resampling.BOX))


@cache
def approved_names() -> dict[str, Grey]:
    """By look: every size, every name, as they were approved: sizes x names x height x width."""
    with np.load(NAMES) as kept:
        return {look: kept[look] for look in kept.files}
