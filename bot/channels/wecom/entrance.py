"""Staff who open our pages inside the platform's app: who they are, and what lets a page use its JS interface.

Platform reference 8.
"""

from __future__ import annotations

from hashlib import sha1
from typing import Any

from bot.channels.errors import Unreachable
from bot.channels.wecom.answers import text_of
from bot.channels.wecom.tokens import Tokens


class Entrance:
    """One app's doors for staff. Tickets are kept until they end, as access tokens are."""

    def __init__(self, client: Any, *, tokens: Tokens, corp: str, app: str) -> None:
        """`corp` and `app` name whose tickets are kept: one of the company, one of this app."""
        self._client = client
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


def js_signature(ticket: str, *, nonce: str, timestamp: int, url: str) -> str:
    """Return the signature under which a page at `url` (whole, without `#…`) may use the JS interface.

    SHA-1 is the platform's choice (reference 7.8): the ticket, not the hash, keeps it safe.
    """
    signed = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url}"
    return sha1(signed.encode()).hexdigest()  # noqa: S324


def _ticket(answer: dict[str, object], call: str) -> tuple[str, int]:
    ticket, seconds = answer.get("ticket"), answer.get("expires_in")
    if not (isinstance(ticket, str) and ticket and isinstance(seconds, int) and seconds > 0):
        raise Unreachable("unreadable_answer", maybe_done=False, call=call)
    return ticket, seconds
