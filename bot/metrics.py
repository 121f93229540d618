"""What is counted for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, generate_latest

REGISTRY = CollectorRegistry()
CALLBACKS = Counter("taoli_callbacks", "Callbacks answered, by status", ["status"], registry=REGISTRY)
UNRECOGNISED = Counter("taoli_unknown_event", "Events of a kind we do not know, stored", ["kind"], registry=REGISTRY)
API = Counter("taoli_api", "API requests answered, by status", ["status"], registry=REGISTRY)
WEBHOOKS = Counter("taoli_webhooks", "Webhooks answered, by status", ["status"], registry=REGISTRY)


def page() -> bytes:
    """All figures in Prometheus' text format."""
    return generate_latest(REGISTRY)
