"""What the own page shows of thanks and points, as plain values that are ready to be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Tone = Literal["plain", "good", "off"]
"""The colour of a status chip: still under way, done, or not counted. The words carry the meaning alone."""

Wants = Literal["", "address", "name"]
"""What a thanks asks of its person: where to send it, their real name, or nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A form that a held thanks may take; `number` comes back as `number`."""

    number: int
    words: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """A coupon to be shown to staff: its code, and the picture of the QR that they scan."""

    code: str
    qr_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThanksRow:
    """One thank-you: `occasion` says what for, `proof_url` serves its ledger proof, `how` how it is used.

    `id` comes back as `reward` from what its forms post: `options` while it may take another form, and what it `wants`;
    `given` is what was given before, made unreadable but for its ends.
    """

    what: str
    occasion: str
    status: str
    note: str
    at: str
    proof_url: str | None
    tone: Tone = "plain"
    id: str = ""
    how: str = ""
    voucher: Voucher | None = None
    options: tuple[Option, ...] = ()
    wants: Wants = ""
    given: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopRow:
    """A thing that points can be exchanged for; `once` comes back so that a form sent twice counts once."""

    id: str
    title: str
    points: int
    note: str
    enough: bool
    once: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsView:
    """How somebody's points stand, and what they can be exchanged for. `note` says what lapses, or why it is so few."""

    balance: int
    note: str
    items: tuple[ShopRow, ...]
