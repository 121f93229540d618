"""Cheaper upkeep: checks on moments that SQLite judges without a list, and an index for what goes out before asks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_READY, _UNASKED = sa.text("state = 'ready'"), sa.text("reason = 'consent.unknown'")
_DUE = sa.text("due_at is not null")
_SOON = sa.text("state = 'queued' and purpose <> 'nudge'")
_CONSENT = "consent = 'unknown' or consent = 'granted' or consent = 'refused' or consent = 'withdrawn'"
_STATE = "state = 'ready' or state = 'waiting' or state = 'idle'"


def upgrade() -> None:
    op.create_index("ix_outbox_soon", "outbox", ["state", "due_at", "seq"], sqlite_where=_SOON, postgresql_where=_SOON)
    if op.get_bind().dialect.name == "sqlite":
        _moments()


def _moments() -> None:
    """A check with `in` makes SQLite build its list anew for every row, a tenth of what an event costs."""
    for name in ("ix_moments_ready", "ix_moments_unasked", "ix_moments_due"):
        op.drop_index(name, table_name="moments")
    op.rename_table("moments", "moments_before")
    op.create_table(
        "moments",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("consent", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("consent_at", sa.BigInteger(), nullable=True),
        sa.Column("consent_asked_at", sa.BigInteger(), nullable=True),
        sa.Column("customer_since", sa.BigInteger(), nullable=True),
        sa.Column("satisfaction", sa.Double(), nullable=True),
        sa.Column("surveyed_at", sa.BigInteger(), nullable=True),
        sa.Column("activity", sa.Double(), nullable=True),
        sa.Column("rank", sa.Double(), nullable=True),
        sa.Column("last_order_at", sa.BigInteger(), nullable=True),
        sa.Column("orders", sa.BigInteger(), nullable=True),
        sa.Column("past_referrals", sa.BigInteger(), nullable=True),
        sa.Column("good", sa.Text(), nullable=True),
        sa.Column("good_at", sa.BigInteger(), nullable=True),
        sa.Column("complaints", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("complaint_at", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("nudged_at", sa.BigInteger(), nullable=True),
        sa.Column("fatigue", sa.Double(), server_default="0", nullable=False),
        sa.Column("rest_until", sa.BigInteger(), nullable=True),
        sa.Column("rest_why", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="idle", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("score", sa.Double(), server_default="0", nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(_CONSENT, name=op.f("ck_moments_consent")),
        sa.CheckConstraint(_STATE, name=op.f("ck_moments_state")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_moments_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_moments")),
    )
    op.execute("insert into moments select * from moments_before order by person")
    op.drop_table("moments_before")
    op.create_index("ix_moments_ready", "moments", ["score", "person", "state"], sqlite_where=_READY)
    op.create_index("ix_moments_unasked", "moments", ["score", "person"], sqlite_where=_UNASKED)
    op.create_index("ix_moments_due", "moments", ["due_at"], sqlite_where=_DUE)
