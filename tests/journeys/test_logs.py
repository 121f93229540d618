"""The log of a whole journey holds no names, words, tokens or whole ids (style 2.18)."""

import io
import logging
import re

import pytest
import structlog

from bot.log import set_up
from referral.codes import ALPHABET
from tests.journeys.town import HOLD_S, open_town

PHONE = "13812345678"
NAMES = ("梅姐", "小军", "林顾问", "龙傲天")
WORDS = ("我的猫病了", "沙发", "规则", "介绍您来的", "请同事来")


@pytest.fixture
def log():
    """What the bot writes to its log."""
    written = io.StringIO()
    set_up(written)
    yield written
    structlog.reset_defaults()
    logging.captureWarnings(False)


async def test_the_log_of_a_journey_names_nobody(quick_url, tmp_path, log):
    async with open_town(tmp_path, quick_url) as town:
        secrets = await _everything(town)

    told = log.getvalue()
    lines = [line for line in told.splitlines() if line.strip()]
    assert len(lines) > 3  # trouble was logged
    for hidden in (*NAMES, *WORDS, PHONE, *secrets):
        assert hidden not in told, hidden
    assert not re.search(r"\bw[mok][0-9A-Za-z_-]{20,}", told)
    assert not re.search(r"access_token=(?!…)", told)
    assert not re.search(r"/me/[0-9a-z]{10}", told)


async def _everything(town):
    """A journey with all kinds of trouble; what must not be found of it."""
    code = await town.code_of("mei", await town.campaign())
    await town.say("mei", "我要推荐")
    await town.act("jun", "add", code)
    await town.say("jun", "我的猫病了，电话13812345678")
    await town.say("龙傲天", f"{code[0]}{ALPHABET[3]}{code[2:]}")
    await town.act("mei", "say", {"text": "", "kind": "voice"})
    bought = await town.buy("jun", {"amount_fen": 19900, "buyer": {"phone": PHONE}})
    await town.act("jun", "refund", bought["order_no"])
    for fault in ("token", "rate", "down"):
        await town.platform(fault)
        await town.say("mei", "规则")
        await town.act(f"龙傲天{fault}", "add", "lin")
        await town.platform("none")
        await town.later(61)
    await town.pass_time(HOLD_S)
    await town.get(await town.me("mei"))
    await town.get(f"{await town.me('mei')}x")
    await town.post(f"{await town.me('jun')}/answer", {"referral": "none", "answer": "yes"})
    await town.http.post(town.at("/hooks/orders"), data=b'{"type":"order.paid","data":{"phone":"13812345678"}}')
    await town.http.post(town.at("/callback/wecom/main?msg_signature=a&timestamp=1&nonce=2"), data=b"<xml>")
    tokens = list(town.app.sandbox._stage.world.tokens)
    people = [town.handle(name) for name in ("mei", "jun", "龙傲天")]
    pages = [(await town.me(name)).removeprefix("/me/") for name in ("mei", "jun")]
    return [*tokens, *people, *pages, town.app.config.orders.secret, town.app.config.wecom.apps[0].secret]
