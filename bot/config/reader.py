"""From the TOML file to a `Config`: every key checked, every problem told at once.

Knows nothing of single sections: it walks the structs of `sections` and the table side by side.
"""

from __future__ import annotations

import tomllib
import types
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from bot.config.secret import Secret
from bot.config.sections import Connector, Section
from bot.config.values import FilePath, InFile, Name, Parse, Variable

Table = dict[str, Any]

UNREAD: Any = object()  # stands for a value whose problem has been noted


class Reader:
    """Reads tables into sections and gathers `problems`, each `key.path: sentence`.

    Relative paths start at `folder`; secrets come from `environ` or from files. With `sandbox`, a secret that is not
    set and can be made stays empty.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str], *, sandbox: bool) -> None:
        self.problems: list[str] = []
        self._folder = folder
        self._environ = environ
        self.sandbox = sandbox

    def section(self, kind: type[Section], table: Any, at: str) -> Any:
        """Read `table` as a `kind`; `UNREAD`, and the problems noted, where it cannot be."""
        if not isinstance(table, dict):
            return self._problem(at, f"expected a table: [{at}]")
        before = len(self.problems)
        self._unknown_keys(kind, table, at)
        values = self._values(kind, table, at)
        if len(self.problems) > before:
            return UNREAD
        made = kind(**values)
        for key, sentence in made.problems():
            self._problem(_join(at, key), sentence)
        return made if len(self.problems) == before else UNREAD

    def _values(self, kind: type[Section], table: Table, at: str) -> Table:
        values: Table = {}
        for field in msgspec.structs.fields(kind):
            value = self._field(field, get_type_hints(kind, include_extras=True)[field.name], table, at)
            if value is not msgspec.NODEFAULT:
                values[field.name] = value
        return values

    def _field(self, field: msgspec.structs.FieldInfo, hint: Any, table: Table, at: str) -> Any:
        if secret := secret_kind(hint):
            return self._secret(secret, field, table, at)
        if field.name in table:
            return self._value(hint, table[field.name], _join(at, field.name))
        if field.required:
            self._problem(_join(at, field.name), "is required")
        return msgspec.NODEFAULT

    def _value(self, hint: Any, value: Any, at: str) -> Any:
        hint = _without_none(hint)
        for mark in getattr(hint, "__metadata__", ()):
            if isinstance(mark, Parse):
                return self._parsed(mark, value, at)
            if isinstance(mark, InFile):
                return self._in_file(get_args(hint)[0], value, at)
        if hint is date:
            return self._day(value, at)
        if get_origin(hint) is Literal:
            return self._choice(get_args(hint), value, at)
        if get_origin(hint) is tuple:
            return self._items(get_args(hint), value, at)
        if get_origin(hint) is dict:
            return self._connectors(value, at)
        if isinstance(hint, type) and issubclass(hint, Section):
            return self.section(hint, value, at)
        return self._plain(hint, value, at)

    def _parsed(self, parse: Parse, value: Any, at: str) -> Any:
        if not isinstance(value, str):
            return self._problem(at, "expected text in quotes")
        try:
            return parse.make(value, self._folder)
        except ValueError as error:
            return self._problem(at, str(error))

    def _in_file(self, kind: type[Section], value: Any, at: str) -> Any:
        path = self._value(FilePath, value, at)
        if path is UNREAD:
            return UNREAD
        try:
            table = toml(path)
        except ValueError as error:
            return self._problem(at, f"{path} {error}")
        return self.section(kind, table, at)

    def _day(self, value: Any, at: str) -> Any:
        """A day as TOML writes it, or in quotes."""
        try:
            day = date.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            day = None
        if isinstance(day, date) and not isinstance(day, datetime):
            return day
        return self._problem(at, "expected a day like 2027-02-05")

    def _choice(self, choices: tuple[str, ...], value: Any, at: str) -> Any:
        if value in choices:
            return value
        return self._problem(at, f"expected one of {', '.join(choices)}{_did_you_mean(value, choices)}")

    def _items(self, hints: tuple[Any, ...], value: Any, at: str) -> Any:
        if not isinstance(value, list):
            tables = isinstance(hints[0], type) and issubclass(hints[0], Section)
            return self._problem(at, f"expected tables: [[{at}]]" if tables else "expected a list")
        if hints[-1] is not Ellipsis and len(value) != len(hints):
            return self._problem(at, f"expected {len(hints)} values, got {len(value)}")
        return tuple(self._value(hints[0], item, f"{at}[{place}]") for place, item in enumerate(value))

    def _connectors(self, value: Any, at: str) -> Any:
        if not isinstance(value, dict):
            return self._problem(at, f"expected tables: [{at}.NAME]")
        return {name: self._connector(name, table, f"{at}.{name}") for name, table in value.items()}

    def _connector(self, name: str, table: Any, at: str) -> Any:
        if not isinstance(table, dict):
            return self._problem(at, f"expected a table: [{at}]")
        if self._value(Name, name, at) is UNREAD:
            return UNREAD
        kinds = {kind.kind: kind for kind in get_args(Connector)}
        if "kind" not in table:
            return self._problem(f"{at}.kind", f"is required: one of {', '.join(kinds)}")
        if self._choice(tuple(kinds), table["kind"], f"{at}.kind") is UNREAD:
            return UNREAD
        return self.section(kinds[table["kind"]], {key: table[key] for key in table if key != "kind"}, at)

    def _plain(self, hint: Any, value: Any, at: str) -> Any:
        try:
            return msgspec.convert(value, hint)
        except msgspec.ValidationError as error:
            return self._problem(at, str(error).replace("Expected", "expected", 1))

    def _secret(self, kind: type[Secret], field: msgspec.structs.FieldInfo, table: Table, at: str) -> Any:
        """Read a secret from where the table says; its text never enters a problem."""
        variable, file = f"{field.name}_env", f"{field.name}_file"
        if variable in table and file in table:
            return self._problem(_join(at, file), f"is given beside {variable}: keep one of them")
        if file in table:
            return self._secret_of_file(kind, table[file], _join(at, file))
        if variable in table:
            return self._secret_of_environment(kind, field, table[variable], _join(at, variable))
        if not field.required:
            return msgspec.NODEFAULT
        return self._unset(kind, field, _join(at, variable), f"is required (or {file})")

    def _secret_of_environment(
        self, kind: type[Secret], field: msgspec.structs.FieldInfo, variable: Any, at: str
    ) -> Any:
        if self._value(Variable, variable, at) is UNREAD:
            return UNREAD
        if text := self._environ.get(variable, "").strip():
            return self._fitting(kind, text, at, f"the environment variable {variable}")
        return self._unset(kind, field, at, f"the environment variable {variable} is not set")

    def _secret_of_file(self, kind: type[Secret], file: Any, at: str) -> Any:
        path = self._value(FilePath, file, at)
        if path is UNREAD:
            return UNREAD
        try:
            text = path.read_text("utf-8").strip()
        except (OSError, UnicodeError) as error:
            return self._problem(at, f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}")
        return self._fitting(kind, text, at, f"the content of {path}")

    def _fitting(self, kind: type[Secret], text: str, at: str, where: str) -> Any:
        return kind(text) if kind.fits(text) else self._problem(at, f"{where} must be {kind.looks}")

    def _unset(self, kind: type[Secret], field: msgspec.structs.FieldInfo, at: str, sentence: str) -> Any:
        if not self.sandbox or not kind.made:
            return self._problem(at, sentence)
        return kind("") if field.required else msgspec.NODEFAULT

    def _unknown_keys(self, kind: type[Section], table: Table, at: str) -> None:
        known = known_keys(kind)
        for key in table:
            if key not in known:
                self._problem(_join(at, key), _unknown(key, known))

    def _problem(self, at: str, sentence: str) -> Any:
        self.problems.append(f"{at}: {sentence}")
        return UNREAD


def toml(path: Path) -> Table:
    """The tables of a TOML file. Raises `ValueError` with the rest of a sentence about it where it cannot be read."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    except UnicodeError as error:
        raise ValueError("is not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"is not TOML: {error}") from error


def known_keys(kind: type[Section]) -> list[str]:
    """The keys that a table of `kind` may have, in the order of its fields; a secret `x` is `x_env` and `x_file`."""
    hints = get_type_hints(kind, include_extras=True)
    return [key for field in msgspec.structs.fields(kind) for key in _keys_of(field.name, hints[field.name])]


def secret_kind(hint: Any) -> type[Secret] | None:
    """The kind of secret that a field holds, None where it holds something else."""
    bare = _without_none(hint)
    return bare if isinstance(bare, type) and issubclass(bare, Secret) else None


def _keys_of(name: str, hint: Any) -> list[str]:
    return [f"{name}_env", f"{name}_file"] if secret_kind(hint) else [name]


def _unknown(key: str, known: list[str]) -> str:
    if f"{key}_env" in known and f"{key}_file" in known:
        return f"a secret is never written here: use {key}_env or {key}_file"
    return f"unknown key{_did_you_mean(key, known)}"


def _did_you_mean(word: Any, known: Iterable[str]) -> str:
    near = get_close_matches(word, list(known), n=1) if isinstance(word, str) else []
    return f", did you mean {near[0]}?" if near else ""


def _without_none(hint: Any) -> Any:
    if get_origin(hint) not in {Union, types.UnionType}:
        return hint
    kinds = [kind for kind in get_args(hint) if kind is not type(None)]
    return kinds[0] if len(kinds) == 1 else hint


def _join(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key
