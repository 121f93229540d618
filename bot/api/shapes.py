"""Shapes that many operations share: ids, times, reasons, pages."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar, overload

from msgspec import UNSET, Meta, Struct, UnsetType

from bot.api.problems import wrong
from referral.times import SHANGHAI
from storage import listings
from storage.times import at
from storage.transaction import Transaction

T = TypeVar("T")

MOST = 200  # rows of a page


def _id(letter: str, what: str) -> Any:
    return Meta(
        pattern=f"^{letter}[0-9a-hjkmnp-tv-z]{{16}}$",
        max_length=17,
        description=f"Our own id of {what}.",
        examples=[f"{letter}0123456789abcdef"],
    )


PersonId = Annotated[str, _id("p", "a person")]
CampaignId = Annotated[str, _id("c", "a campaign")]
ReferralId = Annotated[str, _id("r", "a referral")]
OrderId = Annotated[str, _id("o", "an order")]
RewardId = Annotated[str, _id("w", "a reward")]
StoryId = Annotated[str, _id("h", "a story")]
ClaimId = Annotated[str, _id("k", "a claim")]
AppealId = Annotated[str, _id("a", "an appeal")]
MergeId = Annotated[str, _id("g", "a merge")]
ExperimentId = Annotated[str, _id("x", "an experiment")]
TouchId = Annotated[str, _id("t", "a touch")]
CodeText = Annotated[
    str,
    Meta(
        pattern="^[0-9A-HJKMNP-TV-Z]{8}$",
        max_length=8,
        description="An invite code, as we write it.",
        examples=["0000000A"],
    ),
]
Line = Annotated[str, Meta(min_length=1, max_length=64, pattern="^[^\\x00-\\x1f\\x7f-\\x9f]+$")]
"""A name of somebody else's, on one line."""
Colleague = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=40,
        pattern="^[^\\x00-\\x1f\\x7f-\\x9f]+$",
        description="Which member of staff decides; a second one has another name.",
        examples=["周经理"],
    ),
]
Reason = Annotated[str, Meta(min_length=1, max_length=200, pattern="^[^\\x00-\\x1f\\x7f-\\x9f]+$")]
"""Why staff decide as they do, on one line."""
Fen = Annotated[int, Meta(ge=0, le=10**12, description="An amount in fen.")]
Cursor = Annotated[
    str,
    Meta(min_length=1, max_length=300, pattern="^[A-Za-z0-9_-]+$", description="`next` of the page before."),
]


class Why(Struct, frozen=True):
    """A reason: its code, and in words for staff."""

    code: str
    text: str


class PageQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of a list."""

    limit: Annotated[int, Meta(ge=1, le=MOST, description="How many rows at most.")] = 50
    cursor: Cursor | UnsetType = UNSET


class Page(Struct, Generic[T], frozen=True):
    """A part of a list. `next` is the cursor of the part that follows, null on the last one."""

    items: list[T]
    next: str | None


@overload
def beijing(value: int) -> datetime: ...
@overload
def beijing(value: None) -> None: ...
def beijing(value: int | None) -> datetime | None:
    """A stored time as the API says it: in Beijing's zone."""
    found = at(value)
    return None if found is None else found.astimezone(SHANGHAI)


def page(
    tx: Transaction,
    listing: listings.Listing,
    query: PageQuery,
    where: Mapping[str, str | UnsetType | None],
    row: Callable[[Any], T],
) -> Page[T]:
    """One page of a listing; filters that were not given are left out."""
    filters = {name: value for name, value in where.items() if isinstance(value, str)}
    after = _place(query.cursor, listing) if isinstance(query.cursor, str) else None
    rows, further = listings.page(tx, listing, filters, after=after, limit=query.limit)
    return Page([row(each) for each in rows], _cursor(listing, further) if further else None)


def _cursor(listing: listings.Listing, place: Sequence[str | int]) -> str:
    told = json.dumps([listing.name, *place], separators=(",", ":")).encode()
    return urlsafe_b64encode(told).rstrip(b"=").decode()


def _place(cursor: str, listing: listings.Listing) -> list[str | int]:
    """Where a cursor stands. Raises `Refused` for one that this list did not give."""
    name: object = None
    place: list[str | int] = []
    try:
        name, *place = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, RecursionError):
        name = None
    if name != listing.name or not listing.is_place(place):
        raise wrong("cursor", "不是这个列表给出的位置；请原样带上一页的 next")
    return place
