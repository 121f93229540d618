"""A poster for print: one page whose size on paper is that of the picture at 300 dots per inch."""

from __future__ import annotations

from io import BytesIO

from bot.posters.look import DOTS_PER_INCH

_QUALITY = 92


def page(jpeg: bytes) -> bytes:
    """Return a PDF of one page with the poster on all of it."""
    from PIL import Image  # noqa: PLC0415  # an idle process does without

    out = BytesIO()
    with Image.open(BytesIO(jpeg)) as picture:
        picture.save(out, "PDF", resolution=DOTS_PER_INCH, quality=_QUALITY)
    return out.getvalue()
