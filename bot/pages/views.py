"""What each page shows, as plain values.

A view holds words and addresses that are ready to be read: who is named, how much a friend may be told, and which
status applies are decided before a view is made. Nothing here knows storage, the platform or HTML. Every address is on
our own host, as a path or in full, except `MeView.desk_link`, which opens the platform's chat.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.pages.thanks_views import PointsView, ThanksRow, Tone

_PRESSED = re.compile(r"长按(?:识别)?(?=[上下]?面?的?二维码)")

Byline = Literal["face", "nickname", "none"]
"""How an advocate appears to friends: 头像+昵称, 只用昵称, 不署名."""

Section = tuple[str, tuple[str, ...]]
"""A heading and its paragraphs."""

Caller = Literal["", "advocate", "customer"]
"""Who looks at a landing page: a stranger, the advocate herself, somebody who is a customer already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is shown of a page where it is passed on; `link` and `picture` (square) are whole addresses."""

    title: str
    text: str
    link: str
    picture: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cards:
    """The cards of a page: `feed` for anybody to see, `friend` for one person; `moments` is the feed's link there.

    `feed` names neither thanks nor amounts. Pages without a code have one card for both.
    """

    feed: Card
    moments: str
    friend: Card


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What lets a page tell WeChat its cards: the paths of WeChat's script and of ours, and what ours says, as JSON."""

    sdk: str
    file: str
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingView:
    """The page behind a code: who invites, what is in it, and the QR that adds the rep.

    `inviter` is None for an advocate who goes unnamed. `last_day` is ready to read (2026年12月31日).
    `contact_qr_is_personal` tells whether adding through the picture already carries the code; if not, the page asks
    the friend to send the code as well. While `refresh_s` is set (whole seconds) the page loads itself again.
    `ad_label` is the word that marks an advertisement (广告); the company's name stands beside it. Of a campaign that
    is `full` nothing is promised: its `lines` and `steps` are not shown, as to a `caller` whom it is not for.
    `advocate_thanked` tells that who invites is thanked too. Outside WeChat (not `in_wechat`) a long press reads no QR.
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
    posters_url: str
    ad_label: str
    cards: Cards
    full: bool = False
    caller: Caller = ""
    advocate_thanked: bool = False
    in_wechat: bool = True
    script: Script | None = None

    @property
    def next_steps(self) -> tuple[str, ...]:
        """The steps as they are done where the page is open: outside WeChat the QR is scanned, not pressed."""
        return self.steps if self.in_wechat else tuple(_PRESSED.sub("用微信扫一扫", step) for step in self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceRow:
    """One of several looks of the same thing, and the way to it."""

    title: str
    url: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PosterView:
    """The page to save a poster from: `picture` with its size in px, other looks, and `words` ready to be copied.

    `print_url` is the same as a PDF, for the sizes that are printed. In WeChat a long press also sends a picture on.
    `spoken` is what to say aloud over the end of a video, and `spoken_s` how many seconds that takes. While `refresh_s`
    is set (whole seconds) its QR is still being made: there is no picture yet, and the page loads itself again.
    """

    company: str
    picture: str
    width: int
    height: int
    print_url: str | None
    looks: tuple[ChoiceRow, ...]
    sizes: tuple[ChoiceRow, ...]
    themes: tuple[ChoiceRow, ...]
    editions: tuple[ChoiceRow, ...]
    palettes: tuple[ChoiceRow, ...] = ()
    seasons: tuple[ChoiceRow, ...] = ()
    words: str
    landing_url: str
    rules_url: str
    privacy_url: str
    cards: Cards
    spoken: str = ""
    spoken_s: int = 0
    in_wechat: bool = True
    refresh_s: int | None = None
    script: Script | None = None


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
class NothingView:
    """No page at an address that has nothing to do with a code; `own` where it was meant to be somebody's own page."""

    company: str
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyView:
    """Too many misses from one address."""

    company: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TroubleView:
    """Something of ours that did not go well just now, under `status`."""

    company: str
    words: str
    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRow:
    """One invite code of the person: its poster, its link, and words ready to be copied."""

    campaign: str
    code: str
    code_spaced: str
    poster_url: str
    posters_url: str
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
class Question:
    """A yes or no asked of the person; `id` comes back as `referral` with `answer` yes or no."""

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeView:
    """A person's own page.

    `home` is the page's own path without a slash at the end (/me/TOKEN): the forms post to `{home}/answer`
    (fields `referral`, `answer`), `{home}/byline` (field `byline`) and `{home}/phone` (field `phone`), after which
    `phone_told` says what can be said; those of thanks to `{home}/choose`, `/address`, `/name` and `/redeem`, after
    which `thanks_told` does. `name` is empty where there is none to read. `points` is None for who never had any;
    `real_name` is the name that is kept, made unreadable but for its beginning. `script` keeps the page's own address
    to itself. `personal` is whether what is known of them weighs in when to write to them; the switch posts to
    `{home}/personal` (field `personal`), after which `personal_told` says what can be said.
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
    phone_told: str = ""
    personal: bool = True
    personal_told: str = ""
    thanks_told: str = ""
    points: PointsView | None = None
    real_name: str = ""
    name_consent: str = ""
    script: Script | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardView:
    """One thanks of a person's own and its entry in the ledger: the `place`th of `size`, by the hash it begins with.

    `home` is the path of the own page, `file_url` serves the proof itself.
    """

    company: str
    home: str
    row: ThanksRow
    place: int
    size: int
    fingerprint: str
    file_url: str
    script: Script | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowCouponView:
    """What a coupon's own QR shows in a customer's browser; `staff_url` is for staff who opened it there."""

    company: str
    staff_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesView:
    """The rules of a campaign, readable by anyone."""

    company: str
    title: str
    sections: tuple[Section, ...]
    ended: bool
    cards: Cards
    script: Script | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyView:
    """What is kept about whom, why and for how long."""

    company: str
    sections: tuple[Section, ...]
    cards: Cards
    script: Script | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryPhoto:
    """A photo of a story, in px; `small` is the same photo 640 px wide, empty where it is no wider itself."""

    src: str
    width: int
    height: int
    small: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryCard:
    """A story as the wall shows it; `author` is ready to read, `thanked` tells that its selection was thanked.

    `at` is the day it was selected, ready to read, `day` the same for machines (2026-11-20).
    """

    url: str
    title: str
    beginning: str
    author: str
    at: str
    day: str
    thanked: bool
    photo: StoryPhoto | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoriesView:
    """The wall of stories: one page of it. `canonical` is its address in full, `schema` what machines read of it.

    `description` is what search engines show. `newer_url` and `older_url` are the pages beside this one.
    `write_url` leads to the company's chat; `rules_url` to the rules by which stories are chosen, where some are.
    `cards` are the stories' on the wall, `outside` the page's own, where it is passed on.
    """

    company: str
    canonical: str
    description: str
    cards: tuple[StoryCard, ...]
    newer_url: str | None
    older_url: str | None
    write_url: str | None
    rules_url: str | None
    ad_label: str
    schema: Mapping[str, object]
    outside: Cards
    script: Script | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryView:
    """One story, in its author's own words: a heading, and what follows in lines; `more` are others to read on with."""

    company: str
    canonical: str
    description: str
    title: str
    lines: tuple[str, ...]
    author: str
    at: str
    day: str
    thanked: bool
    photos: tuple[StoryPhoto, ...]
    more: tuple[StoryCard, ...]
    write_url: str | None
    ad_label: str
    schema: Mapping[str, object]
    cards: Cards
    script: Script | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryGoneView:
    """A story that was taken back."""

    company: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryMissingView:
    """No story under that address."""

    company: str


View = (
    LandingView
    | EndedView
    | RestingView
    | MissingView
    | NothingView
    | BusyView
    | TroubleView
    | MeView
    | RewardView
    | PosterView
    | ShowCouponView
    | RulesView
    | PrivacyView
    | StoriesView
    | StoryView
    | StoryGoneView
    | StoryMissingView
)
