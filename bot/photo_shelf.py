"""Where the photos of stories lie: files in the data folder."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

FOLDER = "stories"
"""The shelf's place in the data folder."""


class PhotoShelf:
    """Keeps photos under names that tell of their content and cannot be guessed."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / FOLDER

    def keep(self, photo: str, jpeg: bytes) -> str:
        """Keep the JPEG of the photo of that id; returns its file's name. Kept twice it is the same file."""
        name = f"{sha256(photo.encode() + b':' + jpeg).hexdigest()[:40]}.jpg"
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._folder / f"{name}.part"
        part.write_bytes(jpeg)
        part.replace(self._folder / name)
        return name

    def path(self, name: str) -> Path:
        """Where a photo lies."""
        return self._folder / name

    def discard(self, name: str) -> None:
        """Delete a photo; one that is gone already is no error."""
        self.path(name).unlink(missing_ok=True)
