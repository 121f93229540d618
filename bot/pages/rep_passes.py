"""What lets a rep in: the link on a card, good for a day, and the cookie that it or a login is exchanged for.

Both say who and until when, signed by an HMAC of 256 bits; nothing is kept, and neither passes for the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from itsdangerous import BadData, URLSafeSerializer

from referral.times import midnight

LINK_LIVES = timedelta(days=1)
_LATE = timedelta(hours=3)  # an evening's work may run past midnight


@dataclass(frozen=True, slots=True)
class Pass:
    """That `rep` may enter until a moment."""

    rep: str
    until: datetime

    def is_over(self, now: datetime) -> bool:
        """Whether it is too late for it."""
        return now >= self.until


@dataclass(frozen=True, slots=True)
class Passes:
    """Makes and reads both kinds; what we did not sign reads as None."""

    key: bytes

    def link(self, rep: str, now: datetime) -> str:
        """The end of a card's link, good for a day."""
        return self._write("rep.link", Pass(rep, now + LINK_LIVES))

    def of_link(self, token: str) -> Pass | None:
        """Whom a card's link was made for, and until when it is good."""
        return self._read("rep.link", token)

    def cookie(self, rep: str, now: datetime) -> tuple[str, timedelta]:
        """A cookie good until the night after `now`, and for how long that is."""
        until = _end_of_day(now)
        return self._write("rep.cookie", Pass(rep, until)), until - now

    def of_cookie(self, cookie: str) -> Pass | None:
        """Whose browser this is, and until when."""
        return self._read("rep.cookie", cookie)

    def _write(self, kind: str, given: Pass) -> str:
        return self._signer(kind).dumps([given.rep, int(given.until.timestamp())])

    def _read(self, kind: str, text: str) -> Pass | None:
        try:
            rep, until = self._signer(kind).loads(text)
        except BadData:
            return None
        return Pass(rep, datetime.fromtimestamp(until, UTC))

    def _signer(self, kind: str) -> URLSafeSerializer:
        how = {"key_derivation": "hmac", "digest_method": sha256}
        return URLSafeSerializer(self.key, salt=kind, signer_kwargs=how)


def _end_of_day(now: datetime) -> datetime:
    tomorrow = midnight(now) + timedelta(days=1)
    return (tomorrow + _LATE).astimezone(UTC)
