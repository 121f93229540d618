"""What is counted for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

REGISTRY = CollectorRegistry()
CALLBACKS = Counter("taoli_callbacks", "Callbacks answered, by status", ["status"], registry=REGISTRY)
UNRECOGNISED = Counter("taoli_unknown_event", "Events of a kind we do not know, stored", ["kind"], registry=REGISTRY)
API = Counter("taoli_api", "API requests answered, by status", ["status"], registry=REGISTRY)
WEBHOOKS = Counter("taoli_webhooks", "Webhooks answered, by status", ["status"], registry=REGISTRY)
DOMAIN_BLOCKED = Gauge("taoli_domain_blocked", "1 while WeChat does not open our links", registry=REGISTRY)


def page(*, domain_blocked: bool) -> bytes:
    """All figures in Prometheus' text format; what stands in the database is told by who asks."""
    DOMAIN_BLOCKED.set(domain_blocked)
    return generate_latest(REGISTRY)
