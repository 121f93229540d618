"""The schema: one table per noun, the same on SQLite and PostgreSQL.

Times are integer milliseconds UTC, money integer fen, ids opaque text. What a table promises stands in its constraints.
"""

from __future__ import annotations

from storage.tables.campaigns import blocked_hosts, campaigns, codes, contact_ways, designs, desks, drafts, terms
from storage.tables.cares import cares
from storage.tables.columns import metadata
from storage.tables.conversations import conversations, devices, misses, notices, windows
from storage.tables.experiments import experiment_arms, experiment_people, experiments
from storage.tables.forest import branches
from storage.tables.guards import guard_days, guards, upsets
from storage.tables.house import SOON, TOLD, UNDER_WAY, inbox, jobs, marks, outbox
from storage.tables.ledger import ledger_entries, ledger_heads, ledger_leaves, ledger_nodes, ledger_salts
from storage.tables.lessons import lessons
from storage.tables.lift import lift_days, lift_reps
from storage.tables.moments import UNLEARNED, broadcast_targets, broadcasts, models, moments, nudges, signals
from storage.tables.orders import deliveries, order_buyers, orders, refunds
from storage.tables.people import (
    addresses,
    consent,
    contacts,
    erasures,
    identities,
    merge_rows,
    merges,
    people,
    real_names,
    reps,
)
from storage.tables.referrals import appeals, claims, referrals, shares, touches
from storage.tables.rewards import CAPPED, COUNTED, approvals, bills, coupons, redemptions, rewards, shop_items
from storage.tables.staff import announcements, api_answers, api_keys, audit, connectors, media
from storage.tables.stories import stories, story_photos, story_quotes
from storage.tables.suspicions import suspicions

APPEND_ONLY = ("ledger_entries", "ledger_leaves", "ledger_nodes", "ledger_heads", "audit")
"""Tables whose rows never change and never go; triggers refuse both."""

__all__ = [
    "APPEND_ONLY",
    "CAPPED",
    "COUNTED",
    "SOON",
    "TOLD",
    "UNDER_WAY",
    "UNLEARNED",
    "addresses",
    "announcements",
    "api_answers",
    "api_keys",
    "appeals",
    "approvals",
    "audit",
    "bills",
    "blocked_hosts",
    "branches",
    "broadcast_targets",
    "broadcasts",
    "campaigns",
    "cares",
    "claims",
    "codes",
    "connectors",
    "consent",
    "contact_ways",
    "contacts",
    "conversations",
    "coupons",
    "deliveries",
    "designs",
    "desks",
    "devices",
    "drafts",
    "erasures",
    "experiment_arms",
    "experiment_people",
    "experiments",
    "guard_days",
    "guards",
    "identities",
    "inbox",
    "jobs",
    "ledger_entries",
    "ledger_heads",
    "ledger_leaves",
    "ledger_nodes",
    "ledger_salts",
    "lessons",
    "lift_days",
    "lift_reps",
    "marks",
    "media",
    "merge_rows",
    "merges",
    "metadata",
    "misses",
    "models",
    "moments",
    "notices",
    "nudges",
    "order_buyers",
    "orders",
    "outbox",
    "people",
    "real_names",
    "redemptions",
    "referrals",
    "refunds",
    "reps",
    "rewards",
    "shares",
    "shop_items",
    "signals",
    "stories",
    "story_photos",
    "story_quotes",
    "suspicions",
    "terms",
    "touches",
    "upsets",
    "windows",
]
