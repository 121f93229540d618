"""Rewards and how they are made real: approvals, bills, coupons, the shop."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, Text, UniqueConstraint, text

from storage.tables.columns import Serial, id_, int_, metadata, ref_, text_

COUNTED = "state in ('held','approved','granted','expired')"
"""A thanks that is, or was, the person's: nobody has two of one name for one friend."""

_MILESTONE = f"cause = 'milestone' and {COUNTED}"

CAPPED = f"cause = 'referral' and {COUNTED}"
"""A thanks for a friend's act counts against the caps, to whichever side it went, and after it has lapsed too."""

rewards = Table(
    "rewards",
    metadata,
    id_(),
    ref_("campaign", "campaigns"),
    ref_("referral", "referrals", null=True),
    ref_("friend", "people", null=True),
    ref_("advocate", "people", null=True),
    ref_("person", "people"),
    text_("story", null=True),
    text_("side"),
    text_("cause"),
    text_("rule"),
    text_("kind"),
    text_("unit"),
    int_("amount"),
    int_("cost_fen"),
    int_("reserved_fen"),
    text_("value", default=""),
    text_("tax_class", default="none"),
    text_("says"),
    text_("state"),
    text_("reason"),
    text_("note", default=""),
    text_("former", default=""),
    ref_("order", "orders", null=True),
    int_("created_at"),
    int_("held_at", null=True),
    int_("due_at", null=True),
    int_("chosen_at", null=True),
    int_("granted_at", null=True),
    int_("reversed_at", null=True),
    int_("valid_days", default="0"),
    int_("expires_at", null=True),
    CheckConstraint("side in ('advocate','friend')", name="side"),
    CheckConstraint("cause in ('referral','milestone','story','manual','redemption')", name="cause"),
    CheckConstraint("kind in ('cash','points','coupon','days','privilege','gift','tier')", name="kind"),
    CheckConstraint("unit in ('fen','points','days','pieces')", name="unit"),
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint("state in ('held','approved','granted','reversed','rejected','expired')", name="state"),
    CheckConstraint("cause <> 'referral' or (referral is not null and friend is not null)", name="referral"),
    Index(
        "ux_rewards_once",
        "campaign",
        "friend",
        "rule",
        "side",
        unique=True,
        sqlite_where=text(COUNTED),
        postgresql_where=text(COUNTED),
    ),
    Index("ux_rewards_story", "story", "rule", unique=True),
    Index(
        "ux_rewards_milestone",
        "campaign",
        "person",
        "rule",
        unique=True,
        sqlite_where=text(_MILESTONE),
        postgresql_where=text(_MILESTONE),
    ),
    Index("ix_rewards_due", "state", "due_at"),
    Index("ix_rewards_person", "person", "state"),
    Index("ix_rewards_referral", "referral"),
    Index("ix_rewards_friend", "friend"),
    Index("ix_rewards_campaign", "campaign", "side", "held_at"),
    Index(
        "ix_rewards_capped",
        "campaign",
        "friend",
        "cause",
        "state",
        sqlite_where=text(CAPPED),
        postgresql_where=text(CAPPED),
    ),
    Index(
        "ix_rewards_advocate",
        "campaign",
        "advocate",
        "held_at",
        sqlite_where=text(CAPPED),
        postgresql_where=text(CAPPED),
    ),
)

approvals = Table(
    "approvals",
    metadata,
    Column("reward", Text, ForeignKey("rewards.id"), primary_key=True),
    text_("why"),
    text_("asked_by"),
    int_("asked_at"),
    text_("answer", null=True),
    text_("answered_by", null=True),
    int_("answered_at", null=True),
    CheckConstraint("answer in ('approved','refused')", name="answer"),
    CheckConstraint("answered_by is null or answered_by <> asked_by", name="second"),
)
"""A thanks that somebody must say yes to; whoever asked for it may not be the one."""

bills = Table(
    "bills",
    metadata,
    id_(),
    Column("reward", Text, ForeignKey("rewards.id"), nullable=False, unique=True),
    text_("connector"),
    text_("state"),
    text_("needs", default=""),
    text_("external", default=""),
    text_("note", default=""),
    int_("tries", default="0"),
    int_("created_at"),
    int_("changed_at"),
    int_("sent_at", null=True),
    CheckConstraint("state in ('waiting','needs','sent','unknown','done','failed','cancelled')", name="state"),
    Index("ix_bills_connector", "connector", "state", "changed_at"),
)
"""A thanks given to a connector; the id is the number that the other side knows it by."""

coupons = Table(
    "coupons",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    text_("pool", default=""),
    text_("code"),
    Column("token", Text, nullable=False, unique=True),
    Column("reward", Text, ForeignKey("rewards.id"), nullable=True, unique=True),
    int_("added_at"),
    int_("given_at", null=True),
    int_("used_at", null=True),
    text_("used_by", null=True),
    text_("shop", default=""),
    int_("void_at", null=True),
    CheckConstraint("(reward is null) = (given_at is null)", name="given"),
    CheckConstraint("used_at is null or (given_at is not null and void_at is null)", name="used"),
    UniqueConstraint("code", "pool"),
    Index(
        "ix_coupons_free", "pool", "row", sqlite_where=text("reward is null"), postgresql_where=text("reward is null")
    ),
)
"""Codes that a shop takes, from a company's pool or (no pool) of our own; `token` leads to the page that staff open."""

shop_items = Table(
    "shop_items",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    text_("title"),
    int_("points"),
    int_("stock"),
    text_("kind"),
    text_("value", default=""),
    int_("valid_days", default="0"),
    int_("cost_fen", default="0"),
    int_("added_at"),
    int_("closed_at", null=True),
    CheckConstraint("points > 0", name="points"),
    CheckConstraint("stock >= 0", name="stock"),
    CheckConstraint("kind in ('coupon','gift','privilege')", name="kind"),
)
"""What points can be exchanged for; `stock` is what is left."""

redemptions = Table(
    "redemptions",
    metadata,
    id_(),
    ref_("person", "people"),
    ref_("item", "shop_items"),
    Column("reward", Text, ForeignKey("rewards.id"), nullable=False, unique=True),
    int_("points"),
    text_("once"),
    int_("at"),
    int_("returned_at", null=True),
    UniqueConstraint("person", "once"),
    Index("ix_redemptions_item", "item"),
)
"""Points exchanged for a thanks of its own; `once` makes a form that is sent twice one exchange."""
