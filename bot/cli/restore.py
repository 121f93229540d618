"""`restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.cli.house import read_config, run
from bot.cli.options import as_json, configured, show
from bot.cli.restoring import Restoring


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@configured
@click.option("--force", is_flag=True, help="Also where there is something already; a SQLite file is kept, renamed.")
@as_json
def restore(file: Path, config_file: Path, force: bool, json_: bool) -> None:
    """Put back what `backup` wrote to FILE. The bot must be stopped; erasures that came later are done again."""
    done = run(Restoring(read_config(config_file), file, force=force).run())
    for warning in done["warnings"]:
        click.echo(click.style(f"注意：{warning}", fg="yellow"), err=True)
    if json_:
        return show(done)
    return _print(done)


def _print(done: dict[str, Any]) -> None:
    click.echo(f"已恢复到 {done['made_at']} 的备份，账本 {done['head']['size']} 条，核对无误")
    if done["erased_again"]:
        click.echo(f"备份之后要求删除资料的 {len(done['erased_again'])} 位客户，已再次删除")
    if done["letters_given_up"]:
        click.echo(f"备份时还没发完的消息 {done['letters_given_up']} 条不再发送：不知道当时发出去没有")
    if done["former"]:
        click.echo(f"原来的数据库留在 {done['former']}，确认无误后请删除")
