"""What becomes of every column that could tell who a person is, table by table.

Each table has one rule: which of its rows are about a person, and whether these go, or which of their columns are
emptied. Every column of text or bytes that stays is listed with the reason why it may. A test walks the schema and
fails on a table or a column that is not here, so that nobody can add one and forget it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from sqlalchemy import case

from storage import tables as t
from storage.erasure_about import (
    About,
    by_code,
    by_device,
    by_identity,
    by_merge,
    by_reward,
    by_story,
    either,
    entries,
    mention,
    misses,
    of,
    salts,
)

OPAQUE = "our own random id, or a code that leads nowhere any more"
WORD = "one of our own words: a kind, a state, a reason"
STAFF = "a member of staff"
HOUSE = "the company's own words, rules or settings"
SHOP = "the shop's own number, which it keeps for its books"
PLATFORM = "the platform's name for something of the company's"
REPEAT = "a hash, or the platform's number of one message: it makes a repeat a no-op"
FAULT = "what another system answered: a status or an error"
HASH = "a hash that nobody can turn back"
NUMBERS = "numbers about everybody together"
TREE = "what the ledger consists of: opaque ids, amounts and hashes"


class End(Enum):
    """What becomes of a row about a person."""

    REMOVED = auto()
    EMPTIED = auto()
    KEPT = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`about` None: no row is about one person. `gone`: those rows go; else `emptied` are set and `kept` stay.

    `kept` holds the reason for each column of text or bytes that may stay.
    """

    about: About | None = None
    gone: bool = False
    emptied: Mapping[str, Any] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)

    @property
    def end(self) -> End:
        """What becomes of its rows about a person."""
        if self.gone:
            return End.REMOVED
        return End.EMPTIED if self.emptied else End.KEPT


RULES: Mapping[str, Rule] = {
    "marks": Rule(kept={"key": WORD, "value": HOUSE}),
    "inbox": Rule(
        about=mention(t.inbox.c.body),
        emptied={"body": b""},
        kept={
            "key": REPEAT,
            "channel": WORD,
            "kind": WORD,
        },
    ),
    "outbox": Rule(
        about=either(of(t.outbox.c.person), mention(t.outbox.c.payload, ids=True), mention(t.outbox.c.lane)),
        emptied={"payload": "", "lane": "erased", "dedupe": None, "note": ""},
        kept={"id": OPAQUE, "person": OPAQUE, "kind": WORD, "purpose": WORD, "state": WORD},
    ),
    "jobs": Rule(about=of(t.jobs.c.key), gone=True),
    "people": Rule(
        about=of(t.people.c.id, t.people.c.merged_into),
        emptied={
            "nickname": "",
            "name": "",
            "avatar": "",
            "byline": "none",
            "rep": None,
            "tier": "",
            "tags": "[]",
            "joined_at": None,
            "profiled_at": None,
            "birthday": None,
            "adult_on": None,
        },
        kept={"id": OPAQUE, "merged_into": OPAQUE},
    ),
    "identities": Rule(about=of(t.identities.c.person), gone=True),
    "reps": Rule(kept={"id": STAFF, "name": STAFF}),
    "contacts": Rule(about=of(t.contacts.c.person), gone=True),
    "campaigns": Rule(kept={"id": OPAQUE, "pack": HOUSE, "name": HOUSE, "state": WORD, "pause": WORD, "carrier": WORD}),
    "guards": Rule(kept={"campaign": OPAQUE, "why": WORD}),
    "guard_days": Rule(kept={"campaign": OPAQUE}),
    "upsets": Rule(kept={"nudge": OPAQUE, "kind": WORD}),
    "experiments": Rule(
        kept={
            "id": OPAQUE,
            "kind": WORD,
            "campaign": OPAQUE,
            "name": HOUSE,
            "metric": WORD,
            "state": WORD,
            "winner": HOUSE,
            "ended_with": OPAQUE,
        },
    ),
    "experiment_arms": Rule(kept={"experiment": OPAQUE, "arm": HOUSE}),
    "experiment_people": Rule(
        about=of(t.experiment_people.c.person),
        kept={"person": OPAQUE, "experiment": OPAQUE, "arm": HOUSE},
    ),
    "drafts": Rule(
        kept={"campaign": OPAQUE, "rep": STAFF, "handle": OPAQUE, "answer": WORD, "answered_by": STAFF},
    ),
    "designs": Rule(
        kept={
            "campaign": OPAQUE,
            "rep": STAFF,
            "template": WORD,
            "palette": WORD,
            "season": WORD,
            "photo": HASH,
            **{f"{edition}_{name}": HOUSE for edition in ("feed", "friend") for name in ("headline", "body", "note")},
        },
    ),
    "terms": Rule(kept={"campaign": OPAQUE, "body": HOUSE}),
    "codes": Rule(
        about=of(t.codes.c.advocate),
        emptied={"code": None, "rep": None},
        kept={"campaign": OPAQUE, "advocate": OPAQUE, "channel": WORD},
    ),
    "contact_ways": Rule(about=by_code(t.contact_ways.c.code), gone=True),
    "desks": Rule(kept={"id": PLATFORM, "cursor": PLATFORM, "link": PLATFORM, "prefix": PLATFORM}),
    "blocked_hosts": Rule(kept={"host": HOUSE}),
    "windows": Rule(about=of(t.windows.c.person), gone=True),
    "conversations": Rule(about=of(t.conversations.c.person), gone=True),
    "misses": Rule(about=misses, gone=True),
    "devices": Rule(about=of(t.devices.c.person), gone=True),
    "shares": Rule(
        about=of(t.shares.c.person),
        emptied={"evidence": ""},
        kept={"code": OPAQUE, "person": OPAQUE, "campaign": OPAQUE, "level": WORD, "channel": WORD},
    ),
    "touches": Rule(
        about=either(of(t.touches.c.friend, t.touches.c.advocate), by_device(t.touches.c.device)),
        emptied={"device": None},
        kept={
            "id": OPAQUE,
            "code": OPAQUE,
            "campaign": OPAQUE,
            "advocate": OPAQUE,
            "friend": OPAQUE,
            "kind": WORD,
            "channel": WORD,
            "void": WORD,
        },
    ),
    "referrals": Rule(
        about=of(t.referrals.c.friend, t.referrals.c.advocate),
        kept={
            "id": OPAQUE,
            "campaign": OPAQUE,
            "friend": OPAQUE,
            "advocate": OPAQUE,
            "code": OPAQUE,
            "touch": OPAQUE,
            "order": OPAQUE,
            "folded": OPAQUE,
            "method": WORD,
            "status": WORD,
            "reason": WORD,
            "disclosed": WORD,
        },
    ),
    "branches": Rule(
        about=of(t.branches.c.person),
        emptied={"kind": ""},
        kept={"person": OPAQUE, "by": OPAQUE, "referral": OPAQUE, "stays": WORD},
    ),
    "orders": Rule(
        about=of(t.orders.c.person),
        kept={
            "id": OPAQUE,
            "source": SHOP,
            "order_no": SHOP,
            "product": SHOP,
            "kind": WORD,
            "code": OPAQUE,
            "person": OPAQUE,
            "digest": HASH,
            "outcome": WORD,
            "reasons": WORD,
            "referral": OPAQUE,
        },
    ),
    "order_buyers": Rule(about=by_identity, gone=True),
    "refunds": Rule(
        kept={
            "id": OPAQUE,
            "source": SHOP,
            "order_no": SHOP,
            "refund_no": SHOP,
            "kind": WORD,
            "digest": HASH,
            "order": OPAQUE,
        }
    ),
    "deliveries": Rule(kept={"id": SHOP, "digest": HASH, "answer": WORD}),
    "rewards": Rule(
        about=of(t.rewards.c.person),
        emptied={"note": ""},
        kept={
            "id": OPAQUE,
            "campaign": OPAQUE,
            "referral": OPAQUE,
            "friend": OPAQUE,
            "advocate": OPAQUE,
            "person": OPAQUE,
            "former": HOUSE,
            "story": OPAQUE,
            "order": OPAQUE,
            "side": WORD,
            "cause": WORD,
            "rule": HOUSE,
            "kind": WORD,
            "unit": WORD,
            "value": HOUSE,
            "tax_class": WORD,
            "says": HOUSE,
            "state": WORD,
            "reason": WORD,
        },
    ),
    "approvals": Rule(
        about=by_reward(t.approvals.c.reward),
        emptied={"why": ""},
        kept={"reward": OPAQUE, "asked_by": STAFF, "answer": WORD, "answered_by": STAFF},
    ),
    "notices": Rule(about=of(t.notices.c.person), gone=True),
    "consent": Rule(
        about=of(t.consent.c.person),
        emptied={"evidence": ""},
        kept={"person": OPAQUE, "purpose": WORD, "answer": WORD, "channel": WORD},
    ),
    "signals": Rule(about=of(t.signals.c.person), gone=True),
    "models": Rule(kept={"why": WORD, "state": NUMBERS}),
    "moments": Rule(about=of(t.moments.c.person), gone=True),
    "nudges": Rule(
        about=of(t.nudges.c.person),
        emptied={"words": "", "reasons": "[]", "features": "{}"},
        kept={
            "id": OPAQUE,
            "person": OPAQUE,
            "campaign": OPAQUE,
            "purpose": WORD,
            "decision": WORD,
            "why": WORD,
            "copy": HOUSE,
            "channel": WORD,
            "rep": STAFF,
            "state": WORD,
            "outcome": WORD,
        },
    ),
    "lessons": Rule(kept={"state": HOUSE}),
    "cares": Rule(about=of(t.cares.c.person), gone=True),
    "lift_days": Rule(kept={"day": WORD, "arm": WORD}),
    "lift_reps": Rule(kept={"rep": STAFF, "arm": WORD}),
    "audit": Rule(
        about=either(of(t.audit.c.subject), mention(t.audit.c.detail, ids=True)),
        emptied={"detail": ""},
        kept={"who": STAFF, "action": WORD, "subject": OPAQUE},
    ),
    "media": Rule(kept={"key": HASH, "media": PLATFORM}),
    "ledger_entries": Rule(
        about=entries,
        kept={"id": TREE, "kind": TREE, "debit": TREE, "credit": TREE, "unit": TREE, "ref": TREE},
    ),
    "ledger_salts": Rule(about=salts, gone=True),
    "ledger_leaves": Rule(kept={"entry": TREE}),
    "ledger_nodes": Rule(kept={"hash": TREE}),
    "ledger_heads": Rule(kept={"root": TREE, "signature": TREE, "key": TREE}),
    "broadcasts": Rule(kept={"id": OPAQUE, "rep": STAFF, "text": HOUSE, "task": PLATFORM, "state": WORD}),
    "broadcast_targets": Rule(
        about=of(t.broadcast_targets.c.person),
        emptied={"handle": ""},
        kept={"broadcast": OPAQUE, "person": OPAQUE, "nudge": OPAQUE, "status": WORD},
    ),
    "bills": Rule(
        about=by_reward(t.bills.c.reward),
        emptied={"note": ""},
        kept={"id": OPAQUE, "reward": OPAQUE, "connector": HOUSE, "state": WORD, "needs": WORD, "external": PLATFORM},
    ),
    "connectors": Rule(kept={"connector": HOUSE, "why": FAULT}),
    "announcements": Rule(
        kept={
            "id": OPAQUE,
            "connector": HOUSE,
            "type": WORD,
            "ref": OPAQUE,
            "touch": OPAQUE,
            "order": OPAQUE,
            "reason": WORD,
            "state": WORD,
            "note": FAULT,
        },
    ),
    "merges": Rule(
        about=of(t.merges.c.kept, t.merges.c.gone),
        emptied={"why": ""},
        kept={"id": OPAQUE, "kept": OPAQUE, "gone": OPAQUE, "who": STAFF, "undone_by": STAFF},
    ),
    "merge_rows": Rule(about=by_merge, gone=True),
    "api_keys": Rule(kept={"id": OPAQUE, "name": HOUSE, "prefix": HASH, "digest": HASH, "scopes": WORD}),
    "api_answers": Rule(about=mention(t.api_answers.c.body, ids=True), gone=True),
    "appeals": Rule(
        about=either(of(t.appeals.c.person), mention(t.appeals.c.words), mention(t.appeals.c.answer)),
        emptied={"words": "", "answer": ""},
        kept={
            "id": OPAQUE,
            "person": OPAQUE,
            "about": OPAQUE,
            "reason": WORD,
            "rep": STAFF,
            "answered_by": STAFF,
        },
    ),
    "suspicions": Rule(
        about=of(t.suspicions.c.advocate, t.suspicions.c.friend),
        emptied={"note": ""},
        kept={
            "referral": OPAQUE,
            "advocate": OPAQUE,
            "friend": OPAQUE,
            "code": OPAQUE,
            "evidence": WORD,
            "state": WORD,
            "decided_by": STAFF,
        },
    ),
    "claims": Rule(
        about=either(of(t.claims.c.person, t.claims.c.advocate), mention(t.claims.c.words), mention(t.claims.c.name)),
        emptied={
            "name": "",
            "words": "",
            "reason": "",
            "state": case((t.claims.c.state == "open", "expired"), else_=t.claims.c.state),
        },
        kept={
            "id": OPAQUE,
            "handle": OPAQUE,
            "person": OPAQUE,
            "advocate": OPAQUE,
            "source": STAFF,
            "rep": STAFF,
            "code": OPAQUE,
            "decided_by": STAFF,
        },
    ),
    "stories": Rule(
        about=of(t.stories.c.person),
        emptied={"text": "", "author": "", "note": ""},
        kept={"id": OPAQUE, "person": OPAQUE, "state": WORD, "licence": HOUSE, "withdrawn_by": WORD},
    ),
    "story_photos": Rule(about=by_story(t.story_photos.c.story), gone=True),
    "story_quotes": Rule(about=by_story(t.story_quotes.c.story), gone=True),
    "coupons": Rule(
        about=by_reward(t.coupons.c.reward),
        kept={
            "id": OPAQUE,
            "pool": HOUSE,
            "code": HOUSE,
            "token": OPAQUE,
            "reward": OPAQUE,
            "used_by": STAFF,
            "shop": HOUSE,
        },
    ),
    "shop_items": Rule(kept={"id": OPAQUE, "title": HOUSE, "kind": WORD, "value": HOUSE}),
    "redemptions": Rule(
        about=of(t.redemptions.c.person),
        kept={"id": OPAQUE, "person": OPAQUE, "item": OPAQUE, "reward": OPAQUE, "once": OPAQUE},
    ),
    "addresses": Rule(about=by_reward(t.addresses.c.reward), gone=True),
    "real_names": Rule(about=of(t.real_names.c.person), gone=True),
    "erasures": Rule(about=of(t.erasures.c.person), kept={"person": OPAQUE, "marks": HASH}),
}
