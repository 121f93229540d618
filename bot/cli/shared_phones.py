"""Phones in a customer file that two customers share: the rows come in without them, and each such row is named."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from bot.files.parsing import ToldRow
from bot.files.reading import problem
from bot.files.scratch import Scratch
from bot.intake.phones import doubtful, is_another
from referral.intake import Told
from storage.transaction import Transaction

_SHARED = "同一个手机号属于两位客户，没有记到任何一位"
_ANOTHERS = "这个手机号已经记在另一位客户名下，没有记到这一位"
_BETWEEN_DIGITS = str.maketrans("", "", " -()\u00a0\u2011")


def anothers(told: Sequence[ToldRow], whose: Mapping[str, str]) -> Callable[[Transaction], dict[int, str]]:
    """The phones, by line, that are another customer's already than the one whom the row is about."""
    rows = [(line, names, found) for line, _, names, _ in told if (found := doubtful(names, whose))]

    def unit(tx: Transaction) -> dict[int, str]:
        owners = {owner: [*map(str, tx.people.identities(owner))] for _, _, (_, owner) in rows}
        return {line: phone for line, names, (phone, owner) in rows if is_another(owners[owner], names)}

    return unit


class SharedPhones:
    """Takes such phones from the rows of one file; `left` is from how many."""

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch
        self.left = 0

    def without(self, told: Sequence[ToldRow], others: Mapping[int, str]) -> Sequence[ToldRow]:
        """The rows without the phones, by line, that are another customer's already."""
        for line in others:
            self._name(line, _ANOTHERS)
        return [_parted(row, others[row[0]]) if row[0] in others else row for row in told] if others else told

    def part(self) -> None:
        """Take a phone that different customers of the file share, by a number of their own, from their rows."""
        for line, phone in self._scratch.borrowed_phones():
            body = self._scratch.bodies([line])[0]
            if len(_row(body).identities) > 1:  # a row that only has the phone goes on by it
                self._scratch.part(line, phone, _less(body, phone))
                self._name(line, _SHARED)

    def _name(self, line: int, why: str) -> None:
        digits = self._scratch.cell(line, "phone").translate(_BETWEEN_DIGITS)
        self._scratch.note([problem(line, "phone", digits, why)])
        self.left += 1


def _parted(row: ToldRow, phone: str) -> ToldRow:
    line, body, names, active = row
    return line, _less(body, phone), [name for name in names if name != phone], active


def _less(body: bytes, phone: str) -> bytes:
    row = _row(body)
    kept = tuple(each for each in row.identities if str(each) != phone)
    return msgspec.json.encode(msgspec.structs.replace(row, identities=kept))


def _row(body: bytes) -> Told:
    return msgspec.json.decode(body, type=Told)
