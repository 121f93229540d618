"""Stage two: one person's name, portrait, code and QR, laid on a copy of the shared part."""

from __future__ import annotations

import re
from dataclasses import dataclass
from threading import local
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bot.posters import avatar, nickname, qr
from bot.posters.base import Pixels
from bot.posters.errors import AvatarRefused
from bot.posters.look import Look, Panel, Size
from bot.posters.qr import Square
from referral import nicknames
from referral.people import NAMELESS

if TYPE_CHECKING:
    from bot.posters.engine import PosterSpec
    from bot.posters.plate import Plate
    from bot.posters.press import Press, Sheet

_OWN = local()
_SQUARE = re.compile("[ -~\u2026\u4e00-\u9fff]*")  # signs that our fonts draw no wider than the size they have


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """The advocate as the poster shows them; `portrait` is a square JPEG, `initial` stands in for it."""

    name: str
    initial: str = ""
    portrait: bytes | None = None


def lay_on(plate: Plate, spec: PosterSpec, look: Look, *, press: Press, covers: nickname.Covers) -> bytes:
    """Return the poster as JPEG: the person's part and the QR on a copy of the plate's own rows."""
    band, frame = _copied(plate.band), look.frames[spec.size]
    panel = _panel(_who(spec, look, frame.panel, covers), spec, look, press)
    dots, square = frame.size.dots, frame.qr_in_pixels
    _lay(panel, band, left=frame.panel.left * dots, top=frame.panel.top * dots - plate.top)
    _lay_qr(qr.draw(spec.link, side=square.side, dark=look.dark), band, square, top=square.top - plate.top)
    return plate.printed(band)


def _lay_qr(code: Pixels, band: Pixels, square: Square, *, top: int) -> None:
    """Put a QR in the middle of its white square, whose first row is `top`, in place."""
    tile = band[top : top + square.side, square.left : square.left + square.side]
    tile[...] = 255
    rim, size = (square.side - len(code)) // 2, len(code)
    tile[rim : rim + size, rim : rim + size] = code


def _lay(panel: Pixels, band: Pixels, *, left: int, top: int) -> None:
    """Lay an RGBA panel on the band, in place: of each line of it no more than there is anything on."""
    shows = panel.view(np.uint32)[..., 0]
    for first, last in _runs(np.logical_or.reduce(shows, axis=1)):
        columns = np.flatnonzero(shows[first:last].any(axis=0))
        begin, end = int(columns[0]), int(columns[-1]) + 1
        under = band[top + first : top + last, left + begin : left + end]
        over = Image.fromarray(np.ascontiguousarray(panel[first:last, begin:end]))
        mixed = Image.fromarray(np.ascontiguousarray(under))
        mixed.paste(over, (0, 0), over)
        under[...] = np.asarray(mixed)


def _runs(filled: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where there is something: from the first up to before the last of each run."""
    changes = np.diff(filled, prepend=False, append=False)
    return [(int(first), int(last)) for first, last in np.flatnonzero(changes).reshape(-1, 2)]


def _copied(band: Pixels) -> Pixels:
    """A copy of the shared rows, in memory that this thread keeps: to get it anew takes longer than to fill it."""
    kept: Pixels | None = getattr(_OWN, "pixels", None)
    if kept is None or kept.shape != band.shape:
        kept = _OWN.pixels = np.empty_like(band)
    np.copyto(kept, band)
    return kept


def _who(spec: PosterSpec, look: Look, room: Panel, covers: nickname.Covers) -> Who:
    if spec.nickname is None:
        return Who(name=look.unsigned)
    name = nickname.sanitise(spec.nickname, covers=covers)
    portrait = _portrait(spec.avatar, room.portrait * look.frames[spec.size].size.dots) if spec.avatar else None
    return Who(name=name, initial=nickname.initial(name), portrait=portrait)


def _portrait(picture: bytes, side: int) -> bytes | None:
    """Return the face as a square JPEG, or None if the file is refused: no poster waits for a picture."""
    try:
        return avatar.square(picture, side=side)
    except AvatarRefused as refused:
        import structlog  # noqa: PLC0415 (a tenth of a second that a first poster does without)

        structlog.get_logger().info("poster.avatar_refused", why=str(refused))
        return None


def _panel(who: Who, spec: PosterSpec, look: Look, press: Press) -> Pixels:
    frame, sheet = look.frames[spec.size], press.sheet(who.name)
    room = Size(frame.panel.width, frame.panel.height, frame.size.dots)
    images = {"portrait": who.portrait} if who.portrait else {}
    return sheet.draw(page(who, spec, look, sheet), look.style, room, images=images)


def page(who: Who, spec: PosterSpec, look: Look, sheet: Sheet) -> str:
    """Return the HTML of one person's part."""
    name, size = fitted(who.name, look.frames[spec.size].panel, sheet)
    return look.person.render(
        size=spec.size,
        theme=spec.theme,
        portrait=who.portrait is not None,
        initial=who.initial,
        tint=look.tints[crc32(who.name.encode()) % len(look.tints)],
        name=name,
        name_size=size,
        direction="rtl" if nicknames.is_right_to_left(name) else "ltr",
        code=grouped(spec.code),
        sans=sheet.sans,
        serif=sheet.serif,
    )


def fitted(name: str, room: Panel, sheet: Sheet) -> tuple[str, int]:
    """Return the name and the largest size at which it fits on its line, shortened only at the smallest."""
    for size in room.name_sizes:
        if _fits(name, size, room, sheet):
            return name, size
    signs = nicknames.signs(name.removesuffix("…"))
    for limit in range(len(signs), 1, -1):
        shorter = nickname.shorten([*signs, "…"], limit)
        if _fits(shorter, size, room, sheet):
            return shorter, size
    return NAMELESS, room.name_sizes[0]


def _fits(name: str, size: int, room: Panel, sheet: Sheet) -> bool:
    """Tell whether a name is within its line: by counting where that tells, for to measure is to lay it out."""
    surely = len(name) * size <= room.name_width and _SQUARE.fullmatch(name)
    return bool(surely) or sheet.line_width(name, size) <= room.name_width


def grouped(code: str) -> str:
    """Return a code in groups of four, as people read it aloud."""
    return " ".join(re.findall(".{1,4}", code))
