"""The referral forest."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, text

from storage.tables.columns import int_, metadata, real_, ref_, text_

_OPEN = "stays in ('young','early')"
_LISTED = "kind <> ''"

branches = Table(
    "branches",
    metadata,
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    ref_("by", "people", null=True),
    text_("referral", null=True),
    int_("came_at", null=True),
    text_("stays", null=True),
    int_("brought", default="0"),
    int_("stayed", default="0"),
    int_("ripe", default="0"),
    int_("lasting", default="0"),
    int_("descendants", default="0"),
    int_("further", default="0"),
    real_("value", default="0"),
    text_("kind", default=""),
    CheckConstraint("stays in ('young','early','stayed','gone')", name="stays"),
    CheckConstraint("kind in ('','champion','connector')", name="kind"),
    Index("ix_branches_by", "by"),
    Index("ix_branches_open", "person", "stays", sqlite_where=text(_OPEN), postgresql_where=text(_OPEN)),
    Index("ix_branches_listed", "value", "person", "kind", sqlite_where=text(_LISTED), postgresql_where=text(_LISTED)),
)
"""One row per person who brought a friend or came by one: made from the credited referrals, and kept true with them.

`value` is made from the counts, so that the list can be read in its order.
"""
