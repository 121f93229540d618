"""`poster`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import click

from bot.channels.wecom.pictures import Pictures
from bot.cli.house import opened, operate, run
from bot.cli.options import configured
from bot.cli.outfile import whole
from bot.egress import way_out
from bot.offers import SPOKEN_OVER, spoken_seconds
from bot.operator import POSTER
from bot.photo_shelf import DESIGNS, PhotoShelf
from bot.posters import pdf
from bot.posters.commissions import Commission, PosterDesk
from bot.posters.engine import Edition, HybridEngine
from bot.posters.errors import PaletteUnknown, PosterWaits, SeasonUnknown, SizeUnknown, TemplateBroken, TemplateUnknown
from bot.posters.look import NO_SEASON, PRINTED, SEASONS, SIZES, Theme
from bot.posters.studio import Studio
from bot.words import Words
from referral import codes
from referral.errors import BadInput, RuleViolation
from storage.transaction import Transaction

_ENDINGS = (".jpg", ".jpeg", ".pdf")
_OF_OTHERS = (".png", ".webp", ".gif", ".svg", ".bmp", ".tif", ".tiff", ".heic", ".avif")
_TRIES = 20
_PAUSE_S = 0.5


@click.command()
@click.argument("code")
@configured
@click.option("--template", default="", metavar="NAME", help="Another look.")
@click.option("--edition", type=click.Choice(["feed", "friend"]), default="feed", show_default=True)
@click.option("--size", type=click.Choice(list(SIZES)), default="tall", show_default=True)
@click.option("--theme", type=click.Choice(["light", "dark"]), default="light", show_default=True)
@click.option("--palette", default="", metavar="NAME", help="Other colours of the look; own: its own.")
@click.option("--season", type=click.Choice([NO_SEASON, *SEASONS]), help="An ornament of the time of year.")
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path))
def poster(
    code: str,
    config_file: Path,
    *,
    template: str,
    edition: str,
    size: str,
    theme: str,
    palette: str,
    season: str | None,
    output: Path,
) -> None:
    """Write the poster of CODE as a JPEG; a size for print as a PDF, where FILE ends in .pdf."""
    plain = codes.normalise(code)
    if plain is None or not codes.is_valid(plain):
        raise BadInput("CODE", f"{code} 不是邀请码")
    ending = output.suffix.lower()
    if ending in _OF_OTHERS:
        raise BadInput("-o", f"海报只写成 {'、'.join(_ENDINGS)} 文件，写不成 {output.name}")
    if theme == "dark" and size in PRINTED:
        raise BadInput("--theme", f"{size} 是印刷用的，纸上总是浅色，没有 dark：去掉 --theme dark 就好")
    printed = ending == ".pdf"
    if printed and size not in PRINTED:
        raise BadInput("--size", f"PDF 只用于印刷：{' 或 '.join(PRINTED)}")
    wanted = Commission(
        edition=cast("Edition", edition),
        template=template,
        size=size,
        theme=cast("Theme", theme),
        palette=palette,
        season=season or "",
    )
    with whole(output) as file:
        drawn, spoken = run(_draw(config_file, plain, wanted))
        file.write(pdf.page(drawn) if printed else drawn)
    click.echo(f"海报在 {output}", err=True)
    if spoken:
        click.echo(f"配音稿，约 {spoken_seconds(spoken)} 秒：{spoken}", err=True)


async def _when_ready(config_file: Path, desk: PosterDesk, code: str, wanted: Commission) -> bytes:
    """Draw it; where the platform has yet to make its QR, the running bot has that made. Raises `RuleViolation`."""
    for _ in range(_TRIES):
        try:
            return await desk.poster(code, wanted)
        except PosterWaits:
            await operate(config_file, POSTER, {"code": code})
        await asyncio.sleep(_PAUSE_S)
    raise RuleViolation("poster.waits", "平台还没有给出海报上的二维码：请在 taoli serve 运行时再试。")


async def _draw(config_file: Path, code: str, wanted: Commission) -> tuple[bytes, str]:
    """The JPEG, and what is said aloud over it, empty for all but the end of a video."""
    async with opened(config_file) as here, way_out(trusted=here.config.platforms) as session:
        wecom = here.config.wecom
        platform = (wecom.api_base if wecom else None) or here.config.server.own_address
        pictures = Pictures(session, platform=platform, allow=here.config.egress.allow)
        data_dir = here.config.files.data_dir
        studio = Studio(HybridEngine(bases=data_dir / "plates"), data_dir / "posters")
        desk = PosterDesk(
            here.store,
            studio,
            facts=here.facts,
            words=here.words,
            photos=PhotoShelf(data_dir, DESIGNS),
            fetch=pictures.fetch,
            clock=here.clock,
        )
        try:
            drawn = await _when_ready(config_file, desk, code, wanted)
        except TemplateUnknown:
            raise BadInput("--template", f"没有这个模板：{wanted.template}") from None
        except TemplateBroken as problem:
            raise BadInput("--template", f"这个模板不能用：{problem}") from None
        except SizeUnknown:
            raise BadInput("--size", f"这个模板没有 {wanted.size} 尺寸") from None
        except PaletteUnknown:
            raise BadInput("--palette", f"这个模板没有这套颜色：{wanted.palette}") from None
        except SeasonUnknown:
            raise BadInput("--season", f"这个模板在 {wanted.size} 尺寸上没有放时令的位置") from None
        finally:
            studio.close()
        if wanted.size != SPOKEN_OVER:
            return drawn, ""
        return drawn, await here.store.read(lambda tx: _spoken(tx, here.words, code))


def _spoken(tx: Transaction, words: Words, code: str) -> str:
    found = tx.codes.find(code)
    campaign = tx.campaigns.get(found.campaign) if found else None
    return words.spoken(found.advocate, campaign) if found and campaign else ""
