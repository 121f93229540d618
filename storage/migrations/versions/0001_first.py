"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_APPEND_ONLY = {
    "ledger_entries": "row = new.row or id = new.id",
    "ledger_leaves": "seq = new.seq or entry = new.entry",
    "ledger_nodes": "level = new.level and place = new.place",
    "ledger_heads": "size = new.size",
    "audit": "row = new.row",
}
"""Tables that never change, with what makes a row the same as another: SQLite's REPLACE fires no delete trigger."""


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_audit")),
    )
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pack", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=True),
        sa.Column("budget_fen", sa.BigInteger(), nullable=False),
        sa.Column("used_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state in ('draft','waiting','running','paused','ended')", name=op.f("ck_campaigns_state")),
        sa.CheckConstraint("used_fen >= 0 and used_fen <= budget_fen", name=op.f("ck_campaigns_budget")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )
    op.create_table(
        "contact_ways",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("rep", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("config", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("picture", sa.Text(), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("ready_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_ways")),
        sa.UniqueConstraint("mark", name=op.f("uq_contact_ways_mark")),
    )
    op.create_index("ix_contact_ways_code", "contact_ways", ["code"], unique=False)
    op.create_index("ix_contact_ways_rep", "contact_ways", ["rep"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_table(
        "desks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), server_default="", nullable=False),
        sa.Column("link", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desks")),
    )
    op.create_table(
        "inbox",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_inbox")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("fence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("state in ('open','done','dead')", name=op.f("ck_jobs_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_jobs_kind_key")),
    )
    op.create_index("ix_jobs_due", "jobs", ["state", "due_at"], unique=False)
    op.create_table(
        "ledger_entries",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("debit", sa.Text(), nullable=False),
        sa.Column("credit", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.CheckConstraint("unit in ('fen','points','days','pieces')", name=op.f("ck_ledger_entries_unit")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_ledger_entries_amount")),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_ledger_entries_accounts")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("id", name=op.f("uq_ledger_entries_id")),
    )
    op.create_index("ix_ledger_entries_credit", "ledger_entries", ["credit", "unit"], unique=False)
    op.create_index("ix_ledger_entries_debit", "ledger_entries", ["debit", "unit"], unique=False)
    op.create_index("ix_ledger_entries_ref", "ledger_entries", ["ref"], unique=False)
    op.create_table(
        "ledger_heads",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_ledger_heads")),
    )
    op.create_table(
        "ledger_nodes",
        sa.Column("level", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "place", name=op.f("pk_ledger_nodes")),
    )
    op.create_table(
        "marks",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_marks")),
    )
    op.create_table(
        "media",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("media", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_media")),
    )
    op.create_table(
        "misses",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_misses")),
    )
    op.create_index("ix_misses_who", "misses", ["who", "at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("dedupe", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("purpose in ('reply','thanks','nudge','system')", name=op.f("ck_outbox_purpose")),
        sa.CheckConstraint(
            "state in ('queued','sending','sent','dropped','failed','unknown')", name=op.f("ck_outbox_state")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outbox")),
        sa.UniqueConstraint("dedupe", name=op.f("uq_outbox_dedupe")),
        sa.UniqueConstraint("id", name=op.f("uq_outbox_id")),
    )
    op.create_index("ix_outbox_lane", "outbox", ["lane", "seq"], unique=False)
    op.create_index("ix_outbox_open", "outbox", ["state", "due_at", "seq"], unique=False)
    op.create_index("ix_outbox_person", "outbox", ["person", "state"], unique=False)
    op.create_table(
        "people",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("nickname", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("avatar", sa.Text(), server_default="", nullable=False),
        sa.Column("byline", sa.Text(), server_default="nickname", nullable=False),
        sa.Column("rep", sa.Text(), nullable=True),
        sa.Column("joined_at", sa.BigInteger(), nullable=True),
        sa.Column("holdout", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("profiled_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("merged_into", sa.Text(), nullable=True),
        sa.CheckConstraint("byline in ('face','nickname','none')", name=op.f("ck_people_byline")),
        sa.ForeignKeyConstraint(["merged_into"], ["people.id"], name=op.f("fk_people_merged_into")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    op.create_table(
        "reps",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reps")),
    )
    op.create_table(
        "codes",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("advocate", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("rep", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["advocate"], ["people.id"], name=op.f("fk_codes_advocate")),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_codes_campaign")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_codes")),
        sa.UniqueConstraint("campaign", "advocate", "channel", name=op.f("uq_codes_campaign_advocate_channel")),
        sa.UniqueConstraint("code", name=op.f("uq_codes_code")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "consent",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("answer in ('granted','refused','withdrawn')", name=op.f("ck_consent_answer")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_consent_person")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_consent")),
    )
    op.create_index("ix_consent_person", "consent", ["person", "purpose", "row"], unique=False)
    op.create_table(
        "contacts",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("rep", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=True),
        sa.Column("last_added_at", sa.BigInteger(), nullable=True),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_contacts_person")),
        sa.PrimaryKeyConstraint("person", "rep", name=op.f("pk_contacts")),
    )
    op.create_table(
        "conversations",
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_conversations_person")),
        sa.PrimaryKeyConstraint("desk", "person", name=op.f("pk_conversations")),
    )
    op.create_table(
        "devices",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_devices_person")),
        sa.PrimaryKeyConstraint("device", "person", name=op.f("pk_devices")),
    )
    op.create_table(
        "identities",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_identities_person")),
        sa.PrimaryKeyConstraint("kind", "value", name=op.f("pk_identities")),
    )
    op.create_index("ix_identities_person", "identities", ["person"], unique=False)
    op.create_table(
        "ledger_leaves",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["ledger_entries.id"], name=op.f("fk_ledger_leaves_entry")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_ledger_leaves")),
        sa.UniqueConstraint("entry", name=op.f("uq_ledger_leaves_entry")),
    )
    op.create_table(
        "ledger_salts",
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["entry"], ["ledger_entries.id"], name=op.f("fk_ledger_salts_entry")),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_ledger_salts")),
    )
    op.create_table(
        "notices",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state in ('waiting','told','void')", name=op.f("ck_notices_state")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_notices_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("person", "kind", "ref", name=op.f("uq_notices_person_kind_ref")),
    )
    op.create_index("ix_notices_person", "notices", ["person", "state"], unique=False)
    op.create_table(
        "nudges",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("copy", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("planned_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint("decision in ('send','defer','drop')", name=op.f("ck_nudges_decision")),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_nudges_campaign")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_nudges_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nudges")),
    )
    op.create_index("ix_nudges_person", "nudges", ["person", "planned_at"], unique=False)
    op.create_table(
        "referrals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("friend", sa.Text(), nullable=False),
        sa.Column("advocate", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("touch", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("disclosed", sa.Text(), server_default="unasked", nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("disclosed in ('unasked','asked','yes','no')", name=op.f("ck_referrals_disclosed")),
        sa.CheckConstraint(
            "status in ('pending','unmatched','credited','rejected','reversed')", name=op.f("ck_referrals_status")
        ),
        sa.ForeignKeyConstraint(["advocate"], ["people.id"], name=op.f("fk_referrals_advocate")),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_referrals_campaign")),
        sa.ForeignKeyConstraint(["friend"], ["people.id"], name=op.f("fk_referrals_friend")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrals")),
        sa.UniqueConstraint("campaign", "friend", name=op.f("uq_referrals_campaign_friend")),
    )
    op.create_index("ix_referrals_advocate", "referrals", ["advocate"], unique=False)
    op.create_index("ix_referrals_friend", "referrals", ["friend"], unique=False)
    op.create_table(
        "shares",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "level in ('prepared','declared','sent_for','seen','added','bought')", name=op.f("ck_shares_level")
        ),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_shares_campaign")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_shares_person")),
        sa.PrimaryKeyConstraint("code", "level", name=op.f("pk_shares")),
    )
    op.create_table(
        "terms",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_terms_campaign")),
        sa.PrimaryKeyConstraint("campaign", "version", name=op.f("pk_terms")),
    )
    op.create_table(
        "touches",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("advocate", sa.Text(), nullable=False),
        sa.Column("friend", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("arrived_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind in ('view','add','code','order','claim')", name=op.f("ck_touches_kind")),
        sa.ForeignKeyConstraint(["advocate"], ["people.id"], name=op.f("fk_touches_advocate")),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_touches_campaign")),
        sa.ForeignKeyConstraint(["friend"], ["people.id"], name=op.f("fk_touches_friend")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_touches")),
        sa.UniqueConstraint("id", name=op.f("uq_touches_id")),
    )
    op.create_index("ix_touches_code", "touches", ["code", "at"], unique=False)
    op.create_index("ix_touches_device", "touches", ["device", "code"], unique=False)
    op.create_index("ix_touches_friend", "touches", ["friend", "at"], unique=False)
    op.create_table(
        "windows",
        sa.Column("desk", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("sent", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_windows_person")),
        sa.PrimaryKeyConstraint("desk", "person", name=op.f("pk_windows")),
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("order_no", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cancelled", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("paid_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("referral", sa.Text(), nullable=True),
        sa.CheckConstraint("amount_fen >= 0 and refunded_fen >= 0", name=op.f("ck_orders_amount")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_orders_person")),
        sa.ForeignKeyConstraint(["referral"], ["referrals.id"], name=op.f("fk_orders_referral")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("source", "order_no", "kind", name=op.f("uq_orders_source_order_no_kind")),
    )
    op.create_index("ix_orders_person", "orders", ["person", "paid_at"], unique=False)
    op.create_table(
        "order_buyers",
        sa.Column("order", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_order_buyers_order")),
        sa.PrimaryKeyConstraint("order", "kind", name=op.f("pk_order_buyers")),
    )
    op.create_index("ix_order_buyers_identity", "order_buyers", ["kind", "value"], unique=False)
    op.create_table(
        "refunds",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("order_no", sa.Text(), nullable=False),
        sa.Column("refund_no", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("order", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_refunds_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("source", "order_no", "refund_no", name=op.f("uq_refunds_source_order_no_refund_no")),
    )
    op.create_table(
        "rewards",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("referral", sa.Text(), nullable=False),
        sa.Column("friend", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("cost_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("order", sa.Text(), nullable=False),
        sa.Column("held_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("granted_at", sa.BigInteger(), nullable=True),
        sa.Column("reversed_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "kind in ('cash','points','coupon','days','privilege','gift','tier')", name=op.f("ck_rewards_kind")
        ),
        sa.CheckConstraint("side in ('advocate','friend')", name=op.f("ck_rewards_side")),
        sa.CheckConstraint(
            "state in ('held','approved','granted','reversed','rejected','expired')", name=op.f("ck_rewards_state")
        ),
        sa.CheckConstraint("unit in ('fen','points','days','pieces')", name=op.f("ck_rewards_unit")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_rewards_amount")),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_rewards_campaign")),
        sa.ForeignKeyConstraint(["friend"], ["people.id"], name=op.f("fk_rewards_friend")),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_rewards_order")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_rewards_person")),
        sa.ForeignKeyConstraint(["referral"], ["referrals.id"], name=op.f("fk_rewards_referral")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rewards")),
        sa.UniqueConstraint("campaign", "friend", "rule", "side", name=op.f("uq_rewards_campaign_friend_rule_side")),
    )
    op.create_index("ix_rewards_due", "rewards", ["state", "due_at"], unique=False)
    op.create_index("ix_rewards_person", "rewards", ["person", "state"], unique=False)
    op.create_index("ix_rewards_referral", "rewards", ["referral"], unique=False)

    _make_append_only()


def _make_append_only() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table, same in _APPEND_ONLY.items():
            op.execute(
                f"create trigger {table}_no_replace before insert on {table} "
                f"when exists (select 1 from {table} where {same}) "
                f"begin select raise(abort, '{table} is append-only'); end"
            )
            for act in ("update", "delete"):
                op.execute(
                    f"create trigger {table}_no_{act} before {act} on {table} "
                    f"begin select raise(abort, '{table} is append-only'); end"
                )
        return
    op.execute(
        "create function refuse_change() returns trigger language plpgsql as "
        "$$ begin raise exception '% is append-only', tg_table_name; end $$"
    )
    for table in _APPEND_ONLY:
        op.execute(
            f"create trigger {table}_append_only before update or delete or truncate on {table} "
            "for each statement execute function refuse_change()"
        )
