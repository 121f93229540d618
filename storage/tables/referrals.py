"""Shares, touches and the referrals that follow from them."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Table, Text, text

from storage.tables.columns import Serial, id_, int_, metadata, ref_, text_

shares = Table(
    "shares",
    metadata,
    Column("code", Text, primary_key=True),
    Column("level", Text, primary_key=True),
    ref_("person", "people"),
    ref_("campaign", "campaigns"),
    text_("channel"),
    int_("first_at"),
    text_("evidence"),
    CheckConstraint("level in ('prepared','declared','sent_for','seen','added','bought')", name="level"),
    Index("ix_shares_person", "person"),
)

touches = Table(
    "touches",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    text_("code"),
    ref_("campaign", "campaigns"),
    ref_("advocate", "people"),
    ref_("friend", "people", null=True),
    text_("kind"),
    text_("channel"),
    text_("device", null=True),
    int_("version"),
    int_("at"),
    int_("arrived_at"),
    text_("void", default=""),
    CheckConstraint("kind in ('view','add','code','order','claim')", name="kind"),
    Index("ix_touches_friend", "friend", "at"),
    Index("ix_touches_advocate", "advocate"),
    Index("ix_touches_code", "code", "at"),
    Index("ix_touches_device", "device", "code"),
)

_STANDING = "folded is null"

referrals = Table(
    "referrals",
    metadata,
    id_(),
    ref_("campaign", "campaigns"),
    ref_("friend", "people"),
    ref_("advocate", "people"),
    text_("code"),
    text_("touch"),
    int_("version"),
    text_("method"),
    text_("status"),
    text_("reason"),
    text_("disclosed", default="unasked"),
    int_("at"),
    int_("decided_at", null=True),
    text_("order", null=True),
    text_("folded", null=True),
    Index(
        "ux_referrals_friend",
        "campaign",
        "friend",
        unique=True,
        sqlite_where=text(_STANDING),
        postgresql_where=text(_STANDING),
    ),
    CheckConstraint("status in ('pending','unmatched','credited','rejected','reversed')", name="status"),
    CheckConstraint("disclosed in ('unasked','asked','yes','no')", name="disclosed"),
    Index("ix_referrals_friend", "friend"),
    Index("ix_referrals_advocate", "advocate"),
)
"""One per friend and campaign. After two people were merged one of theirs may be `folded` into the other."""

claims = Table(
    "claims",
    metadata,
    id_(),
    text_("handle"),
    ref_("person", "people"),
    text_("name"),
    text_("words"),
    text_("source"),
    int_("said_at"),
    int_("expires_at"),
    text_("rep", null=True),
    text_("state"),
    ref_("advocate", "people", null=True),
    text_("code", null=True),
    text_("decided_by", null=True),
    int_("decided_at", null=True),
    text_("reason", default=""),
    CheckConstraint("state in ('open','confirmed','refused','settled','expired')", name="state"),
    CheckConstraint("state <> 'confirmed' or (advocate is not null and code is not null)", name="advocate"),
    Index("ix_claims_person", "person", "state"),
    Index("ix_claims_state", "state", "said_at"),
    Index("ix_claims_advocate", "advocate"),
)
"""Who a friend says introduced them, and what staff made of it."""

appeals = Table(
    "appeals",
    metadata,
    id_(),
    ref_("person", "people"),
    text_("about"),
    text_("reason"),
    text_("words"),
    int_("at"),
    text_("rep", null=True),
    Column("again", Boolean, nullable=False, server_default="0"),
    text_("answer", default=""),
    text_("answered_by", null=True),
    int_("answered_at", null=True),
    CheckConstraint("(answered_at is null) = (answered_by is null)", name="answered"),
    Index("ix_appeals_person", "person"),
    Index("ix_appeals_answered", "answered_at", "at"),
)
"""Who wants a colleague to look again at what a rule decided, and what the colleague said."""
