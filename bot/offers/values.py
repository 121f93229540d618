"""What an offer's words say of its terms: the thanks worded, and the phrases that the terms choose between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.copy import fill_from
from referral.offers import Pack
from referral.terms import Choice, Terms, Thanks

SAYS = frozenset({"amount", "yuan"})
"""What the words of one thanks may name."""

_NUMBERS = (
    *("window_days", "late_days", "hold_days", "cap_per_year", "cap_per_day", "cap_campaign", "margin_percent"),
    *("stories_per_month", "stories_per_author", "story_judges"),
)
_YUAN = {"budget_yuan": "budget_fen", "min_yuan": "min_amount_fen", "over_yuan": "approve_over_fen"}
_VIEWS = ("peer", "friend", "advocate", "staff")
_SHAPES = ("equal", "differ", "friend", "advocate", "none")
_ALWAYS = ("act", "first_act", "deed", "hold", *(f"after_{view}" for view in ("peer", "friend", "advocate")))
_SENTENCES = (
    *(f"promise_{view}" for view in ("peer", "friend", "advocate")),
    "brief_thanks",
    "brief_limits",
    "help_desk",
    "help_rep",
)
_CHOSEN: dict[str, tuple[str, ...]] = {
    **{f"both_{view}": tuple(f"both_{view}_{shape}" for shape in _SHAPES) for view in _VIEWS},
    "thank_advocate": ("thank_advocate_some", "thank_advocate_none"),
    "attribution": ("attribution_last", "attribution_first"),
    "new_customers": ("new_only", "new_any"),
    "together": ("together", "separate"),
    "min_amount": ("min_any", "min_amount", "min_margin"),
    "minimum": ("minimum",),
    "caps": ("cap_year", "cap_day", "cap_campaign"),
    "checked": ("checked_auto", "checked_over", "checked_all"),
}

PHRASES = frozenset(
    (*_ALWAYS, *_SENTENCES, *(phrase for group in _CHOSEN.values() for phrase in group), "period_open", "period_closed")
)
"""Every phrase there is: a pack says those in its own way that the common ones do not fit."""

_OWN = ("company", "title", "product", "advocate_thanks", "friend_thanks", "story_thanks")
ANSWERED = frozenset((*_OWN, *_NUMBERS, *_YUAN, *_ALWAYS, *_SENTENCES, *_CHOSEN))
"""Every placeholder that the offer itself answers."""


def offer_values(pack: Pack, terms: Terms, company: str) -> dict[str, object]:
    """Every placeholder that the offer itself answers, worded: use as the `stock` of Copy.say."""
    values: dict[str, object] = {
        "company": company,
        "title": pack.title,
        "product": pack.product,
        "advocate_thanks": side_words(terms, "referral", "advocate"),
        "friend_thanks": side_words(terms, "referral", "friend"),
        "story_thanks": side_words(terms, "story", "advocate"),
    }
    values |= {name: getattr(terms, name) for name in _NUMBERS}
    values |= {name: yuan(getattr(terms, fen)) for name, fen in _YUAN.items()}
    for name, phrases in _wanted(terms):
        values[name] = "，".join(fill_from(pack.phrases[phrase], values) for phrase in phrases)
    return values


def thanks_words(choice: Choice) -> str:
    """One form of a thanks: 30天会员, 20元现金."""
    return fill_from(choice.says, {"amount": choice.amount, "yuan": yuan(choice.amount)})


def side_words(terms: Terms, cause: str, side: str) -> str:
    """Everything that one side gets for a cause, whatever their tier; empty for nothing."""
    return _joined((_forms(thanks) for thanks in terms.thanks_for(cause, side) if not thanks.tiers), "和")


def yuan(fen: int) -> str:
    """An amount as people say it: 20, 9.90, 10万."""
    if fen and fen % 1_000_000 == 0:
        return f"{fen // 1_000_000}万"
    return str(fen // 100) if fen % 100 == 0 else f"{fen / 100:.2f}"


def _forms(thanks: Thanks) -> str:
    return _joined((thanks_words(choice) for choice in thanks.choices), "或")


def _joined(parts: Iterable[str], last_by: str) -> str:
    *first, last = [*parts] or [""]
    return f"{'、'.join(first)}{last_by}{last}" if first else last


def _wanted(terms: Terms) -> list[tuple[str, list[str]]]:
    """Which phrases each placeholder takes, those first that others name."""
    shape = _shape(terms)
    chosen: dict[str, list[str]] = {
        **{f"both_{view}": [f"both_{view}_{shape}"] for view in _VIEWS},
        "thank_advocate": [f"thank_advocate_{'some' if shape in ('equal', 'differ', 'advocate') else 'none'}"],
        "attribution": [f"attribution_{terms.attribution}"],
        "new_customers": ["new_only" if terms.new_customers_only else "new_any"],
        "together": ["together" if terms.both_or_neither else "separate"],
        "min_amount": ["min_amount" if terms.min_amount_fen > 1 else "min_any"],
        "caps": ["cap_year"],
        "checked": ["checked_all" if terms.confirm else "checked_over" if terms.approve_over_fen else "checked_auto"],
    }
    chosen["min_amount"] += ["min_margin"] if terms.margin_percent else []
    chosen["caps"] += [name for name in ("cap_day", "cap_campaign") if getattr(terms, _CAPS[name])]
    minimum = ("minimum", ["minimum"] if terms.min_amount_fen > 1 else [])
    return [minimum, *((name, [name]) for name in _ALWAYS), *chosen.items(), *((name, [name]) for name in _SENTENCES)]


_CAPS: Mapping[str, str] = {"cap_day": "cap_per_day", "cap_campaign": "cap_campaign"}


def _shape(terms: Terms) -> str:
    """Who is thanked, whatever their tier: both alike, both differently, one side, or nobody."""
    advocate, friend = (side_words(terms, "referral", side) for side in ("advocate", "friend"))
    if advocate and friend:
        return "equal" if advocate == friend else "differ"
    return "advocate" if advocate else "friend" if friend else "none"
