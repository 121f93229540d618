"""`words rewrite`: other wordings of a pack's own words, for staff to choose from."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from bot.cli.house import read_config, run
from bot.cli.options import as_json, configured, show
from bot.config import Config
from bot.egress import way_out
from bot.offers import load_pack, offer_values, pack_names
from bot.rewriting import Refusal, Suggestion, rewriting_of
from referral.errors import BadInput
from referral.framing import Framing
from referral.offers import EDITIONS, Edition, Pack

Rows = list[tuple[str, list[Suggestion | Refusal]]]
"""Each of the pack's own texts, with what came of it."""


@click.group()
def words() -> None:
    """Our own words: other wordings to choose from."""


@words.command()
@click.argument("pack", type=click.Choice(pack_names()))
@configured
@click.option("--framing", type=click.Choice([each.value for each in Framing]), default="help", show_default=True)
@click.option("--edition", type=click.Choice(EDITIONS), default="friend", show_default=True)
@as_json
def rewrite(pack: str, config_file: Path, framing: str, edition: Edition, json_: bool) -> None:
    """Ask the endpoint of [rewriting] for other wordings; prints those that may be used. Changes nothing."""
    shipped, chosen = load_pack(pack), Framing(framing)
    if chosen not in shipped.framings:
        raise BadInput("--framing", f"{pack} 没有这个角度，有的是 {'、'.join(shipped.framings)}")
    rows = run(_asked(read_config(config_file), shipped, chosen, edition))
    if json_:
        show([_row(text, found) for text, found in rows])
    else:
        _tell(rows)
    if not any(isinstance(each, Suggestion) for _, found in rows for each in found):
        raise click.exceptions.Exit(1)


async def _asked(config: Config, pack: Pack, framing: Framing, edition: Edition) -> Rows:
    async with way_out() as session:
        rewriting = rewriting_of(config.rewriting, session, industry=config.company.industry)
        if rewriting is None:
            raise BadInput("[rewriting]", "配置文件里没有这一节，见 docs/offers.zh.md")
        values = offer_values(pack, pack.terms, "本店") | {
            "opening": pack.openings_plain[0].replace("{company}", "本店")
        }
        texts = pack.words[framing][edition]
        return [(text, await rewriting.suggest(text, edition, framing, values=values)) for text in texts]


def _row(text: str, found: list[Suggestion | Refusal]) -> dict[str, Any]:
    return {
        "text": text,
        "suggestions": [each.text for each in found if isinstance(each, Suggestion)],
        "refusals": [asdict(each) for each in found if isinstance(each, Refusal)],
    }


def _tell(rows: Rows) -> None:
    for text, found in rows:
        click.echo(f"原文：{_one_line(text)}", err=True)
        for each in found:
            if isinstance(each, Suggestion):
                click.echo(_one_line(each.text))
            else:
                click.echo(f"  不用：{_one_line(each.text)} {each.why}".replace("  不用： ", "  "), err=True)


def _one_line(text: str) -> str:
    """As it stands in words.toml."""
    return text.replace("\n", "\\n")
