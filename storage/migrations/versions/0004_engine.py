"""The engine: several thanks at once, merging people, claims, fulfilment, coupons, points, stories, keys, erasure."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy import inspect

from storage import tables as t

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("pause", sa.Text(), server_default="", nullable=False))
    op.add_column("campaigns", sa.Column("spent_fen", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("campaigns", sa.Column("alarmed_at", sa.BigInteger(), nullable=True))
    op.add_column("people", sa.Column("staff", sa.Boolean(), server_default="0", nullable=False))
    folded = sa.text("merged_into is not null")
    op.create_index("ix_people_merged", "people", ["merged_into"], sqlite_where=folded, postgresql_where=folded)
    op.add_column("contacts", sa.Column("returned_at", sa.BigInteger(), nullable=True))
    op.add_column("touches", sa.Column("void", sa.Text(), server_default="", nullable=False))
    op.add_column("orders", sa.Column("earned_fen", sa.BigInteger(), nullable=True))
    op.add_column("orders", sa.Column("product", sa.Text(), server_default="", nullable=False))
    for table, column in _LOOKED_UP:
        op.create_index(f"ix_{table}_{column}", table, [column])
    _rewards_and_referrals()
    _terms()
    _credits()
    present = set(inspect(op.get_bind()).get_table_names())
    missing = [table for table in t.metadata.sorted_tables if table.name not in present]
    t.metadata.create_all(op.get_bind(), tables=missing)
    _audit()


_LOOKED_UP = (
    ("codes", "advocate"),
    ("devices", "person"),
    ("shares", "person"),
    ("touches", "advocate"),
    ("orders", "referral"),
)
"""Columns of tables that stay, by which a person is looked for, or an order: at 10⁷ touches nothing reads them all."""

_OF_REFERRALS = [
    "id",
    "campaign",
    "friend",
    "advocate",
    "code",
    "touch",
    "version",
    "method",
    "status",
    "reason",
    "disclosed",
    "at",
    "decided_at",
]
_OF_REWARDS = [
    "id",
    "campaign",
    "referral",
    "friend",
    "person",
    "side",
    "rule",
    "kind",
    "unit",
    "amount",
    "cost_fen",
    "state",
    "reason",
    "held_at",
    "due_at",
    "granted_at",
    "reversed_at",
]


def _rewards_and_referrals() -> None:
    """Both tables are made anew: a thanks need not be for a friend any more, and a referral may be folded into another."""
    op.execute("create table rewards_before as select * from rewards")
    op.drop_table("rewards")
    op.execute("create table referrals_before as select * from referrals")
    op.execute("create table orders_before as select id, referral from orders where referral is not null")
    op.execute("update orders set referral = null where referral is not null")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("fk_orders_referral", "orders", type_="foreignkey")
    op.drop_table("referrals")
    t.referrals.create(op.get_bind())
    names = ", ".join(_OF_REFERRALS)
    op.execute(f"insert into referrals ({names}) select {names} from referrals_before")  # our own names
    op.execute(
        "update orders set referral = (select orders_before.referral from orders_before "
        "where orders_before.id = orders.id) where id in (select id from orders_before)"
    )
    if op.get_bind().dialect.name == "postgresql":
        op.create_foreign_key("fk_orders_referral", "orders", "referrals", ["referral"], ["id"])
    t.rewards.create(op.get_bind())
    names = ", ".join(_OF_REWARDS)
    op.execute(
        f'insert into rewards ({names}, "order", cause, reserved_fen, advocate, says, created_at) '  # ours
        f"select {names}, \"order\", 'referral', cost_fen, "
        "(select advocate from referrals where referrals.id = rewards_before.referral), "
        "case unit when 'days' then '{amount}天会员' else '{amount}' end, coalesce(held_at, 0) from rewards_before"
    )
    for name in ("rewards_before", "referrals_before", "orders_before"):
        op.drop_table(name)


def _terms() -> None:
    """One kind of thanks on both sides becomes a list of thanks."""
    terms = sa.table("terms", sa.column("campaign"), sa.column("version"), sa.column("body"))
    for row in op.get_bind().execute(sa.select(terms)).all():
        body = json.dumps(_listed(json.loads(row.body)), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        same = sa.and_(terms.c.campaign == row.campaign, terms.c.version == row.version)
        op.execute(sa.update(terms).where(same).values(body=body))


def _listed(old: dict[str, Any]) -> dict[str, Any]:
    rule, kind, unit, cost_fen = (old.pop(name) for name in ("rule", "kind", "unit", "cost_fen"))
    thanks = []
    for side in ("advocate", "friend"):
        choice = {
            "kind": kind,
            "unit": unit,
            "amount": old.pop(f"amount_{side}"),
            "cost_fen": cost_fen,
            "says": "{amount}天会员",
            "value": "",
            "valid_days": 0,
            "tax_class": "none",
        }
        thanks.append(
            {"rule": rule, "side": side, "cause": "referral", "choices": [choice], "tiers": [], "after_friends": 0}
        )
    added = {"cap_per_day": 0, "cap_campaign": 0, "approve_over_fen": 0, "confirm": False, "margin_percent": 0}
    return {**old, **added, "pays": "person", "thanks": thanks}


def _credits() -> None:
    """A referral names the order it was credited by; a campaign counts what it has spent."""
    op.execute(
        'update referrals set "order" = (select min(rewards."order") from rewards where rewards.referral = referrals.id) '
        "where status in ('credited', 'reversed')"
    )
    op.execute(
        "update campaigns set spent_fen = coalesce((select sum(cost_fen) from rewards "
        "where rewards.campaign = campaigns.id and rewards.state = 'granted'), 0)"
    )


_SAME = " or ".join(f"new.{name} <> old.{name}" for name in ('"row"', "at", "who", "action", "subject"))


def _audit() -> None:
    """What was written down may lose its details when a person is erased; nothing else of it ever changes."""
    changed = f"new.detail <> '' or {_SAME}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute("drop trigger audit_no_update")
        op.execute(
            f"create trigger audit_no_update before update on audit when {changed} "
            "begin select raise(abort, 'audit is append-only'); end"
        )
        return
    op.execute("drop trigger audit_append_only on audit")
    op.execute(
        "create trigger audit_append_only before delete or truncate on audit "
        "for each statement execute function refuse_change()"
    )
    op.execute(
        f"create trigger audit_no_update before update on audit for each row when ({changed}) "
        "execute function refuse_change()"
    )
