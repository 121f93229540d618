"""`poster`."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import click

from bot.channels.wecom.pictures import Pictures
from bot.cli.house import opened, run
from bot.cli.options import configured
from bot.cli.outfile import whole
from bot.egress import way_out
from bot.posters import pdf
from bot.posters.commissions import Commission, PosterDesk
from bot.posters.engine import Edition, HybridEngine
from bot.posters.errors import SizeUnknown, TemplateUnknown
from bot.posters.look import PRINTED, SIZES, Theme
from bot.posters.studio import Studio
from referral import codes
from referral.errors import BadInput


@click.command()
@click.argument("code")
@configured
@click.option("--template", default="", metavar="NAME", help="Another look.")
@click.option("--edition", type=click.Choice(["feed", "friend"]), default="feed", show_default=True)
@click.option("--size", type=click.Choice(list(SIZES)), default="tall", show_default=True)
@click.option("--theme", type=click.Choice(["light", "dark"]), default="light", show_default=True)
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path))
def poster(code: str, config_file: Path, template: str, edition: str, size: str, theme: str, output: Path) -> None:
    """Write the poster of CODE as a JPEG; a size for print as a PDF, where FILE ends in .pdf."""
    plain = codes.normalise(code)
    if plain is None or not codes.is_valid(plain):
        raise BadInput("CODE", f"{code} 不是邀请码")
    printed = output.suffix.lower() == ".pdf"
    if printed and size not in PRINTED:
        raise BadInput("--size", f"PDF 只用于印刷：{' 或 '.join(PRINTED)}")
    wanted = Commission(edition=cast("Edition", edition), template=template, size=size, theme=cast("Theme", theme))
    with whole(output) as file:
        drawn = run(_draw(config_file, plain, wanted))
        file.write(pdf.page(drawn) if printed else drawn)
    click.echo(f"海报在 {output}", err=True)


async def _draw(config_file: Path, code: str, wanted: Commission) -> bytes:
    async with opened(config_file) as here, way_out(trusted=here.config.platforms) as session:
        wecom = here.config.wecom
        platform = (wecom.api_base if wecom else None) or here.config.server.own_address
        pictures = Pictures(session, platform=platform, allow=here.config.egress.allow)
        studio = Studio(HybridEngine(), here.config.files.data_dir / "posters")
        desk = PosterDesk(
            here.store, studio, facts=here.facts, words=here.words, fetch=pictures.fetch, clock=here.clock
        )
        try:
            return await desk.poster(code, wanted)
        except TemplateUnknown:
            raise BadInput("--template", f"没有这个模板：{wanted.template}") from None
        except SizeUnknown:
            raise BadInput("--size", f"这个模板没有 {wanted.size} 尺寸") from None
        finally:
            studio.close()
