"""The secrets of a sandbox: those that nobody set are made at the first start and kept in the data folder."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from bot import private_file
from bot.config.load import ConfigError
from bot.config.secret import Rng, Secret
from bot.config.sections import Config, Section

FILE = "sandbox-secrets.toml"


def with_sandbox_secrets(config: Config, rng: Rng) -> Config:
    """Fill each secret that is not set, from `data_dir/sandbox-secrets.toml` or newly made and kept there.

    Changes nothing where the sandbox is off. Raises `ConfigError` where the file cannot be used.
    """
    if not config.sandbox.enabled:
        return config
    path = config.files.data_dir / FILE
    kept = _kept(path)
    filled: dict[str, str] = {}
    _filled(config, "", kept, filled, rng)
    if any(name not in kept for name in filled) and not _keep(path, {**kept, **filled}, rng, new=not kept):
        return with_sandbox_secrets(config, rng)  # another process was first: its secrets count
    complete: Config = _filled(config, "", filled, {}, rng)
    return complete


def _kept(path: Path) -> dict[str, str]:
    try:
        text = private_file.read(path)
        table = tomllib.loads(text or "")
    except (private_file.NotPrivate, OSError, UnicodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(path, [str(error)]) from error
    if text is not None and (not table or not all(isinstance(value, str) for value in table.values())):
        raise ConfigError(path, ["is damaged: delete it and start again"])
    return table


def _keep(path: Path, secrets: dict[str, str], rng: Rng, *, new: bool) -> bool:
    text = "# Made by the sandbox; of no use anywhere else.\n"
    text += "".join(f'"{name}" = "{secret}"\n' for name, secret in sorted(secrets.items()))
    try:
        if new:
            return private_file.create(path, text, rng=rng)
        private_file.replace(path, text, rng=rng)
    except OSError as error:
        raise ConfigError(path, [f"cannot be written: {error.strerror}"]) from error
    return True


def _filled(part: Any, at: str, kept: dict[str, str], filled: dict[str, str], rng: Rng) -> Any:
    """Return `part` with its empty secrets filled; what was filled is also put into `filled`, by its path."""
    if isinstance(part, Secret) and not part:
        filled[at] = kept.get(at) or type(part).make(rng)
        return type(part)(filled[at])
    if isinstance(part, tuple) and part and isinstance(part[0], Section):
        return tuple(_filled(item, f"{at}.{item.name}", kept, filled, rng) for item in part)
    if isinstance(part, dict):
        return {name: _filled(item, f"{at}.{name}", kept, filled, rng) for name, item in part.items()}
    if isinstance(part, Section):
        inner = {name: getattr(part, name) for name in part.__struct_fields__}
        done = {name: _filled(value, f"{at}.{name}".lstrip("."), kept, filled, rng) for name, value in inner.items()}
        return msgspec.structs.replace(part, **done)
    return part
