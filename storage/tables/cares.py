"""Care beyond asking: what was said or done for a customer without wanting anything."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, Table, UniqueConstraint, text

from storage.tables.columns import id_, int_, metadata, ref_, text_

_OPEN = "state in ('listed','queued') and kind <> 'repair'"

cares = Table(
    "cares",
    metadata,
    id_(),
    ref_("person", "people"),
    text_("kind"),
    text_("ref"),
    text_("day"),
    text_("value", default=""),
    text_("state"),
    text_("route"),
    text_("rep", null=True),
    text_("words", default=""),
    int_("created_at"),
    int_("planned_at"),
    int_("expires_at", null=True),
    int_("sent_at", null=True),
    text_("outcome", null=True),
    CheckConstraint(
        "kind in ('repair','birthday','thanks','anniversary','recognise','survey','easier','early','silence')",
        name="kind",
    ),
    CheckConstraint("state in ('listed','queued','sent','ended')", name="state"),
    CheckConstraint("route in ('kf','rep')", name="route"),
    UniqueConstraint("person", "kind", "ref"),
    Index("ix_cares_rep", "rep", "state", "planned_at"),
    Index("ix_cares_state", "state", "expires_at"),
    Index("ix_cares_planned", "planned_at"),
    Index("ux_cares_open", "person", unique=True, sqlite_where=text(_OPEN), postgresql_where=text(_OPEN)),
)
"""One care for one person, once for its occasion (`ref`). Of those that are said nobody has two that are open."""
