"""What an offer gives and asks: its thanks, numbers and rules, frozen as canonical JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

KINDS = ("cash", "points", "coupon", "days", "privilege", "gift", "tier")
UNITS = ("fen", "points", "days", "pieces")
UNITS_OF = {
    "cash": ("fen",),
    "points": ("points",),
    "coupon": ("fen", "pieces"),
    "days": ("days",),
    "privilege": ("pieces", "days"),
    "gift": ("pieces",),
    "tier": ("pieces",),
}
"""What each kind may be counted in."""

ATTRIBUTIONS = ("last", "first")
CONVERSIONS = ("order.paid", "trial.started", "visit.completed", "contract.signed", "account.opened")
SIDES = ("advocate", "friend")
CAUSES = ("referral", "milestone", "story")
TAX_CLASSES = ("none", "incidental", "labour", "company")

MOST_PRIZE_FEN = 5_000_000
"""The most that one prize may be worth (Anti-Unfair-Competition rules on prizes, reliability R4)."""


class BadTerms(ValueError):
    """Terms that cannot be: `problems` holds one sentence per key, each naming the key and what it may be."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One form that a thanks can take: `amount` in `unit` costs the company `cost_fen`; `says` words it.

    `value` names the tier or the privilege; `valid_days` count from the grant, 0 for ever.
    """

    kind: str
    unit: str
    amount: int
    cost_fen: int
    says: str
    value: str = ""
    valid_days: int = 0
    tax_class: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thanks:
    """What one side gets for one `cause`: a friend's own act, the `after_friends`-th such friend, or a selected story.

    `choices` has one form, or several of which the person may choose one while it is held; the first is taken where
    they do not. With `tiers` it is for advocates of those tiers only. `rule` is its name, once per side.
    """

    rule: str
    side: str
    cause: str
    choices: tuple[Choice, ...]
    tiers: tuple[str, ...] = ()
    after_friends: int = 0

    @property
    def most_cost_fen(self) -> int:
        """What it can cost, whichever form is chosen: this much is reserved."""
        return max(choice.cost_fen for choice in self.choices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The numbers and rules of an offer.

    `window_days` from touch to conversion, `late_days` for a touch that becomes known after it, `hold_days` from
    conversion to grant. `cap_per_year` counts the friends of one advocate in a calendar year (Beijing), `cap_per_day`
    those of one day and `cap_campaign` all friends of the campaign, 0 for no such cap. `min_amount_fen` is the least
    order that counts. What costs more than `approve_over_fen` in one thanks (0: nothing does), and everything where a
    second person must `confirm`, waits for somebody's yes. `margin_percent` of an order is what it earns, 0 where that
    is not guarded: thanks never cost more. Of stories at most `stories_per_month` are selected in a
    calendar month (Beijing) and `stories_per_author` of one author, 0 for no such limit, each by the yes of as many
    colleagues as `story_judges`. With `both_or_neither` both sides are thanked or neither. `pays` is the
    person, or the company they work for (reliability R5).
    """

    thanks: tuple[Thanks, ...]
    window_days: int
    late_days: int
    hold_days: int
    cap_per_year: int
    budget_fen: int
    attribution: str
    new_customers_only: bool
    conversions: tuple[str, ...]
    min_amount_fen: int
    both_or_neither: bool
    cap_per_day: int = 0
    cap_campaign: int = 0
    approve_over_fen: int = 0
    confirm: bool = False
    margin_percent: int = 0
    stories_per_month: int = 0
    stories_per_author: int = 0
    story_judges: int = 1
    pays: str = "person"

    def thanks_for(self, cause: str, side: str | None = None, *, tier: str = "") -> list[Thanks]:
        """Every thanks for a cause, of one side or both, that an advocate of this tier can have."""
        wanted = [each for each in self.thanks if each.cause == cause and side in (None, each.side)]
        return [each for each in wanted if not each.tiers or tier in each.tiers]

    def find(self, rule: str, side: str) -> Thanks | None:
        """The thanks of that name."""
        return next((each for each in self.thanks if (each.rule, each.side) == (rule, side)), None)

    @property
    def one_friend_fen(self) -> int:
        """The most that one friend's act can cost, both sides together, where the advocate is of no tier."""
        return sum(each.most_cost_fen for each in self.thanks_for("referral"))

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind of thanks that these terms can give."""
        return tuple(dict.fromkeys(choice.kind for each in self.thanks for choice in each.choices))

    def to_json(self) -> str:
        """The rule version as canonical JSON: keys sorted, no spaces, so equal terms are equal text."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
