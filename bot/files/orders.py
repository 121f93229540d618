"""Rows of an orders file, each as what the shop's webhooks would have told of one order (design 5.4, 5.5). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.files import cells
from bot.files.cells import Unclear
from bot.files.reading import Cells, Reader, Row, past_moment, person_readers, problem, read_cells
from bot.files.rows import Problem
from bot.hooks.fields import LONGEST
from bot.hooks.reading import Naming, OrderTold
from referral.codes import find_in
from referral.orders import MONEY


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """One row: the order, whether only the day of its payment is known, and all that was given back of it so far."""

    line: int
    told: OrderTold
    day_only: bool
    refunded_fen: int = 0
    refunded_at: datetime | None = None


class OrdersReader:
    """Reads the rows of one orders file, whose columns are `fields`."""

    def __init__(self, fields: Sequence[str], naming: Naming, *, now: datetime) -> None:
        readers: dict[str, Reader] = person_readers(naming) | {
            "source": _source,
            "order_no": _short,
            "amount_fen": cells.fen,
            "amount": cells.yuan,
            "paid_at": past_moment(now),
            "refunded_fen": cells.fen,
            "refunded_at": past_moment(now),
            "code": _code,
            "coupon": find_in,
            "earned_fen": cells.fen,
            "earned": cells.yuan,
            "product": _short,
        }
        self._fields = fields
        self._readers = [readers[field] for field in fields]

    def read(self, row: Row) -> OrderRow | Problem:
        """What a row tells, or its first problem."""
        found = read_cells(row, self._fields, self._readers)
        if isinstance(found, Problem):
            return found
        for field in ("source", "order_no", "paid_at"):
            if field not in found.values:
                return problem(found.line, field, "", "不能为空")
        return _amount_problem(found) or _told(found)


def _amount_problem(found: Cells) -> Problem | None:
    values = found.values
    both = {values[field] for field in ("amount", "amount_fen") if field in values}
    if not both:
        return problem(found.line, "amount_fen", "", "没有金额")
    if len(both) > 1:
        return problem(found.line, "amount", f"{values['amount']}", "amount 和 amount_fen 不一致")
    if len({values[field] for field in ("earned", "earned_fen") if field in values}) > 1:
        return problem(found.line, "earned", f"{values['earned']}", "earned 和 earned_fen 不一致")
    refunded = values.get("refunded_fen")
    if refunded and refunded > max(both):
        return problem(found.line, "refunded_fen", f"{refunded}", "退款比金额还多")
    if refunded and "refunded_at" not in values:
        return problem(found.line, "refunded_at", "", "有退款就要写退款时间")
    return None


def _told(found: Cells) -> OrderRow | Problem:
    values = found.values
    try:
        buyer = found.identities()
    except Unclear as unclear:
        return problem(found.line, "crm_id", "", str(unclear))
    amount = values.get("amount_fen", values.get("amount"))
    at, with_hour = values["paid_at"]
    told = OrderTold(
        kind=MONEY,
        source=values["source"],
        order_no=values["order_no"],
        amount_fen=amount,
        at=at,
        buyer=buyer,
        code=values.get("code") or values.get("coupon"),
        earned_fen=values.get("earned_fen", values.get("earned")),
        product=values.get("product", ""),
    )
    refunded_at = values["refunded_at"][0] if "refunded_at" in values else None
    refunded = values.get("refunded_fen", amount if refunded_at else 0)
    return OrderRow(line=found.line, told=told, day_only=not with_hour, refunded_fen=refunded, refunded_at=refunded_at)


def _short(cell: str) -> str:
    return cells.identifier(cell, LONGEST)


def _source(cell: str) -> str:
    if "/" in cell:  # an order is known as SOURCE/ORDER_NO
        raise Unclear("不能含有 /")
    return _short(cell)


def _code(cell: str) -> str:
    return find_in(_short(cell)) or cell
