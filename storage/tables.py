"""The schema: one table per noun, the same on SQLite and PostgreSQL.

Times are integer milliseconds UTC, money integer fen, ids opaque text. What a table promises stands in its constraints.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Serial = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Column[str]:
    return Column("id", Text, primary_key=True)


def _text(name: str, *, null: bool = False, default: str | None = None) -> Column[str]:
    return Column(name, Text, nullable=null, server_default=default)


def _int(name: str, *, null: bool = False, default: str | None = None) -> Column[int]:
    return Column(name, BigInteger, nullable=null, server_default=default)


def _real(name: str, *, null: bool = False, default: str | None = None) -> Column[float]:
    return Column(name, Double, nullable=null, server_default=default)


def _ref(name: str, target: str, *, null: bool = False) -> Column[str]:
    return Column(name, Text, ForeignKey(f"{target}.id"), nullable=null)


def _either(column: str, *values: str) -> str:
    """A check for tables that every event writes to: with `in`, SQLite would build its list anew for every row."""
    return " or ".join(f"{column} = '{value}'" for value in values)


marks = Table("marks", metadata, Column("key", Text, primary_key=True), _text("value"))
"""Facts about this database itself: whose it is, and the sandbox clock's offset."""

inbox = Table(
    "inbox",
    metadata,
    Column("key", Text, primary_key=True),
    _text("channel"),
    _text("kind"),
    Column("body", LargeBinary, nullable=False),
    _int("received_at"),
)
"""Every event received, under the key that makes a repeat a no-op."""

SOON = "state = 'queued' and purpose <> 'nudge'"
"""What waits and is no ask: it goes out first."""

outbox = Table(
    "outbox",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    _text("dedupe", null=True),
    _text("kind"),
    _text("payload"),
    _text("lane"),
    _text("purpose"),
    _text("person", null=True),
    _text("state"),
    _int("due_at"),
    _int("expires_at", null=True),
    _int("attempts", default="0"),
    _int("lease_until", null=True),
    _text("note", default=""),
    _int("created_at"),
    _int("finished_at", null=True),
    UniqueConstraint("dedupe"),
    CheckConstraint("state in ('queued','sending','sent','dropped','failed','unknown')", name="state"),
    CheckConstraint("purpose in ('reply','thanks','nudge','system')", name="purpose"),
    Index("ix_outbox_open", "state", "due_at", "seq"),
    Index("ix_outbox_soon", "state", "due_at", "seq", sqlite_where=text(SOON), postgresql_where=text(SOON)),
    Index("ix_outbox_lane", "lane", "seq"),
    Index("ix_outbox_person", "person", "state"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    _text("kind"),
    _text("key"),
    _text("payload"),
    _int("due_at"),
    _int("lease_until", null=True),
    _int("fence", default="0"),
    _int("attempts", default="0"),
    _text("state"),
    _text("note", default=""),
    UniqueConstraint("kind", "key"),
    CheckConstraint("state in ('open','done','dead')", name="state"),
    Index("ix_jobs_due", "state", "due_at"),
)

_FOLDED = "merged_into is not null"

people = Table(
    "people",
    metadata,
    _id(),
    _text("nickname", default=""),
    _text("name", default=""),
    _text("avatar", default=""),
    _text("byline", default="nickname"),
    _text("rep", null=True),
    _int("joined_at", null=True),
    Column("holdout", Boolean, nullable=False, server_default="0"),
    Column("staff", Boolean, nullable=False, server_default="0"),
    _int("profiled_at", null=True),
    _text("tier", default=""),
    _text("tags", default="[]"),
    _int("created_at"),
    _ref("merged_into", "people", null=True),
    CheckConstraint("byline in ('face','nickname','none')", name="byline"),
    Index("ix_people_rep", "rep", sqlite_where=text("rep is not null"), postgresql_where=text("rep is not null")),
    Index("ix_people_merged", "merged_into", sqlite_where=text(_FOLDED), postgresql_where=text(_FOLDED)),
    Index("ix_people_staff", "id", sqlite_where=text("staff"), postgresql_where=text("staff")),
)

identities = Table(
    "identities",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    _ref("person", "people"),
    _int("since"),
    Index("ix_identities_person", "person"),
)

reps = Table(
    "reps",
    metadata,
    _id(),
    _text("name", default=""),
    Column("active", Boolean, nullable=False, server_default="1"),
)

contacts = Table(
    "contacts",
    metadata,
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    Column("rep", Text, primary_key=True),
    _int("added_at", null=True),
    _int("last_added_at", null=True),
    _int("left_at", null=True),
    _int("returned_at", null=True),
    _text("tags", default="[]"),
    Index("ix_contacts_rep", "rep"),
)
"""Who is whose contact, ever: a second add of the same pair is never a touch. No add is known while only an end is.

`tags` are the names of those that this rep gave the customer at the platform.
"""

campaigns = Table(
    "campaigns",
    metadata,
    _id(),
    _text("pack"),
    _text("name"),
    _text("state"),
    _int("starts_at"),
    _int("ends_at", null=True),
    _int("budget_fen"),
    _int("used_fen", default="0"),
    _int("version", default="1"),
    _int("created_at"),
    _int("spent_fen", default="0"),
    _text("pause", default=""),
    _int("paused_at", null=True),
    _int("alarmed_at", null=True),
    _text("carrier", default="landing"),
    CheckConstraint("state in ('draft','waiting','running','paused','ended')", name="state"),
    CheckConstraint("used_fen >= 0 and used_fen <= budget_fen", name="budget"),
)
"""`used_fen` of the budget is reserved or spent, `spent_fen` is spent; a thanks is wholly inside or not at all."""

drafts = Table(
    "drafts",
    metadata,
    Column("campaign", Text, ForeignKey("campaigns.id"), primary_key=True),
    _text("rep"),
    _text("handle"),
    _int("asked_at"),
    _text("answer", null=True),
    _text("answered_by", null=True),
    _int("answered_at", null=True),
    CheckConstraint("answer in ('approved','refused','lapsed')", name="answer"),
)
"""A campaign that a rep asked for; it is a draft until there is an answer."""

designs = Table(
    "designs",
    metadata,
    Column("campaign", Text, ForeignKey("campaigns.id"), primary_key=True),
    Column("rep", Text, primary_key=True),
    *(_text(name, default="") for name in ("template", "palette", "season", "photo")),
    *(_text(f"feed_{name}", default="") for name in ("headline", "body", "note")),
    *(_text(f"friend_{name}", default="") for name in ("headline", "body", "note")),
    _int("changed_at"),
    Index("ix_designs_photo", "photo"),
)
"""How a rep has the posters of her own customers look in a campaign; empty is the campaign's own."""

terms = Table(
    "terms",
    metadata,
    Column("campaign", Text, ForeignKey("campaigns.id"), primary_key=True),
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    _text("body"),
    _int("since"),
)
"""The rule versions of a campaign; a touch freezes the one it met."""

codes = Table(
    "codes",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    Column("code", Text, nullable=True, unique=True),
    _ref("campaign", "campaigns"),
    _ref("advocate", "people"),
    _text("channel"),
    _text("rep", null=True),
    _int("created_at"),
    UniqueConstraint("campaign", "advocate", "channel"),
    Index("ix_codes_advocate", "advocate"),
    Index("ix_codes_rep_campaign", "rep", "campaign"),
    sqlite_autoincrement=True,
)
"""A row number is the code itself (design 5.7), so it is never given out a second time."""

contact_ways = Table(
    "contact_ways",
    metadata,
    _id(),
    _text("code", null=True),
    _text("rep"),
    _text("mark"),
    _text("config", null=True),
    _text("source", null=True),
    _text("picture", null=True),
    _int("asked_at"),
    _int("ready_at", null=True),
    _text("kind", default="qr"),
    _text("payload", null=True),
    _int("failed_at", null=True),
    UniqueConstraint("mark"),
    Index("ix_contact_ways_code", "code"),
    Index("ix_contact_ways_rep", "rep"),
)

desks = Table(
    "desks",
    metadata,
    _id(),
    _text("cursor", default=""),
    _text("link", default=""),
    _text("prefix", default=""),
    _int("asked_at", null=True),
    _int("failed_at", null=True),
)
"""Customer-service accounts: how far we have read, the link that opens a chat, and what a code is put behind in it;
when the platform was last asked for that, and since when nothing came of it."""

blocked_hosts = Table("blocked_hosts", metadata, Column("host", Text, primary_key=True), _int("since"))
"""Domains of ours whose links do not open in WeChat, as an operator said."""

windows = Table(
    "windows",
    metadata,
    Column("desk", Text, primary_key=True),
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    _text("handle"),
    _int("said_at"),
    _int("sent", default="0"),
    Index("ix_windows_person", "person"),
)
"""When a customer last wrote to a desk, and how many messages went back since."""

conversations = Table(
    "conversations",
    metadata,
    Column("desk", Text, primary_key=True),
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    _text("state"),
    _int("changed_at"),
)

misses = Table(
    "misses",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    _text("who"),
    _int("at"),
    Index("ix_misses_who", "who", "at"),
)
"""Wrong codes tried, for the throttle."""

devices = Table(
    "devices",
    metadata,
    Column("device", Text, primary_key=True),
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    _int("since"),
    Index("ix_devices_person", "person"),
)
"""Browsers that opened a person's own page."""

shares = Table(
    "shares",
    metadata,
    Column("code", Text, primary_key=True),
    Column("level", Text, primary_key=True),
    _ref("person", "people"),
    _ref("campaign", "campaigns"),
    _text("channel"),
    _int("first_at"),
    _text("evidence"),
    CheckConstraint("level in ('prepared','declared','sent_for','seen','added','bought')", name="level"),
    Index("ix_shares_person", "person"),
)

touches = Table(
    "touches",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    _text("code"),
    _ref("campaign", "campaigns"),
    _ref("advocate", "people"),
    _ref("friend", "people", null=True),
    _text("kind"),
    _text("channel"),
    _text("device", null=True),
    _int("version"),
    _int("at"),
    _int("arrived_at"),
    _text("void", default=""),
    CheckConstraint("kind in ('view','add','code','order','claim')", name="kind"),
    Index("ix_touches_friend", "friend", "at"),
    Index("ix_touches_advocate", "advocate"),
    Index("ix_touches_code", "code", "at"),
    Index("ix_touches_device", "device", "code"),
)

_STANDING = "folded is null"

referrals = Table(
    "referrals",
    metadata,
    _id(),
    _ref("campaign", "campaigns"),
    _ref("friend", "people"),
    _ref("advocate", "people"),
    _text("code"),
    _text("touch"),
    _int("version"),
    _text("method"),
    _text("status"),
    _text("reason"),
    _text("disclosed", default="unasked"),
    _int("at"),
    _int("decided_at", null=True),
    _text("order", null=True),
    _text("folded", null=True),
    Index(
        "ux_referrals_friend",
        "campaign",
        "friend",
        unique=True,
        sqlite_where=text(_STANDING),
        postgresql_where=text(_STANDING),
    ),
    CheckConstraint("status in ('pending','unmatched','credited','rejected','reversed')", name="status"),
    CheckConstraint("disclosed in ('unasked','asked','yes','no')", name="disclosed"),
    Index("ix_referrals_friend", "friend"),
    Index("ix_referrals_advocate", "advocate"),
)
"""One per friend and campaign. After two people were merged one of theirs may be `folded` into the other."""

orders = Table(
    "orders",
    metadata,
    _id(),
    _text("source"),
    _text("order_no"),
    _text("kind"),
    _int("amount_fen"),
    _int("refunded_fen", default="0"),
    Column("cancelled", Boolean, nullable=False, server_default="0"),
    _int("paid_at"),
    _int("received_at"),
    _int("earned_fen", null=True),
    _text("product", default=""),
    _text("code", null=True),
    _ref("person", "people", null=True),
    _text("digest"),
    _text("outcome"),
    _text("reasons"),
    _ref("referral", "referrals", null=True),
    UniqueConstraint("source", "order_no", "kind"),
    CheckConstraint("amount_fen >= 0 and refunded_fen >= 0", name="amount"),
    Index("ix_orders_person", "person", "paid_at"),
    Index("ix_orders_referral", "referral"),
)

order_buyers = Table(
    "order_buyers",
    metadata,
    Column("order", Text, ForeignKey("orders.id"), primary_key=True),
    Column("kind", Text, primary_key=True),
    _text("value"),
    Index("ix_order_buyers_identity", "kind", "value"),
)

refunds = Table(
    "refunds",
    metadata,
    _id(),
    _text("source"),
    _text("order_no"),
    _text("refund_no"),
    _text("kind"),
    Column("amount_fen", BigInteger, nullable=True),
    _int("at"),
    _int("received_at"),
    _text("digest"),
    _ref("order", "orders", null=True),
    UniqueConstraint("source", "order_no", "refund_no"),
)
"""Refunds as told; `order` is empty while the order itself has not arrived. No amount means all of it."""

deliveries = Table(
    "deliveries",
    metadata,
    _id(),
    _text("digest"),
    _int("status"),
    _text("answer"),
    _int("at"),
)
"""Webhooks answered, by their id: the same id and body gets the same answer again."""

COUNTED = "state in ('held','approved','granted','expired')"
"""A thanks that is, or was, the person's: nobody has two of one name for one friend."""

_MILESTONE = f"cause = 'milestone' and {COUNTED}"

CAPPED = f"cause = 'referral' and {COUNTED}"
"""A thanks for a friend's act counts against the caps, to whichever side it went, and after it has lapsed too."""

rewards = Table(
    "rewards",
    metadata,
    _id(),
    _ref("campaign", "campaigns"),
    _ref("referral", "referrals", null=True),
    _ref("friend", "people", null=True),
    _ref("advocate", "people", null=True),
    _ref("person", "people"),
    _text("story", null=True),
    _text("side"),
    _text("cause"),
    _text("rule"),
    _text("kind"),
    _text("unit"),
    _int("amount"),
    _int("cost_fen"),
    _int("reserved_fen"),
    _text("value", default=""),
    _text("tax_class", default="none"),
    _text("says"),
    _text("state"),
    _text("reason"),
    _text("note", default=""),
    _text("former", default=""),
    _ref("order", "orders", null=True),
    _int("created_at"),
    _int("held_at", null=True),
    _int("due_at", null=True),
    _int("chosen_at", null=True),
    _int("granted_at", null=True),
    _int("reversed_at", null=True),
    _int("valid_days", default="0"),
    _int("expires_at", null=True),
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
    _text("why"),
    _text("asked_by"),
    _int("asked_at"),
    _text("answer", null=True),
    _text("answered_by", null=True),
    _int("answered_at", null=True),
    CheckConstraint("answer in ('approved','refused')", name="answer"),
    CheckConstraint("answered_by is null or answered_by <> asked_by", name="second"),
)
"""A thanks that somebody must say yes to; whoever asked for it may not be the one."""

notices = Table(
    "notices",
    metadata,
    _id(),
    _ref("person", "people"),
    _text("kind"),
    _text("ref"),
    _text("state"),
    _int("created_at"),
    _int("told_at", null=True),
    UniqueConstraint("person", "kind", "ref"),
    CheckConstraint("state in ('waiting','told','void')", name="state"),
    Index("ix_notices_person", "person", "state"),
)
"""Good news that a person has not heard yet; it waits here while no route is open."""

consent = Table(
    "consent",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    _ref("person", "people"),
    _text("purpose"),
    _text("answer"),
    _text("evidence"),
    _text("channel"),
    _int("at"),
    CheckConstraint("answer in ('granted','refused','withdrawn')", name="answer"),
    Index("ix_consent_person", "person", "purpose", "row"),
)
"""What people said to being written to, as a history: the latest row counts."""

signals = Table(
    "signals",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    _ref("person", "people"),
    _text("kind"),
    _int("at"),
    _text("value", default=""),
    _text("source"),
    _int("received_at"),
    UniqueConstraint("person", "kind", "at", "value"),
)
"""What was heard about customers, as a history; `value` is the score or the count, where the kind has one."""

_READY = "state = 'ready'"
_UNASKED = "reason = 'consent.unknown'"
_DUE = "due_at is not null"

moments = Table(
    "moments",
    metadata,
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    _text("consent", default="unknown"),
    _int("consent_at", null=True),
    _int("consent_asked_at", null=True),
    _int("customer_since", null=True),
    _real("satisfaction", null=True),
    _int("surveyed_at", null=True),
    _real("activity", null=True),
    _real("rank", null=True),
    _int("last_order_at", null=True),
    _int("orders", null=True),
    _int("past_referrals", null=True),
    _text("good", null=True),
    _int("good_at", null=True),
    _int("complaints", default="0"),
    _int("complaint_at", null=True),
    _int("seen_at", null=True),
    _int("nudged_at", null=True),
    _real("fatigue", default="0"),
    _int("rest_until", null=True),
    _text("rest_why", null=True),
    _text("state", default="idle"),
    _text("reason", default=""),
    _real("score", default="0"),
    _int("due_at", null=True),
    CheckConstraint(_either("consent", "unknown", "granted", "refused", "withdrawn"), name="consent"),
    CheckConstraint(_either("state", "ready", "waiting", "idle"), name="state"),
    Index("ix_moments_ready", "score", "person", "state", sqlite_where=text(_READY), postgresql_where=text(_READY)),
    Index("ix_moments_unasked", "score", "person", sqlite_where=text(_UNASKED), postgresql_where=text(_UNASKED)),
    Index("ix_moments_due", "due_at", sqlite_where=text(_DUE), postgresql_where=text(_DUE)),
)
"""One row per customer: what bears on the right moment, and, made from it, when to look again (the due row).

Whoever changes the first part makes the second anew in the same statement, so that a plan reads `ready` in the order of
its score and never looks through everybody. `fatigue` is as of `nudged_at`; `reason` says why a row is not ready.
"""

_OPEN = "state in ('listed','queued')"

nudges = Table(
    "nudges",
    metadata,
    _id(),
    _ref("person", "people"),
    _ref("campaign", "campaigns", null=True),
    _text("purpose"),
    _text("decision"),
    _text("why"),
    _text("reasons", default="[]"),
    _text("copy", null=True),
    _text("words", default=""),
    _text("channel", null=True),
    _text("rep", null=True),
    _real("score", default="0"),
    _text("features", default="{}"),
    _text("state"),
    _int("created_at"),
    _int("planned_at"),
    _int("expires_at", null=True),
    _int("sent_at", null=True),
    _int("delivered_at", null=True),
    _int("read_at", null=True),
    _int("took_at", null=True),
    _text("outcome", null=True),
    CheckConstraint("purpose in ('ask','consent')", name="purpose"),
    CheckConstraint("decision in ('send','defer','drop')", name="decision"),
    CheckConstraint("state in ('listed','queued','sent','ended')", name="state"),
    Index("ix_nudges_person", "person", "planned_at"),
    Index("ix_nudges_rep", "rep", "state", "planned_at"),
    Index("ix_nudges_planned", "planned_at"),
    Index("ux_nudges_open", "person", unique=True, sqlite_where=text(_OPEN), postgresql_where=text(_OPEN)),
)
"""One decision about asking one person. Nobody has two that are open."""

audit = Table(
    "audit",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    _int("at"),
    _text("who"),
    _text("action"),
    _text("subject"),
    _text("detail"),
)

media = Table(
    "media",
    metadata,
    Column("key", Text, primary_key=True),
    _text("media"),
    _int("expires_at"),
)
"""Pictures already uploaded to a platform, by content."""

ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    _int("at"),
    _text("kind"),
    _text("debit"),
    _text("credit"),
    _text("unit"),
    _int("amount"),
    _text("ref"),
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
    _int("at"),
    _text("signature"),
    _text("key"),
)

broadcasts = Table(
    "broadcasts",
    metadata,
    _id(),
    _text("rep"),
    _text("text"),
    Column("task", Text, nullable=True, unique=True),
    _text("state"),
    _int("created_at"),
    _int("asked_at", null=True),
    _int("finished_at", null=True),
    CheckConstraint("state in ('queued','waiting','done','cancelled','unknown','failed')", name="state"),
)
"""One text from one rep to many customers; it goes when the rep presses send. `task` is the platform's name for it."""

broadcast_targets = Table(
    "broadcast_targets",
    metadata,
    Column("broadcast", Text, ForeignKey("broadcasts.id"), primary_key=True),
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    _text("handle"),
    _text("nudge", null=True),
    _text("status", default="waiting"),
    _int("at", null=True),
    CheckConstraint("status in ('waiting','sent','not_friend','cap','failed')", name="status"),
    Index("ix_broadcast_targets_person", "person"),
)

bills = Table(
    "bills",
    metadata,
    _id(),
    Column("reward", Text, ForeignKey("rewards.id"), nullable=False, unique=True),
    _text("connector"),
    _text("state"),
    _text("needs", default=""),
    _text("external", default=""),
    _text("note", default=""),
    _int("tries", default="0"),
    _int("created_at"),
    _int("changed_at"),
    _int("sent_at", null=True),
    CheckConstraint("state in ('waiting','needs','sent','unknown','done','failed','cancelled')", name="state"),
    Index("ix_bills_connector", "connector", "state", "changed_at"),
)
"""A thanks given to a connector; the id is the number that the other side knows it by."""

merges = Table(
    "merges",
    metadata,
    _id(),
    Column("row", BigInteger, nullable=False, unique=True),
    _ref("kept", "people"),
    _ref("gone", "people"),
    _text("why"),
    _text("who"),
    _int("at"),
    _int("undone_at", null=True),
    _text("undone_by", null=True),
    Index("ix_merges_kept", "kept"),
    Index("ix_merges_gone", "gone"),
)
"""That two people known here turned out to be one human being; what that changed stands in `merge_rows`."""

merge_rows = Table(
    "merge_rows",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    _ref("merge", "merges"),
    _text("table"),
    _text("key"),
    _text("before", null=True),
    _text("after", null=True),
    Index("ix_merge_rows_merge", "merge"),
)
"""One row that a merge changed: as it was and as it became, JSON objects; nothing where the row was not there."""

_LIVING = "revoked_at is null"

api_keys = Table(
    "api_keys",
    metadata,
    _id(),
    _text("name"),
    _text("prefix"),
    Column("digest", Text, nullable=False, unique=True),
    _text("scopes"),
    _int("created_at"),
    _int("used_at", null=True),
    _int("revoked_at", null=True),
    Index("ux_api_keys_living", "name", unique=True, sqlite_where=text(_LIVING), postgresql_where=text(_LIVING)),
)
"""Keys of the JSON API. Of a key only its beginning and its SHA-256 are kept."""

api_answers = Table(
    "api_answers",
    metadata,
    Column("key", Text, ForeignKey("api_keys.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    _text("digest"),
    _int("status"),
    _text("body"),
    _int("at"),
    Index("ix_api_answers_at", "at"),
)
"""Answers of the JSON API under the idempotency key that they were asked with, kept for two days."""

claims = Table(
    "claims",
    metadata,
    _id(),
    _text("handle"),
    _ref("person", "people"),
    _text("name"),
    _text("words"),
    _text("source"),
    _int("said_at"),
    _int("expires_at"),
    _text("rep", null=True),
    _text("state"),
    _ref("advocate", "people", null=True),
    _text("code", null=True),
    _text("decided_by", null=True),
    _int("decided_at", null=True),
    _text("reason", default=""),
    CheckConstraint("state in ('open','confirmed','refused','settled','expired')", name="state"),
    CheckConstraint("state <> 'confirmed' or (advocate is not null and code is not null)", name="advocate"),
    Index("ix_claims_person", "person", "state"),
    Index("ix_claims_state", "state", "said_at"),
    Index("ix_claims_advocate", "advocate"),
)
"""Who a friend says introduced them, and what staff made of it."""

stories = Table(
    "stories",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    _ref("person", "people"),
    _text("state"),
    _text("text", default=""),
    Column("signed", Boolean, nullable=False, server_default="0"),
    _text("licence", default=""),
    _text("author", default=""),
    Column("thanked", Boolean, nullable=False, server_default="0"),
    _text("note", default=""),
    _int("begun_at"),
    _int("changed_at"),
    _int("asked_at", null=True),
    _int("submitted_at", null=True),
    _int("selected_at", null=True),
    _int("withdrawn_at", null=True),
    _text("withdrawn_by", default=""),
    CheckConstraint("state in ('draft','submitted','selected','withdrawn')", name="state"),
    CheckConstraint("state in ('draft','withdrawn') or licence <> ''", name="licence"),
    CheckConstraint("state <> 'withdrawn' or (text = '' and author = '')", name="withdrawn"),
    Index("ix_stories_person", "person", "state"),
    Index("ix_stories_state", "state", "row"),
    Index("ix_stories_selected", "state", "selected_at", "row"),
)
"""What customers tell. Nothing is shown without a licence, and of what was taken back no word is left."""

story_photos = Table(
    "story_photos",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    _ref("story", "stories"),
    _text("file", null=True),
    _int("width", default="0"),
    _int("height", default="0"),
    Index("ix_story_photos_story", "story"),
    Index("ix_story_photos_file", "file"),
)
"""Photos of stories, in the order they came; no file while the platform has not given it to us yet."""

story_quotes = Table(
    "story_quotes",
    metadata,
    Column("campaign", Text, ForeignKey("campaigns.id"), primary_key=True),
    _ref("story", "stories"),
    _text("words"),
    _text("chosen_by"),
    _int("chosen_at"),
    Index("ix_story_quotes_story", "story"),
)
"""What a campaign's posters quote of a story, in the author's very words; gone with the story."""

erasures = Table(
    "erasures",
    metadata,
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    _text("marks"),
    _int("at"),
)
"""Who was erased and when; `marks` is a JSON list of the keyed hashes of their identities."""

appeals = Table(
    "appeals",
    metadata,
    _id(),
    _ref("person", "people"),
    _text("about"),
    _text("reason"),
    _text("words"),
    _int("at"),
    _text("rep", null=True),
    Column("again", Boolean, nullable=False, server_default="0"),
    _text("answer", default=""),
    _text("answered_by", null=True),
    _int("answered_at", null=True),
    CheckConstraint("(answered_at is null) = (answered_by is null)", name="answered"),
    Index("ix_appeals_person", "person"),
    Index("ix_appeals_answered", "answered_at", "at"),
)
"""Who wants a colleague to look again at what a rule decided, and what the colleague said."""

connectors = Table(
    "connectors",
    metadata,
    Column("connector", Text, primary_key=True),
    _int("failing_since", null=True),
    _int("told_at", null=True),
    _int("disabled_at", null=True),
    _text("why", default=""),
)
"""How each connector of fulfilment has fared lately; one that never failed has no row."""

announcements = Table(
    "announcements",
    metadata,
    _id(),
    _text("connector"),
    _text("type"),
    _text("ref"),
    _text("touch", null=True),
    _text("order", null=True),
    _text("reason", default=""),
    _text("state"),
    _text("note", default=""),
    _int("tries", default="0"),
    _int("at"),
    CheckConstraint("state in ('waiting','done','failed')", name="state"),
    Index("ix_announcements_connector", "connector", "state", "at"),
)
"""What another system of the company is told of referrals and rewards; the id is what it knows it by."""

coupons = Table(
    "coupons",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    _text("pool", default=""),
    _text("code"),
    Column("token", Text, nullable=False, unique=True),
    Column("reward", Text, ForeignKey("rewards.id"), nullable=True, unique=True),
    _int("added_at"),
    _int("given_at", null=True),
    _int("used_at", null=True),
    _text("used_by", null=True),
    _text("shop", default=""),
    _int("void_at", null=True),
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
    _text("title"),
    _int("points"),
    _int("stock"),
    _text("kind"),
    _text("value", default=""),
    _int("valid_days", default="0"),
    _int("cost_fen", default="0"),
    _int("added_at"),
    _int("closed_at", null=True),
    CheckConstraint("points > 0", name="points"),
    CheckConstraint("stock >= 0", name="stock"),
    CheckConstraint("kind in ('coupon','gift','privilege')", name="kind"),
)
"""What points can be exchanged for; `stock` is what is left."""

redemptions = Table(
    "redemptions",
    metadata,
    _id(),
    _ref("person", "people"),
    _ref("item", "shop_items"),
    Column("reward", Text, ForeignKey("rewards.id"), nullable=False, unique=True),
    _int("points"),
    _text("once"),
    _int("at"),
    _int("returned_at", null=True),
    UniqueConstraint("person", "once"),
    Index("ix_redemptions_item", "item"),
)
"""Points exchanged for a thanks of its own; `once` makes a form that is sent twice one exchange."""

addresses = Table(
    "addresses",
    metadata,
    Column("reward", Text, ForeignKey("rewards.id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    _int("at"),
)
"""Where a gift is to be sent, sealed with the house's key."""

real_names = Table(
    "real_names",
    metadata,
    _id(),
    _ref("person", "people"),
    Column("sealed", LargeBinary, nullable=False),
    _int("at"),
    Index("ix_real_names_person", "person"),
)
"""By what name the bank knows a person, sealed with the house's key; the newest row counts."""

APPEND_ONLY = ("ledger_entries", "ledger_leaves", "ledger_nodes", "ledger_heads", "audit")
"""Tables whose rows never change and never go; triggers refuse both."""
