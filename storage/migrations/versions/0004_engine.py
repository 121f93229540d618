"""The engine: several thanks at once, merging people, claims, fulfilment, coupons, points, stories, keys, erasure."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("pause", sa.Text(), server_default="", nullable=False))
    op.add_column("campaigns", sa.Column("paused_at", sa.BigInteger(), nullable=True))
    op.add_column("campaigns", sa.Column("spent_fen", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("campaigns", sa.Column("alarmed_at", sa.BigInteger(), nullable=True))
    op.add_column("people", sa.Column("staff", sa.Boolean(), server_default="0", nullable=False))
    folded = sa.text("merged_into is not null")
    op.create_index("ix_people_merged", "people", ["merged_into"], sqlite_where=folded, postgresql_where=folded)
    staff = sa.text("staff")
    op.create_index("ix_people_staff", "people", ["id"], sqlite_where=staff, postgresql_where=staff)
    op.add_column("contacts", sa.Column("returned_at", sa.BigInteger(), nullable=True))
    op.add_column("touches", sa.Column("void", sa.Text(), server_default="", nullable=False))
    op.add_column("orders", sa.Column("earned_fen", sa.BigInteger(), nullable=True))
    op.add_column("orders", sa.Column("product", sa.Text(), server_default="", nullable=False))
    for table, column in _LOOKED_UP:
        op.create_index(f"ix_{table}_{column}", table, [column])
    _rewards_and_referrals()
    _terms()
    _credits()
    _announcements()
    _api_keys()
    _connectors()
    _shop_items()
    _api_answers()
    _appeals()
    _claims()
    _erasures()
    _merges()
    _real_names()
    _stories()
    _merge_rows()
    _story_photos()
    _addresses()
    _approvals()
    _bills()
    _coupons()
    _redemptions()
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
    """Both tables are made anew: a thanks need not be for a friend, and a referral may be folded into another."""
    op.execute("create table rewards_before as select * from rewards")
    op.drop_table("rewards")
    op.execute("create table referrals_before as select * from referrals")
    op.execute("create table orders_before as select id, referral from orders where referral is not null")
    op.execute("update orders set referral = null where referral is not null")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("fk_orders_referral", "orders", type_="foreignkey")
    op.drop_table("referrals")
    _referrals()
    names = ", ".join(_OF_REFERRALS)
    op.execute(f"insert into referrals ({names}) select {names} from referrals_before")  # our own names
    op.execute(
        "update orders set referral = (select orders_before.referral from orders_before "
        "where orders_before.id = orders.id) where id in (select id from orders_before)"
    )
    if op.get_bind().dialect.name == "postgresql":
        op.create_foreign_key("fk_orders_referral", "orders", "referrals", ["referral"], ["id"])
    _rewards()
    names = ", ".join(_OF_REWARDS)
    op.execute(
        f'insert into rewards ({names}, "order", cause, reserved_fen, advocate, says, created_at) '
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
    theirs = 'select min(rewards."order") from rewards where rewards.referral = referrals.id'
    op.execute(f"update referrals set \"order\" = ({theirs}) where status in ('credited', 'reversed')")
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


def _announcements() -> None:
    op.create_table(
        "announcements",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("touch", sa.Text(), nullable=True),
        sa.Column("order", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state in ('waiting','done','failed')", name=op.f("ck_announcements_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcements")),
    )
    op.create_index("ix_announcements_connector", "announcements", ["connector", "state", "at"], unique=False)


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_keys_digest")),
    )
    op.create_index(
        "ux_api_keys_living",
        "api_keys",
        ["name"],
        unique=True,
        sqlite_where=sa.text("revoked_at is null"),
        postgresql_where=sa.text("revoked_at is null"),
    )


def _connectors() -> None:
    op.create_table(
        "connectors",
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("connector", name=op.f("pk_connectors")),
    )


def _shop_items() -> None:
    op.create_table(
        "shop_items",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("stock", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), server_default="", nullable=False),
        sa.Column("valid_days", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cost_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind in ('coupon','gift','privilege')", name=op.f("ck_shop_items_kind")),
        sa.CheckConstraint("points > 0", name=op.f("ck_shop_items_points")),
        sa.CheckConstraint("stock >= 0", name=op.f("ck_shop_items_stock")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_shop_items")),
        sa.UniqueConstraint("id", name=op.f("uq_shop_items_id")),
    )


def _api_answers() -> None:
    op.create_table(
        "api_answers",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["key"], ["api_keys.id"], name=op.f("fk_api_answers_key")),
        sa.PrimaryKeyConstraint("key", "name", name=op.f("pk_api_answers")),
    )
    op.create_index("ix_api_answers_at", "api_answers", ["at"], unique=False)


def _appeals() -> None:
    op.create_table(
        "appeals",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("rep", sa.Text(), nullable=True),
        sa.Column("again", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(answered_at is null) = (answered_by is null)", name=op.f("ck_appeals_answered")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_appeals_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeals")),
    )
    op.create_index("ix_appeals_answered", "appeals", ["answered_at", "at"], unique=False)
    op.create_index("ix_appeals_person", "appeals", ["person"], unique=False)


def _claims() -> None:
    op.create_table(
        "claims",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("rep", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("advocate", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "state <> 'confirmed' or (advocate is not null and code is not null)", name=op.f("ck_claims_advocate")
        ),
        sa.CheckConstraint("state in ('open','confirmed','refused','settled','expired')", name=op.f("ck_claims_state")),
        sa.ForeignKeyConstraint(["advocate"], ["people.id"], name=op.f("fk_claims_advocate")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_claims_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims")),
    )
    op.create_index("ix_claims_advocate", "claims", ["advocate"], unique=False)
    op.create_index("ix_claims_person", "claims", ["person", "state"], unique=False)
    op.create_index("ix_claims_state", "claims", ["state", "said_at"], unique=False)


def _erasures() -> None:
    op.create_table(
        "erasures",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_erasures_person")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_erasures")),
    )


def _merges() -> None:
    op.create_table(
        "merges",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.Text(), nullable=False),
        sa.Column("gone", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["gone"], ["people.id"], name=op.f("fk_merges_gone")),
        sa.ForeignKeyConstraint(["kept"], ["people.id"], name=op.f("fk_merges_kept")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merges")),
        sa.UniqueConstraint("row", name=op.f("uq_merges_row")),
    )
    op.create_index("ix_merges_gone", "merges", ["gone"], unique=False)
    op.create_index("ix_merges_kept", "merges", ["kept"], unique=False)


def _real_names() -> None:
    op.create_table(
        "real_names",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_real_names_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_real_names")),
    )
    op.create_index("ix_real_names_person", "real_names", ["person"], unique=False)


def _referrals() -> None:
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
        sa.Column("order", sa.Text(), nullable=True),
        sa.Column("folded", sa.Text(), nullable=True),
        sa.CheckConstraint("disclosed in ('unasked','asked','yes','no')", name=op.f("ck_referrals_disclosed")),
        sa.CheckConstraint(
            "status in ('pending','unmatched','credited','rejected','reversed')", name=op.f("ck_referrals_status")
        ),
        sa.ForeignKeyConstraint(["advocate"], ["people.id"], name=op.f("fk_referrals_advocate")),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_referrals_campaign")),
        sa.ForeignKeyConstraint(["friend"], ["people.id"], name=op.f("fk_referrals_friend")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrals")),
    )
    op.create_index("ix_referrals_advocate", "referrals", ["advocate"], unique=False)
    op.create_index("ix_referrals_friend", "referrals", ["friend"], unique=False)
    op.create_index(
        "ux_referrals_friend",
        "referrals",
        ["campaign", "friend"],
        unique=True,
        sqlite_where=sa.text("folded is null"),
        postgresql_where=sa.text("folded is null"),
    )


def _stories() -> None:
    op.create_table(
        "stories",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("signed", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("licence", sa.Text(), server_default="", nullable=False),
        sa.Column("author", sa.Text(), server_default="", nullable=False),
        sa.Column("thanked", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("submitted_at", sa.BigInteger(), nullable=True),
        sa.Column("selected_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("state <> 'withdrawn' or (text = '' and author = '')", name=op.f("ck_stories_withdrawn")),
        sa.CheckConstraint("state in ('draft','submitted','selected','withdrawn')", name=op.f("ck_stories_state")),
        sa.CheckConstraint("state in ('draft','withdrawn') or licence <> ''", name=op.f("ck_stories_licence")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_stories_person")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_stories")),
        sa.UniqueConstraint("id", name=op.f("uq_stories_id")),
    )
    op.create_index("ix_stories_person", "stories", ["person", "state"], unique=False)
    op.create_index("ix_stories_selected", "stories", ["state", "selected_at", "row"], unique=False)
    op.create_index("ix_stories_state", "stories", ["state", "row"], unique=False)


def _merge_rows() -> None:
    op.create_table(
        "merge_rows",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("merge", sa.Text(), nullable=False),
        sa.Column("table", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["merge"], ["merges.id"], name=op.f("fk_merge_rows_merge")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_merge_rows")),
    )
    op.create_index("ix_merge_rows_merge", "merge_rows", ["merge"], unique=False)


def _story_photos() -> None:
    op.create_table(
        "story_photos",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("width", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("height", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["story"], ["stories.id"], name=op.f("fk_story_photos_story")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_story_photos")),
        sa.UniqueConstraint("id", name=op.f("uq_story_photos_id")),
    )
    op.create_index("ix_story_photos_file", "story_photos", ["file"], unique=False)
    op.create_index("ix_story_photos_story", "story_photos", ["story"], unique=False)


def _rewards() -> None:
    op.create_table(
        "rewards",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("referral", sa.Text(), nullable=True),
        sa.Column("friend", sa.Text(), nullable=True),
        sa.Column("advocate", sa.Text(), nullable=True),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=True),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("cost_fen", sa.BigInteger(), nullable=False),
        sa.Column("reserved_fen", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Text(), server_default="", nullable=False),
        sa.Column("tax_class", sa.Text(), server_default="none", nullable=False),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("former", sa.Text(), server_default="", nullable=False),
        sa.Column("order", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("held_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("chosen_at", sa.BigInteger(), nullable=True),
        sa.Column("granted_at", sa.BigInteger(), nullable=True),
        sa.Column("reversed_at", sa.BigInteger(), nullable=True),
        sa.Column("valid_days", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "cause <> 'referral' or (referral is not null and friend is not null)", name=op.f("ck_rewards_referral")
        ),
        sa.CheckConstraint(
            "cause in ('referral','milestone','story','manual','redemption')", name=op.f("ck_rewards_cause")
        ),
        sa.CheckConstraint(
            "kind in ('cash','points','coupon','days','privilege','gift','tier')", name=op.f("ck_rewards_kind")
        ),
        sa.CheckConstraint("side in ('advocate','friend')", name=op.f("ck_rewards_side")),
        sa.CheckConstraint(
            "state in ('held','approved','granted','reversed','rejected','expired')", name=op.f("ck_rewards_state")
        ),
        sa.CheckConstraint("unit in ('fen','points','days','pieces')", name=op.f("ck_rewards_unit")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_rewards_amount")),
        sa.ForeignKeyConstraint(["advocate"], ["people.id"], name=op.f("fk_rewards_advocate")),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_rewards_campaign")),
        sa.ForeignKeyConstraint(["friend"], ["people.id"], name=op.f("fk_rewards_friend")),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_rewards_order")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_rewards_person")),
        sa.ForeignKeyConstraint(["referral"], ["referrals.id"], name=op.f("fk_rewards_referral")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rewards")),
    )
    op.create_index(
        "ix_rewards_advocate",
        "rewards",
        ["campaign", "advocate", "held_at"],
        unique=False,
        sqlite_where=sa.text("cause = 'referral' and state in ('held','approved','granted','expired')"),
        postgresql_where=sa.text("cause = 'referral' and state in ('held','approved','granted','expired')"),
    )
    op.create_index("ix_rewards_campaign", "rewards", ["campaign", "side", "held_at"], unique=False)
    op.create_index(
        "ix_rewards_capped",
        "rewards",
        ["campaign", "friend", "cause", "state"],
        unique=False,
        sqlite_where=sa.text("cause = 'referral' and state in ('held','approved','granted','expired')"),
        postgresql_where=sa.text("cause = 'referral' and state in ('held','approved','granted','expired')"),
    )
    op.create_index("ix_rewards_due", "rewards", ["state", "due_at"], unique=False)
    op.create_index("ix_rewards_friend", "rewards", ["friend"], unique=False)
    op.create_index("ix_rewards_person", "rewards", ["person", "state"], unique=False)
    op.create_index("ix_rewards_referral", "rewards", ["referral"], unique=False)
    op.create_index(
        "ux_rewards_milestone",
        "rewards",
        ["campaign", "person", "rule"],
        unique=True,
        sqlite_where=sa.text("cause = 'milestone' and state in ('held','approved','granted','expired')"),
        postgresql_where=sa.text("cause = 'milestone' and state in ('held','approved','granted','expired')"),
    )
    op.create_index(
        "ux_rewards_once",
        "rewards",
        ["campaign", "friend", "rule", "side"],
        unique=True,
        sqlite_where=sa.text("state in ('held','approved','granted','expired')"),
        postgresql_where=sa.text("state in ('held','approved','granted','expired')"),
    )
    op.create_index("ux_rewards_story", "rewards", ["story", "rule"], unique=True)


def _addresses() -> None:
    op.create_table(
        "addresses",
        sa.Column("reward", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["reward"], ["rewards.id"], name=op.f("fk_addresses_reward")),
        sa.PrimaryKeyConstraint("reward", name=op.f("pk_addresses")),
    )


def _approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("reward", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("answer in ('approved','refused')", name=op.f("ck_approvals_answer")),
        sa.CheckConstraint("answered_by is null or answered_by <> asked_by", name=op.f("ck_approvals_second")),
        sa.ForeignKeyConstraint(["reward"], ["rewards.id"], name=op.f("fk_approvals_reward")),
        sa.PrimaryKeyConstraint("reward", name=op.f("pk_approvals")),
    )


def _bills() -> None:
    op.create_table(
        "bills",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("reward", sa.Text(), nullable=False),
        sa.Column("connector", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("needs", sa.Text(), server_default="", nullable=False),
        sa.Column("external", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state in ('waiting','needs','sent','unknown','done','failed','cancelled')", name=op.f("ck_bills_state")
        ),
        sa.ForeignKeyConstraint(["reward"], ["rewards.id"], name=op.f("fk_bills_reward")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bills")),
        sa.UniqueConstraint("reward", name=op.f("uq_bills_reward")),
    )
    op.create_index("ix_bills_connector", "bills", ["connector", "state", "changed_at"], unique=False)


def _coupons() -> None:
    op.create_table(
        "coupons",
        sa.Column("row", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pool", sa.Text(), server_default="", nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("reward", sa.Text(), nullable=True),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("used_by", sa.Text(), nullable=True),
        sa.Column("shop", sa.Text(), server_default="", nullable=False),
        sa.Column("void_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(reward is null) = (given_at is null)", name=op.f("ck_coupons_given")),
        sa.CheckConstraint(
            "used_at is null or (given_at is not null and void_at is null)", name=op.f("ck_coupons_used")
        ),
        sa.ForeignKeyConstraint(["reward"], ["rewards.id"], name=op.f("fk_coupons_reward")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_coupons")),
        sa.UniqueConstraint("code", "pool", name=op.f("uq_coupons_code_pool")),
        sa.UniqueConstraint("id", name=op.f("uq_coupons_id")),
        sa.UniqueConstraint("reward", name=op.f("uq_coupons_reward")),
        sa.UniqueConstraint("token", name=op.f("uq_coupons_token")),
    )
    op.create_index(
        "ix_coupons_free",
        "coupons",
        ["pool", "row"],
        unique=False,
        sqlite_where=sa.text("reward is null"),
        postgresql_where=sa.text("reward is null"),
    )


def _redemptions() -> None:
    op.create_table(
        "redemptions",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("reward", sa.Text(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("once", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("returned_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["item"], ["shop_items.id"], name=op.f("fk_redemptions_item")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_redemptions_person")),
        sa.ForeignKeyConstraint(["reward"], ["rewards.id"], name=op.f("fk_redemptions_reward")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_redemptions")),
        sa.UniqueConstraint("person", "once", name=op.f("uq_redemptions_person_once")),
        sa.UniqueConstraint("reward", name=op.f("uq_redemptions_reward")),
    )
    op.create_index("ix_redemptions_item", "redemptions", ["item"], unique=False)
