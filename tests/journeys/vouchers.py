"""What journeys about thanks have in common: a friend's visit thanked, and what stands on the own page."""

from __future__ import annotations

import html
import io
import re

import numpy as np
import zxingcpp
from PIL import Image

from referral.rewards import Reward
from tests.journeys.offers import DAY, comes, taken
from tests.journeys.town import Town

WXWORK = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Mobile/15E148 wxwork/4.1.33 MicroMessenger/7.0.1 Language/zh"
)


async def a_meal(town: Town, friend: str = "jun", *, granted: bool = True, paid: bool = False) -> dict[str, str]:
    """A friend came to eat, or has `paid` online: a dessert for Mei and one for the friend, granted after a day."""
    mei = await taken(town, "table-for-two")
    await comes(town, friend, mei["link"])
    came = await (town.buy(friend, 12_000) if paid else town.act(friend, "visit", "湖滨店"))
    assert came["answer"]["outcome"] == "held"
    if granted:
        await town.pass_time(DAY + 60)
    return mei


async def page_of(town: Town, persona: str, *, told: str = "") -> str:
    """What somebody's own page says, without its marks; `told` follows where a form led to."""
    page = await town.get(told or await town.me(persona))
    assert page.status == 200
    return words(page.text)


def words(text: str) -> str:
    """The words of a page."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)))


async def gives(town: Town, persona: str, what: str, **form: str) -> str:
    """Send one of the forms of the own page, and read where it leads once all is done that follows."""
    answer = await town.post(f"{await town.me(persona)}/{what}", form)
    assert answer.status == 303, answer.text
    await town.app.settle()
    return await page_of(town, persona, told=answer.headers["Location"].partition("#")[0])


async def coupon_link(town: Town, persona: str, reward: Reward) -> str:
    """The address in the QR of somebody's coupon, as a path."""
    picture = await town.get(f"{await town.me(persona)}/coupon/{reward.id}.png")
    assert (picture.status, picture.headers["Content-Type"]) == (200, "image/png")
    with Image.open(io.BytesIO(picture.body)) as image:
        link = zxingcpp.read_barcode(np.asarray(image.convert("L"))).text
    assert link.startswith(town.app.facts.public_url)
    return link.removeprefix(town.app.facts.public_url)


async def staff(town: Town, rep: str = "lin") -> dict[str, str]:
    """The cookie of a rep who came in by the card."""
    link = town.app.facts.rep_page(rep, town.app.clock())
    return (await town.get(link.removeprefix(town.app.facts.public_url))).cookies


async def takes(town: Town, path: str, cookies: dict[str, str], shop: str = "湖滨店") -> str:
    """Staff tap twice; what they read then."""
    asked = await town.post(path, {"shop": shop, "act": "ask"}, cookies=cookies)
    assert "确认核销" in asked.text
    done = await town.post(path, {"shop": shop, "act": "use"}, cookies=cookies)
    assert done.status == 303
    return words((await town.get(done.headers["Location"], cookies=cookies)).text)
