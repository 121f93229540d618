"""The platform's callbacks and pulled messages, read into the typed events of `referral.events`.

Nothing that a genuine sender can put here raises: an unknown type, or a known one without what it needs, becomes
`Unrecognised`. Field names and shapes: platform reference 1.2, 1.6, 4.4 and 5.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256

from bot.channels.wecom.crypto import Malformed
from bot.channels.wecom.markup import MarkupError, cdata, read_fields
from referral.events import (
    ContactEdited,
    DeskRang,
    Event,
    FriendAdded,
    FriendLeft,
    RepOpened,
    RepSaid,
    Unrecognised,
)
from referral.identities import Identity, IdentityKind

TEXT_BYTES = 2048  # the platform cuts longer texts
_KIND_LENGTH = 100
_TOLD_AT = re.compile(rb"<CreateTime>(\d{1,10})</")

Fields = Mapping[str, str]


def sealed_part(body: bytes) -> str:
    """Return the sealed text of an outer envelope. Raises `Malformed`."""
    encrypted = _fields(body).get("Encrypt")
    if not encrypted:
        raise Malformed
    return encrypted


def read_event(plain: bytes) -> Event:
    """Return what happened, as told by the decrypted text of a callback. Raises `Malformed` if it is no XML."""
    fields = _fields(plain)
    try:
        return _event(fields)
    except _Missing:
        return Unrecognised(kind=_kind(fields), at=_told_at(fields))


def event_key(corp: str, app: str, plain: bytes) -> str:
    """Return the key under which an event is stored once: 64 hex digits, the first 8 its time, the others its hash.

    Sender and time would not do: customer events all come from `sys` with whole-second times. The time goes first so
    that new events stand side by side in the index, which halves the cost of storing one (37 to 20 µs on SQLite).
    """
    told = _TOLD_AT.search(plain)
    seconds = int(told[1]) if told else 0
    digest = sha256(b"\0".join((corp.encode(), app.encode(), plain))).hexdigest()
    return f"{seconds & 0xFFFFFFFF:08x}{digest[8:]}"


def text_reply(to: str, sender: str, at: datetime, text: str) -> bytes:
    """Return the inner XML that answers a member with `text`, cut to 2048 bytes."""
    return (
        f"<xml><ToUserName>{cdata(to)}</ToUserName><FromUserName>{cdata(sender)}</FromUserName>"
        f"<CreateTime>{int(at.timestamp())}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content>{cdata(cut(text, TEXT_BYTES))}</Content></xml>"
    ).encode("utf-8", "replace")


def cut(text: str, limit: int) -> str:
    """Return `text`, or as many of its first characters as fit into `limit` bytes of UTF-8."""
    written = text.encode("utf-8", "replace")
    return text if len(written) <= limit else written[:limit].decode("utf-8", "ignore")


def clean(text: str) -> str:
    """Return `text` without what no database keeps: NUL, and halves of surrogate pairs."""
    if text.isascii():
        return text.replace("\0", "")
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def moment(seconds: object) -> datetime | None:
    """Return the time of a Unix timestamp, whole seconds as a number or text; None outside this century or else."""
    try:
        told = datetime.fromtimestamp(int(seconds), UTC)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return told if 2000 <= told.year < 2100 else None


def person(external_id: str) -> Identity:
    """Return the identity of a customer by the id this platform uses."""
    return Identity(IdentityKind.WECOM, external_id)


class _Missing(Exception):
    """A field that this event cannot do without is absent or unreadable, or the event is not one of ours."""


def _fields(markup: bytes) -> dict[str, str]:
    try:
        fields = read_fields(markup.decode("utf-8", "replace"))
    except MarkupError:
        raise Malformed from None
    if not fields:
        raise Malformed
    return fields


def _event(fields: Fields) -> Event:
    if _need(fields, "MsgType") != "event":
        return _rep_said(fields)
    name = _need(fields, "Event")
    read = _CONTACT.get(fields.get("ChangeType", "")) if name == "change_external_contact" else _EVENTS.get(name)
    if read is None:
        raise _Missing
    return read(fields)


def _rep_said(fields: Fields) -> RepSaid:
    kind = _need(fields, "MsgType")
    return RepSaid(
        rep=_need(fields, "FromUserName"),
        kind=kind,
        text=clean(fields.get("Content", "")) if kind == "text" else "",
        message_id=_need(fields, "MsgId"),
        at=_at(fields),
    )


def _rep_opened(fields: Fields) -> RepOpened:
    return RepOpened(rep=_need(fields, "FromUserName"), at=_at(fields))


def _friend_added(fields: Fields) -> FriendAdded:
    return FriendAdded(
        who=person(_need(fields, "ExternalUserID")),
        rep=_need(fields, "UserID"),
        mark=clean(fields.get("State", "")) or None,
        welcome_code=clean(fields.get("WelcomeCode", "")) or None,
        confirmed=fields["ChangeType"] == "add_external_contact",
        at=_at(fields),
    )


def _friend_left(fields: Fields) -> FriendLeft:
    return FriendLeft(
        who=person(_need(fields, "ExternalUserID")),
        rep=_need(fields, "UserID"),
        by_rep=fields["ChangeType"] == "del_external_contact",
        at=_at(fields),
    )


def _contact_edited(fields: Fields) -> ContactEdited:
    return ContactEdited(who=person(_need(fields, "ExternalUserID")), rep=_need(fields, "UserID"), at=_at(fields))


def _desk_rang(fields: Fields) -> DeskRang:
    return DeskRang(desk=_need(fields, "OpenKfId"), token=clean(fields.get("Token", "")), at=_at(fields))


_EVENTS: Mapping[str, Callable[[Fields], Event]] = {
    "subscribe": _rep_opened,
    "enter_agent": _rep_opened,
    "kf_msg_or_event": _desk_rang,
}
_CONTACT: Mapping[str, Callable[[Fields], Event]] = {
    "add_external_contact": _friend_added,
    "add_half_external_contact": _friend_added,
    "del_follow_user": _friend_left,
    "del_external_contact": _friend_left,
    "edit_external_contact": _contact_edited,
}


def _need(fields: Fields, name: str) -> str:
    value = clean(fields.get(name, "")).strip()
    if not value:
        raise _Missing
    return value


def _at(fields: Fields) -> datetime:
    at = _told_at(fields)
    if at is None:
        raise _Missing
    return at


def _told_at(fields: Fields) -> datetime | None:
    return moment(fields.get("CreateTime"))


def _kind(fields: Fields) -> str:
    names = (fields.get("Event") or fields.get("MsgType", ""), fields.get("ChangeType", ""))
    return clean("/".join(name.strip() for name in names if name))[:_KIND_LENGTH]
