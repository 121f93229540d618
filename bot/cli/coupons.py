"""`coupons`: the pools of codes that coupons are given from."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from bot.cli.house import opened, operate, run
from bot.cli.options import as_json, configured, show, show_list
from bot.files.codes import FIELD, read_codes
from bot.files.rows import Problem, shown
from bot.stocking import STATES, pool_named, pools

_AT_ONCE = 2_000  # codes in one command: well below a megabyte
_SHOWN = 20  # lines named one by one
_HEAD = ("券池", "还有", "已发", "已用", "过期", "作废")


@click.group()
def coupons() -> None:
    """Coupon pools: fill them, and see what is left."""


@coupons.command()
@click.argument("pool")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@configured
@as_json
def add(pool: str, file: Path, config_file: Path, json_: bool) -> None:
    """Put the codes of FILE into POOL: one a line, or a CSV or XLSX with a column of them.

    The same file again adds nothing. Lines that cannot be taken are named; the others are. A code that another pool has
    too is taken, and named: in the shop the two can only be told apart by their QR.
    """
    found = read_codes(file)
    added, known, elsewhere = run(_fill(config_file, pool_named(pool), list(found.codes)))
    again = [_at(found.codes[code], code, "这个券码以前收过") for code in known]
    twice = [_at(found.codes[code], code, _also_in(other)) for code, other in elsewhere.items()]
    problems, warnings = _by_line([*found.problems, *again]), _by_line(twice)
    if json_:
        told = {"errors": [*map(_as_json, problems)], "warnings": [*map(_as_json, warnings)]}
        show({"pool": pool, "added": added, **told})
    else:
        click.echo(f"券池「{pool}」新增 {added} 个，没有收 {len(problems)} 行")
        _name(problems)
        if warnings:
            click.echo(f"收下了，但别的券池里也有同样的券码，门店请扫二维码核销：{len(warnings)} 行")
            _name(warnings)
    if problems:
        sys.exit(1)


@coupons.command("list")
@configured
@as_json
def list_(config_file: Path, json_: bool) -> None:
    """Every pool: how many codes are left, given, used, expired or void."""
    found = run(_pools(config_file))
    show_list(found, _HEAD, _row, nothing="还没有券", json_=json_)


async def _fill(config_file: Path, pool: str, codes: Sequence[str]) -> tuple[int, list[str], dict[str, str]]:
    """How many were added, which the pool had before, and which of those added another pool has, and which pool."""
    added, known = 0, list[str]()
    elsewhere = dict[str, str]()
    for start in range(0, len(codes), _AT_ONCE):
        some = {"pool": pool, "codes": codes[start : start + _AT_ONCE]}
        made = await operate(config_file, "coupons.add", some)
        added += made["added"]
        known += made["known"]
        elsewhere |= made["elsewhere"]
    return added, known, elsewhere


async def _pools(config_file: Path) -> list[dict[str, Any]]:
    async with opened(config_file) as here:
        now = here.clock()
        return await here.store.read(lambda tx: pools(tx, now))


def _name(problems: Sequence[Problem]) -> None:
    for each in problems[:_SHOWN]:
        click.echo(f"  第 {each.line} 行：{each.problem}" + (f"（{each.value}）" if each.value else ""))
    if len(problems) > _SHOWN:
        click.echo(f"  还有 {len(problems) - _SHOWN} 行，加 --json 可以看到全部")


def _by_line(problems: Sequence[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: problem.line)


def _at(line: int, code: str, problem: str) -> Problem:
    return Problem(line=line, field=FIELD, value=shown(code), problem=problem)


def _also_in(pool: str) -> str:
    return f"券池「{pool}」里也有这个券码" if pool else "自动生成的券里也有这个券码"


def _as_json(problem: Problem) -> dict[str, Any]:
    return {"line": problem.line, "field": problem.field, "value": problem.value, "problem": problem.problem}


def _row(pool: dict[str, Any]) -> tuple[str, ...]:
    return pool["pool"] or "（自动生成）", *(str(pool[state]) for state in STATES)
