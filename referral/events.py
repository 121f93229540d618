"""What happened outside, in our words: the typed events that channels hand to the use cases.

Every event carries its own time (aware, UTC), as told by the platform. `who` is a customer or friend; `rep` is a member
of staff by the id the company's directory uses; `desk` is a customer-service (kf) account id.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from referral.identities import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class RepSaid:
    """A rep wrote to the app. `kind` is `text`, or the platform's name of another type, with `text` empty."""

    rep: str
    kind: str
    text: str
    message_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RepOpened:
    """A rep opened the app or subscribed to it."""

    rep: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FriendAdded:
    """A customer and a rep became contacts.

    `mark` is the opaque state carried by the contact way that was scanned, None when there was none. `welcome_code`
    is good once, for 20 s. `confirmed` is False for the half-add (the rep has not yet accepted).
    """

    who: Identity
    rep: str
    mark: str | None
    welcome_code: str | None
    confirmed: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FriendLeft:
    """The customer removed the rep (`by_rep` False), or the rep removed the customer (`by_rep` True)."""

    who: Identity
    rep: str
    by_rep: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactEdited:
    """Remark or tags of a contact changed; what changed must be asked for."""

    who: Identity
    rep: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRang:
    """A desk has messages waiting to be pulled. `token` speeds the pull and lives 10 minutes."""

    desk: str
    token: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSaid:
    """A customer wrote to a desk.

    `kind` is `text`, `image`, `voice` or another platform type; `text` is empty unless `kind` is `text`. `menu` is the
    id of the menu item tapped, None when the text was typed. `media` names a picture at the platform, for three days.
    """

    desk: str
    who: Identity
    message_id: str
    kind: str
    text: str
    menu: str | None
    at: datetime
    media: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskEntered:
    """A customer opened a desk's chat. `scene_param` is what our link carried; `welcome_code` is good for 20 s."""

    desk: str
    who: Identity
    message_id: str
    scene: str | None
    scene_param: str | None
    welcome_code: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSendFailed:
    """A message that a desk had accepted did not arrive.

    `failed_id` is our own message id; `reason` is a short English slug.
    """

    desk: str
    who: Identity
    message_id: str
    failed_id: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskNoted:
    """A servicer's message, a session change or another desk event that needs no answer now."""

    desk: str
    who: Identity | None
    message_id: str
    kind: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrecognised:
    """An event of a type we do not know: stored, counted, answered with success. `kind` is `event/change` as told."""

    kind: str
    at: datetime | None


Event = RepSaid | RepOpened | FriendAdded | FriendLeft | ContactEdited | DeskRang | Unrecognised
DeskEvent = DeskSaid | DeskEntered | DeskSendFailed | DeskNoted
