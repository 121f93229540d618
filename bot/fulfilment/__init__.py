"""Fulfilment: the connectors that make thanks real, each behind the one way to do a bill (docs/fulfilment.md)."""
