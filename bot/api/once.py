"""Doing a request once: under the same idempotency key the first answer is given again (reliability.md §1, Stripe).

The answer is stored in the transaction that it tells of. What was refused before anything was tried is not stored, so
that it may be put right and sent under the same key; what a rule refused is, for that is its answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from aiohttp import web

from bot.api.problems import Refused, refusal, wrong
from referral.api_keys import ApiKey
from referral.errors import Conflict, NotFound, RuleViolation
from referral.times import Clock
from storage.api_keys import ApiAnswer
from storage.store import Store
from storage.transaction import Transaction

HEADER = "Idempotency-Key"
LONGEST = 255  # characters
_PLAIN = re.compile(r"[!-~]{1,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """Under which name a request is done once, None where the caller gave none; `digest` is of all that was asked."""

    key: ApiKey
    name: str | None
    digest: str


def ticket_of(request: web.Request, key: ApiKey, body: bytes) -> Ticket:
    """The ticket of a request. Raises `Refused` with 422 for an idempotency key that is none."""
    told = request.headers.getall(HEADER, [])
    if len(told) > 1 or any(not _PLAIN.fullmatch(name) for name in told):
        raise wrong(HEADER, f"要是 1 到 {LONGEST} 个 ASCII 字符，不含空格")
    asked = f"{request.method} {request.rel_url.raw_path_qs}\n".encode() + body
    return Ticket(key=key, name=told[0] if told else None, digest=sha256(asked).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """Does writing requests; `clock` is the machine's, since callers' retries know no other."""

    store: Store
    clock: Clock

    async def answer(self, ticket: Ticket, work: Callable[[Transaction], tuple[int, str]]) -> tuple[ApiAnswer, bool]:
        """The answer to a request, and whether it was given before.

        `work` gives status and body, or raises. Raises `Refused`, and what `work` raises for bad input.
        """
        try:
            return await self.store.write(lambda tx: self._first(tx, ticket, work))
        except (NotFound, RuleViolation, Conflict) as error:
            refused = refusal(error)
            return await self.store.write(lambda tx: self._first(tx, ticket, lambda _: (refused.status, refused.body)))

    def _first(
        self, tx: Transaction, ticket: Ticket, work: Callable[[Transaction], tuple[int, str]]
    ) -> tuple[ApiAnswer, bool]:
        known = self._known(tx, ticket)
        if known:
            return known, True
        status, body = work(tx)
        answer = ApiAnswer(digest=ticket.digest, status=status, body=body)
        if ticket.name is not None:
            tx.api_answers.add(ticket.key.id, ticket.name, answer, self.clock())
        return answer, False

    def _known(self, tx: Transaction, ticket: Ticket) -> ApiAnswer | None:
        if ticket.name is None:
            return None
        tx.api_answers.forget_old(self.clock())
        known = tx.api_answers.get(ticket.key.id, ticket.name)
        if known and known.digest != ticket.digest:
            raise Refused(409, f"这个 {HEADER} 之前用于另一个请求", code="idempotency.reused")
        return known
