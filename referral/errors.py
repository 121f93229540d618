"""What can go wrong inside the rules, with the decision on the class."""

from __future__ import annotations


class ReferralError(Exception):
    """Root of every error this product raises on purpose."""


class BadInput(ReferralError):
    """Something given from outside cannot be used; `field` names it."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class Conflict(ReferralError):
    """The same thing was said before with other content."""


class NotFound(ReferralError):
    """Nothing is known under that name."""


class RuleViolation(ReferralError):
    """An expected refusal; `code` is the reason's code."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
