"""One TOML file of a pack, and what is wrong in it, by line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib.resources.abc import Traversable
from typing import Any

from bot.copy import CopyError
from bot.offers.lines import Path, lines_of, spelled

Fault = tuple[Path, str]
"""What is wrong, and where in the file."""

_LINE = re.compile(r"\(at line (\d+)")


@dataclass(frozen=True)
class Sheet:
    """A file that was read: `name` is what problems call it, `table` what it says."""

    name: str
    text: str
    table: dict[str, Any]

    @classmethod
    def read(cls, file: Traversable, name: str) -> Sheet:
        """Raises CopyError, with the line, when the file is missing or not TOML."""
        try:
            text = file.read_text(encoding="utf-8")
            return cls(name, text, tomllib.loads(text))
        except (FileNotFoundError, NotADirectoryError):
            raise CopyError([f"{name}: missing"]) from None
        except UnicodeDecodeError:
            raise CopyError([f"{name}: not UTF-8"]) from None
        except tomllib.TOMLDecodeError as error:
            found = _LINE.search(str(error))
            line = int(found[1]) if found else text.count("\n") + 1
            raise CopyError([f"{name}:{line}: {error}"]) from error

    @cached_property
    def lines(self) -> dict[Path, int]:
        return lines_of(self.text)

    def told(self, faults: Iterable[Fault]) -> list[str]:
        """Each fault as `file:line: place: problem`; what is missing is told at the table that lacks it."""
        return [f"{self.name}:{self._line(path)}: {spelled(path)}: {problem}" for path, problem in faults]

    def _line(self, path: Path) -> int:
        known = (path[:end] for end in range(len(path), 0, -1))
        return next((self.lines[part] for part in known if part in self.lines), 1)
