"""What a page needs for WeCom's JS interface (`@wecom/jssdk`): whose page it is, and two signatures of its address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urldefrag

from bot.channels.wecom.entrance import js_signature
from referral.ids import Bits, new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Tickets:
    """The two tickets of `Entrance`: the company's signs `config`, the app's `agentConfig`."""

    company: str
    app: str


def js_config(
    *, corp_id: str, agent_id: int, tickets: Tickets, url: str, now: datetime, rng: Bits
) -> dict[str, object]:
    """Return, ready for JSON: `corpId`, `agentId`, and what `getConfigSignature` and `getAgentConfigSignature` answer.

    `url` is the page's whole address as the browser has it; what follows `#` is left out of the signature.
    """
    page, _ = urldefrag(url)
    nonce, timestamp = new_id(rng, "j"), int(now.timestamp())

    def signed(ticket: str) -> dict[str, object]:
        signature = js_signature(ticket, nonce=nonce, timestamp=timestamp, url=page)
        return {"timestamp": timestamp, "nonceStr": nonce, "signature": signature}

    return {
        "corpId": corp_id,
        "agentId": agent_id,
        "config": signed(tickets.company),
        "agentConfig": signed(tickets.app),
    }
