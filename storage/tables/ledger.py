"""The ledger: entries, salts, leaves, nodes and signed heads."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, LargeBinary, Table, Text

from storage.tables.columns import Serial, int_, metadata, text_

ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    int_("at"),
    text_("kind"),
    text_("debit"),
    text_("credit"),
    text_("unit"),
    int_("amount"),
    text_("ref"),
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint("debit <> credit", name="accounts"),
    CheckConstraint("unit in ('fen','points','days','pieces')", name="unit"),
    Index("ix_ledger_entries_ref", "ref"),
    Index("ix_ledger_entries_debit", "debit", "unit"),
    Index("ix_ledger_entries_credit", "credit", "unit"),
)

ledger_salts = Table(
    "ledger_salts",
    metadata,
    Column("entry", Text, ForeignKey("ledger_entries.id"), primary_key=True),
    Column("salt", LargeBinary, nullable=False),
)
"""Salts stand apart so that erasing a person can drop them without touching the chain."""

ledger_leaves = Table(
    "ledger_leaves",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("entry", Text, ForeignKey("ledger_entries.id"), nullable=False, unique=True),
)

ledger_nodes = Table(
    "ledger_nodes",
    metadata,
    Column("level", BigInteger, primary_key=True, autoincrement=False),
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
)

ledger_heads = Table(
    "ledger_heads",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("root", LargeBinary, nullable=False),
    int_("at"),
    text_("signature"),
    text_("key"),
)
