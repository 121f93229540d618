"""Which conversions look made up: each sign, what is not known, what a person has decided, and a shop full of both."""

from __future__ import annotations

from datetime import timedelta
from math import exp, log
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from referral.fraud import (
    NAMED,
    PRIOR,
    SUSPECT,
    Act,
    CaseBook,
    Conversion,
    Sign,
    conversions,
    id_of,
    judge,
    patterns,
    suspect,
)
from tests.storage.cast import NOON

HOUR = timedelta(hours=1)


def a_conversion(number: int = 0, **known: Any) -> Conversion:
    return Conversion(**{"id": f"c{number}", "link": f"L{number}", "advocate": "bo"} | known)


def chance_of(*cases: Conversion) -> float:
    return judge(cases).conversions[cases[0].id].chance


# --- one conversion ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sign", "known"),
    [
        (Sign.SAME_DEVICE, {"same_device": True}),
        (Sign.REFUNDED, {"refunded": True}),
        (Sign.UNSEEN, {"unseen": True}),
        (Sign.BURST, {"burst": True}),
        (Sign.RING, {"ring": True}),
        (Sign.OWN_CODE, {"own_code": True}),
        (Sign.WITHIN_HOUR, {"hours": 0.4}),
        (Sign.SOON, {"hours": 5.0}),
    ],
)
def test_each_sign_is_told_as_evidence(sign, known):
    assert judge([a_conversion(**known)]).conversions["c0"].evidence == (sign,)


@pytest.mark.parametrize("sign", ["same_device", "refunded", "unseen", "burst", "ring"])
def test_a_sign_speaks_for_it_its_absence_against_it_and_not_knowing_says_nothing(sign):
    beside = {"refunded": True} if sign != "refunded" else {"same_device": True}

    there, absent, unknown = (chance_of(a_conversion(**beside | {sign: known})) for known in (True, False, None))

    assert absent < unknown < there


def test_no_sign_alone_is_enough_but_two_are():
    alone = [{"same_device": True}, {"refunded": True}, {"burst": True}, {"hours": 0.2}, {"own_code": True}]
    together = [{"same_device": True, "hours": 0.2}, {"same_device": True, "refunded": True}]

    assert all(chance_of(a_conversion(**known)) < SUSPECT for known in alone)
    assert all(chance_of(a_conversion(**known)) > SUSPECT for known in together)


def test_friends_who_buy_soon_are_never_suspected_for_that_alone_however_many():
    shop = [a_conversion(n, advocate=f"a{n % 40}", hours=0.3, same_device=False, refunded=False) for n in range(400)]

    assert max(each.chance for each in suspect(shop).conversions.values()) < 0.1


def test_evidence_names_the_strongest_first():
    told = judge([a_conversion(hours=0.2, same_device=True, refunded=True)]).conversions["c0"].evidence

    assert set(told) == {Sign.WITHIN_HOUR, Sign.SAME_DEVICE, Sign.REFUNDED}
    assert told[-1] is Sign.REFUNDED


# --- one advocate -----------------------------------------------------------------------------------------------------


def test_what_one_link_shows_weighs_on_the_advocate_s_others():
    lone = a_conversion(0, hours=6.0, same_device=True)
    others = [a_conversion(n, hours=8.0, same_device=True, refunded=True) for n in (1, 2)]

    assert chance_of(lone) < chance_of(lone, *others)


def test_a_real_friend_of_a_cheat_is_not_suspected():
    cheat = [a_conversion(n, hours=8.0, same_device=True, refunded=True) for n in (1, 2, 3)]
    friend = a_conversion(9, hours=240.0, same_device=False, refunded=False)

    assert chance_of(friend, *cheat) < 0.1


def test_what_a_person_decided_outweighs_every_sign():
    clear = a_conversion(0, hours=0.2, same_device=True, refunded=True, decided=False)
    bad = a_conversion(1, hours=400.0, same_device=False, refunded=False, decided=True)

    assert chance_of(clear) < 0.01
    assert chance_of(bad) > 0.99


def test_a_confirmed_cheat_is_watched_more_closely():
    later = a_conversion(0, link="L1", hours=60.0, same_device=True)
    confirmed = a_conversion(1, link="L1", decided=True)

    assert chance_of(later) < SUSPECT < chance_of(later, confirmed)


# --- a shop -----------------------------------------------------------------------------------------------------------


def a_shop(seed: int, *, cheats: float, advocates: int = 250, device: float = 0.6) -> tuple[list[Conversion], set[str]]:
    """Conversions of a shop, and the ids of those that were made up."""
    rng = Random(seed)
    made, fake = [], set()
    for advocate in range(advocates):
        cheating = rng.random() < cheats
        for link in range(rng.randint(1, 4)):
            kinds = [False] * (rng.random() < 0.8) + [True] * (
                rng.randint(1, 3) if cheating and rng.random() < 0.6 else 0
            )
            for bad in kinds:
                name = f"c{len(made)}"
                fake |= {name} if bad else set()
                made.append(
                    Conversion(
                        id=name,
                        link=f"L{advocate}-{link}",
                        advocate=f"a{advocate}",
                        same_device=rng.random() < (device if bad else 0.03),
                        refunded=rng.random() < (0.6 if bad else 0.06),
                        hours=24 * exp(rng.gauss(log(0.6), 0.8) if bad else rng.gauss(log(4), 1.0)),
                        unseen=rng.random() < (0.2 if bad else 0.08),
                    )
                )
    return made, fake


@pytest.mark.parametrize("cheats", [0.03, 0.06, 0.1])
def test_in_a_shop_with_few_cheats_most_bad_links_are_found_and_few_good_ones_named(cheats):
    hit = named = bad = 0
    for seed in range(8):
        made, fake = a_shop(seed, cheats=cheats)
        links, truth = set(suspect(made).bad_links), {each.link for each in made if each.id in fake}
        hit, named, bad = hit + len(links & truth), named + len(links), bad + len(truth)

    assert hit / named >= 0.7
    assert hit / bad >= 0.8


def test_where_hardly_anybody_cheats_most_of_what_is_held_up_is_held_up_rightly():
    hit = held = 0
    for seed in range(8):
        made, fake = a_shop(seed, cheats=0.01)
        up = {each.conversion.id for each in suspect(made).conversions.values() if each.chance > SUSPECT}
        hit, held = hit + len(up & fake), held + len(up)

    assert hit / held >= 0.7


def test_the_number_of_genuine_ones_is_right_on_the_whole():
    made, fake = a_shop(3, cheats=0.06, advocates=600)

    genuine = sum(1 - each.chance for each in suspect(made).conversions.values())

    assert genuine == pytest.approx(len(made) - len(fake), rel=0.03)


def test_without_cheats_hardly_anybody_is_suspected():
    made, _ = a_shop(5, cheats=0.0, advocates=600)

    assert sum(each.chance > SUSPECT for each in suspect(made).conversions.values()) <= len(made) // 300


def test_the_rates_are_the_shop_s_own():
    """Where nearly all cheats use their own device that sign comes to weigh more."""
    made, _ = a_shop(1, cheats=0.1, advocates=600, device=0.95)

    assert suspect(made).rates.fake[0] > 0.8 > PRIOR.fake[0]


def test_a_shop_without_history_keeps_to_the_prior():
    assert suspect([]).rates.genuine == PRIOR.genuine
    assert suspect([]).bad_links == []


# --- what holds for all -----------------------------------------------------------------------------------------------

MAYBE = st.sampled_from([None, False, True])
CASES = st.lists(
    st.tuples(
        st.integers(0, 4), st.integers(0, 2), MAYBE, MAYBE, MAYBE, MAYBE, MAYBE, st.booleans(), MAYBE,
        st.one_of(st.none(), st.floats(0, 10_000)),
    ),
    max_size=25,
)  # fmt: skip


def cases_of(drawn):
    return [
        Conversion(
            id=f"c{n}", advocate=f"a{a}", link=f"L{a}-{link}", same_device=device, refunded=refunded, unseen=unseen,
            burst=burst, ring=ring, own_code=own, decided=decided, hours=hours,
        )
        for n, (a, link, device, refunded, unseen, burst, ring, own, decided, hours) in enumerate(drawn)
    ]  # fmt: skip


@given(CASES, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_in_which_conversions_are_given_changes_nothing(drawn, rng):
    cases = cases_of(drawn)
    shuffled = rng.sample(cases, len(cases))

    one, other = suspect(cases), suspect(shuffled)

    assert one.conversions == other.conversions
    assert (one.links, one.rates) == (other.links, other.rates)


@given(CASES)
@settings(deadline=None)
def test_every_chance_is_one_and_a_link_is_as_bad_as_its_worst(drawn):
    cases = cases_of(drawn)

    found = suspect(cases)

    for case in cases:
        chance = found.conversions[case.id].chance
        assert 0 <= chance <= found.links[case.link] + 1e-9 <= 1 + 1e-6
        assert chance <= found.advocates[case.advocate] + 1e-9
    assert set(found.bad_links) == {link for link, chance in found.links.items() if chance > NAMED}


@given(CASES)
@settings(deadline=None)
def test_a_further_sign_never_makes_it_look_better(drawn):
    cases = [Conversion(id="c", advocate="a0", link="L0-0", same_device=None), *cases_of(drawn)]
    with_sign = [Conversion(id="c", advocate="a0", link="L0-0", same_device=True), *cases[1:]]

    assert judge(cases).conversions["c"].chance <= judge(with_sign).conversions["c"].chance + 1e-12


# --- patterns ---------------------------------------------------------------------------------------------------------


def test_a_burst_is_more_on_a_day_than_an_ordinary_advocate_ever_has():
    quiet = {f"a{n}": [0.0, 200.0 + n, 201.0 + n] for n in range(20)}

    assert patterns.pace(quiet) == 2
    assert patterns.in_bursts([500.0, 0.0, 501.0, 523.9], 2) == [True, False, True, True]
    assert patterns.in_bursts([500.0, 524.1, 548.2], 2) == [False, False, False]


def test_in_a_busy_shop_many_on_a_day_are_no_burst():
    busy = {f"a{n}": [float(hour) for hour in range(6)] for n in range(20)}

    assert patterns.in_bursts([0.0, 1.0, 2.0, 3.0], patterns.pace(busy)) == [False] * 4


def test_a_ring_is_found_and_a_chain_is_not():
    ring = [("bo", "jun"), ("jun", "mei"), ("mei", "bo")]
    chain = [("lin", "bo"), ("mei", "wen"), ("wen", "zoe")]

    assert patterns.in_rings([*ring, *chain]) == set(ring)
    assert patterns.in_rings([("bo", "jun"), ("jun", "bo")]) == {("bo", "jun"), ("jun", "bo")}
    assert patterns.in_rings(chain) == set()


# --- acts on record ---------------------------------------------------------------------------------------------------


def an_act(**known: Any) -> Act:
    base = {"referral": "r1", "code": "CODE", "advocate": "bo", "friend": "jun", "paid_at": NOON}
    return Act(**base | known)


def test_how_long_it_took_is_since_the_friend_met_the_code_or_since_its_poster_was_taken():
    poster, met = NOON - 48 * HOUR, NOON - 3 * HOUR

    assert an_act(prepared_at=poster, met_at=met).hours == 3
    assert an_act(prepared_at=poster).hours == 48
    assert an_act().hours is None
    assert an_act(prepared_at=NOON + HOUR).hours is None


def test_that_nothing_was_given_back_counts_only_after_a_while():
    (fresh,), _ = conversions([an_act()], now=NOON + timedelta(days=2))
    (ripe,), _ = conversions([an_act()], now=NOON + timedelta(days=15))
    (back,), _ = conversions([an_act(refunded=True)], now=NOON)

    assert (fresh.refunded, ripe.refunded, back.refunded) == (None, False, True)


# --- the casebook -----------------------------------------------------------------------------------------------------


def test_a_casebook_gathers_what_is_heard_day_by_day():
    book = CaseBook()
    for day in range(3):
        book.convert(f"L7-{day}", "7", "x", day=day, same_device=True, hours=5.0)
        book.refund(f"L7-{day}", "x", day=day + 10)
    book.opened("L9-1", "y")
    book.convert("L9-1", "9", "y", day=2, same_device=False, hours=150.0)
    book.refund("L0-0", "nobody", day=3)

    found = book.verdicts(20)

    assert found.bad_links == ["L7-0", "L7-1", "L7-2"]
    assert found.conversions[id_of("L7-1", "x")].chance > SUSPECT
    assert Sign.UNSEEN in found.conversions[id_of("L7-1", "x")].evidence
    assert found.conversions[id_of("L9-1", "y")].chance < 0.01


def test_three_thousand_conversions_are_judged_well_within_a_second():
    made, _ = a_shop(9, cheats=0.04, advocates=1_300)

    assert len(made) > 2_500
    assert suspect(made).bad_links  # the suite's own time limit stands over this


def test_what_only_an_advocates_other_friends_show_is_named_where_it_made_the_number():
    """A friend who bought soon is doubted for the others who gave back, not for having bought soon."""
    gave_back = [Conversion(id=f"r{n}", link="A", advocate="bo", hours=0.2, refunded=True) for n in range(6)]
    soon = Conversion(id="soon", link="A", advocate="bo", hours=0.2)
    alone = Conversion(id="alone", link="B", advocate="mei", hours=0.2)

    found = judge([*gave_back, soon, alone]).conversions

    assert found["soon"].chance > SUSPECT > found["alone"].chance
    assert found["soon"].evidence == (Sign.WITHIN_HOUR, Sign.OTHERS_REFUNDED)
    assert found["alone"].evidence == (Sign.WITHIN_HOUR,)
    assert Sign.REFUNDED in found["r0"].evidence
    assert Sign.OTHERS_REFUNDED not in found["r0"].evidence


def test_what_a_person_has_confirmed_of_an_advocate_is_named_with_the_rest():
    confirmed = Conversion(id="one", link="A", advocate="bo", same_device=True, decided=True)
    next_one = Conversion(id="two", link="A", advocate="bo")

    found = judge([confirmed, next_one]).conversions["two"]

    assert found.evidence == (Sign.OTHERS_CONFIRMED, Sign.OTHERS_SAME_DEVICE)
