"""What staff and other systems do: audit, media, keys, connectors, announcements."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, text

from storage.tables.columns import Serial, id_, int_, metadata, text_

audit = Table(
    "audit",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    int_("at"),
    text_("who"),
    text_("action"),
    text_("subject"),
    text_("detail"),
)

media = Table(
    "media",
    metadata,
    Column("key", Text, primary_key=True),
    text_("media"),
    int_("expires_at"),
)
"""Pictures already uploaded to a platform, by content."""

_LIVING = "revoked_at is null"

api_keys = Table(
    "api_keys",
    metadata,
    id_(),
    text_("name"),
    text_("prefix"),
    Column("digest", Text, nullable=False, unique=True),
    text_("scopes"),
    int_("created_at"),
    int_("used_at", null=True),
    int_("revoked_at", null=True),
    Index("ux_api_keys_living", "name", unique=True, sqlite_where=text(_LIVING), postgresql_where=text(_LIVING)),
)
"""Keys of the JSON API. Of a key only its beginning and its SHA-256 are kept."""

api_answers = Table(
    "api_answers",
    metadata,
    Column("key", Text, ForeignKey("api_keys.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    text_("digest"),
    int_("status"),
    text_("body"),
    int_("at"),
    Index("ix_api_answers_at", "at"),
)
"""Answers of the JSON API under the idempotency key that they were asked with, kept for two days."""

connectors = Table(
    "connectors",
    metadata,
    Column("connector", Text, primary_key=True),
    int_("failing_since", null=True),
    int_("told_at", null=True),
    int_("disabled_at", null=True),
    text_("why", default=""),
)
"""How each connector of fulfilment has fared lately; one that never failed has no row."""

announcements = Table(
    "announcements",
    metadata,
    id_(),
    text_("connector"),
    text_("type"),
    text_("ref"),
    text_("touch", null=True),
    text_("order", null=True),
    text_("reason", default=""),
    text_("state"),
    text_("note", default=""),
    int_("tries", default="0"),
    int_("at"),
    CheckConstraint("state in ('waiting','done','failed')", name="state"),
    Index("ix_announcements_connector", "connector", "state", "at"),
)
"""What another system of the company is told of referrals and rewards; the id is what it knows it by."""
