"""Signals, the moments and due rows they make, nudges and broadcasts."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

from storage.tables.columns import Serial, either_, id_, int_, metadata, real_, ref_, text_

signals = Table(
    "signals",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    ref_("person", "people"),
    text_("kind"),
    int_("at"),
    text_("value", default=""),
    text_("source"),
    int_("received_at"),
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
    text_("consent", default="unknown"),
    int_("consent_at", null=True),
    int_("consent_asked_at", null=True),
    int_("customer_since", null=True),
    real_("satisfaction", null=True),
    int_("surveyed_at", null=True),
    real_("activity", null=True),
    real_("rank", null=True),
    int_("last_order_at", null=True),
    int_("orders", null=True),
    int_("past_referrals", null=True),
    real_("coupon", null=True),
    Column("minor", Boolean, nullable=True),
    Column("personal", Boolean, nullable=False, server_default=true()),
    Column("came_by", Boolean, nullable=False, server_default=false()),
    int_("brought", default="0"),
    int_("posters", default="0"),
    int_("visitors", default="0"),
    int_("unprompted", default="0"),
    int_("took_at", null=True),
    real_("profile", default="0"),
    real_("own", default="0"),
    real_("own_seen", default="0"),
    Column("hours", LargeBinary, nullable=True),
    text_("good", null=True),
    int_("good_at", null=True),
    int_("complaints", default="0"),
    int_("complaint_at", null=True),
    int_("refund_at", null=True),
    real_("refunded", default="0"),
    int_("seen_at", null=True),
    int_("nudged_at", null=True),
    real_("fatigue", default="0"),
    int_("rest_until", null=True),
    text_("rest_why", null=True),
    text_("state", default="idle"),
    text_("reason", default=""),
    real_("score", default="0"),
    int_("due_at", null=True),
    Column("overtaken", Boolean, nullable=False, server_default=false()),
    int_("care_at", default="0"),
    CheckConstraint(either_("consent", "unknown", "granted", "refused", "withdrawn"), name="consent"),
    CheckConstraint(either_("state", "ready", "waiting", "idle"), name="state"),
    Index("ix_moments_ready", "score", "person", "state", sqlite_where=text(_READY), postgresql_where=text(_READY)),
    Index("ix_moments_unasked", "score", "person", sqlite_where=text(_UNASKED), postgresql_where=text(_UNASKED)),
    Index("ix_moments_care", "care_at", "person"),
    Index("ix_moments_due", "due_at", sqlite_where=text(_DUE), postgresql_where=text(_DUE)),
)
"""One row per customer: what bears on the right moment, and, made from it, when to look again (the due row).

Whoever changes the first part makes the second anew in the same statement, so that a plan reads `ready` in the order of
its score and never looks through everybody. Only who is ready, or was never asked, has a score; it is `overtaken` by
news that the night is to look at. `fatigue` is as of `nudged_at`; `reason` says why a row is not ready.
"""

_OPEN = "state in ('listed','queued')"

UNLEARNED = "learned_at is null and state = 'sent'"
"""Asks that were said and not learned from yet."""

nudges = Table(
    "nudges",
    metadata,
    id_(),
    ref_("person", "people"),
    ref_("campaign", "campaigns", null=True),
    text_("purpose"),
    text_("decision"),
    text_("why"),
    text_("reasons", default="[]"),
    text_("copy", null=True),
    text_("words", default=""),
    text_("channel", null=True),
    text_("rep", null=True),
    real_("score", default="0"),
    text_("features", default="{}"),
    text_("state"),
    int_("created_at"),
    int_("planned_at"),
    int_("expires_at", null=True),
    int_("sent_at", null=True),
    int_("delivered_at", null=True),
    int_("read_at", null=True),
    int_("took_at", null=True),
    int_("learned_at", null=True),
    text_("outcome", null=True),
    CheckConstraint("purpose in ('ask','consent')", name="purpose"),
    CheckConstraint("decision in ('send','defer','drop')", name="decision"),
    CheckConstraint("state in ('listed','queued','sent','ended')", name="state"),
    Index("ix_nudges_person", "person", "planned_at"),
    Index("ix_nudges_rep", "rep", "state", "planned_at"),
    Index("ix_nudges_planned", "planned_at"),
    Index("ix_nudges_unlearned", "sent_at", sqlite_where=text(UNLEARNED), postgresql_where=text(UNLEARNED)),
    Index("ux_nudges_open", "person", unique=True, sqlite_where=text(_OPEN), postgresql_where=text(_OPEN)),
)
"""One decision about asking one person. Nobody has two that are open."""

broadcasts = Table(
    "broadcasts",
    metadata,
    id_(),
    text_("rep"),
    text_("text"),
    Column("task", Text, nullable=True, unique=True),
    text_("state"),
    int_("created_at"),
    int_("asked_at", null=True),
    int_("finished_at", null=True),
    CheckConstraint("state in ('queued','waiting','done','cancelled','unknown','failed')", name="state"),
)
"""One text from one rep to many customers; it goes when the rep presses send. `task` is the platform's name for it."""

broadcast_targets = Table(
    "broadcast_targets",
    metadata,
    Column("broadcast", Text, ForeignKey("broadcasts.id"), primary_key=True),
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    text_("handle"),
    text_("nudge", null=True),
    text_("status", default="waiting"),
    int_("at", null=True),
    CheckConstraint("status in ('waiting','sent','not_friend','cap','failed')", name="status"),
    Index("ix_broadcast_targets_person", "person"),
)

models = Table(
    "models",
    metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    int_("at"),
    int_("examples"),
    text_("why"),
    text_("state"),
)
"""What the score has learned, a version a night: `state` is the whole model as JSON, `why` says what made it."""
