"""Taking in a file: its cells are laid into a scratch database, read, brought together by person, and handed over."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import msgspec

from bot.cli.door import Alone, Door
from bot.cli.handing import Batched, Handing
from bot.cli.learning import History, Stage, learn
from bot.cli.shared_phones import SharedPhones, anothers
from bot.files.beside import beside, collecting_rarely
from bot.files.headers import ORDERS, PEOPLE, PERSON, SIGNALS, Layout, Names, layout
from bot.files.opening import open_sheet
from bot.files.orders import OrderRow, OrdersReader
from bot.files.parsing import Reading, ToldRow, parser
from bot.files.rows import FILE, Problem
from bot.files.scratch import Scratch
from bot.files.signals import SignalsReader, SignalTold
from bot.hooks.reading import Naming
from bot.intake import Ended, OrdersBatch, SignalsBatch, Verdict
from referral.errors import BadInput
from referral.intake import Told, adds, together
from referral.moments import Permission, Thresholds
from storage.transaction import Transaction

MANY = 50_000  # rows from which on another process is worth its start
_SLICE = 5_000  # people looked at in one read
_STEPWISE = 50  # signals or orders of one batch: each is a use case of its own
_FIVE = 5

COLUMNS: Mapping[str, Names] = {"people": PEOPLE, "signals": SIGNALS, "orders": ORDERS}
"""What may be imported, and the columns that it has."""

_NEEDED: Mapping[str, Sequence[Sequence[str]]] = {
    "people": (tuple(PERSON),),
    "signals": (tuple(PERSON), ("type",), ("at",)),
    "orders": (tuple(PERSON), ("source",), ("order_no",), ("amount", "amount_fen"), ("paid_at",)),
}


@dataclass(slots=True)
class Report:
    """What became of a file's rows. `people` counts persons by what they said to being written to.

    `phones` of them were taken in without their phone, which is another customer's as well; `ages` as minors, by their
    birthday and against what the row says.
    """

    rows: int = 0
    phones: int = 0
    ages: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    people: Counter[str] = field(default_factory=Counter)
    history: History = field(default_factory=History)

    @property
    def consent(self) -> dict[str, int]:
        """已同意, 待征询, 已拒绝."""
        refused = self.people[Permission.REFUSED] + self.people[Permission.WITHDRAWN]
        granted, unknown = self.people[Permission.GRANTED], self.people[Permission.UNKNOWN]
        return {"granted": granted, "to_ask": unknown, "refused": refused}

    @property
    def counts(self) -> dict[str, int]:
        """Rows by what they were; the rest is broken."""
        return {"rows": self.rows} | {verdict.value: self.verdicts[verdict.value] for verdict in Verdict}


class Importing:
    """One file on its way in. Used as a context, it keeps the file's cells until it ends."""

    def __init__(self, what: str, file: Path, mapping: Mapping[str, str], scale: int | None, stage: Stage) -> None:
        self.what = what
        self._file = file
        self._mapping = mapping
        self._scale = scale
        self._stage = stage
        self._stack = ExitStack()
        self._known = 0
        self.layout: Layout
        self.scratch: Scratch

    def __enter__(self) -> Self:
        self.scratch = self._stack.enter_context(Scratch())
        self._phones = SharedPhones(self.scratch)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def read(self) -> None:
        """Read the file. Raises `BadInput` for one that cannot be used, or whose satisfaction leaves a question."""
        with self._file.open("rb") as file:
            self._digest = hashlib.file_digest(file, "sha256").hexdigest()
        with open_sheet(self._file) as sheet:
            self.layout = layout(sheet.header, COLUMNS[self.what], self._mapping, _NEEDED[self.what])
            self.scratch.lay(sheet, self.layout.places, self._stage("读取", sheet.size))
        self._rows = self.scratch.count()
        if not self._rows:
            raise BadInput(FILE, f"{self._file.name}：只有表头，没有一行内容")
        if self._scale is None and "satisfaction" in self.layout.places:
            _ask_scale(self.layout.headings["satisfaction"], self.scratch.greatest("satisfaction"))

    async def take_in(self, door: Door) -> Report:
        """Hand the file's rows over."""
        report = Report(rows=self._rows)
        if self.what == "people":
            with collecting_rarely():
                await self._people(door, report)
        else:
            await self._stepwise(door, report)
        await door.end(Ended(what=self.what, digest=self._digest, counts=report.counts))
        return report

    async def _people(self, door: Door, report: Report) -> None:
        report.ages = await self._tell(door)
        self._phones.part()
        self._fold()
        report.phones = self._phones.left
        steps = await self._steps(door)
        progress = self._stage("写入", self._rows)
        handing = Handing(self.scratch, door, digest=self._digest, steps=steps, rows=self._rows)
        beforehand = self._rows >= MANY and not self._known and isinstance(door, Alone)
        done = 0
        async for found, batch in handing.prepared() if beforehand else handing.plain():
            _count(report, found, batch)
            done += len(batch)
            progress(done)
        progress(self._rows)
        report.history = await learn(door, report.verdicts, self._stage)

    async def _tell(self, door: Door) -> int:
        """Read the rows, and find out whom they are about as far as that is known; how many say an age twice."""
        here, naming = door.here, await _with_staff(door)
        reading = Reading(fields=self.scratch.fields, naming=naming, scale=self._scale or 10, now=here.clock())
        batches = self.scratch.cells()
        read = map(parser(reading), batches) if self._rows < MANY else beside(batches, parser, reading)
        done, ages, progress = 0, 0, self._stage("核对", self._rows)
        for told, problems in read:
            lines = {line for line, *_ in told} if problems else set()
            doubts = sum(each.line in lines for each in problems)
            self.scratch.note(problems)
            whose = await here.store.read(_whose([name for _, _, names, _ in told for name in names]))
            self._known += len(whose)
            others = await here.store.read(anothers(told, whose)) if whose else {}
            self._note(self._phones.without(told, others), whose)
            done += len(told) + len(problems) - doubts
            ages += doubts
            progress(done)
        return ages

    def _note(self, told: Sequence[ToldRow], whose: Mapping[str, str]) -> None:
        """Keep what rows say; the people whom they are about are further names of theirs."""
        people = [{whose[name] for name in names if name in whose} if whose else () for _, _, names, _ in told]
        rows = zip(told, people, strict=True)
        self.scratch.tell([(line, body, {*names, *who}) for (line, body, names, _), who in rows])
        active = zip(people, told, strict=True)
        self.scratch.note_activity((next(iter(who), None), row[3]) for who, row in active if row[3] is not None)

    def _fold(self) -> None:
        """Bring the rows about one person together; how many of them said anything new is kept for the count."""
        for lines in self.scratch.doubles():
            rows = [msgspec.json.decode(body, type=Told) for body in self.scratch.bodies(lines)]
            adding = sum(adds(together(rows[:place]), rows[place]) for place in range(1, len(rows)))
            self.scratch.fold(lines, msgspec.json.encode(together(rows)), adding)

    async def _steps(self, door: Door) -> tuple[float, ...] | None:
        """The company's scale of activity as it will be, None if the file does not touch it."""
        if "activity" not in self.scratch.fields:
            return None
        after = ""
        while known := await door.here.store.read(_activity(after)):
            self.scratch.note_known_activity(known)
            after = known[-1][0]
        return Thresholds.of(self.scratch.all_activity()).steps

    async def _stepwise(self, door: Door, report: Report) -> None:
        """Signals or orders, one after the other as webhooks would bring them; of two alike the first."""
        reader, seen = self._reader(door, await _with_staff(door)), set()
        done, progress = 0, self._stage("写入", self._rows)
        for batch in self.scratch.cells(_STEPWISE):
            told = []
            for row in self._good(map(reader.read, batch)):
                key = hash(_key(row))
                if key in seen:
                    report.verdicts[Verdict.SAME] += 1
                    continue
                seen.add(key)
                told.append(row)
            await self._hand_over(door, told, report)
            done += len(batch)
            progress(done)

    def _reader(self, door: Door, naming: Naming) -> SignalsReader | OrdersReader:
        fields, now = self.scratch.fields, door.here.clock()
        if self.what == "signals":
            return SignalsReader(fields, naming, scale=self._scale or 10, now=now)
        return OrdersReader(fields, naming, now=now)

    async def _hand_over(self, door: Door, told: Sequence[Any], report: Report) -> None:
        if not told:
            return
        batch = SignalsBatch(rows=tuple(told)) if self.what == "signals" else OrdersBatch(rows=tuple(told))
        for row, found in zip(told, await door.take(batch), strict=True):
            if found in set(Verdict):
                report.verdicts[found] += 1
            else:
                wrong = Problem(line=row.line, field="order_no", value=row.told.order_no, problem=found)
                self.scratch.note([wrong])

    def _good(self, found: Iterator[Any]) -> Iterator[Any]:
        """The rows that could be read; what is wrong with the others is kept."""
        bad = []
        for each in found:
            if isinstance(each, Problem):
                bad.append(each)
            else:
                yield each
        self.scratch.note(bad)


async def _with_staff(door: Door) -> Naming:
    """How people are named, and the userids of colleagues, which name no customer."""
    here = door.here
    reps = await here.store.read(lambda tx: tx.intake.reps())
    staff = frozenset(each.casefold() for each in (*reps.values(), *here.facts.managers))
    return replace(here.naming, staff=staff)


def _ask_scale(heading: str, greatest: float | None) -> None:
    if greatest is not None and greatest <= _FIVE:
        raise BadInput(
            "--scale",
            f"“{heading}”这一列最大是 {greatest:g}，看不出满分是多少。"
            "满分 5 分请加 --scale 5（会换算成 10 分制），满分 10 分请加 --scale 10",
        )


def _count(report: Report, found: Sequence[tuple[str, str]], batch: Batched) -> None:
    """Count each person's rows: one as what it was, the others as changes if they brought something."""
    report.verdicts.update(verdict for verdict, _ in found)
    report.people.update(permission for _, permission in found)
    for (verdict, _), (_, doubles, adding) in zip(found, batch, strict=True):
        if doubles:
            changed = 0 if verdict == Verdict.SAME else adding
            report.verdicts.update({Verdict.CHANGED: changed, Verdict.SAME: doubles - changed})


def _key(row: SignalTold | OrderRow) -> tuple[object, ...]:
    if isinstance(row, SignalTold):
        return row.identities, row.kind, row.at, row.score, row.count
    return row.told.source, row.told.order_no, row.told.digest, row.refunded_fen, row.refunded_at


def _whose(names: Sequence[str]) -> Callable[[Transaction], Mapping[str, str]]:
    return lambda tx: tx.intake.whose(names)


def _activity(after: str) -> Callable[[Transaction], list[tuple[str, float]]]:
    return lambda tx: tx.intake.activity(after, _SLICE)
