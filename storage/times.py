"""Times as the tables keep them: integer milliseconds UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import overload

from referral.times import SHANGHAI

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


@overload
def ms(at: datetime) -> int: ...
@overload
def ms(at: None) -> None: ...
def ms(at: datetime | None) -> int | None:
    """An aware time as milliseconds."""
    return None if at is None else (at - _EPOCH) // _MS


@overload
def at(value: int) -> datetime: ...
@overload
def at(value: None) -> None: ...
def at(value: int | None) -> datetime | None:
    """Milliseconds as an aware UTC time."""
    return None if value is None else _EPOCH + value * _MS


def iso(value: datetime | None) -> str | None:
    """A time as exports and commands write it: ISO 8601 in Beijing."""
    return None if value is None else value.astimezone(SHANGHAI).isoformat(timespec="seconds")
