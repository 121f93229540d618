"""`poster`."""

from __future__ import annotations

from pathlib import Path

import click
from aiohttp import ClientSession

from bot.channels.wecom.pictures import Pictures
from bot.cli.house import configured, opened, run
from bot.posters.commissions import PosterDesk
from bot.posters.engine import HybridEngine
from bot.posters.errors import PosterError
from bot.posters.studio import Studio
from referral import codes
from referral.errors import BadInput


@click.command()
@click.argument("code")
@configured
@click.option("--template", default="", help="Another look.")
@click.option("--edition", type=click.Choice(["feed", "friend"]), default="feed")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path))
def poster(code: str, config_file: Path, template: str, edition: str, output: Path) -> None:
    """Write the poster of CODE as a JPEG."""
    plain = codes.normalise(code)
    if plain is None or not codes.is_valid(plain):
        raise BadInput("CODE", f"{code} 不是邀请码")
    try:
        output.write_bytes(run(_draw(config_file, plain, edition, template)))
    except PosterError as error:
        raise click.ClickException(f"海报没有做出来：{error}") from error
    click.echo(f"{output}", err=True)


async def _draw(config_file: Path, code: str, edition: str, template: str) -> bytes:
    async with opened(config_file) as here, ClientSession() as session:
        wecom = here.config.wecom
        platform = (wecom.api_base if wecom else None) or here.config.server.own_address
        pictures = Pictures(session, platform=platform, allow=here.config.egress.allow)
        studio = Studio(HybridEngine(), here.config.files.data_dir / "posters")
        desk = PosterDesk(here.store, studio, facts=here.facts, words=here.words, fetch=pictures.fetch)
        try:
            return await desk.poster(code, edition=edition, template=template)
        finally:
            studio.close()
