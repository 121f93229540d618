"""What each page of a rep shows, as plain values: the list, one customer, a poster, one text to several, the door."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from bot.pages.rep_care_views import RepCareView
from bot.pages.rep_cares_views import CareLine
from bot.pages.rep_coupon_views import RepCouponFindView, RepCouponView
from bot.pages.rep_friends_views import RepFriendsView
from bot.pages.rep_people_views import ClaimRow, RepClaimView, RepFindView, RepPersonView
from bot.pages.rep_posters_views import RepDesignView, RepPostersView
from bot.pages.thanks_views import Tone

RowState = Literal["waiting", "said", "skipped", "over"]
"""待聊, 已聊, 跳过; over: no longer on the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One customer on the list. `note` is what came of it, or what is still to be told ("" for nothing to add)."""

    id: str
    name: str
    state: RowState
    label: str
    tone: Tone = "plain"
    chips: tuple[str, ...] = ()
    gate: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One customer to be asked in passing whether they want to hear of anything (征询), with the words for it."""

    id: str
    name: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A customer to whom the rep has just turned; `handle` is what WeCom opens the chat by.

    `config` is what the JS interface needs, as JSON; None where the browser has none.
    """

    id: str
    name: str
    words: str
    handle: str | None = None
    config: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastRow:
    """One broadcast of the last days."""

    id: str
    text: str
    label: str
    tone: Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class RepListView:
    """Today's list. `first` is the customer to begin with, None when nobody waits; `unmatched` counts orders."""

    company: str
    rep: str
    day: str
    rows: tuple[Row, ...]
    cares: tuple[CareLine, ...] = ()
    questions: tuple[Question, ...] = ()
    unconfirmed: tuple[str, ...] = ()
    withdrawn: int = 0
    broadcasts: tuple[BroadcastRow, ...] = ()
    first: str | None = None
    many: bool = False
    talk: Talk | None = None
    claims: tuple[ClaimRow, ...] = ()
    unmatched: int = 0

    @property
    def waiting(self) -> tuple[Row, ...]:
        """Those still to be asked."""
        return tuple(row for row in self.rows if row.state == "waiting")

    @property
    def done(self) -> tuple[Row, ...]:
        """The others."""
        return tuple(row for row in self.rows if row.state != "waiting")


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """Something in the rep's words that may not be said: the piece, why, and what to say instead."""

    text: str
    why: str
    suggestion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepCardView:
    """One customer. `place` reads like 3 / 10; `held` says why the customer may not be asked now, None if they may.

    `change` tells what would change that; `skips` are the reasons to pass over, key and words; `poster` tells whether
    one can be made; `onwards` is who comes next when this customer needs nothing more; `person` leads to the customer's
    own page.
    """

    company: str
    row: Row
    words: str
    place: str = ""
    previous: str | None = None
    next: str | None = None
    against: tuple[str, ...] = ()
    change: str = ""
    held: str | None = None
    objections: tuple[Objection, ...] = ()
    skips: tuple[tuple[str, str], ...] = ()
    poster: bool = False
    onwards: str | None = None
    person: str = ""
    own_talk: Talk | None = None
    talk: Talk | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepPosterView:
    """A customer's poster, made at their wish, with the link and the words that go with it.

    `plain_link`: WeChat shows the link without title and picture.
    """

    company: str
    id: str
    name: str
    campaign: str
    code_spaced: str
    poster_url: str
    link: str
    words: str
    next: str | None = None
    plain_link: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One customer who can be written to together with others."""

    id: str
    name: str
    chips: tuple[str, ...]
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RepManyView:
    """One text to several: who can get it, and the words, which name nobody."""

    company: str
    choices: tuple[Choice, ...]
    words: str
    problem: str | None = None
    held: tuple[str, ...] = ()
    objections: tuple[Objection, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What became of a broadcast for one customer."""

    name: str
    label: str
    tone: Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class RepBroadcastView:
    """How a broadcast stands. While `refresh_s` is set (whole seconds) the page loads itself again."""

    company: str
    title: str
    advice: str
    text: str
    parts: tuple[Part, ...]
    refresh_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepDoorView:
    """Somebody who is not let in, and why; `enter` shows the way in through WeCom."""

    company: str
    title: str
    lines: tuple[str, ...]
    enter: bool = True
    status: int = field(default=403)


RepView = (
    RepListView
    | RepCardView
    | RepPosterView
    | RepManyView
    | RepBroadcastView
    | RepDoorView
    | RepFindView
    | RepPersonView
    | RepCareView
    | RepFriendsView
    | RepClaimView
    | RepCouponView
    | RepCouponFindView
    | RepPostersView
    | RepDesignView
)
