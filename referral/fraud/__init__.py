"""Fraud, first rules: which conversions look made up, from what evidence, for a person to look at."""

from referral.fraud.acts import Act, conversions
from referral.fraud.casebook import CaseBook, id_of
from referral.fraud.judging import judge, suspect
from referral.fraud.values import NAMED, PRIOR, SUSPECT, Conversion, Rates, Sign, Spread, Suspect, Verdicts

__all__ = [
    "NAMED",
    "PRIOR",
    "SUSPECT",
    "Act",
    "CaseBook",
    "Conversion",
    "Rates",
    "Sign",
    "Spread",
    "Suspect",
    "Verdicts",
    "conversions",
    "id_of",
    "judge",
    "suspect",
]
