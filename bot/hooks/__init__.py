"""Webhooks in: what other systems tell us, signed, checked and answered once (design 5.4)."""
