"""`look`."""

from __future__ import annotations

from pathlib import Path

import click

from bot.posters.engine import HybridEngine
from bot.posters.errors import TemplateBroken, TemplateUnknown
from bot.posters.proving import problems
from referral.errors import BadInput


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path))
def look(folder: Path) -> None:
    """Check a poster template of your own: draw all that FOLDER offers, read it back; exit 1 if something is wrong."""
    home = folder.resolve()
    try:
        found = list(problems(HybridEngine(looks=home.parent, proves=False), home.name))
    except TemplateUnknown:
        raise BadInput("FOLDER", f"{folder} 里没有 look.toml，或者文件夹的名字不是小写字母、数字和连字符") from None
    except TemplateBroken as problem:
        raise BadInput("FOLDER", str(problem)) from None
    for each in found:
        click.echo(each)
    if found:
        raise click.exceptions.Exit(1)
    click.echo("这个图样可以用", err=True)
