"""The poster engine: what a poster is made of, and the one that draws it.

`HybridEngine` works in two stages. What everybody's poster of a campaign shares (paper, words, card) is drawn once and
kept; what is one person's (name, portrait, code, QR) is laid on a copy of it, which takes a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Literal, Protocol

from bot.posters.errors import SizeUnknown, TemplateBroken
from bot.posters.faces import Faces, found_fallbacks
from bot.posters.look import Look, Theme, names, read_look
from bot.posters.qr import Square
from bot.posters.shelf import Shelf
from templates import ROOT

if TYPE_CHECKING:
    from bot.posters.drawing import Drawing

Edition = Literal["feed", "friend"]
_METHOD = f"hybrid-3 pytakumi-{version('pytakumi')}"  # change it when the same spec comes out differently


@dataclass(frozen=True, slots=True, kw_only=True)
class PosterSpec:
    """All that one poster shows.

    `size` is one of `look.SIZES`, as far as the template has it; `palette` one of the template's other colours and
    `season` an ornament of the time of year (empty: its own colours, no ornament); `quote` a customer's own words and
    `quote_by` whose they are; `photo` a JPEG or PNG to lie behind, where it takes one. `note` is the small line at the
    foot (empty: the template's own). `nickname` None: the advocate gives no name, and no face either; empty or
    undrawable: 您的好友. `avatar`: a picture file the advocate agreed to show; without it, or if it is refused, a round
    initial is drawn. `link` goes into the QR as it is.
    """

    template: str = "orchard"
    size: str = "tall"
    theme: Theme = "light"
    palette: str = ""
    season: str = ""
    edition: Edition = "feed"
    company: str
    headline: str
    body: str = ""
    note: str = ""
    quote: str = ""
    quote_by: str = ""
    photo: bytes | None = None
    nickname: str | None
    avatar: bytes | None = None
    code: str
    link: str


class PosterEngine(Protocol):
    """Turns a spec into a picture; safe to call from several threads."""

    def fingerprint(self, spec: PosterSpec) -> str:
        """Return a hex digest that changes whenever the picture would."""
        ...

    def looks(self) -> list[Look]:
        """Return every template that is whole, in order."""
        ...

    def thumbnail(self, template: str) -> bytes:
        """Return a template's small square picture as JPEG; raise `TemplateUnknown` if there is none so named."""
        ...

    def thumbnail_name(self, template: str) -> str:
        """Return a hex digest that changes whenever that picture would."""
        ...

    def qr_square(self, spec: PosterSpec) -> Square:
        """Return where the QR lies on the picture."""
        ...

    def render(self, spec: PosterSpec, *, keep: bool = True) -> bytes:
        """Return the poster as JPEG; raise `PosterError` if it cannot be drawn. Without `keep` nothing is shelved."""
        ...


class HybridEngine:
    """Draws with pytakumi, lays on with numpy, encodes with simplejpeg (which lets go of the interpreter)."""

    def __init__(
        self,
        *,
        fonts: tuple[Path, ...] = (),
        bases: Path | None = None,
        looks: Path = ROOT / "posters",
        proves: bool = True,
    ) -> None:
        """Take extra `fonts` for rare characters, and a folder in which to keep `bases` between runs.

        Without `proves` whoever draws looks for the words of a template themselves.
        """
        self._proves = proves
        self._faces = Faces((*fonts, *found_fallbacks()))
        self._shelf = Shelf(bases, most_bytes=64 * 1024 * 1024)
        self._folder = looks
        self._looks: dict[str, Look] = {}
        self._worn: dict[tuple[str, str], Look] = {}
        self._drawing: Drawing | None = None
        self._lock = Lock()

    def fingerprint(self, spec: PosterSpec) -> str:
        return _digest(self._base_key(spec), *astuple(spec), self._faces.fallbacks)

    def qr_square(self, spec: PosterSpec) -> Square:
        return self._look(spec).frames[spec.size].qr_in_pixels

    def render(self, spec: PosterSpec, *, keep: bool = True) -> bytes:
        with _named(spec.template):
            return self._tools().poster(spec, self._look(spec), self._base_key(spec), keep=keep)

    def unread(self, spec: PosterSpec) -> list[str]:
        """Return which words are missing on a poster of plain words, or cannot be read; else as `render`."""
        with _named(spec.template):
            return self._tools().unread(spec, self._look(spec))

    def thumbnail(self, template: str) -> bytes:
        with _named(template):
            return self._tools().thumbnail(self.look(template))

    def thumbnail_name(self, template: str) -> str:
        return _digest(_METHOD, "thumbnail", self.look(template).digest)

    def look(self, template: str) -> Look:
        if template not in self._looks:
            self._looks[template] = read_look(template, self._folder)
        return self._looks[template]

    def looks(self) -> list[Look]:
        found: list[Look] = []
        for name in names(self._folder):
            try:
                found.append(self.look(name))
            except TemplateBroken as problem:
                import structlog  # noqa: PLC0415 (a tenth of a second that a first poster does without)

                structlog.get_logger().error("poster.template_broken", problem=str(problem))
        return found

    def _look(self, spec: PosterSpec) -> Look:
        look = self.look(spec.template)
        if spec.size not in look.frames:
            raise SizeUnknown(f"template {spec.template} has no size {spec.size[:32]!r}")
        look.ornament(spec.season, spec.size, spec.theme)
        worn = (spec.template, spec.palette)
        if worn not in self._worn:
            self._worn[worn] = look.in_palette(spec.palette)
        return self._worn[worn]

    def _base_key(self, spec: PosterSpec) -> str:
        kind = (spec.size, spec.theme, spec.palette, spec.season, spec.edition, sha256(spec.photo or b"").hexdigest())
        words = (spec.company, spec.headline, spec.body, spec.quote, spec.quote_by, spec.note)
        return _digest(_METHOD, self._look(spec).digest, *kind, *words)

    def _tools(self) -> Drawing:
        with self._lock:
            if self._drawing is None:
                from bot.posters.drawing import Drawing  # noqa: PLC0415 (70 MB that an idle process does without)

                self._drawing = Drawing(self._faces, self._shelf, proves=self._proves)
            return self._drawing


@contextmanager
def _named(template: str) -> Iterator[None]:
    """Say which template it is whose files break."""
    try:
        yield
    except TemplateBroken as problem:
        raise TemplateBroken(
            str(problem) if str(problem).startswith(template) else f"{template}/{problem}"
        ) from problem
    except RuntimeError as problem:  # what the renderer says of a template's own files
        raise TemplateBroken(f"{template}: style.css 或 SVG 画不出来（{problem}）") from problem


def _digest(*parts: object) -> str:
    """Hash parts so that moving a character from one to the next changes the result."""
    return sha256(repr(parts).encode()).hexdigest()
