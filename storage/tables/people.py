"""People, what names them, and those who look after them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, LargeBinary, Table, Text, text

from storage.tables.columns import Serial, id_, int_, metadata, ref_, text_

_FOLDED = "merged_into is not null"
_JOINED = "joined_at is not null"
_BORN = "birthday is not null"
_YOUNG = "adult_on is not null"

people = Table(
    "people",
    metadata,
    id_(),
    text_("nickname", default=""),
    text_("name", default=""),
    text_("avatar", default=""),
    text_("byline", default="nickname"),
    text_("rep", null=True),
    int_("joined_at", null=True),
    Column("holdout", Boolean, nullable=False, server_default="0"),
    Column("staff", Boolean, nullable=False, server_default="0"),
    int_("profiled_at", null=True),
    text_("tier", default=""),
    text_("tags", default="[]"),
    text_("birthday", null=True),
    text_("adult_on", null=True),
    int_("created_at"),
    ref_("merged_into", "people", null=True),
    CheckConstraint("byline in ('face','nickname','none')", name="byline"),
    Index("ix_people_rep", "rep", sqlite_where=text("rep is not null"), postgresql_where=text("rep is not null")),
    Index("ix_people_merged", "merged_into", sqlite_where=text(_FOLDED), postgresql_where=text(_FOLDED)),
    Index("ix_people_staff", "id", sqlite_where=text("staff"), postgresql_where=text("staff")),
    Index("ix_people_birthday", "birthday", "id", sqlite_where=text(_BORN), postgresql_where=text(_BORN)),
    Index("ix_people_adult", "adult_on", sqlite_where=text(_YOUNG), postgresql_where=text(_YOUNG)),
    Index("ix_people_joined", "joined_at", sqlite_where=text(_JOINED), postgresql_where=text(_JOINED)),
)

identities = Table(
    "identities",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    ref_("person", "people"),
    int_("since"),
    Index("ix_identities_person", "person"),
)

reps = Table(
    "reps",
    metadata,
    id_(),
    text_("name", default=""),
    Column("active", Boolean, nullable=False, server_default="1"),
)

contacts = Table(
    "contacts",
    metadata,
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    Column("rep", Text, primary_key=True),
    int_("added_at", null=True),
    int_("last_added_at", null=True),
    int_("left_at", null=True),
    int_("returned_at", null=True),
    text_("tags", default="[]"),
    Index("ix_contacts_rep", "rep"),
)
"""Who is whose contact, ever: a second add of the same pair is never a touch. No add is known while only an end is.

`tags` are the names of those that this rep gave the customer at the platform.
"""

consent = Table(
    "consent",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    ref_("person", "people"),
    text_("purpose"),
    text_("answer"),
    text_("evidence"),
    text_("channel"),
    int_("at"),
    CheckConstraint("answer in ('granted','refused','withdrawn')", name="answer"),
    Index("ix_consent_person", "person", "purpose", "row"),
)
"""What people said to being written to, as a history: the latest row counts."""

addresses = Table(
    "addresses",
    metadata,
    Column("reward", Text, ForeignKey("rewards.id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    int_("at"),
)
"""Where a gift is to be sent, sealed with the house's key."""

real_names = Table(
    "real_names",
    metadata,
    id_(),
    ref_("person", "people"),
    Column("sealed", LargeBinary, nullable=False),
    int_("at"),
    Index("ix_real_names_person", "person"),
)
"""By what name the bank knows a person, sealed with the house's key; the newest row counts."""

merges = Table(
    "merges",
    metadata,
    id_(),
    Column("row", BigInteger, nullable=False, unique=True),
    ref_("kept", "people"),
    ref_("gone", "people"),
    text_("why"),
    text_("who"),
    int_("at"),
    int_("undone_at", null=True),
    text_("undone_by", null=True),
    Index("ix_merges_kept", "kept"),
    Index("ix_merges_gone", "gone"),
)
"""That two people known here turned out to be one human being; what that changed stands in `merge_rows`."""

merge_rows = Table(
    "merge_rows",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    ref_("merge", "merges"),
    text_("table"),
    text_("key"),
    text_("before", null=True),
    text_("after", null=True),
    Index("ix_merge_rows_merge", "merge"),
)
"""One row that a merge changed: as it was and as it became, JSON objects; nothing where the row was not there."""

erasures = Table(
    "erasures",
    metadata,
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    text_("marks"),
    int_("at"),
)
"""Who was erased and when; `marks` is a JSON list of the keyed hashes of their identities."""
