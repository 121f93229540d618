"""Which conversions look made up, and by whom: a mixture of genuine and made-up ones, learned from the shop's own.

Each conversion shows signs (reliability F 61-64): the friend's device is the advocate's, it came very soon, it was
taken back, nobody was seen to open the link, it came in a burst, advocates bring each other in a ring. How often
genuine and made-up ones show each is learned by expectation-maximisation (Dempster, Laird and Rubin 1977) from priors
that a shop with little history keeps to. Made-up ones come from few advocates, and there on some links only, among
friends who are real; so what is found in one weighs on the others, and so does what a person has decided. What is not
known adds nothing. Nothing here decides: a verdict is a reason for a person to look, with the evidence in codes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import log

from referral.fraud.learning import learned
from referral.fraud.values import OF_OTHERS, PRIOR, YES_NO, Conversion, Rates, Sign, Suspect, Verdicts
from referral.fraud.weighing import DECIDED, OWN_CODE, Found, Scale, sorted_out, took, weigh

_TOLD = log(2)  # evidence is named from here on: made-up ones show it twice as often as genuine ones
_ROUNDS = 40
_SETTLED = 1e-3


def judge(conversions: Sequence[Conversion], known: Rates = PRIOR) -> Verdicts:
    """Judge conversions by rates that are known, learning nothing: for one that has just come, with its advocate's."""
    return _told(conversions, known, weigh(sorted_out(conversions), known))


def suspect(conversions: Sequence[Conversion], prior: Rates = PRIOR) -> Verdicts:
    """Learn the rates from all conversions of a shop and judge each. Thousands take a fraction of a second."""
    shelves, rates = sorted_out(conversions), prior
    found = weigh(shelves, rates)
    for _ in range(_ROUNDS):
        before, rates = rates, learned(shelves, found, prior)
        found = weigh(shelves, rates)
        if abs(rates.cheats - before.cheats) + abs(rates.fake[0] - before.fake[0]) < _SETTLED:
            break
    return _told(conversions, rates, found)


def _told(conversions: Sequence[Conversion], rates: Rates, found: Found) -> Verdicts:
    scale, others = Scale(rates), _others(conversions)
    return Verdicts(
        conversions={
            each.id: Suspect(conversion=each, chance=found.of[each.id], evidence=_evidence(each, others, scale))
            for each in conversions
        },
        links=found.any_on,
        advocates=found.of_advocate,
        rates=rates,
    )


def _others(conversions: Sequence[Conversion]) -> Mapping[str, Counter[Sign]]:
    """By advocate, how many of their conversions show what weighs on the rest."""
    shown: dict[str, Counter[Sign]] = {}
    for each in conversions:
        signs = [OF_OTHERS[code] for code, sign in zip(YES_NO, each.signs, strict=True) if sign and code in OF_OTHERS]
        shown.setdefault(each.advocate, Counter()).update([*signs, *([Sign.OTHERS_CONFIRMED] if each.decided else [])])
    return shown


def _evidence(each: Conversion, others: Mapping[str, Counter[Sign]], scale: Scale) -> tuple[Sign, ...]:
    """What speaks for it being made up, the strongest first: its own signs, then those that only others show."""
    own = _own(each, scale)
    shown = others[each.advocate]
    theirs = {
        OF_OTHERS[code]: shown[OF_OTHERS[code]] * scale.of(place, True)
        for place, (code, sign) in enumerate(zip(YES_NO, each.signs, strict=True))
        if code in OF_OTHERS and not sign and scale.of(place, True) >= _TOLD
    }
    if not each.decided:
        theirs[Sign.OTHERS_CONFIRMED] = shown[Sign.OTHERS_CONFIRMED] * DECIDED
    told = sorted((code for code, odds in theirs.items() if odds > 0), key=lambda code: -theirs[code])
    return (*own, *told)


def _own(each: Conversion, scale: Scale) -> tuple[Sign, ...]:
    says = {code: scale.of(place, sign) for place, (code, sign) in enumerate(zip(YES_NO, each.signs, strict=True))}
    if each.own_code:
        says[Sign.OWN_CODE] = OWN_CODE
    if each.hours is not None:
        says[Sign.WITHIN_HOUR if each.hours < 1 else Sign.SOON] = scale.of_time(took(each))
    return tuple(sorted((code for code, odds in says.items() if odds >= _TOLD), key=lambda code: -says[code]))
