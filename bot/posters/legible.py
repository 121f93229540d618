"""Whether the words that a poster must have are on it, whole, and can be read.

The page is drawn again with the words without colour, and twice with each in a colour of its own, another each time
(the rim of one colour on some ground may look like a third, but not both times). There the words are, and there the
real picture has to stand out from the one without words. How much ink they would have, were nothing before them and
the canvas without an end, is drawn once more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from html import escape
from html.parser import HTMLParser
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bot.posters import base, person
from bot.posters.look import Size
from bot.posters.palette import parsed

if TYPE_CHECKING:
    from bot.posters.base import Pixels
    from bot.posters.engine import PosterSpec
    from bot.posters.look import Frame, Look
    from bot.posters.press import Press, Sheet

LEAST = 4.5
"""Contrast of words to what is behind them (WCAG 2.2, 1.4.3)."""

MARK = "广告"
"""What tells a poster from a letter (Internet Advertising Measures, article 9)."""

_THERE = 0.9  # of a word's ink that has to be there
_WHOLE = 0.9  # of what is there, that has to stand out
_NEAR = 30  # of 255: how far a pixel may be from what a colour makes of the ground
_FEWEST = 8  # px of ink to a sign: the smallest letters have more
_BLOCK = 30  # px, about a sign: its best pixels count, at the rims it is mixed with the ground
_CODES = ("#ff00ff", "#00ff00", "#00ffff", "#ffff00", "#0000ff", "#ff0000", "#ff8000")
_LIGHT = np.array(
    [(part / 255 / 12.92) if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in range(256)]
)
_HIDDEN = "rgba(0, 0, 0, 0)"
_INSIDE = 205  # of 255: how far a pixel has to be filled to be the inside of a sign, not its rim
_BEFORE_NOTHING = """* { background-image: none !important; background-color: rgba(0, 0, 0, 0) !important;
                        border-color: rgba(0, 0, 0, 0) !important;
                        box-shadow: none !important; }"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Words that must be there: what people call them, the words, and the colours they are found by."""

    title: str
    words: str
    code: str
    other: str

    @property
    def signs(self) -> str:
        """The words without any space."""
        return "".join(self.words.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Views:
    """A picture as it is, without words, and with each slot in its colours: height x width x RGBA."""

    real: Pixels
    bare: Pixels
    coded: Pixels
    again: Pixels
    unbound: Pixels  # the coded words alone, in the middle of twice the canvas


def unread(spec: PosterSpec, look: Look, press: Press) -> list[str]:
    """Return what is missing or cannot be read on a poster of `spec`, which has plain words and no pictures.

    Raises `PosterError` where it cannot be drawn at all.
    """
    frame, note = look.frames[spec.size], base.note_of(spec, look)
    room = Size(frame.panel.width, frame.panel.height)
    name = spec.nickname or look.unsigned
    sheet = press.sheet(f"{spec.company}{spec.headline}{spec.body}{note}{name}")
    shared, own = _slots(spec, note, person.fitted(name, frame.panel, sheet)[0])
    page, panel = base.page(spec, look, sheet), person.page(person.Who(name=name), spec, look, sheet)
    behind = _views(page, shared, look, Size(frame.size.width, frame.size.height), sheet, base.pictures(spec, look))
    before = _views(panel, own, look, room, sheet, {})
    whole = replace(behind, **{view: _laid(view, behind, before, frame) for view in ("real", "bare", "coded", "again")})
    alone = replace(whole, unbound=before.unbound)
    found = [_problem(slot, page, whole) for slot in shared] + [_problem(slot, panel, alone) for slot in own]
    return [each for each in found if each]


def _slots(spec: PosterSpec, note: str, name: str) -> tuple[list[Slot], list[Slot]]:
    """What the shared part has to say, and what one person's does."""
    texts = {
        "公司名": spec.company,
        "标题": spec.headline,
        "正文": spec.body,
        f"小字「{note}」": note,
        f"「{MARK}」": MARK,
    }
    own = {"介绍人的名字": name, "邀请码": spec.code}
    codes = zip(_CODES, (*_CODES[3:], *_CODES[:3]), strict=True)
    shared, personal = ([_slot(title, words, next(codes)) for title, words in each.items()] for each in (texts, own))
    return [slot for slot in shared if slot.words], personal


def _slot(title: str, words: str, codes: tuple[str, str]) -> Slot:
    return Slot(title=title, words=words, code=codes[0], other=codes[1])


def _views(html: str, slots: list[Slot], look: Look, size: Size, sheet: Sheet, images: Mapping[str, bytes]) -> _Views:
    bare = _coloured(html, slots, lambda _: _HIDDEN)
    coded, again = (_coloured(html, slots, attrgetter(which)) for which in ("code", "other"))
    around = Size(size.width * 2, size.height * 2)
    middle = f"left: {size.width // 2}px; top: {size.height // 2}px; width: {size.width}px; height: {size.height}px"
    whole = f"position: relative; width: {around.width}px; height: {around.height}px"
    unbound = f'<div style="{whole}"><div style="position: absolute; {middle}">{coded}</div></div>'
    return _Views(
        real=sheet.draw(html, look.style, size, images=images),
        bare=sheet.draw(bare, look.style, size, images=images),
        coded=sheet.draw(coded, look.style, size, images=images),
        again=sheet.draw(again, look.style, size, images=images),
        unbound=sheet.draw(unbound, look.style + _BEFORE_NOTHING, around, images=images),
    )


def _laid(view: str, behind: _Views, before: _Views, frame: Frame) -> Pixels:
    """Lay the personal part and the white of the QR on the shared one, as `person` does."""
    picture: Pixels = getattr(behind, view).copy()
    over: Pixels = getattr(before, view)
    picture[..., 3] = 255
    under = picture[frame.panel.top :, frame.panel.left :, :3][: frame.panel.height, : frame.panel.width]
    share = over[..., 3:] / 255
    under[...] = (over[..., :3] * share + under * (1 - share)).round()
    qr = frame.qr
    picture[qr.top : qr.top + qr.side, qr.left : qr.left + qr.side] = 255
    return picture


def _problem(slot: Slot, html: str, views: _Views) -> str:
    """Say what is wrong with the words of a slot, empty if nothing is."""
    if slot.signs not in "".join(text for text in _texts(html) if _is_of(text, slot)):
        return f"没有{slot.title}"
    wanted = int(_near(views.unbound[views.unbound[..., 3] >= _INSIDE], slot.code).sum())
    rows, columns = inked = _inked(views, slot)
    if wanted < _FEWEST * len(slot.signs):
        return f"{slot.title}太小，或者没有画出来"
    if len(rows) < wanted * (1 - _THERE):
        return f"{slot.title}看不见：被挡住了，或者在画面外"
    if len(rows) < wanted * _THERE:
        return f"{slot.title}有一部分看不见：被挡住了，或者出了画面"
    contrast = _contrast(views.real[inked], views.bare[inked])
    weakest = _weakest(contrast, rows // _BLOCK * len(views.real) + columns // _BLOCK)
    return "" if weakest >= LEAST else f"{slot.title}看不清：和底色的对比只有 {weakest:.1f}，至少要 {LEAST}"


def _inked(views: _Views, slot: Slot) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows and columns of a slot's ink: where both pictures have its colour on what was there before."""
    changed = views.coded.view(np.uint32) != views.bare.view(np.uint32)
    rows, columns = np.nonzero(changed[..., 0])
    bare = views.bare[rows, columns]
    fills = _fills(views.coded[rows, columns], bare, slot.code) & _fills(views.again[rows, columns], bare, slot.other)
    return rows[fills], columns[fills]


def _fills(pixels: Pixels, bare: Pixels, colour: str) -> NDArray[np.bool_]:
    """Tell where a colour was laid on `bare`, at least as thick as the inside of a sign."""
    ground = bare[:, :3].astype(np.float64)
    way, gone = np.array(parsed(colour)) - ground, pixels[:, :3] - ground
    share = (gone * way).sum(axis=1) / np.maximum((way * way).sum(axis=1), 1)
    beside = np.abs(gone - share[:, np.newaxis] * way).max(axis=1)
    found: NDArray[np.bool_] = (share >= _INSIDE / 255) & (beside < _NEAR)
    return found


def _near(pixels: Pixels, colour: str) -> NDArray[np.bool_]:
    near: NDArray[np.bool_] = (np.abs(pixels[:, :3].astype(np.int16) - parsed(colour)) < _NEAR).all(axis=1)
    return near


def _weakest(contrast: NDArray[np.float64], blocks: NDArray[np.intp]) -> float:
    """Return the contrast that nearly all ink has: in each block that of its best pixel counts."""
    _, of, amount = np.unique(blocks, return_inverse=True, return_counts=True)
    best = np.zeros(len(amount))
    np.maximum.at(best, of, contrast)
    order = np.argsort(best)
    passed = np.cumsum(amount[order]) > (1 - _WHOLE) * len(blocks)
    return float(best[order][passed][0])


def _contrast(one: Pixels, other: Pixels) -> NDArray[np.float64]:
    light, dark = _luminance(one), _luminance(other)
    found: NDArray[np.float64] = (np.maximum(light, dark) + 0.05) / (np.minimum(light, dark) + 0.05)
    return found


def _luminance(pixels: Pixels) -> NDArray[np.float64]:
    found: NDArray[np.float64] = _LIGHT[pixels[:, :3]] @ np.array([0.2126, 0.7152, 0.0722])
    return found


def _is_of(text: str, slot: Slot) -> bool:
    """Tell whether words on a page are a slot's, or a piece of them, or have them inside."""
    signs = "".join(text.split())
    return bool(signs) and (signs in slot.signs or slot.signs in signs)


def _texts(html: str) -> list[str]:
    found: list[str] = []

    def take(text: str) -> str:
        found.append("".join(text.split()))
        return ""

    _Walk(take).walked(html)
    return found


def _coloured(html: str, slots: list[Slot], colour: Callable[[Slot], str]) -> str:
    """Return the page with the words of each slot in another colour, and all else as it is."""

    def put(text: str) -> str:
        slot = next((each for each in slots if _is_of(text, each)), None)
        if slot is None:
            return escape(text)
        return f'<span style="color: {colour(slot)} !important">{escape(text)}</span>'

    return _Walk(put).walked(html)


class _Walk(HTMLParser):
    """Goes through a page, and has something else in place of each text."""

    def __init__(self, put: Callable[[str], str]) -> None:
        super().__init__(convert_charrefs=True)
        self._put = put
        self._out: list[str] = []

    def walked(self, html: str) -> str:
        """Return the page with what was put."""
        self.feed(html)
        self.close()
        return "".join(self._out)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._out.append(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        self._out.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        self._out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._out.append(self._put(data))
