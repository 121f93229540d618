"""What the parts of the sender share: what a call changes here, which app serves what, and a fate not to be known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.channels.errors import ChannelError, Misconfigured
from bot.channels.wecom.gateway import Gateway
from storage.transaction import Transaction

Effect = Callable[[Transaction, datetime], None]
"""What a successful call changes; run in the transaction that closes the letter."""


class FateUnknown(ChannelError):
    """It may have been done, and the platform does not tell: it is never tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Which app's gateway serves what; None where no app may."""

    contact: Gateway | None
    rep: Gateway | None
    desks: Mapping[str, Gateway]
    acquisition: Gateway | None = None

    def for_contact(self) -> Gateway:
        """Raises `Misconfigured` where no app may."""
        return _served(self.contact, "no_app_for_contact")

    def for_acquisition(self) -> Gateway:
        """Raises `Misconfigured` where no app may."""
        return _served(self.acquisition, "no_app_for_acquisition")

    def for_rep(self) -> Gateway:
        """Raises `Misconfigured` where no app may."""
        return _served(self.rep, "no_app_for_rep")

    def for_desk(self, desk: str) -> Gateway:
        """Raises `Misconfigured` where no app may."""
        return _served(self.desks.get(desk), "no_app_for_desk")


def _served(gateway: Gateway | None, reason: str) -> Gateway:
    if gateway is None:
        raise Misconfigured(reason)
    return gateway
