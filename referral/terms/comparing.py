"""Whether terms may take the place of others: nothing may change to a consumer's disadvantage (reliability R4)."""

from __future__ import annotations

from referral.terms.values import Choice, Terms, Thanks

_MORE_IS_BETTER = ("window_days", "late_days", "cap_per_year", "budget_fen")
_LESS_IS_BETTER = ("hold_days", "min_amount_fen", "story_judges")
_ZERO_IS_BEST = (
    *("cap_per_day", "cap_campaign", "approve_over_fen", "margin_percent"),
    *("stories_per_month", "stories_per_author"),
)


def worse_for_consumers(old: Terms, new: Terms) -> list[str]:
    """What of a change would be to a consumer's disadvantage, one sentence naming the key each; empty: it may be made.

    Whatever cannot be proved better counts as worse (reliability R4): another attribution, other conversions left out,
    a thanks smaller, shorter, or gone.
    """
    found = [
        f"{n}: {getattr(old, n)} → {getattr(new, n)}" for n in _MORE_IS_BETTER if getattr(new, n) < getattr(old, n)
    ]
    found += [
        f"{n}: {getattr(old, n)} → {getattr(new, n)}" for n in _LESS_IS_BETTER if getattr(new, n) > getattr(old, n)
    ]
    for name in _ZERO_IS_BEST:
        before, after = getattr(old, name), getattr(new, name)
        if after != 0 and (before == 0 or after < before):
            found.append(f"{name}: {before} → {after}")
    found += [f"{n}: may not change" for n in ("attribution", "pays") if getattr(new, n) != getattr(old, n)]
    found += [
        f"{n}: may not be set now" for n in ("new_customers_only", "confirm") if getattr(new, n) > getattr(old, n)
    ]
    if old.both_or_neither != new.both_or_neither:
        found.append("both_or_neither: may not change")
    found += [f"conversions: {kind} would be left out" for kind in old.conversions if kind not in new.conversions]
    return found + [f"thanks: {each.rule} would be less" for each in old.thanks if _is_less(each, new)]


def _is_less(old: Thanks, terms: Terms) -> bool:
    new = terms.find(old.rule, old.side)
    if new is None or new.cause != old.cause or new.after_friends > old.after_friends:
        return True
    if new.tiers and (not old.tiers or set(old.tiers) - set(new.tiers)):
        return True
    if not _is_as_good(old.choices[0], new.choices[0]):  # who does not choose gets the first
        return True
    return not all(any(_is_as_good(choice, other) for other in new.choices) for choice in old.choices)


def _is_as_good(old: Choice, new: Choice) -> bool:
    """The same thing, as much of it, for as long; and no dearer for as much: it would use up the budget sooner."""
    same = all(getattr(old, name) == getattr(new, name) for name in ("kind", "unit", "value", "says", "tax_class"))
    lasts = new.valid_days == 0 or (old.valid_days != 0 and new.valid_days >= old.valid_days)
    more = new.amount > old.amount or (new.amount == old.amount and new.cost_fen <= old.cost_fen)
    return same and lasts and more
