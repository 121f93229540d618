"""What a company's own history has taught."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Table

from storage.tables.columns import int_, metadata, text_

lessons = Table(
    "lessons",
    metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    int_("at"),
    text_("state"),
)
"""What was learned from the friends whom customers brought before us, a version each time; `state` is all as JSON."""
