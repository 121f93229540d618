"""What goes out, in our words: the payloads of outbox rows.

A message is a value; the channel that owns it turns it into a platform call after the transaction has committed. The
outbox row's own id doubles as the platform's idempotency key wherever the platform has one.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuItem:
    """One line of a menu: tapped, it comes back as a message with `id`; with `url` it opens a page instead."""

    text: str
    id: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskText:
    """Plain words from a desk to a customer (at most 2048 bytes)."""

    desk: str
    to: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskMenu:
    """A short menu from a desk to a customer."""

    desk: str
    to: str
    head: str
    items: tuple[MenuItem, ...]
    tail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskPoster:
    """The poster of a code, rendered and uploaded when it is sent."""

    desk: str
    to: str
    code: str
    edition: str = "feed"
    template: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskGreeting:
    """The first words in answer to opening a desk's chat; `code` is good once."""

    desk: str
    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """Pass a desk's chat to the colleagues who wait there; from then on the bot is silent in it until it ends."""

    desk: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """The welcome of a new contact, in the rep's name, within 20 s of the add."""

    welcome_code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepText:
    """Plain words from the app to a rep."""

    rep: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepCard:
    """A card from the app to a rep: tapped, it opens `url`. `button` is at most 4 characters."""

    rep: str
    title: str
    text: str
    url: str
    button: str = "详情"


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeBroadcast:
    """Put one text for many of a rep's customers before the rep, who alone can send it.

    `to` are the customers' ids at the platform; `broadcast` names our own record of it.
    """

    broadcast: str
    rep: str
    to: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeContactWay:
    """Ask the platform for a contact QR of `rep` that carries `mark`, and mirror its picture.

    With `kind` "link" for the rep's acquisition link instead, which has neither mark nor picture.
    """

    way: str
    rep: str
    mark: str
    remark: str
    kind: str = "qr"


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeDeskLink:
    """Ask the platform for the link that opens a desk's chat."""

    desk: str
    scene: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchProfile:
    """Learn the nickname and avatar of a customer (by desk if `desk`, else by contact, with the phones reps noted).

    A friend who has just added `rep` by `code` is then introduced to that rep; both are empty otherwise.
    """

    who: str
    desk: str = ""
    rep: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPhoto:
    """Fetch what a customer sent for a story, `media` at the platform, before it is forgotten there."""

    desk: str
    to: str
    photo: str
    media: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchReps:
    """Learn which members of staff may serve customers."""


Message = (
    DeskText
    | DeskMenu
    | DeskPoster
    | DeskGreeting
    | HandOver
    | Welcome
    | RepText
    | RepCard
    | MakeBroadcast
    | MakeContactWay
    | MakeDeskLink
    | FetchProfile
    | FetchPhoto
    | FetchReps
)
