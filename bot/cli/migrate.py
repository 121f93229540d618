"""`migrate`."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.house import read_config, run
from bot.cli.options import configured
from storage.errors import DatabaseInUse, NotMigrated
from storage.open import migrate_database, open_beside


@click.command()
@configured
def migrate(config_file: Path) -> None:
    """Bring the database to this program's version."""
    ran = run(_migrate(read_config(config_file).database.url))
    click.echo("数据库已升级" if ran else "数据库已是最新", err=True)


async def _migrate(url: str) -> bool:
    """Whether anything had to be done; beside a running bot of this version there is nothing to do."""
    try:
        return await migrate_database(url)
    except DatabaseInUse as in_use:
        try:
            await (await open_beside(url)).close()
        except NotMigrated:
            raise in_use from None
        return False
