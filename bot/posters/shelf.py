"""Pictures kept on disk to save drawing them again: a folder that may be full, read-only or gone without harm."""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Lock


class Shelf:
    """A folder of files that can all be made again, the oldest of which make room for new ones."""

    def __init__(self, folder: Path | None, *, most_bytes: int = 512 * 1024 * 1024) -> None:
        """Keep files in `folder`; None keeps nothing."""
        self._folder = folder
        self._most = most_bytes
        self._held: int | None = None
        self._lock = Lock()

    def get(self, name: str) -> bytes | None:
        """Return the file, or None if it is not there or cannot be read."""
        if self._folder is None:
            return None
        try:
            return (self._folder / name).read_bytes()
        except OSError:
            return None

    def put(self, name: str, content: bytes) -> None:
        """Keep the file whole or not at all; a folder that cannot be written to is only logged."""
        if self._folder is None:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _write_whole(self._folder / name, content)
            self._make_room(len(content))
        except OSError as problem:
            import structlog  # noqa: PLC0415 (a tenth of a second that a first poster does without)

            structlog.get_logger().warning("poster.not_kept", problem=problem.strerror)

    def drop(self, pattern: str) -> int:
        """Remove the files whose names match a glob pattern; return how many."""
        matching = list(self._folder.glob(pattern)) if self._folder else []
        for path in matching:
            path.unlink(missing_ok=True)
        return len(matching)

    def drop_all(self, codes: Iterable[str]) -> int:
        """Remove what is kept of these codes, in one pass over the folder; return how many files."""
        wanted = {name_of(code, "").partition("-")[0] for code in codes}
        kept = self._folder.glob("*-*.jpg") if self._folder else ()
        matching = [path for path in kept if path.name.partition("-")[0] in wanted]
        for path in matching:
            path.unlink(missing_ok=True)
        return len(matching)

    def _make_room(self, added: int) -> None:
        """Count what is held (once by looking); when it is too much, remove the oldest until a fifth is free."""
        with self._lock:
            self._held = _total(self._files()) if self._held is None else self._held + added
            if self._held <= self._most:
                return
            files = sorted(self._files(), key=lambda held: held[1])
            self._held = _total(files)
            for path, _, size in files:
                if self._held <= self._most * 4 // 5:
                    return
                path.unlink(missing_ok=True)
                self._held -= size

    def _files(self) -> list[tuple[Path, float, int]]:
        """Return path, time of writing and size of every file; one that vanishes meanwhile is left out."""
        found: list[tuple[Path, float, int]] = []
        with os.scandir(str(self._folder)) as entries:
            for entry in entries:
                try:
                    seen = entry.stat()
                except FileNotFoundError:
                    continue
                found.append((Path(entry.path), seen.st_mtime, seen.st_size))
        return found


def name_of(code: str, ending: str) -> str:
    """The name, or the pattern of the names, of a code's pictures, safe whatever the code is."""
    return f"{sha256(code.encode()).hexdigest()[:16]}-{ending}.jpg"


def _total(files: list[tuple[Path, float, int]]) -> int:
    return sum(size for _, _, size in files)


def _write_whole(target: Path, content: bytes) -> None:
    with NamedTemporaryFile(dir=target.parent, prefix=".", suffix=".part", delete=False) as part:
        try:
            part.write(content)
            part.close()
            Path(part.name).replace(target)
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise
