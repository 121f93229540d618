"""Orders: what a friend did, told by shops, and what became of it."""

from referral.orders.values import CLOSE, MONEY, Answer, Order, Orders, Outcome, Refund
from referral.orders.walk import close, place, reexamine, refund

__all__ = [
    "CLOSE",
    "MONEY",
    "Answer",
    "Order",
    "Orders",
    "Outcome",
    "Refund",
    "close",
    "place",
    "reexamine",
    "refund",
]
