"""Orders, who bought, what was given back, and the calls that told of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, ForeignKey, Index, Table, Text, UniqueConstraint

from storage.tables.columns import id_, int_, metadata, ref_, text_

orders = Table(
    "orders",
    metadata,
    id_(),
    text_("source"),
    text_("order_no"),
    text_("kind"),
    int_("amount_fen"),
    int_("refunded_fen", default="0"),
    Column("cancelled", Boolean, nullable=False, server_default="0"),
    int_("paid_at"),
    int_("received_at"),
    int_("earned_fen", null=True),
    text_("product", default=""),
    text_("code", null=True),
    ref_("person", "people", null=True),
    text_("digest"),
    text_("outcome"),
    text_("reasons"),
    ref_("referral", "referrals", null=True),
    UniqueConstraint("source", "order_no", "kind"),
    CheckConstraint("amount_fen >= 0 and refunded_fen >= 0", name="amount"),
    Index("ix_orders_person", "person", "paid_at"),
    Index("ix_orders_referral", "referral"),
    Index("ix_orders_paid", "paid_at"),
)

order_buyers = Table(
    "order_buyers",
    metadata,
    Column("order", Text, ForeignKey("orders.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    text_("value"),
    Index("ix_order_buyers_identity", "kind", "value"),
)

refunds = Table(
    "refunds",
    metadata,
    id_(),
    text_("source"),
    text_("order_no"),
    text_("refund_no"),
    text_("kind"),
    Column("amount_fen", BigInteger, nullable=True),
    int_("at"),
    int_("received_at"),
    text_("digest"),
    ref_("order", "orders", null=True),
    UniqueConstraint("source", "order_no", "refund_no"),
)
"""Refunds as told; `order` is empty while the order itself has not arrived. No amount means all of it."""

deliveries = Table(
    "deliveries",
    metadata,
    id_(),
    text_("digest"),
    int_("status"),
    text_("answer"),
    int_("at"),
)
"""Webhooks answered, by their id: the same id and body gets the same answer again."""
