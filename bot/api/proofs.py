"""`/proofs` and `/ledger/head`: that a reward stands in the ledger, checkable by anyone (design 5.1)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from bot.api.operations import Asked, Office, Operation
from bot.api.shapes import RewardId
from referral.errors import NotFound
from referral.ids import is_id
from storage import proofs
from storage.transaction import Transaction

Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", max_length=64)]
Count = Annotated[int, Meta(ge=0, le=2**62)]


class LedgerEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One change in what is owed, from one account to another."""

    amount: Count
    at: str
    credit: str
    debit: str
    id: str
    kind: str
    ref: str
    unit: str


class Proof(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The path from a reward's latest entry to the root of the ledger (RFC 6962); bytes are in hex."""

    reward: RewardId
    entry: LedgerEntry
    salt: Annotated[str, Meta(pattern="^[0-9a-f]{32}$", max_length=32)]
    leaf_hash: Hash
    leaf_index: Count
    tree_size: Annotated[int, Meta(ge=1, le=2**62)]
    path: Annotated[list[Hash], Meta(max_length=64)]
    root: Hash


class ProofChecked(Struct, frozen=True, kw_only=True):
    """Whether a proof is whole and leads to our ledger; if not, why."""

    ok: bool
    problem: str | None


class Head(Struct, frozen=True, kw_only=True):
    """The ledger as it stands, signed; `key` is the Ed25519 public key in hex."""

    size: int
    root: str
    at: str
    signature: str
    key: str


def _one(tx: Transaction, asked: Asked) -> Proof:
    if not is_id(asked.path["reward"], "w"):
        raise NotFound("没有这份谢礼")
    return msgspec.convert(proofs.prove(tx, asked.path["reward"]), Proof)


def _check(tx: Transaction, asked: Asked) -> ProofChecked:
    own = {str(_signed(asked.office, tx)["key"])}
    return msgspec.convert(proofs.check(tx, msgspec.to_builtins(asked.body), keys=own), ProofChecked)


def _head(tx: Transaction, asked: Asked) -> Head:
    return msgspec.convert(_signed(asked.office, tx), Head)


def _signed(office: Office, tx: Transaction) -> dict[str, Any]:
    return proofs.head(tx, office.ledger_seed, office.clock())


_PROOF = Proof(
    reward="w0123456789abcdef",
    entry=LedgerEntry(
        amount=30,
        at=datetime.fromisoformat("2026-11-25T12:00:00+08:00").isoformat(),
        credit="held:p0123456789abcdef",
        debit="budget:c0123456789abcdef",
        id="e0123456789abcdef",
        kind="hold",
        ref="w0123456789abcdef",
        unit="days",
    ),
    salt="00" * 16,
    leaf_hash="11" * 32,
    leaf_index=0,
    tree_size=2,
    path=["22" * 32],
    root="33" * 32,
)
_HEAD = Head(size=2, root="33" * 32, at="2026-11-25T12:00:00+08:00", signature="44" * 64, key="55" * 32)
_SCOPE: Literal["proofs:read"] = "proofs:read"

OPERATIONS = (
    Operation(
        name="getProof",
        method="GET",
        path="/proofs/{reward}",
        parts={"reward": RewardId},
        scope=_SCOPE,
        summary="The proof of a reward's latest ledger entry, as `taoli ledger prove` gives it.",
        run=_one,
        answer=Proof,
        example=_PROOF,
        refuses=(404,),
    ),
    Operation(
        name="checkProof",
        method="POST",
        path="/proofs/check",
        scope=_SCOPE,
        summary="Check a proof against this ledger.",
        run=_check,
        body=Proof,
        body_example=_PROOF,
        answer=ProofChecked,
        example=ProofChecked(ok=True, problem=None),
    ),
    Operation(
        name="getLedgerHead",
        method="GET",
        path="/ledger/head",
        scope=_SCOPE,
        summary="The signed head of the ledger.",
        run=_head,
        answer=Head,
        example=_HEAD,
    ),
)
