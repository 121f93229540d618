"""What is counted for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

REGISTRY = CollectorRegistry()
CALLBACKS = Counter("taoli_callbacks", "Callbacks answered, by status", ["status"], registry=REGISTRY)
UNRECOGNISED = Counter("taoli_unknown_event", "Events of a kind we do not know, stored", ["kind"], registry=REGISTRY)
API = Counter("taoli_api", "API requests answered, by status", ["status"], registry=REGISTRY)
WEBHOOKS = Counter("taoli_webhooks", "Webhooks answered, by status", ["status"], registry=REGISTRY)
_STORED = CollectorRegistry()
_DOMAIN_BLOCKED = Gauge("taoli_domain_blocked", "1 while WeChat does not open our links", registry=_STORED)


def page(*, domain_blocked: bool | None) -> bytes:
    """All figures in Prometheus' text format; of what stands in the database, left out where that did not answer."""
    if domain_blocked is None:
        return generate_latest(REGISTRY)
    _DOMAIN_BLOCKED.set(domain_blocked)
    return generate_latest(REGISTRY) + generate_latest(_STORED)
