"""The signature under which a page may use a platform's JS interface: one rule for WeCom and Official Accounts."""

from __future__ import annotations

from hashlib import sha1
from urllib.parse import urldefrag


def js_signature(ticket: str, *, nonce: str, timestamp: int, url: str) -> str:
    """Return the signature for the page at `url`, which is whole; what follows `#` in it is not signed.

    `timestamp` is in whole seconds since 1970. SHA-1 is the platform's choice (platform reference 7.8): the ticket, not
    the hash, keeps it safe.
    """
    signed = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={urldefrag(url)[0]}"
    return sha1(signed.encode()).hexdigest()  # noqa: S324
