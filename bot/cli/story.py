"""`story list|select|withdraw|quote|unquote`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.cli.columns import wrapped
from bot.cli.house import opened, operate, run
from bot.cli.options import as_json, configured, show
from bot.curating import as_json as story_json
from bot.curating import every, quotes_as_json
from referral.errors import BadInput
from referral.stories import StoryState

_STATES = {"submitted": "待选", "selected": "已选", "withdrawn": "已撤回"}
_WIDTH = 100  # columns


@click.group()
def story() -> None:
    """Stories: look at, select, withdraw, quote on posters."""


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


@story.command()
@click.argument("story_id", metavar="ID")
@configured
@click.option("--campaign", metavar="ID", help="The campaign whose posters are to quote the story.")
@click.option("--words", help="The sentence, word for word as it stands in the story.")
@click.option("--number", type=click.IntRange(1), metavar="N", help="The same by its number in the list.")
@as_json
def quote(
    story_id: str, config_file: Path, campaign: str | None, words: str | None, number: int | None, json_: bool
) -> None:
    """Show which sentences may stand on posters, or have a campaign's posters quote one of them."""
    if words is None and number is None:
        found = run(_quotes(config_file, story_id))
        return show(found) if json_ else click.echo(_listed(found))
    if campaign is None:
        raise BadInput("--campaign", "写明放在哪个活动的海报上")
    if words is None:
        words = _numbered(run(_quotes(config_file, story_id)), number or 0)
    made = run(operate(config_file, "story.quote", {"id": story_id, "campaign": campaign, "words": words}))
    if json_:
        return show(made)
    return click.echo(f"活动 {made['campaign']} 的海报从下一张起带上：「{made['words']}」")


@story.command()
@click.argument("story_id", metavar="ID")
@configured
@click.option("--campaign", required=True, metavar="ID", help="The campaign whose posters quote the story.")
@as_json
def unquote(story_id: str, config_file: Path, campaign: str, json_: bool) -> None:
    """Have a campaign's posters quote the story no more."""
    made = run(operate(config_file, "story.unquote", {"id": story_id, "campaign": campaign}))
    if json_:
        return show(made)
    return click.echo(f"活动 {made['campaign']} 的海报从下一张起不再引用")


async def _quotes(config_file: Path, story_id: str) -> dict[str, Any]:
    async with opened(config_file) as here:
        return await here.store.read(lambda tx: quotes_as_json(tx, here.facts, story_id))


def _numbered(found: dict[str, Any], number: int) -> str:
    fitting = _fitting(found)
    if number > len(fitting):
        raise BadInput("--number", f"能用的只有 {len(fitting)} 句")
    return fitting[number - 1]


def _fitting(found: dict[str, Any]) -> list[str]:
    return [each["words"] for each in found["candidates"] if not each["why_not"]]


def _listed(found: dict[str, Any]) -> str:
    lines = [f"{number:>3}  {words}" for number, words in enumerate(_fitting(found), 1)] or ["没有能放上海报的句子"]
    lines += [f"  ✗  {each['words']}  {each['why_not']}" for each in found["candidates"] if each["why_not"]]
    return "\n".join([*lines, *(f"  →  活动 {each['campaign']}：{each['words']}" for each in found["quoted"])])


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
