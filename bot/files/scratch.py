"""A scratch database for one file, so that questions about a million rows are questions in SQL and memory stays small.

It is made with sqlite-utils and filled by plain `executemany` on its connection: `insert_all` takes 20 µs for a row of
fifteen columns, this 4 µs. The file behind it has no name once it is open, so that nothing of it outlives the import.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Self, cast

from sqlite_utils import Database

from bot.files.cells import half_width
from bot.files.rows import Problem, Sheet, whole_rows
from storage.guard import unguarded

_BATCH = 2_000  # rows
_WORDS = frozenset(("name", "nickname"))
"""Fields whose signs are kept as they are; numbers and codes are brought to half width."""

Progress = Callable[[int], None]


class Scratch(AbstractContextManager["Scratch"]):
    """Tables `cells` (the file's own, all text, by line), `problems`, `told` (what rows say) and `names` (of whom)."""

    def __init__(self) -> None:
        with tempfile.NamedTemporaryFile(prefix="taoli-", suffix=".db") as file:
            self._db = Database(sqlite3.connect(file.name, check_same_thread=False))  # one thread at a time uses it
            for pragma in ("journal_mode=off", "synchronous=off", "locking_mode=exclusive"):
                self._db.execute(f"pragma {pragma}")
            self._make()
        self._c = self._db.conn
        self.fields: tuple[str, ...] = ()

    def _make(self) -> None:
        text = {"field": str, "value": str, "problem": str}
        self._db.table("problems").create({"line": int, **text}, pk="line")
        self._db.table("told").create({"line": int, "body": bytes, "doubles": int, "adding": int}, pk="line")
        self._db.table("names").create({"name": str, "line": int})
        self._db.table("activity").create({"person": str, "value": float})
        self._db.table("known_activity").create({"person": str, "value": float}, pk="person")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def lay(self, sheet: Sheet, places: Mapping[str, int], progress: Progress) -> None:
        """Lay a sheet's cells down, those of the fields only; rows that are broken or empty are sorted out."""
        self.fields = tuple(places)
        self._db.table("cells").create({"line": int, **dict.fromkeys(self.fields, str)}, pk="line")
        picks = [(place + 1, field in _WORDS) for field, place in places.items()]
        rows = whole_rows(sheet.rows, len(sheet.header))
        while batch := list(islice(rows, _BATCH)):
            self.note(row for row in batch if isinstance(row, Problem))
            self._fill("cells", _filled([row for row in batch if not isinstance(row, Problem)], picks))
            progress(sheet.done())

    def count(self) -> int:
        """How many rows the file has, broken ones included."""
        return int(self._number("select (select count(*) from cells) + (select count(*) from problems)"))

    def greatest(self, field: str) -> float | None:
        """The greatest number in a column, None if there is none."""
        assert field in self.fields
        question = f"select max(cast({field} as real)) from cells where {field} glob '*[0-9]*'"  # noqa: S608
        return cast("float | None", self._number(question))

    def cells(self, size: int = _BATCH) -> Iterator[Sequence[tuple[Any, ...]]]:
        """The rows in batches, in the order of their lines: the line, then the cells in the order of `fields`."""
        return self._batches("select * from cells order by line", size)

    def note(self, problems: Iterable[Problem]) -> None:
        """Keep the problems of rows, of each row the first."""
        rows = ((each.line, each.field, each.value, each.problem) for each in problems)
        self._fill("problems", rows)

    def problems(self) -> Iterator[Problem]:
        """What is wrong, in the order of lines."""
        for batch in self._batches("select line, field, value, problem from problems order by line"):
            for line, field, value, problem in batch:
                yield Problem(line=line, field=field, value=value, problem=problem)

    def tell(self, rows: Sequence[tuple[int, bytes, Iterable[str]]]) -> None:
        """Keep what rows say, under their lines, with every name of whom they say it."""
        self._fill("told", ((line, body, 0, 0) for line, body, _ in rows))
        self._fill("names", ((name, line) for line, _, names in rows for name in names))

    def borrowed_phones(self) -> list[tuple[int, str]]:
        """The phones, by line, that rows of different customers share: such a phone tells nobody from another."""
        return self._c.execute(
            "with twice as (select name from names where name between 'phone:' and 'phone;'"
            "  group by name having count(*) > 1),"
            " phones as (select line, name from names where name in (select name from twice)),"
            " numbers as (select line, name, substr(name, 1, instr(name, ':')) as kind from names"
            "  where line in (select line from phones) and instr(name, ':') > 0 and name not like 'phone:%'),"
            " shared as (select phones.name from phones join numbers using (line)"
            "  group by phones.name, kind having count(distinct numbers.name) > 1)"
            " select line, name from phones where name in (select name from shared) order by line"
        ).fetchall()

    def cell(self, line: int, field: str) -> str:
        """What the file has in one cell."""
        assert field in self.fields
        question = f"select {field} from cells where line = ?"  # noqa: S608
        return str(self._c.execute(question, (line,)).fetchone()[0])

    def part(self, line: int, phone: str, body: bytes) -> None:
        """Let a row be known by a phone no more, nor by whom it led to; `body` is what it says without it."""
        with self._c:
            self._c.execute("delete from names where line = ? and (name = ? or instr(name, ':') = 0)", (line, phone))
            self._c.execute("update told set body = ? where line = ?", (body, line))

    def doubles(self) -> list[list[int]]:
        """The lines of the rows that are about one person, in their order, for every person with more than one."""
        shared = self._c.execute(
            "select name, line from names where name in (select name from names group by name having count(*) > 1)"
            " order by name, line"
        )
        first: dict[int, int] = {}
        for _, group in groupby(shared, key=itemgetter(0)):
            lines = [line for _, line in group]
            roots = {_root(first, line) for line in lines}
            first |= dict.fromkeys(roots, min(roots))
        return _groups(first)

    def bodies(self, lines: Sequence[int]) -> list[bytes]:
        """What these rows say."""
        return [self._c.execute("select body from told where line = ?", (line,)).fetchone()[0] for line in lines]

    def fold(self, lines: Sequence[int], body: bytes, adding: int) -> None:
        """Let what rows say together stand under the last; `adding` is how many of the others said something new."""
        with self._c:
            self._c.executemany("delete from told where line = ?", [(line,) for line in lines[:-1]])
            values = (body, len(lines) - 1, adding, lines[-1])
            self._c.execute("update told set body = ?, doubles = ?, adding = ? where line = ?", values)

    def told(self, size: int) -> Iterator[list[tuple[bytes, int, int]]]:
        """What is said, in batches: body, how many rows it stands for beside its own, how many of those said more."""
        return self._batches("select body, doubles, adding from told order by line", size)

    def note_activity(self, told: Iterable[tuple[str | None, float]]) -> None:
        """Keep the activity that rows tell, of people known or not."""
        self._fill("activity", told)

    def note_known_activity(self, known: Iterable[tuple[str, float]]) -> None:
        """Keep the activity of people as it is known."""
        self._fill("known_activity", known)

    def all_activity(self) -> Iterator[float]:
        """Everybody's activity as it will be, in ascending order."""
        cursor = self._c.execute(
            "select value from activity union all select value from known_activity"
            " where person not in (select person from activity where person is not null) order by 1"
        )
        return (value for (value,) in cursor)

    def _number(self, question: str) -> Any:
        return self._c.execute(question).fetchone()[0]

    def _batches(self, question: str, size: int = _BATCH) -> Iterator[list[tuple[Any, ...]]]:
        cursor = self._c.execute(question)
        while batch := cursor.fetchmany(size):
            yield batch

    def _fill(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        found = list(rows)
        if found:
            marks = ",".join("?" * len(found[0]))
            with self._c:
                self._c.executemany(f"insert or ignore into {table} values ({marks})", found)  # noqa: S608


def _root(first: dict[int, int], line: int) -> int:
    """The first line known so far to be about the same person as `line`."""
    while (before := first.setdefault(line, line)) != line:
        first[line] = line = first.setdefault(before, before)
    return line


def _groups(first: dict[int, int]) -> list[list[int]]:
    groups: dict[int, list[int]] = {}
    for line in sorted(first):
        groups.setdefault(_root(first, line), []).append(line)
    return [lines for lines in groups.values() if len(lines) > 1]


def _filled(rows: Sequence[Sequence[Any]], picks: Sequence[tuple[int, bool]]) -> Iterator[list[Any]]:
    for row in rows:
        cells = [unguarded(row[place].strip()) if words else half_width(row[place]) for place, words in picks]
        if any(cells) or any(map(str.strip, row[1:])):
            yield [row[0], *cells]
