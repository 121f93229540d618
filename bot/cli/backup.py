"""`backup`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import click

from bot import __version__, data_folder
from bot.cli.house import read_config, run
from bot.cli.options import as_json, configured, show
from bot.cli.outfile import NoFolder
from bot.cli.refusals import Refused
from bot.clocks import ahead
from bot.config import Config
from bot.keys import Keys, load_keys
from bot.machine import World
from storage import archive, backup_postgres, heads, tombstones
from storage.archive import Archive, Manifest, working_file
from storage.backup import check_copy, copy_sqlite, reading, root_at
from storage.errors import NotSound
from storage.open import migrate_database, open_beside
from storage.store import Store

KEYS = "keys.toml"


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@configured
@click.option("--with-keys", is_flag=True, help="Take the key file along: FILE alone is then enough to be you.")
@as_json
def backup(file: Path, config_file: Path, with_keys: bool, json_: bool) -> None:
    """Write everything to FILE, also while the bot runs, and check what was written."""
    made = run(_backup(config_file, _writable(file), with_keys=with_keys))
    if json_:
        return show(made)
    click.echo(f"{made['file']}  {made['bytes'] / 1e6:.1f} MB，账本 {made['head']['size']} 条，核对无误")
    if not with_keys:
        click.echo("密钥不在里面：请把 [keys] file 那个文件另外收好，没有它，恢复后旧海报和电话都认不出来", err=True)
    return None


def _writable(file: Path) -> Path:
    target = file.resolve()
    if not target.parent.is_dir():
        raise NoFolder(f"FILE：没有这个文件夹：{file.parent}")
    if target.exists() and not target.is_file():
        raise Refused(f"FILE：{file} 不是普通文件，备份只能写到普通文件")
    return target


@dataclass(frozen=True, slots=True, kw_only=True)
class _House:
    """What a backup needs of the company: no words, no templates, so that it works whatever is wrong with those."""

    config: Config
    keys: Keys
    store: Store

    @property
    def data(self) -> Path:
        return self.config.files.data_dir

    async def now(self) -> datetime:
        offset = await self.store.read(ahead) if self.config.sandbox.enabled else timedelta()
        return World().clock() + offset


@asynccontextmanager
async def _opened(config_file: Path) -> AsyncIterator[_House]:
    config = read_config(config_file)
    store = await open_beside(config.database.url)
    try:
        yield _House(config=config, keys=load_keys(config, World().random_bytes, os.environ), store=store)
    finally:
        await store.close()


async def _backup(config_file: Path, target: Path, *, with_keys: bool) -> dict[str, Any]:
    async with _opened(config_file) as here:
        with working_file(target, "copy") as copy, working_file(target, "part") as part:
            await _take(here, copy)
            about = await _checked(here, copy)
            await asyncio.to_thread(_keep_tombstones, here, copy)
            files = data_folder.found(here.data) | (_keys(here) if with_keys else {})
            manifest = await asyncio.to_thread(_pack, part, copy, files, about)
            size = part.stat().st_size
            part.replace(target)
        sync_folder(target.parent)
    named = sorted(name for name in manifest.members if name != archive.DATABASE)
    told = {"made_at": manifest.made_at, "schema": manifest.schema, "head": dict(manifest.head)}
    return {"file": str(target), "bytes": size, **told, "files": named}


async def _take(here: _House, copy: Path) -> None:
    """Fill an empty file with the database as it is at one moment."""
    path = here.config.database.sqlite_path
    if path:
        await asyncio.to_thread(copy_sqlite, path, copy)
        return
    await migrate_database(f"sqlite:///{copy}")
    await asyncio.to_thread(backup_postgres.copy_out, here.config.database.url, copy)


async def _checked(here: _House, copy: Path) -> dict[str, Any]:
    """What the manifest says, once the copy is sound and its ledger is the beginning of the live one."""
    now = await here.now()
    head = await asyncio.to_thread(reading, copy, lambda tx: heads.head(tx, here.keys.ledger, now))
    size, key = int(str(head["size"])), str(head["key"])
    outside = [each for each in heads.kept_outside(here.data / heads.FILE) if _size(each) <= size]
    taken_from = "sqlite" if here.config.database.sqlite_path else archive.SEQUENCED
    check = partial(check_copy, keys={key}, outside=outside, sequenced=taken_from == archive.SEQUENCED)
    schema = await asyncio.to_thread(check, copy)
    if await here.store.read(lambda tx: root_at(tx, size)) != head["root"]:
        raise NotSound("备份里的账本与数据库里的对不上，没有写出备份")
    return {"version": __version__, "schema": schema, "taken_from": taken_from, "made_at": head["at"], "head": head}


def _size(head: Mapping[str, Any]) -> int:
    """How long the ledger was; a broken line of the file is told by the check that follows."""
    size = head.get("size")
    return size if isinstance(size, int) else 0


def _keep_tombstones(here: _House, copy: Path) -> None:
    """Make sure that the file beside the database knows every erasure."""
    stones = reading(copy, lambda tx: tx.erasures.all())
    tombstones.keep(here.data / tombstones.FILE, stones)


def _keys(here: _House) -> dict[str, Path]:
    file = here.config.keys.file
    if not file.is_file():
        raise Refused(f"--with-keys：{file} 不在，密钥来自环境变量，请另外收好")
    return {KEYS: file}


def _pack(part: Path, copy: Path, files: Mapping[str, Path], about: Mapping[str, Any]) -> Manifest:
    """Write the archive, then read all of it back."""
    manifest = archive.write(part, copy, files, about)
    with closing(Archive(part)) as written:
        written.check()
    return manifest


def sync_folder(folder: Path) -> None:
    """Have the disk remember a file's new name."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
