"""`check`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from bot.calendar import calendar_of
from bot.cli.options import configured
from bot.config import load
from bot.machine import machine_clock
from bot.pages import cards
from referral.times import SHANGHAI
from referral.workdays import uncertain_years

_THEN = "公布后请升级，或写进 [sending] calendar 指定的文件"


@click.command()
@configured
def check(config_file: Path) -> None:
    """Check the file only, offline."""
    config = load(config_file, os.environ)
    click.echo("配置没有问题", err=True)
    today = machine_clock().astimezone(SHANGHAI).date()
    for year in uncertain_years(calendar_of(config.sending), today):
        click.echo(f"提醒：{year} 年的放假调休安排还未知，先按法定节日推算；{_THEN}", err=True)
    if config.rewriting:
        click.echo(f"提醒：换说法会问 {config.rewriting.api_base}，送去的只有带占位符的文字", err=True)
    click.echo(f"提醒：{cards.missing(config)}，邀请页和海报页的链接在微信里只是一行字，不带标题和图", err=True)
