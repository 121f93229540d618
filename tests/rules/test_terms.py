"""Terms: read with every value checked, frozen, changed by an operator, and never made worse for consumers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.terms import (
    CONVERSIONS,
    SETTABLE,
    TAX_CLASSES,
    UNITS_OF,
    BadTerms,
    Choice,
    Terms,
    Thanks,
    override,
    terms_from,
    terms_from_json,
    worse_for_consumers,
)

MONTH = Choice(kind="days", unit="days", amount=30, cost_fen=3000, says="{amount}天会员")
CASH = Choice(kind="cash", unit="fen", amount=2000, cost_fen=2500, says="{yuan}元现金", tax_class="incidental")
COUPON = Choice(kind="coupon", unit="fen", amount=1000, cost_fen=1000, says="{yuan}元优惠券", valid_days=60)
TIER = Choice(kind="tier", unit="pieces", amount=1, cost_fen=100, says="升一级", value="next")
TERMS = Terms(
    thanks=(
        Thanks(rule="first-order", side="advocate", cause="referral", choices=(MONTH, CASH)),
        Thanks(rule="first-order", side="friend", cause="referral", choices=(COUPON,)),
        Thanks(rule="third", side="advocate", cause="milestone", choices=(TIER,), after_friends=3),
    ),
    window_days=30,
    late_days=7,
    hold_days=15,
    cap_per_year=50,
    budget_fen=10_000_000,
    attribution="last",
    new_customers_only=True,
    conversions=("order.paid", "trial.started"),
    min_amount_fen=100,
    both_or_neither=False,
    cap_per_day=5,
    approve_over_fen=5000,
    margin_percent=20,
)


@st.composite
def choices(draw: st.DrawFn) -> Choice:
    kind, amount = draw(st.sampled_from(sorted(UNITS_OF))), draw(st.integers(1, 100))
    return Choice(
        kind=kind,
        unit=draw(st.sampled_from(UNITS_OF[kind])),
        amount=amount,
        cost_fen=draw(st.integers(amount if kind == "cash" else 0, 5000)),
        says="{amount}份心意",
        value=draw(st.sampled_from(("gold", "silver"))),
        valid_days=draw(st.sampled_from((0, 30, 90))),
        tax_class=draw(st.sampled_from(TAX_CLASSES[1:] if kind == "cash" else TAX_CLASSES)),
    )


@st.composite
def all_terms(draw: st.DrawFn) -> Terms:
    forms = st.lists(choices(), min_size=1, max_size=3).map(tuple)
    names = draw(st.sets(st.tuples(st.sampled_from("abc"), st.sampled_from(("advocate", "friend"))), max_size=4))
    tiers = st.sets(st.sampled_from(("gold", "black"))).map(lambda found: tuple(sorted(found)))
    thanks = [
        Thanks(rule=rule, side=side, cause="referral", choices=draw(forms), tiers=draw(tiers)) for rule, side in names
    ]
    if draw(st.booleans()):
        after = draw(st.integers(1, 5))
        thanks.append(Thanks(rule="m", side="advocate", cause="milestone", choices=draw(forms), after_friends=after))
    zero_or = st.one_of(st.just(0), st.integers(1, 50))
    return Terms(
        thanks=tuple(thanks),
        window_days=draw(st.integers(1, 60)),
        late_days=draw(st.integers(0, 30)),
        hold_days=draw(st.integers(0, 30)),
        cap_per_year=draw(st.integers(1, 50)),
        budget_fen=draw(st.integers(0, 10_000)),
        attribution=draw(st.sampled_from(("last", "first"))),
        new_customers_only=draw(st.booleans()),
        conversions=tuple(sorted(draw(st.sets(st.sampled_from(CONVERSIONS), min_size=1)))),
        min_amount_fen=draw(st.integers(0, 100)),
        both_or_neither=draw(st.booleans()),
        cap_per_day=draw(zero_or),
        cap_campaign=draw(zero_or),
        approve_over_fen=draw(zero_or),
        confirm=draw(st.booleans()),
        margin_percent=draw(zero_or),
        stories_per_month=draw(zero_or),
        stories_per_author=draw(zero_or),
        story_judges=draw(st.integers(1, 9)),
        pays=draw(st.sampled_from(("person", "company"))),
    )


# ---- reading ---------------------------------------------------------------------------------------------------


@given(all_terms())
def test_terms_survive_being_frozen_and_read_back(terms: Terms):
    frozen = terms.to_json()

    assert terms_from_json(frozen) == terms
    assert terms_from_json(frozen).to_json() == frozen
    assert terms_from(asdict(terms)) == terms


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"rule":"x","extra":1}', "{", '{"thanks":5}'])
def test_a_spoilt_rule_version_is_refused(text: str):
    with pytest.raises(BadTerms):
        terms_from_json(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in plain tables and lists."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    return [*([path] if path else []), *(found for key, part in pairs for found in places(part, (*path, key)))]


PLACES = places(asdict(TERMS))


@given(st.sampled_from(PLACES), JSON)
def test_whatever_stands_in_one_place_the_terms_are_read_or_refused_naming_that_place(path: tuple[Any, ...], odd: Any):
    raw = plain(asdict(TERMS))
    inner = raw
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = odd

    assert all(str(path[0]) in problem for problem in problems_of(lambda: terms_from(raw)))


def problems_of(read: Callable[[], Terms]) -> tuple[str, ...]:
    """Why terms were refused, nothing where they were not; what is read can be frozen and read again."""
    try:
        terms = read()
    except BadTerms as error:
        return error.problems
    assert terms_from_json(terms.to_json()) == terms
    return ()


def plain(value: Any) -> Any:
    """As JSON has it: lists, which can be changed."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("hold_days",), "15", "hold_days: 要是 0 到 180 的整数，不能是「15」"),
        (("hold_days",), True, "hold_days: 要是 0 到 180 的整数"),
        (("pays",), "state", "pays: 只能是 person、company，不能是「state」"),
        (("conversions",), [], "conversions: 要从"),
        (("thanks",), 5, "thanks: 要是表的列表"),
        (("thanks", 0, "choices"), [], "thanks.0.choices: 至少要有一个"),
        (("thanks", 0, "choices"), 5, "thanks.0.choices: 要是表的列表"),
        (("thanks", 0, "side"), "rep", "thanks.0.side: 只能是 advocate、friend"),
        (("thanks", 0, "after_friends"), 2, "thanks.0.after_friends: milestone 要写"),
        (("thanks", 2, "after_friends"), 0, "thanks.2.after_friends: milestone 要写"),
        (("thanks", 2, "side"), "friend", "thanks.2.side: 这一种只谢推荐人"),
        (("thanks", 1, "side"), "advocate", "thanks: first-order 对 advocate 写了两次"),
        (("thanks", 0, "choices", 0, "unit"), "fen", "thanks.0.choices.0.unit: days 的单位只能是 days"),
        (("thanks", 0, "choices", 1, "tax_class"), "none", "thanks.0.choices.1.tax_class: 现金要计税"),
        (("thanks", 2, "choices", 0, "value"), " ", "thanks.2.choices.0.value: 要写明是哪个 tier"),
        (("thanks", 1, "choices", 0, "cost_fen"), 5_000_001, "cost_fen: 要是 0 到"),
        (("thanks", 1, "choices", 0, "colour"), "red", "thanks.1.choices.0.colour: 没有这一项"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_its_place(path: tuple[Any, ...], value: object, says: str):
    raw = plain(asdict(TERMS))
    inner = raw
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value

    with pytest.raises(BadTerms, match=re.escape(says)):
        terms_from(raw)


def test_a_tier_has_what_is_for_all_and_what_is_for_that_tier():
    gold = replace(TERMS.thanks[0], rule="gold", tiers=("gold", "black"))
    terms = replace(TERMS, thanks=(*TERMS.thanks, gold))

    assert terms.thanks_for("referral", "advocate") == [TERMS.thanks[0]]
    assert terms.thanks_for("referral", "advocate", tier="gold") == [TERMS.thanks[0], gold]
    assert terms.thanks_for("story") == []


# ---- changing --------------------------------------------------------------------------------------------------


def test_an_operator_changes_terms_by_key_and_value():
    changes = {"hold_days": "7", "attribution": "first", "new_customers_only": "否", "budget_fen": " 500 "}

    changed = override(TERMS, changes | {"conversions": "order.paid, visit.completed"})

    wanted = replace(TERMS, hold_days=7, attribution="first", new_customers_only=False, budget_fen=500)
    assert changed == replace(wanted, conversions=("order.paid", "visit.completed"))


def test_a_changed_amount_takes_its_cost_along_rounded_up():
    changed = override(TERMS, {"amount_advocate": "31", "amount_friend": "1001"})

    assert [(t.choices[0].amount, t.choices[0].cost_fen) for t in changed.thanks] == [
        (31, 3100),
        (1001, 1001),
        (1, 100),
    ]
    assert changed.thanks[0].choices[1] == CASH


def test_a_cost_given_along_with_an_amount_is_the_cost():
    changed = override(TERMS, {"cost_fen": "4000", "amount_advocate": "60"})

    assert [[c.cost_fen for c in t.choices] for t in changed.thanks] == [[4000, 4000], [4000], [100]]


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("hold_days", "-1", "0 到 180"),
        ("hold_days", "seven", "0 到 180"),
        ("hold_days", "7.5", "0 到 180"),
        ("hold_days", "９", "0 到 180"),
        ("hold_days", "9" * 5000, "0 到 180"),
        ("window_days", "0", "1 到 365"),
        ("attribution", "best", "last、first"),
        ("new_customers_only", "maybe", "true 或 false"),
        ("conversions", "order.lost", "order.paid"),
        ("conversions", " , ", "order.paid"),
        ("thanks", "more", "不能改"),
        ("both_or_neither", "true", "不能改"),
        ("holddays", "7", "hold_days"),
        ("amount_advocate", "0", "1 到 10000000"),
        ("amount_advocate", "10000000", "cost_fen: 要是 0 到"),
    ],
)
def test_a_bad_change_names_its_key_and_what_is_allowed(key: str, value: str, says: str):
    with pytest.raises(BadTerms) as caught:
        override(TERMS, {key: value})

    assert says in str(caught.value)
    assert key in str(caught.value) or "cost_fen" in says


def test_an_amount_for_a_side_without_thanks_is_refused():
    nobody = replace(TERMS, thanks=())

    with pytest.raises(BadTerms, match="amount_friend: 这个礼包不谢这一边"):
        override(nobody, {"amount_friend": "5"})


def test_all_bad_changes_are_told_at_once():
    with pytest.raises(BadTerms) as caught:
        override(TERMS, {"hold_days": "x", "late_days": "y"})

    assert len(caught.value.problems) == 2


@given(all_terms(), st.dictionaries(st.sampled_from(SETTABLE), st.text(max_size=6) | st.integers(0, 400).map(str)))
def test_whatever_an_operator_writes_the_terms_can_be_frozen_or_it_is_refused(terms: Terms, changes: dict[str, str]):
    assert all(": " in problem for problem in problems_of(lambda: override(terms, changes)))


# ---- comparing -------------------------------------------------------------------------------------------------


@given(all_terms())
def test_terms_are_no_worse_than_themselves(terms: Terms):
    assert worse_for_consumers(terms, terms) == []


@given(all_terms(), all_terms())
def test_a_change_that_is_not_worse_cannot_be_taken_back_unless_nothing_that_counts_changed(old: Terms, new: Terms):
    if worse_for_consumers(old, new) == [] == worse_for_consumers(new, old):
        assert counted(old) == counted(new)


def counted(terms: Terms) -> dict[str, object]:
    """What matters to consumers. Two forms of one thanks after the first may stand in any order."""
    said = asdict(terms)
    said["thanks"] = {
        (t.rule, t.side): (t.choices[0], frozenset(t.choices), frozenset(t.tiers), t.after_friends)
        for t in terms.thanks
    }
    said["conversions"] = set(terms.conversions)
    return said


@given(all_terms(), all_terms(), all_terms())
def test_steps_that_are_each_no_worse_are_no_worse_together(first: Terms, second: Terms, third: Terms):
    if not worse_for_consumers(first, second) and not worse_for_consumers(second, third):
        assert worse_for_consumers(first, third) == []


def better(terms: Terms, name: str) -> Terms:
    """The same terms with one thing changed for consumers' good."""
    value = getattr(terms, name)
    if name in ("window_days", "late_days", "cap_per_year", "budget_fen"):
        return replace(terms, **{name: value + 1})
    if name == "story_judges":
        return replace(terms, story_judges=max(1, value - 1))
    if name in ("hold_days", "min_amount_fen"):
        return replace(terms, **{name: max(0, value - 1)})
    if name in ("cap_per_day", "cap_campaign", "approve_over_fen", "margin_percent") or name.startswith("stories_per_"):
        return replace(terms, **{name: 0})
    if name in ("new_customers_only", "confirm"):
        return replace(terms, **{name: False})
    return replace(terms, conversions=tuple(sorted(CONVERSIONS))) if name == "conversions" else terms


@given(all_terms(), st.lists(st.sampled_from([field.name for field in fields(Terms)])))
def test_what_only_gets_better_may_be_changed(terms: Terms, names: list[str]):
    changed = terms
    for name in names:
        changed = better(changed, name)

    assert worse_for_consumers(terms, changed) == []
    if changed != terms:
        assert worse_for_consumers(changed, terms) != []


def with_thanks(number: int, **changes: Any) -> Terms:
    listed = list(TERMS.thanks)
    listed[number] = replace(listed[number], **changes)
    return replace(TERMS, thanks=tuple(listed))


@pytest.mark.parametrize(
    ("new", "says"),
    [
        (replace(TERMS, hold_days=16), "hold_days: 15 → 16"),
        (replace(TERMS, window_days=29), "window_days: 30 → 29"),
        (replace(TERMS, budget_fen=1), "budget_fen"),
        (replace(TERMS, cap_per_day=4), "cap_per_day: 5 → 4"),
        (replace(TERMS, cap_campaign=1_000), "cap_campaign: 0 → 1000"),
        (replace(TERMS, margin_percent=19), "margin_percent: 20 → 19"),
        (replace(TERMS, attribution="first"), "attribution: may not change"),
        (replace(TERMS, pays="company"), "pays: may not change"),
        (replace(TERMS, confirm=True), "confirm: may not be set now"),
        (replace(TERMS, both_or_neither=True), "both_or_neither: may not change"),
        (replace(TERMS, conversions=("order.paid",)), "conversions: trial.started would be left out"),
        (replace(TERMS, thanks=TERMS.thanks[1:]), "thanks: first-order would be less"),
        (with_thanks(0, choices=(CASH, MONTH)), "first-order would be less"),
        (with_thanks(0, choices=(MONTH,)), "first-order would be less"),
        (with_thanks(0, choices=(replace(MONTH, amount=29), CASH)), "first-order would be less"),
        (with_thanks(0, choices=(replace(MONTH, cost_fen=3001), CASH)), "first-order would be less"),
        (with_thanks(0, choices=(replace(MONTH, says="{amount}天试用"), CASH)), "first-order would be less"),
        (with_thanks(0, tiers=("gold",)), "first-order would be less"),
        (with_thanks(1, choices=(replace(COUPON, valid_days=59),)), "first-order would be less"),
        (with_thanks(2, after_friends=4), "third would be less"),
    ],
)
def test_what_gets_worse_for_consumers_is_named(new: Terms, says: str):
    found = worse_for_consumers(TERMS, new)

    assert len(found) == 1
    assert says in found[0]


@pytest.mark.parametrize(
    "new",
    [
        with_thanks(0, choices=(MONTH, CASH, COUPON)),
        with_thanks(0, choices=(replace(MONTH, amount=60, cost_fen=6000), CASH)),
        with_thanks(1, choices=(replace(COUPON, valid_days=0),)),
        with_thanks(1, choices=(replace(COUPON, valid_days=61, cost_fen=900),)),
        with_thanks(2, after_friends=2),
        replace(TERMS, thanks=(*TERMS.thanks, replace(TERMS.thanks[0], rule="more"))),
    ],
)
def test_more_thanks_are_no_worse(new: Terms):
    assert worse_for_consumers(TERMS, new) == []
