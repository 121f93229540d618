"""Posters: what carries a campaign's posters, and domains that WeChat blocks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    _carriers()
    _story_quotes()
    _designs()


def _carriers() -> None:
    op.add_column("campaigns", sa.Column("carrier", sa.Text(), server_default="landing", nullable=False))
    op.add_column("contact_ways", sa.Column("kind", sa.Text(), server_default="qr", nullable=False))
    op.add_column("contact_ways", sa.Column("payload", sa.Text(), nullable=True))
    op.add_column("contact_ways", sa.Column("failed_at", sa.BigInteger(), nullable=True))
    op.add_column("desks", sa.Column("prefix", sa.Text(), server_default="", nullable=False))
    op.add_column("desks", sa.Column("asked_at", sa.BigInteger(), nullable=True))
    op.add_column("desks", sa.Column("failed_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "blocked_hosts",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_blocked_hosts")),
    )


def _designs() -> None:
    op.create_index("ix_codes_rep_campaign", "codes", ["rep", "campaign"])
    texts = ("feed_headline", "feed_body", "feed_note", "friend_headline", "friend_body", "friend_note")
    op.create_table(
        "designs",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("rep", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.Text(), server_default="", nullable=False)
            for name in ("template", "palette", "season", "photo", *texts)
        ),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_designs_campaign")),
        sa.PrimaryKeyConstraint("campaign", "rep", name=op.f("pk_designs")),
    )
    op.create_index("ix_designs_photo", "designs", ["photo"])


def _story_quotes() -> None:
    op.create_table(
        "story_quotes",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("chosen_by", sa.Text(), nullable=False),
        sa.Column("chosen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_story_quotes_campaign")),
        sa.ForeignKeyConstraint(["story"], ["stories.id"], name=op.f("fk_story_quotes_story")),
        sa.PrimaryKeyConstraint("campaign", name=op.f("pk_story_quotes")),
    )
    op.create_index("ix_story_quotes_story", "story_quotes", ["story"], unique=False)
