"""Individual income tax on thanks (reliability R9): what is to be withheld, by tax class, in fen.

`incidental` (偶然所得): 20 % of each payment (个税法 第三、六条). `labour` (劳务报酬): the payments of a month are one;
800 yuan, or above 4 000 yuan a fifth of it, is deducted, and the rest is taxed at 20, 30 or 40 % (国家税务总局公告
2018 年第 61 号 第八条). Whether a referrer is paid for labour is for the company to decide; `none` and `company` are
not a person's income.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from referral.times import SHANGHAI

TAXED = ("incidental", "labour")
"""Classes that are a person's income."""

_LABOUR = ((2_000_000, 20, 0), (5_000_000, 30, 200_000), (None, 40, 700_000))
"""Taxable income up to, the rate in percent, and what is taken off again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """A thanks that a person got: `value_fen` is the amount of cash, else what it cost the company."""

    tax_class: str
    value_fen: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassTotal:
    """One person's year in one class.

    `tax_fen` is what is to be withheld where `value_fen` counts as gross, and `net_fen` what they are left with.
    Where the company pays the tax on top, so that they keep all of it, it counts as `gross_up_fen`.
    """

    tax_class: str
    payments: int
    value_fen: int
    tax_fen: int
    net_fen: int
    gross_up_fen: int


def totals(payments: Iterable[Payment]) -> list[ClassTotal]:
    """The totals of one person's payments in a year, a line for each class that is taxed."""
    found: defaultdict[str, list[Payment]] = defaultdict(list)
    for payment in payments:
        if payment.tax_class in TAXED:
            found[payment.tax_class].append(payment)
    return [_total(name, found[name]) for name in TAXED if name in found]


def withheld(tax_class: str, gross_fen: int) -> int:
    """The tax on one income of this gross amount, half a fen and more counted as one."""
    if tax_class == "incidental":
        return _percent(gross_fen, 20)
    if tax_class != "labour":
        return 0
    taxable = max(0, gross_fen - 80_000) if gross_fen <= 400_000 else gross_fen - _percent(gross_fen, 20)
    rate, off = next((rate, off) for upto, rate, off in _LABOUR if upto is None or taxable <= upto)
    return _percent(taxable, rate) - off


def grossed_up(tax_class: str, net_fen: int) -> int:
    """The least gross amount of which this much is left after tax."""
    low, high = net_fen, 2 * net_fen
    while low < high:
        middle = (low + high) // 2
        if middle - withheld(tax_class, middle) >= net_fen:
            high = middle
        else:
            low = middle + 1
    return low


def _total(tax_class: str, payments: list[Payment]) -> ClassTotal:
    incomes = _incomes(tax_class, payments)
    value, tax = sum(incomes), sum(withheld(tax_class, income) for income in incomes)
    return ClassTotal(
        tax_class=tax_class,
        payments=len(payments),
        value_fen=value,
        tax_fen=tax,
        net_fen=value - tax,
        gross_up_fen=sum(grossed_up(tax_class, income) for income in incomes),
    )


def _incomes(tax_class: str, payments: list[Payment]) -> list[int]:
    """What is taxed as one: each payment, or, for labour, all of a month."""
    if tax_class != "labour":
        return [payment.value_fen for payment in payments]
    in_order = sorted(payments, key=_month)
    return [sum(payment.value_fen for payment in some) for _, some in groupby(in_order, key=_month)]


def _month(payment: Payment) -> tuple[int, int]:
    local = payment.at.astimezone(SHANGHAI)
    return local.year, local.month


def _percent(fen: int, rate: int) -> int:
    return (fen * rate + 50) // 100
