"""What the platform's operator does: break things, repeat a callback, prove a callback address."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.customers import Result
from bot.sandbox.delivery import Delivery
from bot.sandbox.faults import Fault, Faults, TransferFault
from bot.sandbox.stage import Stage
from bot.sandbox.tokens import Tokens
from bot.sandbox.wishes import BadAct

MOST_COPIES = 200


@dataclass(kw_only=True)
class Operator:
    """The acts of the persona `platform`. `quiet` waits until the bot has nothing left to do now."""

    stage: Stage
    tokens: Tokens
    faults: Faults
    delivery: Delivery
    quiet: Callable[[], Awaitable[None]]

    def acts(self) -> dict[str, Callable[[Any], Awaitable[Result]]]:
        """The names of the acts."""
        return {"break": self._break, "repeat": self._repeat, "verify": self._verify, "transfers": self._transfers}

    async def _transfers(self, value: Any) -> Result:
        if value not in list(TransferFault):
            raise BadAct(f"value: one of {' '.join(TransferFault)}")
        self.faults.transfers = TransferFault(value)
        return {"transfers": self.faults.transfers}

    async def _break(self, value: Any) -> Result:
        if value not in list(Fault):
            raise BadAct(f"value: one of {' '.join(Fault)}")
        if value == Fault.TOKEN:
            self.tokens.expire_now()
            return {"broken": self.faults.current}
        self.faults.current = Fault(value)
        return {"broken": self.faults.current}

    async def _repeat(self, value: Any) -> Result:
        copies = value if value is not None else 1
        if not isinstance(copies, int) or isinstance(copies, bool) or not 1 <= copies <= MOST_COPIES:
            raise BadAct(f"value: a number of copies from 1 to {MOST_COPIES}")
        receipts = await self.delivery.repeat(copies)
        await self.quiet()
        return {"events": [receipt.row() for receipt in receipts]}

    async def _verify(self, value: Any) -> Result:
        for app in self.stage.apps:
            if value in (None, "", app.name):
                return {"app": app.name, "verified": await self.delivery.verify(app)}
        raise BadAct(f"value: there is no app {value!r}")
