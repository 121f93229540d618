"""`import people|signals|orders`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from bot import lesson_words
from bot.cli.door import door
from bot.cli.house import run
from bot.cli.importing import COLUMNS, Importing, Report
from bot.cli.learning import Stage
from bot.cli.options import as_json, configured
from bot.files.headers import pairs
from bot.files.people import SCALES

_SHOWN = 20  # rows with something wrong that are named one by one
_WHAT = {"people": "客户", "signals": "信号", "orders": "订单"}


@click.command("import")
@click.argument("what", type=click.Choice(list(COLUMNS)))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@configured
@click.option("--map", "map_", multiple=True, metavar="列名=FIELD", help="Which field a column of another name holds.")
@click.option("--scale", type=click.Choice([str(scale) for scale in SCALES]), help="The top of the satisfaction scale.")
@click.option("--dry-run", is_flag=True, help="Write nothing; say what would be.")
@as_json
def import_(
    what: str, file: Path, config_file: Path, map_: tuple[str, ...], scale: str | None, dry_run: bool, json_: bool
) -> None:
    """Take in people, signals or orders from a CSV or XLSX file; the same file again changes nothing."""
    with _stages() as stage, Importing(what, file, pairs(map_), int(scale) if scale else None, stage) as importing:
        importing.read()
        if importing.layout.ignored:
            click.echo(f"没有用到这些列：{'、'.join(importing.layout.ignored)}", err=True)
        report = run(_take_in(importing, config_file, dry_run=dry_run))
        broken = report.rows - sum(report.verdicts.values())
        for line in _json(report, importing) if json_ else _spoken(report, importing, broken, dry_run=dry_run):
            click.echo(line, nl=not json_)
    if broken:
        sys.exit(1)


async def _take_in(importing: Importing, config_file: Path, *, dry_run: bool) -> Report:
    async with door(config_file, dry=dry_run) as opened:
        return await importing.take_in(opened)


def _json(report: Report, importing: Importing) -> Iterator[str]:
    """One JSON object in pieces: a file may have as many errors as rows."""
    head: dict[str, object] = {**report.counts}
    if importing.what == "people":
        head |= {"consent": report.consent, "learned": lesson_words.as_json(report.history.taught)}
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "errors": ['
    for number, each in enumerate(importing.scratch.problems()):
        error = {"line": each.line, "field": each.field, "value": each.value, "problem": each.problem}
        yield (", " if number else "") + json.dumps(error, ensure_ascii=False)
    yield "]}\n"


def _spoken(report: Report, importing: Importing, broken: int, *, dry_run: bool) -> Iterator[str]:
    new, changed, same = (report.verdicts[verdict] for verdict in ("new", "changed", "same"))
    if dry_run:
        yield "试运行，什么都没有写入"
    yield f"{_WHAT[importing.what]} {report.rows} 行：新增 {new}，更新 {changed}，未变 {same}，有误 {broken}"
    if report.phones:
        yield f"其中 {report.phones} 行已收下，只有手机号没有记"
    if report.ages:
        yield f"其中 {report.ages} 行已收下，年龄前后不一，按未成年算"
    if importing.what == "people":
        consent = report.consent
        yield f"接收消息：已同意 {consent['granted']}，待征询 {consent['to_ask']}，已拒绝 {consent['refused']}"
        yield from lesson_words.spoken(report.history.tally, report.history.taught)
    for each in islice(importing.scratch.problems(), _SHOWN):
        heading = importing.layout.headings.get(each.field, "")
        place = f"第 {each.line} 行 {heading}".strip()
        yield f"  {place}：{each.problem}" + (f"（{each.value}）" if each.value else "")
    named = broken + report.phones + report.ages
    if named > _SHOWN:
        yield f"  还有 {named - _SHOWN} 行，加 --json 可以看到全部"


@contextmanager
def _stages() -> Iterator[Stage]:
    """A progress bar on a terminal, nothing elsewhere."""
    look = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    console = Console(stderr=True)
    with Progress(*look, console=console, transient=True, disable=not console.is_terminal) as bar:

        def stage(says: str, size: int) -> Callable[[int], None]:
            task: TaskID = bar.add_task(says, total=size)
            return lambda done: bar.update(task, completed=done)

        yield stage
