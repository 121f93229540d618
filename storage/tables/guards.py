"""What asks have cost in goodwill: per campaign and day, and which asks have been counted."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Table, Text

from storage.tables.columns import int_, metadata, text_

guards = Table(
    "guards",
    metadata,
    Column("campaign", Text, ForeignKey("campaigns.id"), primary_key=True),
    int_("since"),
    text_("why"),
    int_("asked"),
    int_("upset"),
    CheckConstraint("why in ('optout','complaint')", name="why"),
)
"""When a guardrail last paused a campaign and on what figures; only asks after `since` count from then on."""

guard_days = Table(
    "guard_days",
    metadata,
    Column("campaign", Text, ForeignKey("campaigns.id"), primary_key=True),
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    int_("asked", default="0"),
    int_("optout", default="0"),
    int_("complaint", default="0"),
)
"""Of the asks that were said on a Beijing day (its ordinal): how many, and after how many somebody was upset."""

upsets = Table(
    "upsets",
    metadata,
    Column("nudge", Text, ForeignKey("nudges.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    int_("at"),
    CheckConstraint("kind in ('optout','complaint')", name="kind"),
)
"""That an ask was followed by an opt-out or a complaint: each counts once, however often it is said."""
