"""The form of a thanks that staff decide by hand: what its campaign gives of that kind, at another amount."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from bot.copy import faults, placeholders
from bot.offers.values import SAYS
from referral import sectors
from referral.errors import BadInput, RuleViolation
from referral.rewards import Cause, Side
from referral.terms import UNITS_OF, BadTerms, Choice, Terms, Thanks, terms_from
from referral.wording import lint

LONGEST_SAYS = 24
"""Characters of how a thanks is worded."""

_SAID = {
    ("cash", "fen"): "{yuan}元现金",
    ("points", "points"): "{amount}积分",
    ("coupon", "fen"): "{yuan}元优惠券",
    ("days", "days"): "{amount}天会员",
}
_OWN = ("says", "value", "cost_fen")


def form_of(terms: Terms, wanted: Mapping[str, Any], industry: str) -> Choice:
    """The form of `kind`, `unit` and `amount`; `cost_fen`, `says` and `value` are the campaign's where they are None.

    Raises `BadInput` naming the option, and `RuleViolation` for a kind that the industry may not give.
    """
    kind, unit, amount = str(wanted["kind"]), str(wanted["unit"]), wanted["amount"]
    if unit not in UNITS_OF[kind]:
        raise BadInput("--unit", f"{kind} 只能按 {' 或 '.join(UNITS_OF[kind])} 计")
    if barred := sectors.unlawful_kinds(industry, [kind]):
        raise RuleViolation("offer.unlawful", f"{barred[0].why}（{barred[0].source}）")
    alike = next((each for each in _forms(terms) if (each.kind, each.unit) == (kind, unit)), None)
    if alike is None and terms.pays == "company":
        raise RuleViolation("pays.company", "这个活动的谢礼归客户所在的公司，只能补活动里已有的种类。")
    own = {name: wanted[name] for name in _OWN if wanted.get(name) is not None}
    form = replace(_of_amount(alike, amount) if alike else _plain(kind, unit, amount, own), **own)
    _check(terms, form)
    _read_aloud(form.says, industry)
    return form


def _forms(terms: Terms) -> Iterator[Choice]:
    return (choice for thanks in terms.thanks for choice in thanks.choices)


def _of_amount(alike: Choice, amount: int) -> Choice:
    return replace(alike, amount=amount, cost_fen=-(-alike.cost_fen * amount // alike.amount))


def _plain(kind: str, unit: str, amount: int, own: Mapping[str, Any]) -> Choice:
    """A kind that the campaign does not give: cost and words have to be said, but for money as such."""
    if "cost_fen" not in own and unit != "fen":
        raise BadInput("--cost-fen", "活动里没有这种谢礼，请写明成本，以分为单位")
    if "says" not in own and (kind, unit) not in _SAID:
        raise BadInput("--says", "活动里没有这种谢礼，请写明怎么称呼，例如 {amount}份礼盒")
    taxed = kind in ("cash", "gift")
    return Choice(
        kind=kind,
        unit=unit,
        amount=amount,
        cost_fen=amount,
        says=_SAID.get((kind, unit), ""),
        tax_class="incidental" if taxed else "none",
    )


def _check(terms: Terms, form: Choice) -> None:
    """By the same rules as an offer's own thanks. Raises `BadInput`."""
    thanks = Thanks(rule="manual", side=Side.ADVOCATE, cause=Cause.STORY, choices=(form,))
    try:
        terms_from(asdict(replace(terms, thanks=(thanks,))))
    except BadTerms as bad:
        name, _, problem = bad.problems[0].removeprefix("thanks.0.choices.0.").partition(": ")
        raise BadInput(f"--{name.replace('_', '-')}", problem) from bad


def _read_aloud(says: str, industry: str) -> None:
    if len(says) > LONGEST_SAYS or not says.isprintable():
        raise BadInput("--says", f"最多 {LONGEST_SAYS} 个字，不能含有控制字符")
    if faults(says) or placeholders(says) - SAYS:
        raise BadInput("--says", "花括号里只能写 {amount} 或 {yuan}")
    if found := lint(says, edition="chat", industry=industry):
        raise BadInput("--says", "；".join(f"「{each.text}」{each.why}（{each.rule}）" for each in found))
