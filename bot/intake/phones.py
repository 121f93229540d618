"""A phone in a customer file that is somebody else's. A family may share one: it says nothing of who a row is about.

Names are identities as text. Pure; the same rule as in `referral.merges.join`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from referral.identities import IdentityKind
from referral.people import OWN_NUMBERS

PHONE = f"{IdentityKind.PHONE}:"
"""How the name of a phone begins."""


def doubtful(names: Sequence[str], whose: Mapping[str, str]) -> tuple[str, str] | None:
    """The phone that a row names, and the person whose it is, where no number of the row's own leads to them."""
    phone = next((name for name in names if name.startswith(PHONE) and name in whose), None)
    numbers = _own_numbers(names).values()
    if phone is None or not numbers or whose[phone] in {whose.get(number) for number in numbers}:
        return None
    return phone, whose[phone]


def is_another(owner: Iterable[str], names: Iterable[str]) -> bool:
    """Whether the owner of a phone, by all their names, is certainly not the one whom a row names."""
    own = _own_numbers(owner)
    return any(own.get(kind, number) != number for kind, number in _own_numbers(names).items())


def _own_numbers(names: Iterable[str]) -> dict[str, str]:
    """Those of which a human being has one, by their kind."""
    return {kind: name for name in names if (kind := name.partition(":")[0]) in OWN_NUMBERS}
