"""Campaigns, their terms and drafts, designs of posters, codes and what carries them."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Table, Text, UniqueConstraint

from storage.tables.columns import Serial, id_, int_, metadata, ref_, text_

campaigns = Table(
    "campaigns",
    metadata,
    id_(),
    text_("pack"),
    text_("name"),
    text_("state"),
    int_("starts_at"),
    int_("ends_at", null=True),
    int_("budget_fen"),
    int_("used_fen", default="0"),
    int_("version", default="1"),
    int_("created_at"),
    int_("spent_fen", default="0"),
    text_("pause", default=""),
    int_("paused_at", null=True),
    int_("alarmed_at", null=True),
    text_("carrier", default="landing"),
    CheckConstraint("state in ('draft','waiting','running','paused','ended')", name="state"),
    CheckConstraint("used_fen >= 0 and used_fen <= budget_fen", name="budget"),
)
"""`used_fen` of the budget is reserved or spent, `spent_fen` is spent; a thanks is wholly inside or not at all."""

drafts = Table(
    "drafts",
    metadata,
    Column("campaign", Text, ForeignKey("campaigns.id"), primary_key=True),
    text_("rep"),
    text_("handle"),
    int_("asked_at"),
    text_("answer", null=True),
    text_("answered_by", null=True),
    int_("answered_at", null=True),
    CheckConstraint("answer in ('approved','refused','lapsed')", name="answer"),
)
"""A campaign that a rep asked for; it is a draft until there is an answer."""

designs = Table(
    "designs",
    metadata,
    Column("campaign", Text, ForeignKey("campaigns.id"), primary_key=True),
    Column("rep", Text, primary_key=True),
    *(text_(name, default="") for name in ("template", "palette", "season", "photo")),
    *(text_(f"feed_{name}", default="") for name in ("headline", "body", "note")),
    *(text_(f"friend_{name}", default="") for name in ("headline", "body", "note")),
    int_("changed_at"),
    Index("ix_designs_photo", "photo"),
)
"""How a rep has the posters of her own customers look in a campaign; empty is the campaign's own."""

terms = Table(
    "terms",
    metadata,
    Column("campaign", Text, ForeignKey("campaigns.id"), primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    text_("body"),
    int_("since"),
)
"""The rule versions of a campaign; a touch freezes the one it met."""

codes = Table(
    "codes",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    Column("code", Text, nullable=True, unique=True),
    ref_("campaign", "campaigns"),
    ref_("advocate", "people"),
    text_("channel"),
    text_("rep", null=True),
    int_("created_at"),
    UniqueConstraint("campaign", "advocate", "channel"),
    Index("ix_codes_advocate", "advocate"),
    Index("ix_codes_rep_campaign", "rep", "campaign"),
    sqlite_autoincrement=True,
)
"""A row number is the code itself (design 5.7), so it is never given out a second time."""

contact_ways = Table(
    "contact_ways",
    metadata,
    id_(),
    text_("code", null=True),
    text_("rep"),
    text_("mark"),
    text_("config", null=True),
    text_("source", null=True),
    text_("picture", null=True),
    int_("asked_at"),
    int_("ready_at", null=True),
    text_("kind", default="qr"),
    text_("payload", null=True),
    int_("failed_at", null=True),
    UniqueConstraint("mark"),
    Index("ix_contact_ways_code", "code"),
    Index("ix_contact_ways_rep", "rep"),
)

desks = Table(
    "desks",
    metadata,
    id_(),
    text_("cursor", default=""),
    text_("link", default=""),
    text_("prefix", default=""),
    int_("asked_at", null=True),
    int_("failed_at", null=True),
)
"""Customer-service accounts: how far we have read, the link that opens a chat, and what a code is put behind in it;
when the platform was last asked for that, and since when nothing came of it."""

blocked_hosts = Table("blocked_hosts", metadata, Column("host", Text, primary_key=True), int_("since"))
"""Domains of ours whose links do not open in WeChat, as an operator said."""
