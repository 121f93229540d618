"""Stage one: what all posters of a campaign, template, size and edition share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bot.posters.errors import CopyDoesNotFit

if TYPE_CHECKING:
    from bot.posters.engine import PosterSpec
    from bot.posters.look import Column, Foot, Look
    from bot.posters.press import Press, Sheet

Pixels = NDArray[np.uint8]
_PHRASE = re.compile("[^，。！？；：、…]+[，。！？；：、…]*[」』”’]*|.", re.DOTALL)


def draw(spec: PosterSpec, look: Look, press: Press) -> Pixels:
    """Return the shared part as height x width x RGB, with the words as large as they can be.

    Raises `CopyDoesNotFit` if they are too long at the smallest size, `FontMissing` if a character is in no font.
    """
    sheet = press.sheet(f"{spec.company}{spec.headline}{spec.body}{spec.quote}{spec.quote_by}{note_of(spec, look)}")
    drawn = sheet.draw(page(spec, look, sheet), look.style, look.frames[spec.size].size, images=pictures(spec, look))
    return np.ascontiguousarray(drawn[..., :3])


def note_of(spec: PosterSpec, look: Look) -> str:
    """Return the line at the foot."""
    return spec.note or (look.feed if spec.edition == "feed" else look.friend)


def pictures(spec: PosterSpec, look: Look) -> dict[str, bytes]:
    """Return what the style of the shared part may show, by the name that it calls it."""
    images = {
        "art": look.art(spec.size, spec.theme),
        "season": look.ornament(spec.season, spec.size, spec.theme),
        "photo": spec.photo if look.takes_photo else b"",
    }
    return {name: picture for name, picture in images.items() if picture}


def draw_bare(look: Look, press: Press) -> Pixels:
    """Return the tall poster as height x width x RGB without any words but the template's own."""
    frame = look.frames["tall"]
    sheet = press.sheet("")
    html = look.page.render(
        size="tall",
        theme="light",
        edition="feed",
        company="",
        headline=[],
        body=[],
        quote=[],
        photo=False,
        season="",
        note="",
        note_size=frame.foot.sizes[0],
        sizes=frame.column.sizes[0],
        sans=sheet.sans,
        serif=sheet.serif,
    )
    art = frame.art["light"]
    drawn = sheet.draw(html, look.style, frame.size, images={"art": art} if art else {})
    return np.ascontiguousarray(drawn[..., :3])


def _note_size(note: str, foot: Foot, sheet: Sheet) -> int:
    for size in foot.sizes:
        if sheet.line_width(note, size) <= foot.width:
            return size
    raise CopyDoesNotFit(f"the note has {len(note)} characters, too many for one line")


def page(spec: PosterSpec, look: Look, sheet: Sheet) -> str:
    """Return the HTML of the shared part, with the words as large as they can be; raise `CopyDoesNotFit`."""
    frame, note = look.frames[spec.size], note_of(spec, look)
    note_size = _note_size(note, frame.foot, sheet)
    slots = [box for name, box in frame.slots.items() if spec.season or name != "season"]
    for sizes in _in_order(spec.headline, frame.column, sheet):
        html = look.page.render(
            size=spec.size,
            theme=spec.theme,
            edition=spec.edition,
            company=spec.company,
            headline=phrases(spec.headline),
            body=phrases(spec.body),
            quote=phrases(spec.quote),
            quote_by=spec.quote_by,
            photo=bool(spec.photo) and look.takes_photo,
            season=frame.season.css if frame.season and look.ornament(spec.season, spec.size, spec.theme) else "",
            note=note,
            note_size=note_size,
            sizes=sizes,
            sans=sheet.sans,
            serif=sheet.serif,
        )
        column = sheet.column(html, look.style, frame.size)
        if column.height <= frame.column.height and not any(column.meets(slot) for slot in slots):
            return html
    raise CopyDoesNotFit(f"headline and body have {len(spec.headline)} and {len(spec.body)} characters, too many")


def _in_order(headline: str, column: Column, sheet: Sheet) -> list[tuple[int, int]]:
    """Return the sizes to try: first those at which no phrase of the headline is broken, then all."""
    unbroken = [
        sizes
        for sizes in column.sizes
        if sizes[0] >= column.whole
        and all(sheet.line_width(phrase, sizes[0], family=sheet.serif) <= column.width for phrase in phrases(headline))
    ]
    return [*unbroken, *column.sizes]


def phrases(text: str) -> list[str]:
    """Split words after their punctuation: a line had better end there than inside a phrase."""
    return _PHRASE.findall(text)
