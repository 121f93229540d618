"""What a webhook's sender is told when it is not taken: the status, and every problem by its field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from aiohttp import web


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right: `field` is a header, `body`, `type`, or a dotted path such as `data.amount_fen`."""

    field: str
    problem: str


_UNREAD = (400, 408, 413, 415)


class HookRefused(Exception):
    """A webhook that was not taken. Nothing of it was kept, so the same id may be sent again.

    400 broken off, 401 unsigned or stale, 408 slow, 409 said otherwise before, 413 large, 415 encoded, 422 unusable,
    503 not stored.
    """

    def __init__(self, status: int, problems: Sequence[Problem]) -> None:
        super().__init__(f"webhook refused with {status}")
        self.status = status
        self.problems = tuple(problems)

    def answer(self) -> web.Response:
        """The answer: `{"errors":[{"field","problem"}]}`. Where a body was left unread the connection ends with it."""
        body = msgspec.json.encode({"errors": self.problems})
        response = web.Response(status=self.status, body=body, content_type="application/json")
        if self.status in _UNREAD:
            response.force_close()
        return response


def refused(status: int, field: str, problem: str) -> HookRefused:
    """A refusal with one problem."""
    return HookRefused(status, [Problem(field, problem)])
