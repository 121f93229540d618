"""The house's own keys: made once, kept in a file of mode 0600 or in the environment, never shown."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from bot import private_file
from bot.config import Config

LENGTH = 32  # bytes of each key


class KeysError(Exception):
    """The keys cannot be used; the message names the file or variable and the key, never its text."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Keys:
    """Five keys of 32 bytes: hashing of phones, sealing, tokens, permuting codes, the ledger's Ed25519 seed."""

    phone: bytes
    seal: bytes
    tokens: bytes
    codes: bytes
    ledger: bytes

    def __repr__(self) -> str:
        return "Keys(…)"


NAMES = tuple(field.name for field in fields(Keys))


def load_keys(config: Config, rng: Callable[[int], bytes], environ: Mapping[str, str]) -> Keys:
    """Take each key from the variable the configuration names for it, else from the file, made at the first start.

    Raises `KeysError`: a variable is not set, the file can be read by others, a key is missing or is not 64 hex digits.
    """
    found = _from_environment(config, environ)
    if missing := [name for name in NAMES if name not in found]:
        found |= _from_file(config.keys.file, missing, rng)
    return Keys(**found)


def _from_environment(config: Config, environ: Mapping[str, str]) -> dict[str, bytes]:
    named = {name: getattr(config.keys, f"{name}_env") for name in NAMES}
    return {name: _variable(variable, environ) for name, variable in named.items() if variable}


def _variable(variable: str, environ: Mapping[str, str]) -> bytes:
    if not environ.get(variable, "").strip():
        raise KeysError(f"the environment variable {variable} is not set")
    return _key(environ[variable].strip(), f"the environment variable {variable}")


def _from_file(path: Path, names: list[str], rng: Callable[[int], bytes]) -> dict[str, bytes]:
    table = _table(path)
    if table is None:
        _make(path, rng)
        table = _table(path) or {}
    return {name: _key(table.get(name), f"{path}: {name}") for name in names}


def _make(path: Path, rng: Callable[[int], bytes]) -> None:
    """Write new keys to `path`; where another process was first, its keys stay."""
    head = "# Taoli's own keys. Back this file up apart from the database, and show it to nobody.\n"
    try:
        private_file.create(path, head + "".join(f'{name} = "{rng(LENGTH).hex()}"\n' for name in NAMES), rng=rng)
    except OSError as error:
        raise KeysError(f"{path} cannot be made: {error.strerror}") from error


def _table(path: Path) -> dict[str, Any] | None:
    try:
        text = private_file.read(path)
        return None if text is None else tomllib.loads(text)
    except private_file.NotPrivate as error:
        raise KeysError(str(error)) from error
    except OSError as error:
        raise KeysError(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeError, tomllib.TOMLDecodeError):
        raise KeysError(f"{path} is not TOML: restore it from a backup") from None


def _key(text: Any, where: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except (TypeError, ValueError):
        key = b""
    if len(key) != LENGTH:
        raise KeysError(f"{where} must be {LENGTH * 2} hex digits") from None
    return key
