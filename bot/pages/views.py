"""What each page shows, as plain values.

A view holds words and addresses that are ready to be read: who is named, how much a friend may be told, and which
status applies are decided before a view is made. Nothing here knows storage, the platform or HTML. Every address is on
our own host, as a path or in full, except `MeView.desk_link`, which opens the platform's chat.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Byline = Literal["face", "nickname", "none"]
"""How an advocate appears to friends: 头像+昵称, 只用昵称, 不署名."""

Tone = Literal["plain", "good", "off"]
"""The colour of a status chip: still under way, done, or not counted. The words carry the meaning alone."""

Section = tuple[str, tuple[str, ...]]
"""A heading and its paragraphs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingView:
    """The page behind a code: who invites, what is in it, and the QR that adds the rep.

    `inviter` is None for an advocate who goes unnamed. `last_day` is ready to read (2026年12月31日).
    `contact_qr_is_personal` tells whether adding through the picture already carries the code; if not, the page asks
    the friend to send the code as well. While `refresh_s` is set (whole seconds) the page loads itself again.
    `ad_label` is the word that marks an advertisement (广告); the company's name stands beside it.
    """

    company: str
    inviter: str | None
    inviter_avatar: str | None
    headline: str
    lines: tuple[str, ...]
    steps: tuple[str, ...]
    last_day: str | None
    rep_name: str | None
    contact_qr: str | None
    contact_qr_is_personal: bool
    code: str
    code_spaced: str
    rules_url: str
    privacy_url: str
    refresh_s: int | None
    poster_url: str
    ad_label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedView:
    """A code whose campaign is over; `contact` is the company's, in words."""

    company: str
    title: str
    contact: str | None
    rules_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestingView:
    """A code whose campaign takes nobody just now: paused, or (`begins`, ready to read) not begun yet."""

    company: str
    title: str
    begins: str | None
    contact: str | None
    rules_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingView:
    """A code that is malformed or unknown: one same page for both, so that neither can be told from the other."""

    company: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyView:
    """Too many misses from one address."""

    company: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRow:
    """One invite code of the person: its poster, its link, and words ready to be copied."""

    campaign: str
    code: str
    code_spaced: str
    poster_url: str
    link: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FriendRow:
    """One friend, named only with the friend's yes; `note` says why when one does not count ("" for nothing to add)."""

    label: str
    status: str
    note: str
    at: str
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThanksRow:
    """One thank-you to the person, as the advocate or as the friend; `proof_url` serves its ledger proof."""

    what: str
    side: Literal["advocate", "friend"]
    status: str
    note: str
    at: str
    proof_url: str | None
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A yes or no asked of the person; `id` comes back as `referral` with `answer` yes or no."""

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeView:
    """A person's own page.

    `home` is the page's own path without a slash at the end (/me/TOKEN): the forms post to `{home}/answer`
    (fields `referral`, `answer`) and `{home}/byline` (field `byline`). `name` is empty where there is none to read.
    """

    company: str
    home: str
    name: str
    codes: tuple[CodeRow, ...]
    friends: tuple[FriendRow, ...]
    thanks: tuple[ThanksRow, ...]
    questions: tuple[Question, ...]
    byline: Byline
    opted_out: bool
    notices: tuple[str, ...]
    desk_link: str | None
    rules_url: str
    privacy_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesView:
    """The rules of a campaign, readable by anyone."""

    company: str
    title: str
    sections: tuple[Section, ...]
    ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyView:
    """What is kept about whom, why and for how long."""

    company: str
    sections: tuple[Section, ...]


View = LandingView | EndedView | RestingView | MissingView | BusyView | MeView | RulesView | PrivacyView
