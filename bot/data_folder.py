"""What lies in the data folder, and what of it a backup takes along.

A test compares this list with every name that the program uses in the data folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from bot import photo_shelf
from referral.errors import ReferralError
from storage import heads, tombstones

FOLDERS = ("verify", "jssdk", "qr", photo_shelf.FOLDER, photo_shelf.DESIGNS)
"""Folders of files that cannot be made again by themselves."""
FILES = ("sandbox.json", heads.FILE, tombstones.FILE)
"""Single files. Heads and tombstones are not overwritten by a restore but joined with those that are there."""
JOINED = (heads.FILE, tombstones.FILE)
LEFT_OUT: Mapping[str, str] = {
    "posters": "drawn again when they are asked for",
    "plates": "what posters share, drawn again likewise",
    "taoli.sock": "the running bot's own door",
    "demo.log": "what the demo said",
    "sandbox-secrets.toml": "secrets, of use in the sandbox only, made again",
    "keys.toml": "the house's keys: kept apart from its data, taken along only with --with-keys",
    "ledger-heads.lost.jsonl": "what restores have set aside, on this machine",
}
PREFIX = "files/"
"""Before the names of these files in an archive."""


class ForeignFile(ReferralError):
    """An archive holds a file that no backup of ours has."""


def found(data_dir: Path) -> dict[str, Path]:
    """The files that a backup takes along, by their names in the archive."""
    return {f"{PREFIX}{path.relative_to(data_dir).as_posix()}": path for path in _paths(data_dir)}


def place(data_dir: Path, member: str) -> Path:
    """Where a file of an archive belongs. Raises `ForeignFile` for any name that `found` does not give."""
    name = PurePosixPath(member.removeprefix(PREFIX))
    parts = name.parts
    single = len(parts) == 1 and parts[0] in FILES
    within = len(parts) == 2 and parts[0] in FOLDERS and not parts[1].startswith(".")
    if not member.startswith(PREFIX) or str(name) != member.removeprefix(PREFIX) or not (single or within):
        raise ForeignFile(f"备份里有不该有的文件：{member[:80]}")
    return data_dir / name


def _paths(data_dir: Path) -> Iterator[Path]:
    candidates = [data_dir / name for name in FILES]
    for folder in FOLDERS:
        if (data_dir / folder).is_dir():
            candidates += sorted((data_dir / folder).iterdir())
    for path in candidates:
        if path.is_file() and not path.is_symlink() and not path.name.startswith(".") and path.suffix != ".part":
            yield path
