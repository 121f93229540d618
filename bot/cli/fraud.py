"""`fraud`: what looks made up, for somebody to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.cli.house import opened, operate, run
from bot.cli.options import as_json, configured, show, show_list, signed
from bot.suspecting import likelihood, listed

_HEAD = ("编号", "推荐人", "朋友", "可能性", "依据", "谢礼", "核对")
_STATES = {"noted": "先记着", "open": "等核对", "cleared": "没有问题", "confirmed": "不算"}
_SIDES = {"advocate": "推荐人", "friend": "朋友"}
_THANKS = {
    "held": "确认中",
    "approved": "在路上",
    "granted": "已到账",
    "reversed": "已收回",
    "rejected": "没有给",
    "expired": "已过期",
}


@click.group()
def fraud() -> None:
    """Referrals that look made up: look at the evidence, clear, confirm, take that back."""


@fraud.command("list")
@click.option("--all", "all_", is_flag=True, help="The decided ones too, and those that hold nothing up.")
@configured
@as_json
def list_(all_: bool, config_file: Path, json_: bool) -> None:
    """Those that somebody must look at before their thanks go on, the oldest first."""
    found = run(_listed(config_file, everything=all_))
    show_list(found, _HEAD, _row, nothing="没有要核对的推荐", json_=json_)


def _deciding(verb: str, says: str, *, reason: str = "What you saw; kept for later questions.") -> click.Command:
    @click.argument("referral_id", metavar="ID")
    @click.option("--reason", required=True, help=reason)
    @signed
    @configured
    @as_json
    def decide(referral_id: str, reason: str, by: str, config_file: Path, json_: bool) -> None:
        args = {"id": referral_id, "reason": reason, "by": by}
        _print(run(operate(config_file, f"fraud.{verb}", args)), json_=json_)

    return click.command(verb, help=says)(decide)


fraud.add_command(
    _deciding("clear", "It is in order: its thanks go on, and the same evidence does not bring this advocate up again.")
)
fraud.add_command(
    _deciding("confirm", "It is made up: its thanks end; both sides read that a colleague checked, and may appeal.")
)
fraud.add_command(
    _deciding(
        "reopen",
        "Take back a clear or a confirm: it waits for somebody again, and what had ended is held anew.",
        reason="Why the decision is taken back; kept for later questions.",
    )
)


async def _listed(config_file: Path, *, everything: bool) -> list[dict[str, Any]]:
    async with opened(config_file) as here:
        return await here.store.read(lambda tx: listed(tx, here.words, everything=everything))


def _row(found: dict[str, Any]) -> tuple[str, ...]:
    people = (found[side]["name"] or found[side]["id"] for side in ("advocate", "friend"))
    evidence = "、".join(each["text"] for each in found["evidence"])
    rewards = "、".join(
        f"{_SIDES[each['side']]} {each['what']}（{_THANKS[each['state']]}）" for each in found["rewards"]
    )
    decided = "，".join(filter(None, (found["decided_by"], found["note"])))
    state = _STATES[found["state"]] + (f"（{decided}）" if decided else "")
    return found["id"], *people, likelihood(found["chance"]), evidence, rewards, state


def _print(found: dict[str, Any], *, json_: bool) -> None:
    if json_:
        return show(found)
    return click.echo("  ".join(filter(None, _row(found))))
