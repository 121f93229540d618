"""What can go wrong when a channel speaks to its platform; each class says what the caller should do next.

Callers look at the class and at `retryable`, never at the platform's own numbers.
"""

from __future__ import annotations

from typing import ClassVar


class ChannelError(Exception):
    """The platform did not do what was asked.

    `reason` is a short English slug for records and metrics; `code` is the platform's own number, for people who
    look it up; `call` names the interface that was asked. None of them holds names, words or secrets.
    """

    retryable: ClassVar[bool] = False

    def __init__(self, reason: str, *, call: str = "", code: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.call = call
        self.code = code

    def __str__(self) -> str:
        where = f" at {self.call}" if self.call else ""
        number = f" ({self.code})" if self.code is not None else ""
        return f"{self.reason}{where}{number}"


class RateLimited(ChannelError):
    """Too many calls: nothing was done; ask again after `retry_after` seconds."""

    retryable = True

    def __init__(self, reason: str, *, retry_after: float, call: str = "", code: int | None = None) -> None:
        super().__init__(reason, call=call, code=code)
        self.retry_after = retry_after


class Unreachable(ChannelError):
    """No usable answer came.

    With `maybe_done` the request may have had its effect: repeat it only if the platform knows it again by its id.
    """

    retryable = True

    def __init__(self, reason: str, *, maybe_done: bool, call: str = "", code: int | None = None) -> None:
        super().__init__(reason, call=call, code=code)
        self.maybe_done = maybe_done


class NotYet(ChannelError):
    """True a moment later: the platform has not settled, or another app is at work. Nothing was done."""

    retryable = True


class Refused(ChannelError):
    """The platform will not do this, now or later: give up and record the reason."""


class AlreadyDone(ChannelError):
    """It was done before: count it as done."""


class Expired(ChannelError):
    """The code or media that was used is too old: get another, or do without."""


class Misconfigured(ChannelError):
    """A person has to change a setting here or at the platform; until then nothing will work."""


class TokenRejected(ChannelError):
    """The access token was not accepted. Stays inside the channel: callers meet `Misconfigured` when it lasts."""
