"""Chats: windows, where each stands, misses, devices, notices."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, UniqueConstraint

from storage.tables.columns import Serial, id_, int_, metadata, ref_, text_

windows = Table(
    "windows",
    metadata,
    Column("desk", Text, primary_key=True),
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    text_("handle"),
    int_("said_at"),
    int_("sent", default="0"),
    Index("ix_windows_person", "person"),
)
"""When a customer last wrote to a desk, and how many messages went back since."""

conversations = Table(
    "conversations",
    metadata,
    Column("desk", Text, primary_key=True),
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    text_("state"),
    int_("changed_at"),
)

misses = Table(
    "misses",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    text_("who"),
    int_("at"),
    Index("ix_misses_who", "who", "at"),
)
"""Wrong codes tried, for the throttle."""

devices = Table(
    "devices",
    metadata,
    Column("device", Text, primary_key=True),
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    int_("since"),
    Index("ix_devices_person", "person"),
)
"""Browsers that opened a person's own page."""

notices = Table(
    "notices",
    metadata,
    id_(),
    ref_("person", "people"),
    text_("kind"),
    text_("ref"),
    text_("state"),
    int_("created_at"),
    int_("told_at", null=True),
    UniqueConstraint("person", "kind", "ref"),
    CheckConstraint("state in ('waiting','told','void')", name="state"),
    Index("ix_notices_person", "person", "state"),
)
"""Good news that a person has not heard yet; it waits here while no route is open."""
