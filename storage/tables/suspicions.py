"""What looks made up, and what a person made of it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text

from storage.tables.columns import int_, metadata, real_, ref_, text_

suspicions = Table(
    "suspicions",
    metadata,
    Column("referral", Text, ForeignKey("referrals.id"), primary_key=True),
    ref_("advocate", "people"),
    ref_("friend", "people"),
    text_("code"),
    real_("chance"),
    text_("evidence"),
    text_("state"),
    int_("at"),
    int_("weighed_at"),
    text_("decided_by", null=True),
    int_("decided_at", null=True),
    text_("note", default=""),
    CheckConstraint("chance >= 0 and chance <= 1", name="chance"),
    CheckConstraint("state in ('noted','open','cleared','confirmed')", name="state"),
    CheckConstraint(
        "(state in ('cleared','confirmed')) = (decided_at is not null and decided_by is not null)", name="decided"
    ),
    Index("ix_suspicions_state", "state", "at"),
    Index("ix_suspicions_advocate", "advocate", "state"),
    Index("ix_suspicions_friend", "friend"),
)
"""One per referral that shows something; `evidence` is codes with a space between, the strongest first."""
