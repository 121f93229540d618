"""`story list|select|withdraw`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.cli.columns import wrapped
from bot.cli.house import opened, operate, run
from bot.cli.options import as_json, configured, show
from bot.curating import as_json as story_json
from bot.curating import every
from referral.stories import StoryState

_STATES = {"submitted": "待选", "selected": "已选", "withdrawn": "已撤回"}
_WIDTH = 100  # columns


@click.group()
def story() -> None:
    """Stories: look at, select, withdraw."""


@story.command("list")
@configured
@click.option("--state", type=click.Choice(list(_STATES)), help="Only these.")
@as_json
def list_(config_file: Path, state: str | None, json_: bool) -> None:
    """What customers handed in, the newest first, with what may not be published of it."""
    found = run(_all(config_file, StoryState(state) if state else None))
    if json_:
        return show(found)
    if not found:
        return click.echo("还没有故事", err=True)
    return click.echo("\n\n".join(_spoken(each) for each in found))


@story.command()
@click.argument("story_id", metavar="ID")
@configured
@click.option("--note", help="Why, for the record.")
@click.option("--without-photos", is_flag=True, help="Publish the words alone; the photos are deleted.")
@click.option("--by", metavar="NAME", help="Who says yes, where the campaign has several colleagues decide.")
@as_json
def select(
    story_id: str, config_file: Path, note: str | None, without_photos: bool, by: str | None, json_: bool
) -> None:
    """Put a story on the wall; its author is told, and thanked if a running campaign says so."""
    args = {"id": story_id, "note": note, "photos": not without_photos, "by": by}
    made = run(operate(config_file, "story.select", args))
    if json_:
        return show(made)
    if made.get("lacks"):
        return click.echo(f"记下了，还要 {made['lacks']} 位同事同意才入选", err=True)
    click.echo("；".join(f"谢礼：{each['what']}" for each in made["rewards"]) or _no_thanks(made), err=True)
    return click.echo(made["url"])


@story.command()
@click.argument("story_id", metavar="ID")
@configured
@click.option("--note", help="Why, for the record.")
@as_json
def withdraw(story_id: str, config_file: Path, note: str | None, json_: bool) -> None:
    """Take a story down for good: its words and photos are deleted, thanks that it brought stay."""
    made = run(operate(config_file, "story.withdraw", {"id": story_id, "note": note}))
    if json_:
        return show(made)
    return click.echo(f"已撤回 {made['id']}")


async def _all(config_file: Path, state: StoryState | None) -> list[dict[str, Any]]:
    async with opened(config_file) as here:
        return [story_json(each, here.facts) for each in await here.store.read(lambda tx: every(tx, state))]


def _no_thanks(made: dict[str, Any]) -> str:
    return f"没有谢礼：{made['no_thanks']['text']}" if made["no_thanks"] else "以前已经选过"


def _spoken(made: dict[str, Any]) -> str:
    day = (made["selected_at"] or made["submitted_at"])[:10]
    signed = made["author"] or ("可用昵称" if made["signed"] else "不署名")
    head = "  ".join((made["id"], _STATES[made["state"]], day, signed, f"{len(made['photos'])}张照片"))
    lines = [head, *(f"  {line}" for line in wrapped(made["text"], _WIDTH - 2))]
    lines += [f"  照片 {photo or '还在收取'}" for photo in made["photos"]]
    lines += [f"  ✗ 第{f['from'] + 1}到{f['to']}字「{f['text']}」{f['why']}（{f['rule']}）" for f in made["findings"]]
    return "\n".join([*lines, *([f"  {made['url']}"] if made["url"] else [])])
