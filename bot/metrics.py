"""What is counted for Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from referral import domains
from referral.campaigns import GUARDRAIL
from referral.facts import Facts
from referral.tolls import Toll, Upset, of_week
from storage.transaction import Transaction

REGISTRY = CollectorRegistry()
CALLBACKS = Counter("taoli_callbacks", "Callbacks answered, by status", ["status"], registry=REGISTRY)
UNRECOGNISED = Counter("taoli_unknown_event", "Events of a kind we do not know, stored", ["kind"], registry=REGISTRY)
API = Counter("taoli_api", "API requests answered, by status", ["status"], registry=REGISTRY)
WEBHOOKS = Counter("taoli_webhooks", "Webhooks answered, by status", ["status"], registry=REGISTRY)
_STORED = CollectorRegistry()
_DOMAIN_BLOCKED = Gauge("taoli_domain_blocked", "1 while WeChat does not open our links", registry=_STORED)
_ASKED = Gauge("taoli_campaign_asked", "Customers asked in the last week", ["campaign"], registry=_STORED)
_UPSET = Gauge(
    "taoli_campaign_upset", "Of those, how many opted out or complained", ["campaign", "why"], registry=_STORED
)
_GUARDED = Gauge("taoli_campaign_guarded", "1 while a guardrail has it paused", ["campaign"], registry=_STORED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What stands in the database; of each campaign that is not over, its toll and whether a guardrail paused it."""

    domain_blocked: bool
    tolls: Mapping[str, tuple[Toll, bool]]


def page(stored: Stored | None) -> bytes:
    """All figures in Prometheus' text format; of what stands in the database, left out where that did not answer."""
    if stored is None:
        return generate_latest(REGISTRY)
    _DOMAIN_BLOCKED.set(stored.domain_blocked)
    for gauge in (_ASKED, _UPSET, _GUARDED):
        gauge.clear()
    for campaign, (toll, guarded) in stored.tolls.items():
        _ASKED.labels(campaign).set(toll.asked)
        _GUARDED.labels(campaign).set(guarded)
        for why in Upset:
            _UPSET.labels(campaign, why.value).set(toll.count(why))
    return generate_latest(REGISTRY) + generate_latest(_STORED)


def stored(tx: Transaction, facts: Facts, now: datetime) -> Stored:
    """What the database says; a few rows for each campaign."""
    going = [campaign for campaign in tx.campaigns.all() if not campaign.is_over(now)]
    tolls = {each.id: (of_week(tx, each.id, now), each.pause == GUARDRAIL) for each in going}
    return Stored(domain_blocked=domains.is_blocked(tx, facts), tolls=tolls)
