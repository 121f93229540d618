"""What asking has brought, as it was told each night."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Table, Text

from storage.tables.columns import int_, metadata, real_

lift_days = Table(
    "lift_days",
    metadata,
    Column("day", Text, primary_key=True),
    Column("arm", Text, primary_key=True),
    int_("at"),
    int_("since"),
    int_("customers"),
    real_("total"),
    real_("squares"),
    real_("past"),
    real_("past_squares"),
    real_("product"),
    int_("asked"),
    int_("own"),
    int_("opted_out"),
    int_("attributed"),
    int_("ripe"),
    int_("fruitful"),
    int_("settled"),
    int_("gone"),
    CheckConstraint("arm in ('treated','held')", name="arm"),
)
"""Each side of the lot as of a Beijing day, summed up so that intervals follow from it without looking at anybody.

`total` and `squares` are of friends brought, `past` of what was known before, `product` of both together.
"""

lift_reps = Table(
    "lift_reps",
    metadata,
    Column("rep", Text, primary_key=True),
    Column("arm", Text, primary_key=True),
    int_("customers"),
    real_("total"),
    real_("squares"),
    CheckConstraint("arm in ('treated','held')", name="arm"),
)
"""The same of each rep's customers, as of the latest day alone."""
