"""What every offer's journey has in common: a poster taken and scanned, what stands, and that it is proved."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import zxingcpp
from PIL import Image

from storage import proofs
from tests.cli.desk import run
from tests.journeys.town import Town, link_in

DAY = 86_400


async def cli(town: Town, *args: str) -> Any:
    """What a `taoli` command prints with `--json` beside the running bot."""
    file = town.app.config.files.data_dir.parent / "taoli.toml"
    result = await asyncio.to_thread(run, *args, "--json", "--config", str(file))
    assert (result.exit_code, result.stderr) == (0, ""), result.output
    return json.loads(result.stdout)


async def taken(town: Town, pack: str, persona: str = "mei") -> dict[str, str]:
    """A fresh campaign, started from the command line, and what somebody gets who asks for a poster of it."""
    campaign = (await cli(town, "campaign", "start", pack))["id"]
    asked = (await town.act(persona, "say", "我要推荐"))["replies"]
    assert [line["kind"] for line in asked[:3]] == ["image", "text", "menu"]
    poster = await town.get(asked[0]["url"])
    with Image.open(io.BytesIO(poster.body)) as picture:
        link = zxingcpp.read_barcode(np.asarray(picture.convert("L"))).text
    code = link.rsplit("/", 1)[-1]
    other = await town.get(f"/p/{code}.jpg?edition=friend")
    assert (other.status, other.headers["Content-Type"]) == (200, "image/jpeg")
    rules = await town.get(f"/rules/{campaign}")
    assert rules.status == 200
    return {
        "campaign": campaign,
        "code": code,
        "link": link,
        "words": asked[1]["text"],
        "menu": asked[2]["text"],
        "rules": rules.text,
    }


async def comes(town: Town, persona: str, link: str) -> dict[str, str]:
    """A friend scans the poster and adds the rep: the page and the welcome."""
    page = await town.get(link_in(link, "/I/"))
    assert page.status == 200
    await town.act(persona, "scan", link)
    added = await town.act(persona, "add")
    return {"page": page.text, "welcome": added["welcome"]}


async def kinds(town: Town, persona: str) -> dict[str, str]:
    """What stands for a person: the kind of each thanks and its state."""
    return {reward.kind: reward.state.value for reward in await town.rewards(persona)}


async def progress(town: Town, persona: str) -> str:
    return "\n".join(await town.say(persona, "进度"))


async def everything_is_proved(town: Town, folder: Path, *personas: str) -> None:
    """`ledger prove` of each reward passes `ledger check-proof`, touched up it does not, and the ledger is whole."""
    await town.app.work.sign_head()
    for persona in personas:
        for reward in await town.rewards(persona):
            proof = await cli(town, "ledger", "prove", reward.id)
            file = folder / f"{reward.id}.json"
            file.write_text(json.dumps(proof), encoding="utf-8")
            assert (await cli(town, "ledger", "check-proof", str(file)))["ok"]
            proof["entry"]["amount"] += 1
            assert not (await town.look(lambda tx, proof=proof: proofs.check(tx, proof)))["ok"]
    assert (await town.look(proofs.verify))["ok"]
