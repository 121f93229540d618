"""Stage two: one person's name, portrait, code and QR, laid on a copy of the shared part."""

from __future__ import annotations

import re
from dataclasses import dataclass
from threading import local
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import simplejpeg
import structlog
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
    from bot.posters.press import Press, Sheet

log = structlog.get_logger()
_OWN = local()
_KEPT_BYTES = 8_000_000  # a sheet for print has four times as many, and is drawn seldom


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """The advocate as the poster shows them; `portrait` is a square JPEG, `initial` stands in for it."""

    name: str
    initial: str = ""
    portrait: bytes | None = None


def lay_on(base: Pixels, spec: PosterSpec, look: Look, *, press: Press, covers: nickname.Covers) -> bytes:
    """Return the poster as JPEG: the person's part and the QR on a copy of `base` (height x width x RGB)."""
    poster, frame = _copied(base), look.frames[spec.size]
    panel = _panel(_who(spec, look, frame.panel, covers), spec, look, press)
    dots, square = frame.size.dots, frame.qr_in_pixels
    _lay(panel, poster, left=frame.panel.left * dots, top=frame.panel.top * dots)
    _lay_qr(qr.draw(spec.link, side=square.side, dark=look.dark), poster, square)
    jpeg: bytes = simplejpeg.encode_jpeg(poster, quality=look.quality, colorsubsampling="420")
    return jpeg


def _lay_qr(code: Pixels, poster: Pixels, square: Square) -> None:
    """Put a QR in the middle of its white square, in place."""
    poster[square.top : square.top + square.side, square.left : square.left + square.side] = 255
    rim, size = (square.side - len(code)) // 2, len(code)
    left, top = square.left + rim, square.top + rim
    poster[top : top + size, left : left + size] = code


def _lay(panel: Pixels, poster: Pixels, *, left: int, top: int) -> None:
    """Lay an RGBA panel on the poster, in place, row by row of what is not empty."""
    width = panel.shape[1]
    for first, last in _bands(panel):
        under = poster[top + first : top + last, left : left + width]
        over = Image.fromarray(panel[first:last])
        mixed = Image.fromarray(np.ascontiguousarray(under))
        mixed.paste(over, (0, 0), over)
        under[...] = np.asarray(mixed)


def _bands(panel: Pixels) -> list[tuple[int, int]]:
    """Where there is anything on a panel: rows from the first up to before the last."""
    filled = np.concatenate(([False], panel[..., 3].any(axis=1), [False]))
    edges = np.flatnonzero(filled[1:] != filled[:-1])
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def _copied(base: Pixels) -> Pixels:
    """A copy of the shared part, in memory that this thread keeps: to get 6 MB anew takes longer than to fill it."""
    if base.nbytes > _KEPT_BYTES:
        return base.copy()
    kept: Pixels | None = getattr(_OWN, "pixels", None)
    if kept is None or kept.shape != base.shape:
        kept = _OWN.pixels = np.empty_like(base)
    np.copyto(kept, base)
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
        log.info("poster.avatar_refused", why=str(refused))
        return None


def _panel(who: Who, spec: PosterSpec, look: Look, press: Press) -> Pixels:
    frame = look.frames[spec.size]
    room, sheet = frame.panel, press.sheet(who.name)
    name, size = _fitted(who.name, room, sheet)
    page = look.person.render(
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
    images = {"portrait": who.portrait} if who.portrait else {}
    return sheet.draw(page, look.style, Size(room.width, room.height, frame.size.dots), images=images)


def _fitted(name: str, room: Panel, sheet: Sheet) -> tuple[str, int]:
    """Return the name and the largest size at which it fits on its line, shortened only at the smallest."""
    for size in room.name_sizes:
        if sheet.line_width(name, size) <= room.name_width:
            return name, size
    signs = nicknames.signs(name.removesuffix("…"))
    for limit in range(len(signs), 1, -1):
        shorter = nickname.shorten([*signs, "…"], limit)
        if sheet.line_width(shorter, size) <= room.name_width:
            return shorter, size
    return NAMELESS, room.name_sizes[0]


def grouped(code: str) -> str:
    """Return a code in groups of four, as people read it aloud."""
    return " ".join(re.findall(".{1,4}", code))
