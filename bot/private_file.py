"""Small files that hold secrets: made whole or not at all, readable by their owner only."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path


class NotPrivate(Exception):
    """A file of secrets can be read by others; the message says how to mend it."""


def read(path: Path) -> str | None:
    """Return the text of `path`, None where there is no such file; raises `NotPrivate`, `OSError`, `UnicodeError`."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_IMODE(mode) & 0o077:
        raise NotPrivate(f"{path} can be read by others: run chmod 600 {path}")
    return path.read_text("utf-8")


def create(path: Path, text: str, *, rng: Callable[[int], bytes]) -> bool:
    """Make `path` with mode 0600, its folders too; False, and nothing changed, where it exists already.

    The file appears with all its text, or not at all, and survives a power cut. Of several processes one wins.
    """
    return _place(path, text, rng=rng, put=_link)


def replace(path: Path, text: str, *, rng: Callable[[int], bytes]) -> None:
    """Put `text` in the place of what `path` held, whole or not at all, mode 0600."""
    _place(path, text, rng=rng, put=_rename)


def _place(path: Path, text: str, *, rng: Callable[[int], bytes], put: Callable[[Path, Path], bool]) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{rng(8).hex()}")
    try:
        _write(draft, text)
        placed = put(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return placed


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _link(draft: Path, path: Path) -> bool:
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return False
    return True


def _rename(draft: Path, path: Path) -> bool:
    draft.replace(path)
    return True


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
