"""Who may come in: the bearer key of a request, and the throttle for those who try keys."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from bot.api.problems import Refused
from bot.pages.doorway import MISS_SPAN, MISSES, Doorway, since
from referral.api_keys import ApiKey, digest_of
from referral.times import Clock
from storage.store import Store

_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/=-]{1,200})", re.IGNORECASE)
_CHALLENGE = {"WWW-Authenticate": "Bearer"}
_THROTTLED = {"Retry-After": str(int(MISS_SPAN.total_seconds()))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Recognises keys. A key that lives always opens; an address that tries wrong ones is told to wait.

    A key is 240 random bits: what is throttled is the trying itself, and a good key behind the same address, as in an
    office, must not pay for it.
    """

    store: Store
    doorway: Doorway
    clock: Clock

    async def enter(self, request: web.Request) -> ApiKey:
        """The key of a request. Raises `Refused`: 401 without a key that lives, 429 after too many wrong ones."""
        digest, now = digest_of(_key_in(request)), self.clock()
        known = await self.store.read(lambda tx: tx.api_keys.recognise(digest))
        if known is None:
            raise await self._missed(request, now)
        if known.is_used_anew(now):
            await self.store.write(lambda tx: tx.api_keys.use(known.id, now))
        return known

    async def _missed(self, request: web.Request, now: datetime) -> Refused:
        """Count a wrong key against its address, until that is refused anyway."""
        caller = f"key:{self.doorway.caller(request)}"
        if await self.store.read(lambda tx: tx.codes.misses(caller, since(now))) >= MISSES:
            return Refused(429, "这个地址试错的次数太多，请过十分钟再来", headers=_THROTTLED)
        await self.store.write(lambda tx: tx.codes.missed(caller, now))
        return Refused(401, "没有这把密钥，或已经吊销", headers=_CHALLENGE)

    @staticmethod
    def allow(key: ApiKey, scope: str) -> None:
        """See that a key may do this. Raises `Refused` with 403 and the scope that is wanting."""
        if not key.allows(scope):
            raise Refused(403, f"要有 {scope} 权限", code=scope)


def _key_in(request: web.Request) -> str:
    told = request.headers.getall("Authorization", [])
    bearer = _BEARER.fullmatch(told[0].strip()) if len(told) == 1 else None
    if bearer is None:
        raise Refused(401, "请用 Authorization: Bearer 带上密钥", headers=_CHALLENGE)
    return bearer[1]
