"""Invite codes: how a row number becomes eight symbols, and how eight symbols are found again in what people type.

A code is a throttled handle, not a secret. This file knows nothing of which codes exist: a code that is valid here may
still name no row. The key must stay the same for as long as printed codes are in use.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from mmap import mmap
from typing import TYPE_CHECKING, Protocol

from referral import enrolment, unseen
from referral.shares import Share, ShareLevel

if TYPE_CHECKING:
    from referral.campaigns import Campaign
    from referral.facts import Facts
    from referral.people import Person
    from referral.tx import Tx

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford base32: no I, L, O, U
LENGTH = 8  # symbols: 7 for the row, 1 to check them
ROWS = 2**35  # row numbers that 7 symbols can carry
KEY_BYTES = 32

_ROUNDS = 10
_LEFT, _RIGHT = 2**17 - 1, 2**18 - 1
_MASKS = (_LEFT, _RIGHT)  # of the half that changes, in even and in odd rounds


class BadCode(ValueError):
    """Not a code: the length is wrong, a symbol is not of the alphabet, or the check symbol does not fit."""


def encode(row: int, key: bytes) -> str:
    """The code of a row: 8 symbols, different for every row, in an order that only the key explains.

    Raises ValueError unless 0 ≤ row < 2**35 and the key has 32 bytes.
    """
    if not 0 <= row < ROWS:
        raise ValueError(f"row {row} is outside 0 ≤ row < 2**35")
    number = _permute(row, _checked(key))
    first, second, third, last = number >> 25, (number >> 15) & 1023, (number >> 5) & 1023, number & 31
    total = _SUMS[0][first] ^ _SUMS[1][second] ^ _SUMS[2][third]
    return _PAIRS[first] + _PAIRS[second] + _PAIRS[third] + _ENDS[total << 5 | last]


def decode(code: str, key: bytes) -> int:
    """The row of a canonical code (see `normalise`). Raises BadCode, or ValueError unless the key has 32 bytes."""
    if not is_valid(code):
        raise BadCode("the check symbol does not fit, or this is not eight symbols of the alphabet")
    number = 0
    for symbol in code[:-1]:
        number = (number << 5) | ALPHABET.index(symbol)
    return _restore(number, _checked(key))


def is_valid(code: str) -> bool:
    """Whether this canonical form satisfies Σ αⁱ·xᵢ = 0 over GF(32) (design 5.7).

    Every single wrong symbol and every swap of unequal neighbours makes it False; of random strings 1 in 32 passes.
    """
    if len(code) != LENGTH or not set(code) <= _SYMBOLS:
        return False
    return _syndrome([ALPHABET.index(symbol) for symbol in code]) == 0


def normalise(text: str) -> str | None:
    """The canonical 8 symbols of a typed code, None if cleaning does not leave 8 symbols of the alphabet.

    Case, width, spaces, hyphens and invisible characters do not matter; O is read as 0, I and L as 1. The check symbol
    is not looked at, so that a mistyped code can still be told from something else.
    """
    symbols = _cleaned(text)
    return symbols if len(symbols) == LENGTH and set(symbols) <= _SYMBOLS else None


def find_in(text: str) -> str | None:
    """The first valid code in a chat message, canonical, or None.

    A code is the whole message, or the end of a link `…/i/CODE`, or stands alone in a sentence: in one piece, joined by
    hyphens, or as two halves. In a sentence digits only are a number unless they follow «码» (but not «号码»), and two
    halves of letters only are two words. What else has 8 symbols passes by chance 1 time in 32, and then still names a
    row only if that row exists: the caller looks it up, and does not count a chance hit in a longer message as a miss.
    """
    plain = text.translate(_PLAIN)
    return next((code for typed in _candidates(plain) if (code := normalise(typed)) and is_valid(code)), None)


def suggest(typed: str, touched: Iterable[str]) -> str | None:
    """The code this person probably meant: the only one of `touched` with one symbol other or two neighbours swapped.

    `touched` are canonical codes this person has met before; nobody else's are ever offered. None when no code or more
    than one is so near; a code typed right is near to no other, as the check symbol keeps codes two symbols apart.
    """
    symbols = _cleaned(typed)
    near = [code for code in set(touched) if _is_near(symbols, code)]
    return near[0] if len(near) == 1 else None


# --- the permutation: a Feistel network ------------------------------------------------------------------------------
# Any round function gives a bijection, so two rows never share a code. Ten rounds on halves of 17 and 18 bits that take
# turns, as in FF1 (NIST SP 800-38G, §5.1): no cycle walking over 36 bits, and each of the 2**35 values is used. The
# rounds are keyed BLAKE2b (RFC 7693) instead of AES, which the standard library does not have.


def _permute(row: int, key: bytes) -> int:
    """Two rounds at a time, so that the halves need not be swapped."""
    left, right = row >> 18, row & _RIGHT
    for turn, (even, odd) in _known(key):
        left ^= (even[right] or _learn(even, turn, right, key)) - 1
        right ^= (odd[left] or _learn(odd, turn + 1, left, key)) - 1
    return (left << 18) | right


def _restore(number: int, key: bytes) -> int:
    left, right = number >> 18, number & _RIGHT
    for turn in reversed(range(_ROUNDS)):
        left, right = right ^ _round(turn, left, key), left
    return (left << 18) | right


@lru_cache(maxsize=2)
def _known(key: bytes) -> list[tuple[int, tuple[memoryview, memoryview]]]:
    """What each round with this key makes of each half, plus one, 0 until it is asked for; two rounds together.

    Among many codes each half comes many times. Memory is used as it is filled, 8 MB in the end.
    """
    assert len(key) == KEY_BYTES
    return [(turn, (_zeros(_RIGHT + 1), _zeros(_LEFT + 1))) for turn in range(0, _ROUNDS, 2)]


def _zeros(count: int) -> memoryview:
    return memoryview(mmap(-1, 4 * count)).cast("I")


def _learn(known: memoryview, turn: int, half: int, key: bytes) -> int:
    known[half] = made = _round(turn, half, key) + 1
    return made


def _round(turn: int, half: int, key: bytes) -> int:
    hashing = _keyed(key).copy()
    hashing.update(bytes([turn]) + half.to_bytes(3, "big"))
    return int.from_bytes(hashing.digest(), "big") & _MASKS[turn % 2]


@lru_cache(maxsize=2)
def _keyed(key: bytes) -> hashlib.blake2b:
    return hashlib.blake2b(key=key, digest_size=4, person=b"invite code")


def _checked(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError(f"the key of the codes has {len(key)} bytes, not {KEY_BYTES}")
    return key


# --- the check symbol: one parity symbol over GF(32) = GF(2)[x] / (x⁵ + x² + 1), α = x -------------------------------


def _times_alpha(value: int) -> int:
    doubled = value << 1
    return doubled ^ 0b100101 if doubled & 32 else doubled


def _syndrome(symbols: list[int]) -> int:
    total = 0
    for symbol in reversed(symbols):
        total = _times_alpha(total) ^ symbol
    return total


_SYMBOLS = frozenset(ALPHABET)
_CHECKS = {_syndrome([0] * 7 + [check]): check for check in range(32)}
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
_SUMS = [
    [_syndrome([0] * place + [first, second]) for first in range(32) for second in range(32)] for place in (0, 2, 4)
]
"""What each pair of symbols at these places brings to the sum, which is linear."""

_ENDS = [
    ALPHABET[last] + ALPHABET[_CHECKS[total ^ _syndrome([0] * 6 + [last])]] for total in range(32) for last in range(32)
]
"""The seventh symbol and the check symbol, by what the first six bring to the sum."""

# --- what people type ------------------------------------------------------------------------------------------------

_SPACES = "\t\n\r\x0b\x0c\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2e3a\u2e3b\ufe58\ufe63\uff0d"
_INVISIBLE = "\xad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f\ufeff" + "".join(
    map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
)
_PLAIN: dict[int, str | None] = {
    **{code + 0xFEE0: chr(code) for code in range(0x21, 0x7F)},  # full-width ASCII
    **{ord(space): " " for space in _SPACES},
    **{ord(hyphen): "-" for hyphen in _HYPHENS},
    **{ord(invisible): None for invisible in _INVISIBLE},
}
_TO_SYMBOL: dict[int, int | str | None] = {
    **{ord(letter): letter.upper() for letter in "abcdefghijklmnopqrstuvwxyz"},
    **str.maketrans("OoIiLl", "001111", " -"),
}

_LANDING = re.compile(r"/i/([0-9a-z]+(?:-+[0-9a-z]+)*)(?![0-9a-z_%]|\.[0-9a-z])", re.IGNORECASE)
_URL = re.compile(r"(?<![a-z])[a-z]+://[!-~]+", re.IGNORECASE)  # begun once a word: linear in its length
_WORD = re.compile(r"[0-9A-Za-z]+(?:[-._/@%+~]+[0-9A-Za-z]+)*")  # a hyphened group, a host or an address is one word
_LABELLED = re.compile(r"(?<!号)码[是为: ]*$")


def _cleaned(text: str) -> str:
    return text.translate(_PLAIN).translate(_TO_SYMBOL)


def _candidates(plain: str) -> Iterator[str]:
    yield plain
    yield from (link[1] for link in _LANDING.finditer(plain))
    yield from _standing_alone(_URL.sub("|", plain))


def _standing_alone(sentence: str) -> Iterator[str]:
    words = list(_WORD.finditer(sentence))
    spans = [word.span() for word in words]
    spans += [(first.start(), second.end()) for first, second in pairwise(words) if _are_halves(first, second)]
    for start, end in sorted(spans):
        if not _is_number(sentence[start:end]) or _LABELLED.search(sentence, max(0, start - 8), start):
            yield sentence[start:end]


def _are_halves(first: re.Match[str], second: re.Match[str]) -> bool:
    gap = first.string[first.end() : second.start()]
    halves = first[0] + second[0]
    return len(first[0]) == len(second[0]) == LENGTH // 2 and set(gap) <= set(" -") and not halves.isalpha()


def _is_number(typed: str) -> bool:
    return typed.replace("-", "").replace(" ", "").isdigit()


def _is_near(typed: str, code: str) -> bool:
    if len(typed) != len(code):
        return False
    wrong = [at for at in range(len(code)) if typed[at] != code[at]]
    if len(wrong) != 2:
        return len(wrong) == 1
    first, second = wrong
    return second == first + 1 and typed[first] == code[second] and typed[second] == code[first]


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A code in use: one per advocate, campaign and channel label. `rep` will greet the friends who come with it."""

    row: int
    code: str
    campaign: str
    advocate: str
    channel: str
    rep: str | None
    created_at: datetime


class Codes(Protocol):
    """Where issued codes are kept; `issue` makes the row and its code, or returns the one there is."""

    def find(self, code: str) -> Code | None: ...
    def issue(
        self, key: bytes, *, campaign: str, advocate: str, channel: str, rep: str | None, now: datetime
    ) -> Code: ...
    def of_advocate(self, advocate: str) -> list[Code]: ...
    def newest_of_rep(self, rep: str, campaign: str) -> Code | None: ...
    def set_rep(self, code: str, rep: str) -> None: ...
    def missed(self, who: str, at: datetime) -> None: ...
    def misses(self, who: str, since: datetime) -> int: ...


def issue(
    tx: Tx, facts: Facts, advocate: Person, campaign: Campaign, *, evidence: str, now: datetime, channel: str = ""
) -> Code:
    """The advocate's code in a campaign, made at the first asking; keeps that they took something to pass on."""
    rep = rep_for(tx, advocate.id, advocate.rep)
    code = tx.codes.issue(facts.code_key, campaign=campaign.id, advocate=advocate.id, channel=channel, rep=rep, now=now)
    code = with_greeting_rep(tx, code)
    share = Share(
        person=advocate.id,
        campaign=campaign.id,
        code=code.code,
        channel=channel,
        level=ShareLevel.PREPARED,
        first_at=now,
        evidence=evidence,
    )
    if tx.shares.reach(share) and evidence != "cli":
        unseen.watch(tx, code.code, now)
    enrolment.handed(tx, advocate, campaign.id, code.rep, now=now)
    return code


def with_greeting_rep(tx: Tx, code: Code) -> Code:
    """A code made before any rep was known, or whose rep is gone, gets one who serves."""
    rep = greeting_rep(tx, code)
    if rep is None or rep == code.rep:
        return code
    tx.codes.set_rep(code.code, rep)
    return replace(code, rep=rep)


def greeting_rep(tx: Tx, code: Code) -> str | None:
    """Who greets the friends who come with a code: its own rep while they serve customers, else the advocate's."""
    if code.rep and _serves(tx, code.rep):
        return code.rep
    advocate = tx.people.get(code.advocate)
    return rep_for(tx, code.advocate, advocate.rep if advocate else None)


def rep_for(tx: Tx, advocate: str, own: str | None = None) -> str | None:
    """The advocate's own rep or contact; otherwise one of the active reps, always the same for the same advocate.

    Who no longer serves customers is passed over; a rep we were never told of may still serve them.
    """
    if own and _serves(tx, own):
        return own
    contacts = [c.rep for c in tx.reps.contacts_of(advocate) if c.left_at is None and _serves(tx, c.rep)]
    if contacts:
        return contacts[-1]
    active = sorted(rep.id for rep in tx.reps.active())
    return active[int(hashlib.sha256(advocate.encode()).hexdigest(), 16) % len(active)] if active else None


def _serves(tx: Tx, rep: str) -> bool:
    known = tx.reps.get(rep)
    return known is None or known.active
