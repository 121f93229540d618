"""What is pulled from a desk (微信客服), read into the typed desk events of `referral.events`.

Shapes: platform reference 5.2. The items come from a JSON decoder, so every value may be of any type.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.channels.wecom.wire import clean, moment, person
from referral.events import DeskEntered, DeskEvent, DeskNoted, DeskSaid, DeskSendFailed

_CUSTOMER = 3  # `origin`; 4 is the platform itself
_SERVICER = 5
_FAILURES = {
    1: "desk_deleted",
    2: "app_closed",
    4: "window_expired",
    5: "session_closed",
    6: "over_five",
    8: "company_unverified",
    10: "refused_by_customer",
}


def desk_event(item: object) -> DeskEvent | None:
    """Return what one pulled item tells, None if it has no desk, id or time to be kept under."""
    if not isinstance(item, Mapping):
        return None
    happening = _part(item, "event")
    desk = _text(item, "open_kfid") or _text(happening, "open_kfid")
    message_id, at = _text(item, "msgid"), moment(item.get("send_time"))
    if not (desk and message_id and at):
        return None
    if item.get("msgtype") == "event":
        return _happened(happening, _text(item, "external_userid"), desk, message_id, at)
    return _said(item, desk, message_id, at)


def _said(item: Mapping[str, object], desk: str, message_id: str, at: datetime) -> DeskEvent:
    kind, who = _text(item, "msgtype") or "unknown", _text(item, "external_userid")
    if item.get("origin") != _CUSTOMER or not who:
        noted = f"servicer/{kind}" if item.get("origin") == _SERVICER else kind
        return DeskNoted(desk=desk, who=person(who) if who else None, message_id=message_id, kind=noted, at=at)
    words = _part(item, "text") if kind == "text" else {}
    return DeskSaid(
        desk=desk,
        who=person(who),
        message_id=message_id,
        kind=kind,
        text=_text(words, "content"),
        menu=_text(words, "menu_id") or None,
        at=at,
        media=_text(_part(item, "image"), "media_id") if kind == "image" else "",
    )


def _happened(event: Mapping[str, object], who: str, desk: str, message_id: str, at: datetime) -> DeskEvent:
    kind, who = _text(event, "event_type") or "unknown", who or _text(event, "external_userid")
    if kind == "enter_session" and who:
        return DeskEntered(
            desk=desk,
            who=person(who),
            message_id=message_id,
            scene=_text(event, "scene") or None,
            scene_param=_text(event, "scene_param") or None,
            welcome_code=_text(event, "welcome_code") or None,
            at=at,
        )
    failed = _text(event, "fail_msgid")
    if kind == "msg_send_fail" and who and failed:
        return DeskSendFailed(
            desk=desk, who=person(who), message_id=message_id, failed_id=failed, reason=_failure(event), at=at
        )
    return DeskNoted(desk=desk, who=person(who) if who else None, message_id=message_id, kind=kind, at=at)


def _failure(event: Mapping[str, object]) -> str:
    kind = event.get("fail_type")
    return _FAILURES.get(kind, f"unknown_{kind}") if isinstance(kind, int) else "unknown"


def _part(item: Mapping[str, object], name: str) -> Mapping[str, object]:
    part = item.get(name)
    return part if isinstance(part, Mapping) else {}


def _text(item: Mapping[str, object], name: str) -> str:
    value = item.get(name)
    if isinstance(value, str):
        return clean(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
