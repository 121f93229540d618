"""Signed heads: what this company said its ledger was, at a time, in a form that cannot be taken back.

A head is signed with Ed25519 over `HEAD_LABEL` followed by the canonical JSON of `at`, `root` and `size` (keys sorted,
no spaces, UTF-8); `at` is ISO 8601 UTC with milliseconds, `root` is hex.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from referral import merkle
from storage.ledger import Head
from storage.times import at, ms
from storage.transaction import Transaction

HEAD_LABEL = b"taoli ledger head\n"
FILE = "ledger-heads.jsonl"  # in the data directory: the heads once more, outside the database


def head(tx: Transaction, seed: bytes, now: datetime) -> dict[str, object]:
    """The tree as it stands, signed: `{"size","root","at","signature","key"}`, all but the size text, bytes in hex.

    `seed` is the 32-byte Ed25519 private seed. Nothing is stored.
    """
    return _as_json(_signed(tx, seed, now))


def sign_off(tx: Transaction, seed: bytes, now: datetime) -> dict[str, object]:
    """Sign the tree as it stands and keep the head, or return the one that was kept at this size before.

    The caller appends it to a file outside the database, which `proofs.verify` takes as `outside`.
    """
    kept = tx.ledger.head_at(tx.ledger.size())
    if kept is None:
        kept = _signed(tx, seed, now)
        tx.ledger.sign_off(kept)
    return _as_json(kept)


def from_json(told: Mapping[str, Any]) -> Head:
    """A head as `head` gives it. Raises ValueError where it cannot be one."""
    try:
        when = at(ms(datetime.fromisoformat(told["at"])))
        root, size = bytes.fromhex(told["root"]), int(told["size"])
        return Head(size=size, root=root, at=when, signature=str(told["signature"]), key=str(told["key"]))
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"not a head: {error!r}") from error


def kept_outside(file: Path) -> list[dict[str, Any]]:
    """The heads kept beside the database; a last line that a power cut left unfinished is none, a broken one empty."""
    try:
        return from_lines(file.read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError:
        return []


def from_lines(text: str) -> list[dict[str, Any]]:
    """The heads in the text of such a file."""
    return [_object(line) for line in text.split("\n")[:-1]]


def _object(line: str) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def is_signed(signed: Head, keys: Collection[str] | None = None) -> bool:
    """Whether the signature is right, and made with one of `keys` (public, hex) where these are given."""
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(signed.key))
        public.verify(bytes.fromhex(signed.signature), _message(signed.size, signed.root, signed.at))
    except (InvalidSignature, ValueError):
        return False
    return keys is None or signed.key in keys


def spoken(when: datetime) -> str:
    """A time as heads tell it, e.g. `2026-11-22T01:02:03.004Z`."""
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def public_key(seed: bytes) -> str:
    """The public half, in hex, of the key that heads are signed with."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw().hex()


def _signed(tx: Transaction, seed: bytes, now: datetime) -> Head:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    size, root, when = tx.ledger.size(), tx.ledger.root(), at(ms(now))
    signature = private.sign(_message(size, root, when)).hex()
    return Head(size=size, root=root, at=when, signature=signature, key=private.public_key().public_bytes_raw().hex())


def _message(size: int, root: bytes, when: datetime) -> bytes:
    return HEAD_LABEL + merkle.canonical({"at": spoken(when), "root": root.hex(), "size": size})


def _as_json(signed: Head) -> dict[str, object]:
    return {
        "size": signed.size,
        "root": signed.root.hex(),
        "at": spoken(signed.at),
        "signature": signed.signature,
        "key": signed.key,
    }
