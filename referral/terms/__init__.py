"""Terms: the numbers and rules of an offer, checked, frozen as canonical JSON, changed and compared.

Nothing of them may change to a consumer's disadvantage once a campaign runs: `worse_for_consumers` says what would.
"""

from referral.terms.changes import SETTABLE, override
from referral.terms.comparing import worse_for_consumers
from referral.terms.reading import terms_from, terms_from_json
from referral.terms.values import (
    ATTRIBUTIONS,
    CAUSES,
    CONVERSIONS,
    KINDS,
    MOST_PRIZE_FEN,
    SIDES,
    TAX_CLASSES,
    UNITS,
    UNITS_OF,
    BadTerms,
    Choice,
    Terms,
    Thanks,
)

__all__ = [
    "ATTRIBUTIONS",
    "CAUSES",
    "CONVERSIONS",
    "KINDS",
    "MOST_PRIZE_FEN",
    "SETTABLE",
    "SIDES",
    "TAX_CLASSES",
    "UNITS",
    "UNITS_OF",
    "BadTerms",
    "Choice",
    "Terms",
    "Thanks",
    "override",
    "terms_from",
    "terms_from_json",
    "worse_for_consumers",
]
