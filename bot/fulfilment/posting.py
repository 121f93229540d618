"""Webhooks out: signed by Standard Webhooks `v1` (standardwebhooks.com), sent to one address, and what came of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    InvalidURL,
)
from standardwebhooks.webhooks import Webhook

from bot import __version__
from referral.times import Clock

_LONGEST_WAIT = timedelta(hours=24)
_GONE = 410
_TOO_MUCH = (429, 503)
_IN_TIME = 408


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one try.

    Not `ok` and not `maybe_done`: it certainly had no effect. `gone`: nothing more is wanted there. `retry_after` is
    how long it asks us to wait. `note` is a slug for staff; nothing that the other side wrote is kept.
    """

    ok: bool = False
    maybe_done: bool = False
    gone: bool = False
    retry_after: timedelta = timedelta(0)
    note: str = ""


class Post:
    """One receiver. `clock` is the machine's own, as receivers check it."""

    def __init__(self, session: ClientSession, *, url: str, secret: str, timeout_s: int, clock: Clock) -> None:
        self._session = session
        self._url = url
        self._webhook = Webhook(secret)
        self._timeout = ClientTimeout(total=timeout_s)
        self._clock = clock

    async def send(self, number: str, body: str) -> Answer:
        """Send `body` under `number`, the same at every try. Redirects are not followed, answers are not read."""
        now = self._clock()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"taoli/{__version__}",
            "webhook-id": number,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(number, now.astimezone(UTC), body),
        }
        try:
            async with self._session.post(
                self._url, data=body.encode(), headers=headers, timeout=self._timeout, allow_redirects=False
            ) as response:
                return _answer(response.status, response.headers.get("Retry-After", ""), now)
        except (ClientConnectorError, ConnectionTimeoutError, InvalidURL):
            return Answer(note="no_connection")
        except TimeoutError:
            return Answer(maybe_done=True, note="no_answer_in_time")
        except (ClientError, OSError):
            return Answer(maybe_done=True, note="broken_off")


def _answer(status: int, retry_after: str, now: datetime) -> Answer:
    if 200 <= status < 300:
        return Answer(ok=True)
    return Answer(
        maybe_done=(status >= 500 and status not in _TOO_MUCH) or status == _IN_TIME,
        gone=status == _GONE,
        retry_after=_wait(retry_after, now) if status in _TOO_MUCH else timedelta(0),
        note=f"status_{status}",
    )


def _wait(text: str, now: datetime) -> timedelta:
    """`Retry-After` in seconds or as a date, at most a day; what cannot be read asks for nothing."""
    if re.fullmatch(r"[0-9]{1,9}", text):
        wait = timedelta(seconds=int(text))
    else:
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return timedelta(0)
        wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    return min(max(wait, timedelta(0)), _LONGEST_WAIT)
