"""Where the photos of stories lie, and those that reps put behind posters: files in the data folder."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

FOLDER = "stories"
"""The place of the stories' photos in the data folder."""
SMALL_WIDTH = 640  # px
"""The width of a photo's smaller copy, which lies beside it."""
DESIGNS = "designs"
"""The place of the photos behind posters."""

_NAME = re.compile(r"[0-9a-f]{40}\.jpg")


class PhotoShelf:
    """Keeps photos under names that tell of their content and cannot be guessed."""

    def __init__(self, data_dir: Path, folder: str = FOLDER) -> None:
        self._folder = data_dir / folder

    def keep(self, photo: str, jpeg: bytes, small: bytes = b"") -> str:
        """Keep the JPEG of the photo of that id, and its smaller copy if it has one; returns its file's name.

        Kept twice it is the same file. Raises `OSError` where it cannot be written.
        """
        name = _name(photo, jpeg)
        self._folder.mkdir(parents=True, exist_ok=True)
        if small:
            self._write(small_of(name), small)
        self._write(name, jpeg)
        return name

    def kept(self, photo: str, name: str) -> bool:
        """Whether the file of that name is there, and is of the photo of that id."""
        if not _NAME.fullmatch(name):
            return False
        try:
            jpeg = self.path(name).read_bytes()
        except OSError:
            return False
        return name == _name(photo, jpeg)

    def path(self, name: str) -> Path:
        """Where a photo lies."""
        return self._folder / name

    def smaller(self, name: str) -> Path:
        """Where a photo's smaller copy lies; the photo itself where there is none."""
        small = self.path(small_of(name))
        return small if small.is_file() else self.path(name)

    def discard(self, name: str) -> None:
        """Delete a photo in all its sizes; one that is gone already is no error."""
        for each in (name, small_of(name)):
            self.path(each).unlink(missing_ok=True)

    def _write(self, name: str, jpeg: bytes) -> None:
        """Write a file whole or not at all, whoever else writes the same one now."""
        with NamedTemporaryFile(dir=self._folder, prefix=".", suffix=".part", delete=False) as part:
            try:
                part.write(jpeg)
                part.close()
                Path(part.name).replace(self._folder / name)
            except BaseException:
                Path(part.name).unlink(missing_ok=True)
                raise


def small_of(name: str) -> str:
    """The name of a photo's smaller copy."""
    return f"{name.removesuffix('.jpg')}-{SMALL_WIDTH}.jpg"


def _name(photo: str, jpeg: bytes) -> str:
    return f"{sha256(photo.encode() + b':' + jpeg).hexdigest()[:40]}.jpg"
