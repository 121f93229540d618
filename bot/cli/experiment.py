"""`experiment start|list|show|stop`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from bot.cli.columns import columns
from bot.cli.house import opened, operate, run
from bot.cli.options import as_json, configured, show, show_list
from bot.experimenting import as_json as experiment_json
from referral.errors import BadInput
from referral.experiment_words import KINDS
from referral.experimenting import known
from referral.experiments import Kind, Metric

_HEAD = ("编号", "比什么", "名称", "活动", "状态", "开始")
_ARMS = ("组", "比例", "客户", "取过海报", "成交好友", "退订")


@click.group()
def experiment() -> None:
    """Experiments: start one, look at them, stop one."""


@experiment.command()
@click.argument("kind", type=click.Choice([each.value for each in Kind]))
@configured
@click.option("--arm", "arms", multiple=True, metavar="ARM[=SHARE]", help="A framing, a template or a campaign's ID.")
@click.option("--campaign", metavar="ID", help="Where copy or posters are compared.")
@click.option("--name", help="What staff call it.")
@click.option("--metric", type=click.Choice([each.value for each in Metric]), help="What decides.")
@as_json
def start(
    kind: str,
    config_file: Path,
    *,
    arms: tuple[str, ...],
    campaign: str | None,
    name: str | None,
    metric: str | None,
    json_: bool,
) -> None:
    """Start an experiment: who gets which arm is drawn by lot and stays so; who is held out is in none.

    copy and poster vary within a campaign; offer and reward are drawn between campaigns that both run.
    """
    args = {"kind": kind, "campaign": campaign, "name": name, "metric": metric, "arms": [_arm(each) for each in arms]}
    _print(run(operate(config_file, "experiment.start", args)), json_=json_)


@experiment.command("list")
@configured
@as_json
def list_(config_file: Path, json_: bool) -> None:
    """All experiments, the first one first."""
    found = run(_all(config_file))
    show_list(found, _HEAD, lambda each: tuple(_spoken(each).values()), nothing="还没有实验", json_=json_)


@experiment.command("show")
@click.argument("experiment_id", metavar="ID")
@configured
@as_json
def show_(experiment_id: str, config_file: Path, json_: bool) -> None:
    """One experiment: its arms, how they stand, and how certain that is."""
    _print(run(_one(config_file, experiment_id)), json_=json_)


@experiment.command()
@click.argument("experiment_id", metavar="ID")
@configured
@click.option("--note", help="Why, for the record.")
@as_json
def stop(experiment_id: str, config_file: Path, note: str | None, json_: bool) -> None:
    """End an experiment without a decision, or take one that was decided out of use."""
    _print(run(operate(config_file, "experiment.stop", {"id": experiment_id, "note": note})), json_=json_)


def _arm(text: str) -> tuple[str, float | None]:
    arm, equals, part = text.partition("=")
    if not equals:
        return arm.strip(), None
    try:
        return arm.strip(), float(part)
    except ValueError:
        raise BadInput("--arm", f"{text}：比例请写成小数，例如 {arm.strip()}=0.5") from None


async def _all(config_file: Path) -> list[dict[str, Any]]:
    async with opened(config_file) as here:
        return await here.store.read(lambda tx: [experiment_json(tx, each) for each in tx.experiments.all()])


async def _one(config_file: Path, experiment_id: str) -> dict[str, Any]:
    async with opened(config_file) as here:
        return await here.store.read(lambda tx: experiment_json(tx, known(tx, experiment_id)))


def _print(made: dict[str, Any], *, json_: bool) -> None:
    if json_:
        return show(made)
    return click.echo("\n".join(_lines(made)))


def _lines(made: dict[str, Any]) -> Iterator[str]:
    yield from (f"{name}  {value}" for name, value in _spoken(made).items())
    yield ""
    rows = [
        (each["name"], f"{each['share']:.0%}", *(str(each[key]) for key in ("people", "took", "credited", "optouts")))
        for each in made["arms"]
    ]
    yield from columns(_ARMS, rows)
    yield ""
    yield made["result"]


def _spoken(made: dict[str, Any]) -> dict[str, str]:
    told = (made["id"], KINDS[Kind(made["kind"])], made["name"], made["campaign"], made["state_text"])
    return dict(zip(_HEAD, (*told, made["started_at"][:10]), strict=True))
