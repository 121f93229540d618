"""Putting a backup back: everything is made ready and checked beside the database, which then changes all at once."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection

from bot import data_folder, private_file
from bot.cli.backup import KEYS, sync_folder
from bot.clocks import ahead
from bot.config import Config
from bot.erasing import Folder
from bot.keys import NAMES, Keys, load_keys
from bot.machine import World
from referral import erasure, restored
from referral.erasure import Tombstone
from referral.errors import ReferralError
from storage import backup_postgres, heads, proofs, tombstones
from storage.archive import DATABASE, SEQUENCED, Archive, working_file
from storage.backup import check_copy, put_in_place, reading, require_empty, root_at, skip_codes, writing
from storage.errors import BadArchive, NotSound
from storage.heads import from_json, is_signed
from storage.open import claim, migrate_database
from storage.sqlite import FileLock
from storage.transaction import Transaction

_NO_TIME = timedelta()
LOST = "ledger-heads.lost.jsonl"
Head = Mapping[str, Any]


class ForeignBackup(ReferralError):
    """A backup of another company, or made with other keys."""


class KeysWanted(ReferralError):
    """Without the house's keys this cannot be done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """What was done to the copy before it takes the database's place."""

    letters: int
    erased: list[str]
    stones: list[Tombstone]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Heads:
    """The signed heads from outside the database: those that this ledger has, and those that it has lost."""

    ours: Sequence[Head]
    lost: Sequence[Head]


class Restoring:
    """One restore."""

    def __init__(self, config: Config, file: Path, *, force: bool) -> None:
        self._config = config
        self._file = file
        self._force = force
        self._world = World()
        self._data = config.files.data_dir
        self._path = config.database.sqlite_path

    async def run(self) -> dict[str, Any]:
        """Do it; what `--json` prints. Raises a `ReferralError` or `OSError`, and then nothing was changed."""
        async with AsyncExitStack() as stack:
            archive = stack.enter_context(closing(await asyncio.to_thread(Archive, self._file)))
            await self._claim(stack)
            copy = stack.enter_context(working_file(self._beside(), "restore"))
            await asyncio.to_thread(archive.extract, DATABASE, copy)
            for name in archive.files:
                self._place(name)
            await asyncio.to_thread(self._compare, archive, copy)
            await migrate_database(f"sqlite:///{copy}")
            return await asyncio.to_thread(self._put_back, archive, copy)

    async def _claim(self, stack: AsyncExitStack) -> None:
        """Nobody else may use the database meanwhile. Raises `DatabaseInUse`, `NotEmpty`."""
        self._data.mkdir(parents=True, exist_ok=True)
        if self._path is None:
            await migrate_database(self._config.database.url)
            lock = await claim(self._config.database.url)
            assert lock
            stack.push_async_callback(lock.release)
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        stack.callback(FileLock(self._path).release)
        if not self._force:
            await asyncio.to_thread(require_empty, self._path)

    def _beside(self) -> Path:
        return self._path or self._data / "postgresql"

    def _place(self, member: str) -> Path:
        return self._config.keys.file if member == KEYS else data_folder.place(self._data, member)

    def _compare(self, archive: Archive, copy: Path) -> None:
        """The copy is sound, ours and not newer than this program; its ledger is what the manifest says."""
        head = archive.manifest.head
        check_copy(copy, keys=None, sequenced=archive.manifest.taken_from == SEQUENCED)
        try:
            signed = from_json(head)
        except ValueError as error:
            raise BadArchive(f"{self._file.name} 里的账头读不懂") from error
        root = reading(copy, lambda tx: root_at(tx, signed.size) if tx.ledger.size() == signed.size else "")
        if not is_signed(signed) or root != signed.root.hex():
            raise BadArchive(f"{self._file.name} 里的账本与它的账头对不上")
        if (keys := self._keys(archive)) and not is_signed(signed, {_public(keys)}):
            raise ForeignBackup(
                f"{self._file.name} 不是用这里的密钥备份的：是别家的备份，或者 {self._config.keys.file} 换过了"
            )

    def _keys(self, archive: Archive) -> Keys | None:
        """The house's keys, those of the archive where there are none here; None without any."""
        own = self._config.keys
        if own.file.exists() or all(getattr(own, f"{name}_env") for name in NAMES):
            return load_keys(self._config, self._world.random_bytes, os.environ)
        if KEYS not in archive.files:
            return None
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / KEYS
            private_file.create(file, archive.read(KEYS).decode(), rng=self._world.random_bytes)
            there = replace(self._config, keys=replace(own, file=file))
            return load_keys(there, self._world.random_bytes, os.environ)

    def _put_back(self, archive: Archive, copy: Path) -> dict[str, Any]:
        keys, warnings = self._keys(archive), []
        if keys is None:
            warnings.append(
                f"密钥不在：启动之前请把原来的密钥文件放回 {self._config.keys.file}，不然会换成新的，旧海报都会失效"
            )
        known = self._heads(archive, copy)
        if known.lost:
            warnings.append(self._says_lost(archive, known.lost))
        done = self._prepare(archive, copy, keys)
        check_copy(copy, keys={_public(keys)} if keys else None, outside=known.ours)
        former = self._swap(copy, archive.manifest.head)
        self._put_files(archive, known, done)
        return {
            "file": str(self._file),
            "made_at": archive.manifest.made_at,
            "head": dict(archive.manifest.head),
            "erased_again": done.erased,
            "letters_given_up": done.letters,
            "files": sorted(archive.files),
            "lost_heads": [{"size": _size(head), "at": head.get("at")} for head in known.lost],
            "former": str(former) if former else None,
            "warnings": warnings,
        }

    # --- the ledger's heads ------------------------------------------------------------------------------------------

    def _heads(self, archive: Archive, copy: Path) -> _Heads:
        """Raises `ForeignBackup` where the data folder belongs to another ledger, unless that is to go."""
        told = heads.kept_outside(self._data / heads.FILE)
        if (name := data_folder.PREFIX + heads.FILE) in archive.files:
            told += heads.from_lines(archive.read(name).decode("utf-8", "replace"))
        known = sorted({json.dumps(head, sort_keys=True): head for head in told if head}.values(), key=_size)
        roots = reading(copy, lambda tx: [root_at(tx, _size(head)) for head in known])
        ours = [head for head, root in zip(known, roots, strict=True) if head.get("root") == root]
        lost = [head for head in known if head not in ours]
        if any(_size(head) <= _size(archive.manifest.head) for head in lost) and not self._force:
            raise ForeignBackup(f"{self._data / heads.FILE} 是另一本账的账头：确定要换成备份里的，请加 --force")
        return _Heads(ours=ours, lost=lost)

    def _says_lost(self, archive: Archive, lost: Sequence[Head]) -> str:
        last, kept = lost[-1], archive.manifest.head["size"]
        return (
            f"备份比账本旧：{last.get('at')} 签过名的账本有 {_size(last)} 条，备份里只有 {kept} 条，后面的分录不在了。"
            f"那些账头移到 {self._data / LOST}，请留好备查"
        )

    # --- the copy ----------------------------------------------------------------------------------------------------

    def _prepare(self, archive: Archive, copy: Path, keys: Keys | None) -> _Prepared:
        stones = tombstones.read(self._data / tombstones.FILE)
        if (name := data_folder.PREFIX + tombstones.FILE) in archive.files:
            stones += tombstones.from_lines(archive.read(name).decode())
        if stones and keys is None:
            raise KeysWanted(
                f"有客户在备份之后要求删除资料，没有密钥认不出他们：请先把原来的密钥文件放回 {self._config.keys.file}"
            )

        def unit(tx: Transaction) -> _Prepared:
            now = self._world.clock() + (ahead(tx) if self._config.sandbox.enabled else _NO_TIME)
            letters = restored.give_up_letters(tx, now=now)
            erased = self._erase_again(tx, stones, keys, now) if keys else []
            while tx.ledger.sequence():
                continue
            skip_codes(tx)
            tx.audit.note("cli", "restore", archive.manifest.made_at, str(archive.manifest.head["size"]), now)
            return _Prepared(letters=letters, erased=erased, stones=[*stones, *tx.erasures.all()])

        return writing(copy, unit)

    def _erase_again(self, tx: Transaction, stones: Sequence[Tombstone], keys: Keys, now: datetime) -> list[str]:
        """Do again what the backup knows nothing of; whom it concerned."""
        mark = Folder(path=self._data, seal=keys.seal).mark
        marked = {identity: mark(identity) for identity in tx.erasures.identities()} if stones else {}
        erased = []
        for stone in stones:
            for person in tx.erasures.known_then(stone, marked):
                if tx.erasures.find(person) is None:
                    erasure.erase(tx, person, mark, who="restore", now=now, rng=self._world.rng, before=stone)
                    erased.append(person)
        return erased

    # --- into place --------------------------------------------------------------------------------------------------

    def _swap(self, copy: Path, head: Head) -> Path | None:
        if self._path:
            return put_in_place(copy, self._path)

        def check(connection: Connection) -> None:
            tx = Transaction(connection)
            found = proofs.verify(tx)
            if not found["ok"] or root_at(tx, int(head["size"])) != head["root"]:
                raise NotSound(f"恢复后的账本对不上，没有恢复：{found['problem']}")

        backup_postgres.copy_in(self._config.database.url, copy, force=self._force, check=check)
        return None

    def _put_files(self, archive: Archive, known: _Heads, done: _Prepared) -> None:
        joined = {data_folder.PREFIX + name for name in data_folder.JOINED}
        for name in archive.files:
            if name not in joined and name != KEYS:
                self._put_file(archive, name)
        if KEYS in archive.files:
            text = archive.read(KEYS).decode()
            private_file.create(self._config.keys.file, text, rng=self._world.random_bytes)  # unless one is there
        tombstones.keep(self._data / tombstones.FILE, done.stones)
        if known.lost:
            _append(self._data / LOST, known.lost)
        if known.ours or known.lost:
            lines = "".join(json.dumps(head, ensure_ascii=False) + "\n" for head in known.ours)
            private_file.replace(self._data / heads.FILE, lines, rng=self._world.random_bytes)

    def _put_file(self, archive: Archive, member: str) -> None:
        target = self._place(member)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        archive.extract(member, part)
        part.replace(target)
        sync_folder(target.parent)


def _size(head: Head) -> int:
    """How long the ledger was; 0 in a line that is none of ours."""
    size = head.get("size")
    return size if isinstance(size, int) else 0


def _public(keys: Keys) -> str:
    return heads.public_key(keys.ledger)


def _append(path: Path, told: Sequence[Head]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(head, ensure_ascii=False) + "\n" for head in told)
        file.flush()
        os.fsync(file.fileno())
