"""Staff who open our pages inside the platform's app: who they are, and what lets a page use its JS interface.

Platform reference 8.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from bot.channels.errors import Unreachable
from bot.channels.jsapi import js_signature
from bot.channels.wecom.answers import text_of
from bot.channels.wecom.tokens import Tokens
from referral.ids import Bits, new_id


class Entrance:
    """One app's doors for staff. Tickets are kept until they end, as access tokens are."""

    def __init__(self, client: Any, *, tokens: Tokens, corp: str, app: str, agent_id: int) -> None:
        """`corp` and `app` name whose tickets are kept: one of the company, one of this app."""
        self._client = client
        self._corp_id = corp
        self._agent_id = agent_id
        self._tokens = tokens
        self._corp = f"{corp}:jsapi"
        self._app = f"{app}:agent_config"

    async def who(self, code: str) -> str | None:
        """Return the member of staff who came with a login code, None for anybody else.

        A code is good once, for 5 minutes: later `Expired` is raised.
        """
        answer = await self._client.get("auth/getuserinfo", params={"code": code})
        return text_of(answer, "userid") or text_of(answer, "UserId") or None

    async def company_ticket(self) -> str:
        """Return the ticket that signs `wx.config`."""
        return await self._tokens.get(self._corp, self._fetch_company_ticket)

    async def app_ticket(self) -> str:
        """Return the ticket that signs `wx.agentConfig`."""
        return await self._tokens.get(self._app, self._fetch_app_ticket)

    async def _fetch_company_ticket(self) -> tuple[str, int]:
        return _ticket(await self._client.get("get_jsapi_ticket"), "get_jsapi_ticket")

    async def _fetch_app_ticket(self) -> tuple[str, int]:
        return _ticket(await self._client.get("ticket/get", params={"type": "agent_config"}), "ticket/get")

    async def js_config(self, url: str, *, now: datetime, rng: Bits) -> dict[str, object]:
        """Return, ready for JSON, what the page at `url` needs to use the JS interface (`@wecom/jssdk`).

        `corpId` and `agentId`, and in `config` and `agentConfig` what `getConfigSignature` and
        `getAgentConfigSignature` answer. What follows `#` in an address is not signed. Raises `ChannelError`.
        """
        nonce, timestamp = new_id(rng, "j"), int(now.timestamp())

        def signed(ticket: str) -> dict[str, object]:
            signature = js_signature(ticket, nonce=nonce, timestamp=timestamp, url=url)
            return {"timestamp": timestamp, "nonceStr": nonce, "signature": signature}

        company, app = await self.company_ticket(), await self.app_ticket()
        return {
            "corpId": self._corp_id,
            "agentId": self._agent_id,
            "config": signed(company),
            "agentConfig": signed(app),
        }

    def login_address(self, base: str, *, back: str, state: str) -> str:
        """Return where a member of staff logs in; they come `back` with a code and this state.

        `base` is the scheme and host of the platform's login.
        """
        return (
            f"{base}/connect/oauth2/authorize?appid={quote(self._corp_id)}&redirect_uri={quote(back, safe='')}"
            f"&response_type=code&scope=snsapi_base&state={state}&agentid={self._agent_id}#wechat_redirect"
        )


def _ticket(answer: dict[str, object], call: str) -> tuple[str, int]:
    ticket, seconds = answer.get("ticket"), answer.get("expires_in")
    if not (isinstance(ticket, str) and ticket and isinstance(seconds, int) and seconds > 0):
        raise Unreachable("unreadable_answer", maybe_done=False, call=call)
    return ticket, seconds
