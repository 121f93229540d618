"""Stage two: one person's name, portrait, code and QR, laid on a copy of the shared part."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import simplejpeg
import structlog
from PIL import Image

from bot.posters import avatar, nickname, qr
from bot.posters.base import Pixels
from bot.posters.errors import AvatarRefused
from referral import nicknames
from referral.people import NAMELESS

if TYPE_CHECKING:
    from bot.posters.engine import PosterSpec
    from bot.posters.look import Look, Panel
    from bot.posters.press import Press, Sheet

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """The advocate as the poster shows them; `portrait` is a square JPEG, `initial` stands in for it."""

    name: str
    initial: str = ""
    portrait: bytes | None = None


def lay_on(base: Pixels, spec: PosterSpec, look: Look, *, press: Press, covers: nickname.Covers) -> bytes:
    """Return the poster as JPEG: the person's part and the QR on a copy of `base` (height x width x RGB)."""
    poster = base.copy()
    panel = _panel(_who(spec, look, covers), spec, look, press)
    _lay(panel, poster, left=look.panel.left, top=look.panel.top)
    code = qr.draw(spec.link, side=look.qr.side, dark=look.dark)
    poster[look.qr.top : look.qr.top + look.qr.side, look.qr.left : look.qr.left + look.qr.side] = code
    jpeg: bytes = simplejpeg.encode_jpeg(poster, quality=look.quality, colorsubsampling="420")
    return jpeg


def _lay(panel: Pixels, poster: Pixels, *, left: int, top: int) -> None:
    """Lay an RGBA panel on the poster, in place."""
    height, width = panel.shape[:2]
    under = poster[top : top + height, left : left + width]
    over = Image.fromarray(panel)
    mixed = Image.fromarray(np.ascontiguousarray(under))
    mixed.paste(over, (0, 0), over)
    under[...] = np.asarray(mixed)


def _who(spec: PosterSpec, look: Look, covers: nickname.Covers) -> Who:
    if spec.nickname is None:
        return Who(name=look.unsigned)
    name = nickname.sanitise(spec.nickname, covers=covers)
    portrait = _portrait(spec.avatar, look.panel.portrait) if spec.avatar else None
    return Who(name=name, initial=nickname.initial(name), portrait=portrait)


def _portrait(picture: bytes, side: int) -> bytes | None:
    """Return the face as a square JPEG, or None if the file is refused: no poster waits for a picture."""
    try:
        return avatar.square(picture, side=side)
    except AvatarRefused as refused:
        log.info("poster.avatar_refused", why=str(refused))
        return None


def _panel(who: Who, spec: PosterSpec, look: Look, press: Press) -> Pixels:
    room, sheet = look.panel, press.sheet(who.name)
    name, size = _fitted(who.name, room, sheet)
    page = look.person.render(
        portrait=who.portrait is not None,
        initial=who.initial,
        tint=room.tints[crc32(who.name.encode()) % len(room.tints)],
        name=name,
        name_size=size,
        direction="rtl" if nicknames.is_right_to_left(name) else "ltr",
        code=grouped(spec.code),
        sans=sheet.sans,
        serif=sheet.serif,
    )
    images = {"portrait": who.portrait} if who.portrait else {}
    return sheet.draw(page, look.style, width=room.width, height=room.height, images=images)


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
