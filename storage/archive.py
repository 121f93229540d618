"""The backup's one file: a zip of a SQLite database, files of the data folder, and a manifest that vouches for each.

`database.sqlite` is a whole database of ours whatever it was taken from, so that it can be opened and looked at by
itself. `manifest.json` has the SHA-256 and the length of every member, the schema's version and the signed head of the
ledger. A member that is not in it, or is not as it says, makes the whole file worthless.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from storage.errors import BackupUnderWay, BadArchive

FORMAT = 1
DATABASE = "database.sqlite"
SEQUENCED = "postgresql"
"""What a backup was taken from whose ledger gives entries their place a moment later: some may wait in it."""
MANIFEST = "manifest.json"
_PROGRAM = "taoli backup"
_LEVEL = 1  # of deflate: a database shrinks to a third at 100 MB/s; higher levels take several times as long
_BLOCK = 1 << 20
_LONGEST_MANIFEST = 16 << 20
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file in the archive."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an archive says of itself. `head` is the ledger's, as `heads.head` gives it; `made_at` is ISO 8601."""

    version: str
    schema: str
    taken_from: str
    made_at: str
    head: Mapping[str, Any]
    members: Mapping[str, Member]


@contextmanager
def working_file(beside: Path, ending: str) -> Iterator[Path]:
    """An empty file next to `beside` for ourselves alone, gone with the block; one that a dead process left is reused.

    Raises `BackupUnderWay` where another process has it.
    """
    path = beside.with_name(f".{beside.name}.{ending}")
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(handle, 0)
        yield path
    except BlockingIOError as error:
        raise BackupUnderWay(f"{beside.name} 正由另一个命令写入或读取") from error
    finally:
        for beside_it in ("", ".lock", "-wal", "-shm", "-journal"):
            path.with_name(path.name + beside_it).unlink(missing_ok=True)
        os.close(handle)


def write(path: Path, database: Path, files: Mapping[str, Path], about: Mapping[str, Any]) -> Manifest:
    """Write an archive to `path`, on disk when this returns; `about` is the rest of the manifest. Raises `OSError`."""
    members: dict[str, Member] = {}
    with path.open("wb") as target:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
            for name, source in {DATABASE: database, **files}.items():
                try:
                    read = source.open("rb")
                except FileNotFoundError:  # gone since it was listed
                    continue
                with read, archive.open(name, "w", force_zip64=True) as packed:
                    members[name] = _copy(read, packed)
            manifest = Manifest(members=members, **about)
            told = {"program": _PROGRAM, "format": FORMAT, **asdict(manifest)}
            archive.writestr(MANIFEST, json.dumps(told, ensure_ascii=False, indent=1))
        target.flush()
        os.fsync(target.fileno())
    return manifest


class Archive:
    """An archive that is open for reading. Every method raises `BadArchive` where something is not as it should be."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        with self._understood():
            self._zip = zipfile.ZipFile(path)
        try:
            self.manifest = self._read_manifest()
        except BaseException:
            self._zip.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    @property
    def files(self) -> list[str]:
        """The members beside the database."""
        return [name for name in self.manifest.members if name != DATABASE]

    def extract(self, name: str, target: Path) -> None:
        """Write one member to a file, on disk when this returns. Raises `OSError`, at once where room is wanting."""
        room = shutil.disk_usage(target.parent).free
        if self.manifest.members[name].size > room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        with target.open("wb") as file:
            self._unpack(name, file)
            file.flush()
            os.fsync(file.fileno())

    def read(self, name: str) -> bytes:
        """One small member."""
        with self._understood():
            content = self._zip.read(name)
        if hashlib.sha256(content).hexdigest() != self.manifest.members[name].sha256:
            raise self._broken(name)
        return content

    def check(self) -> None:
        """Read every member to its end."""
        for name in self.manifest.members:
            self._unpack(name, None)

    def _unpack(self, name: str, target: IO[bytes] | None) -> None:
        with self._understood():
            packed = self._zip.open(name)
        with packed:
            if self._copy_out(packed, target) != self.manifest.members[name]:
                raise self._broken(name)

    def _copy_out(self, packed: IO[bytes], target: IO[bytes] | None) -> Member:
        size, digest = 0, hashlib.sha256()
        while True:
            with self._understood():
                block = packed.read(_BLOCK)
            if not block:
                return Member(size=size, sha256=digest.hexdigest())
            size += len(block)
            digest.update(block)
            if target:
                target.write(block)

    def _read_manifest(self) -> Manifest:
        with self._understood():
            if self._zip.getinfo(MANIFEST).file_size > _LONGEST_MANIFEST:
                raise self._broken(MANIFEST)
            told = json.loads(self._zip.read(MANIFEST))
        if not isinstance(told, dict) or told.pop("program", None) != _PROGRAM:
            raise BadArchive(f"{self._name} 不是桃李的备份")
        if told.pop("format", None) != FORMAT:
            raise BadArchive(f"{self._name} 由更新版本的程序写成：请先更新程序")
        with self._understood():
            members = {name: Member(**each) for name, each in told.pop("members").items()}
            manifest = Manifest(members=members, **told)
            sizes = {info.filename: info.file_size for info in self._zip.infolist() if info.filename != MANIFEST}
        if sizes != {name: member.size for name, member in members.items()} or DATABASE not in members:
            raise self._broken(MANIFEST)
        return manifest

    @contextmanager
    def _understood(self) -> Iterator[None]:
        try:
            yield
        except (*_BROKEN, KeyError, TypeError, AttributeError, ValueError) as error:
            raise BadArchive(f"{self._name} 不是桃李的备份，或者不完整、已损坏") from error

    def _broken(self, name: str) -> BadArchive:
        return BadArchive(f"{self._name} 已损坏：{name} 与备份时不符")


def _copy(source: IO[bytes], target: IO[bytes]) -> Member:
    size, digest = 0, hashlib.sha256()
    while block := source.read(_BLOCK):
        size += len(block)
        digest.update(block)
        target.write(block)
    return Member(size=size, sha256=digest.hexdigest())
