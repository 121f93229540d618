"""`poster`."""

from __future__ import annotations

from pathlib import Path

import click
from aiohttp import ClientSession

from bot.channels.wecom.pictures import Pictures
from bot.cli.house import opened, run
from bot.cli.options import configured
from bot.cli.outfile import whole
from bot.posters.commissions import PosterDesk
from bot.posters.engine import HybridEngine
from bot.posters.errors import TemplateUnknown
from bot.posters.studio import Studio
from referral import codes
from referral.errors import BadInput


@click.command()
@click.argument("code")
@configured
@click.option("--template", default="", metavar="NAME", help="Another look.")
@click.option("--edition", type=click.Choice(["feed", "friend"]), default="feed", show_default=True)
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path))
def poster(code: str, config_file: Path, template: str, edition: str, output: Path) -> None:
    """Write the poster of CODE as a JPEG."""
    plain = codes.normalise(code)
    if plain is None or not codes.is_valid(plain):
        raise BadInput("CODE", f"{code} 不是邀请码")
    with whole(output) as file:
        file.write(run(_draw(config_file, plain, edition, template)))
    click.echo(f"海报在 {output}", err=True)


async def _draw(config_file: Path, code: str, edition: str, template: str) -> bytes:
    async with opened(config_file) as here, ClientSession() as session:
        wecom = here.config.wecom
        platform = (wecom.api_base if wecom else None) or here.config.server.own_address
        pictures = Pictures(session, platform=platform, allow=here.config.egress.allow)
        studio = Studio(HybridEngine(), here.config.files.data_dir / "posters")
        desk = PosterDesk(
            here.store, studio, facts=here.facts, words=here.words, fetch=pictures.fetch, clock=here.clock
        )
        try:
            return await desk.poster(code, edition=edition, template=template)
        except TemplateUnknown:
            raise BadInput("--template", f"没有这个模板：{template}") from None
        finally:
            studio.close()
