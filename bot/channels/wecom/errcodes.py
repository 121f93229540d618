"""The platform's error numbers, each with what it means for us: the one table (platform reference 10.2).

Numbers marked * are not in the documentation we have, and are taken as our sandbox answers them: a count of messages
used up, a window shut, a state that cannot be changed to, a message id used before.
"""

from __future__ import annotations

import re

from bot.channels.errors import (
    AlreadyDone,
    ChannelError,
    Expired,
    Misconfigured,
    NotYet,
    RateLimited,
    Refused,
    TokenRejected,
    Unreachable,
)

WINDOW = 60.0  # seconds that a per-minute limit stays shut

_Reason = tuple[type[ChannelError], str]
_TABLE: dict[int, _Reason] = {
    -1: (Unreachable, "busy"),
    6000: (Unreachable, "version_conflict"),
    40001: (TokenRejected, "token_invalid"),
    40003: (Refused, "unknown_person"),
    40007: (Expired, "media_expired"),
    40008: (Refused, "message_kind"),
    40013: (Misconfigured, "unknown_corp"),
    40014: (TokenRejected, "token_invalid"),
    40029: (Expired, "login_code"),
    40033: (Refused, "escaped_characters"),
    40056: (Misconfigured, "unknown_app"),
    40058: (Refused, "bad_parameter"),
    40063: (Refused, "empty_parameter"),
    40096: (Refused, "unknown_person"),
    41001: (Misconfigured, "token_missing"),
    41041: (Refused, "too_many_reps"),
    41045: (Refused, "contact_way_quota"),
    41047: (Refused, "unknown_broadcast"),
    41048: (Refused, "nobody_to_reach"),
    41050: (Expired, "welcome_code_expired"),
    41051: (AlreadyDone, "already_welcomed"),
    41053: (Refused, "archive_consent_missing"),
    41054: (Refused, "rep_inactive"),
    41063: (NotYet, "still_dispatching"),
    41096: (NotYet, "another_app_is_welcoming"),
    42001: (TokenRejected, "token_expired"),
    42022: (Expired, "login_code"),
    43004: (Refused, "rep_not_bound"),
    44004: (Refused, "text_empty"),
    45002: (Refused, "text_too_long"),
    45009: (RateLimited, "too_often"),
    45033: (RateLimited, "too_many_at_once"),
    48002: (Misconfigured, "interface_not_allowed"),
    50001: (Misconfigured, "domain_not_trusted"),
    50002: (Refused, "rep_out_of_scope"),
    60011: (Misconfigured, "out_of_visible_range"),
    60020: (Misconfigured, "address_not_allowed"),
    60111: (Refused, "unknown_rep"),
    81013: (Refused, "nobody_to_reach"),
    84061: (NotYet, "not_a_contact"),
    84074: (Misconfigured, "contacts_not_allowed"),
    95000: (Misconfigured, "unknown_desk"),
    95001: (Refused, "over_five"),  # *
    95002: (Refused, "window_expired"),  # *
    95004: (Misconfigured, "unknown_desk"),
    95011: (Misconfigured, "desk_mode"),
    95012: (Misconfigured, "desk_mode"),
    95017: (Misconfigured, "desk_interface_closed"),
    95016: (Refused, "session_state"),  # *
    95018: (Refused, "session_state"),
    95032: (AlreadyDone, "message_id_used"),  # *
    301002: (Misconfigured, "not_allowed"),
    610015: (Misconfigured, "account_unverified"),
}
_CREDENTIALS = {
    40001: "wrong_secret",
    40014: "wrong_secret",
    40091: "wrong_secret",
    41002: "corp_id_missing",
    41004: "secret_missing",
    42001: "wrong_secret",
}
_USED_ID = re.compile(r"msgid.{0,30}(dup|repeat|exist|used)|(dup|repeat)\w*.{0,30}msgid", re.IGNORECASE)


def error_of(code: int, message: str, call: str) -> ChannelError:
    """Return the error that the answer `code` (not 0) of the interface `call` means."""
    kind, reason = _meaning(code, message, call)
    if kind is RateLimited:
        return RateLimited(reason, retry_after=WINDOW, call=call, code=code)
    if kind is Unreachable:
        return Unreachable(reason, maybe_done=False, call=call, code=code)
    return kind(reason, call=call, code=code)


def _meaning(code: int, message: str, call: str) -> _Reason:
    if call == "gettoken" and code in _CREDENTIALS:
        return Misconfigured, _CREDENTIALS[code]
    if call.startswith("kf/send_msg") and _USED_ID.search(message):
        return AlreadyDone, "message_id_used"
    return _TABLE.get(code, (Refused, f"errcode_{code}"))
