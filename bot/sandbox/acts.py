"""Who can do what: one door to the acts of customers, reps and the platform's operator."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.customers import Customers, Result
from bot.sandbox.operator import Operator
from bot.sandbox.people import People, Unknown
from bot.sandbox.staff import Staff
from bot.sandbox.state import Person
from bot.sandbox.wishes import BadAct


@dataclass(kw_only=True)
class Acts:
    """Finds the persona and carries out the act."""

    people: People
    customers: Customers
    staff: Staff
    operator: Operator

    async def act(self, persona: str, do: str, value: Any) -> Result:
        """Carry out one act; raise `BadAct` for an unknown name or a bad value, `Unreachable` when the bot is away."""
        if persona == "platform":
            return await _pick(self.operator.acts(), do)(value)
        if persona in self.people.staff():
            return await _pick(self.staff.acts(), do)(persona, value)
        act = _pick(self.customers.acts(), do)
        return await act(self._customer(persona), value)

    def _customer(self, name: str) -> Person:
        try:
            return self.people.customer(name)
        except Unknown as error:
            raise BadAct(f"persona: {error}") from error


def _pick(acts: Mapping[str, Callable[..., Awaitable[Result]]], do: str) -> Callable[..., Awaitable[Result]]:
    if do not in acts:
        raise BadAct(f"do: this persona can {', '.join(acts)}")
    return acts[do]
