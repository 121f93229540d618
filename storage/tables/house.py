"""What the house itself needs: marks, the inbox, the outbox and jobs."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, Table, Text, UniqueConstraint, text

from storage.tables.columns import Serial, int_, metadata, text_

marks = Table("marks", metadata, Column("key", Text, primary_key=True), text_("value"))
"""Facts about this database itself: whose it is, and the sandbox clock's offset."""

inbox = Table(
    "inbox",
    metadata,
    Column("key", Text, primary_key=True),
    text_("channel"),
    text_("kind"),
    Column("body", LargeBinary, nullable=False),
    int_("received_at"),
)
"""Every event received, under the key that makes a repeat a no-op."""

SOON = "state = 'queued' and purpose <> 'nudge'"
"""What waits and is no ask: it goes out first."""
UNDER_WAY = "state in ('queued','sending')"
"""What holds up whatever stands behind it in its lane."""
TOLD = "state = 'sent' and kind in ('RepText','RepCard')"
"""What a rep was told; the platform counts them by the minute."""

outbox = Table(
    "outbox",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    text_("dedupe", null=True),
    text_("kind"),
    text_("payload"),
    text_("lane"),
    text_("purpose"),
    text_("person", null=True),
    text_("state"),
    int_("due_at"),
    int_("expires_at", null=True),
    int_("attempts", default="0"),
    int_("lease_until", null=True),
    text_("note", default=""),
    int_("created_at"),
    int_("finished_at", null=True),
    UniqueConstraint("dedupe"),
    CheckConstraint("state in ('queued','sending','sent','dropped','failed','unknown')", name="state"),
    CheckConstraint("purpose in ('reply','thanks','nudge','system')", name="purpose"),
    Index("ix_outbox_open", "state", "due_at", "seq"),
    Index("ix_outbox_soon", "state", "due_at", "seq", sqlite_where=text(SOON), postgresql_where=text(SOON)),
    Index("ix_outbox_lane", "lane", "seq", sqlite_where=text(UNDER_WAY), postgresql_where=text(UNDER_WAY)),
    Index("ix_outbox_told", "lane", "finished_at", sqlite_where=text(TOLD), postgresql_where=text(TOLD)),
    Index("ix_outbox_person", "person", "state"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    text_("kind"),
    text_("key"),
    text_("payload"),
    int_("due_at"),
    int_("lease_until", null=True),
    int_("fence", default="0"),
    int_("attempts", default="0"),
    text_("state"),
    text_("note", default=""),
    UniqueConstraint("kind", "key"),
    CheckConstraint("state in ('open','done','dead')", name="state"),
    Index("ix_jobs_due", "state", "due_at"),
)
