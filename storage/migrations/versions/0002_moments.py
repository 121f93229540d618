"""The right moment: signals, moments, nudges, and what a customer file tells of people."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_READY, _UNASKED = sa.text("state = 'ready'"), sa.text("reason = 'consent.unknown'")
_DUE, _OPEN = sa.text("due_at is not null"), sa.text("state in ('listed','queued')")
_HAS_REP = sa.text("rep is not null")

_KNOWN_SO_FAR = """
insert into moments (person, consent, consent_at, customer_since, last_order_at, orders, state, reason, due_at)
select p.id, coalesce(c.answer, 'unknown'), c.at, coalesce(p.joined_at, o.first_at), o.last_at, o.orders,
       'waiting', 'new', 0
from people p
left join (
    select person, answer, at from consent
    where "row" in (select max("row") from consent where purpose = 'nudges' group by person)
) c on c.person = p.id
left join (
    select person, min(paid_at) as first_at, max(paid_at) as last_at, count(*) as orders from orders
    where kind = 'order.paid' and refunded_fen < amount_fen group by person
) o on o.person = p.id
where p.merged_into is null and (p.joined_at is not null or o.person is not null or c.person is not null)
"""
"""What is known of everybody already; each row is due at once, so that it is looked at in its turn."""


def upgrade() -> None:
    op.add_column("people", sa.Column("tier", sa.Text(), server_default="", nullable=False))
    op.add_column("people", sa.Column("tags", sa.Text(), server_default="[]", nullable=False))
    op.create_index("ix_contacts_rep", "contacts", ["rep"])
    op.create_index("ix_windows_person", "windows", ["person"])
    op.create_index("ix_people_rep", "people", ["rep"], sqlite_where=_HAS_REP, postgresql_where=_HAS_REP)
    _signals()
    _moments()
    op.drop_table("nudges")  # nothing wrote to it before
    _nudges()
    op.add_column("contacts", sa.Column("tags", sa.Text(), server_default="[]", nullable=False))
    _broadcasts()
    _drafts()
    op.execute(_KNOWN_SO_FAR)


def _signals() -> None:
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "signals",
        sa.Column("row", serial, autoincrement=True, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_signals_person")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_signals")),
        sa.UniqueConstraint("person", "kind", "at", "value", name=op.f("uq_signals_person_kind_at_value")),
    )


def _moments() -> None:
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
        sa.CheckConstraint("consent in ('unknown','granted','refused','withdrawn')", name=op.f("ck_moments_consent")),
        sa.CheckConstraint("state in ('ready','waiting','idle')", name=op.f("ck_moments_state")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_moments_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_moments")),
    )
    op.create_index(
        "ix_moments_ready", "moments", ["score", "person", "state"], sqlite_where=_READY, postgresql_where=_READY
    )
    op.create_index(
        "ix_moments_unasked", "moments", ["score", "person"], sqlite_where=_UNASKED, postgresql_where=_UNASKED
    )
    op.create_index("ix_moments_due", "moments", ["due_at"], sqlite_where=_DUE, postgresql_where=_DUE)


def _nudges() -> None:
    op.create_table(
        "nudges",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), server_default="[]", nullable=False),
        sa.Column("copy", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("rep", sa.Text(), nullable=True),
        sa.Column("score", sa.Double(), server_default="0", nullable=False),
        sa.Column("features", sa.Text(), server_default="{}", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("planned_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("took_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint("purpose in ('ask','consent')", name=op.f("ck_nudges_purpose")),
        sa.CheckConstraint("decision in ('send','defer','drop')", name=op.f("ck_nudges_decision")),
        sa.CheckConstraint("state in ('listed','queued','sent','ended')", name=op.f("ck_nudges_state")),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_nudges_campaign")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_nudges_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nudges")),
    )
    op.create_index("ix_nudges_person", "nudges", ["person", "planned_at"])
    op.create_index("ix_nudges_rep", "nudges", ["rep", "state", "planned_at"])
    op.create_index("ix_nudges_planned", "nudges", ["planned_at"])
    op.create_index("ux_nudges_open", "nudges", ["person"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)


def _broadcasts() -> None:
    op.create_table(
        "broadcasts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("rep", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("task", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state in ('queued','waiting','done','cancelled','unknown','failed')", name=op.f("ck_broadcasts_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
        sa.UniqueConstraint("task", name=op.f("uq_broadcasts_task")),
    )
    op.create_table(
        "broadcast_targets",
        sa.Column("broadcast", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("nudge", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "status in ('waiting','sent','not_friend','cap','failed')", name=op.f("ck_broadcast_targets_status")
        ),
        sa.ForeignKeyConstraint(["broadcast"], ["broadcasts.id"], name=op.f("fk_broadcast_targets_broadcast")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_broadcast_targets_person")),
        sa.PrimaryKeyConstraint("broadcast", "person", name=op.f("pk_broadcast_targets")),
    )
    op.create_index("ix_broadcast_targets_person", "broadcast_targets", ["person"])


def _drafts() -> None:
    op.create_table(
        "drafts",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("rep", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("answer in ('approved','refused','lapsed')", name=op.f("ck_drafts_answer")),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_drafts_campaign")),
        sa.PrimaryKeyConstraint("campaign", name=op.f("pk_drafts")),
    )
