"""The forest: who came by whom without cycles, who stayed, and who stands out for sure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.champions import line, said
from referral.champions import Why, kind_of, stay_rate, whys
from referral.forest import Grove, Kind, Stay, Tally, edge_of, lineage, stay_of
from referral.referrals import Referral, ReferralStatus
from referral.wording import lint

NOON = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PEOPLE = ("mei", "jun", "bo", "lin", "hua", "ping")
GROVE = Grove(advocates=40, brought=80, stayed=40, ripe=60, lasting=30, descendants=16)


def came(days: float) -> datetime:
    return NOON + timedelta(days=days)


def a_referral(number: int, friend: str, advocate: str, day: int, status: str = "credited") -> Referral:
    return Referral(
        id=f"r{number:03}",
        campaign=f"c{number}",
        friend=friend,
        advocate=advocate,
        code="CODE",
        touch="t",
        version=1,
        method="last_touch",
        status=ReferralStatus(status),
        reason="granted",
        at=came(day),
    )


@st.composite
def histories(draw: st.DrawFn) -> list[Referral]:
    """Credits and others between few people, many at one time: where cycles and ties are common."""
    told = st.tuples(
        st.sampled_from(PEOPLE),
        st.sampled_from(PEOPLE),
        st.integers(0, 6),
        st.sampled_from(("credited", "credited", "credited", "reversed", "pending")),
    )
    return [a_referral(number, *each) for number, each in enumerate(draw(st.lists(told, max_size=14)))]


def parents(history: list[Referral]) -> dict[str, str]:
    """By whom each came, as the product says it."""
    edges = {}
    for person in PEOPLE:
        led = [each.at for each in history if each.advocate == person != each.friend and each.status == "credited"]
        edge = edge_of(person, [each for each in history if each.friend == person], min(led, default=None))
        if edge:
            edges[person] = edge.advocate
    return edges


@given(histories())
def test_nobody_is_their_own_ancestor_whatever_was_credited(history: list[Referral]) -> None:
    edges = parents(history)

    for person in PEOPLE:
        line, at = [person], person
        while at in edges:
            at = edges[at]
            assert at not in line
            line.append(at)
        assert lineage(person, edges.get) == (line[-1], len(line) - 1)


@given(histories())
def test_who_came_first_by_somebody_and_had_brought_nobody_is_below_them(history: list[Referral]) -> None:
    """The rule told the long way: walk through time, and see who is here already."""
    counted = [each for each in history if each.status == "credited" and each.friend != each.advocate]
    expected: dict[str, str] = {}
    here: set[str] = set()
    for at in sorted({each.at for each in counted}):
        now = sorted((each for each in counted if each.at == at), key=lambda each: each.id)
        brings = {each.advocate for each in now}
        firsts: dict[str, str] = {}
        for each in now:
            firsts.setdefault(each.friend, each.advocate)
        expected |= {friend: by for friend, by in firsts.items() if friend not in here | brings}
        here |= brings | firsts.keys()

    assert parents(history) == expected


@pytest.mark.parametrize(
    ("bought", "heard", "standing", "day", "stays"),
    [
        ((), None, False, 89, Stay.YOUNG),
        ((30,), None, False, 40, Stay.EARLY),
        ((30,), None, False, 90, Stay.STAYED),
        ((90,), None, False, 120, Stay.STAYED),
        ((0.5,), None, False, 120, Stay.GONE),  # in two goes on one day
        ((91,), 91, False, 120, Stay.STAYED),  # not again in time, but heard of
        ((), 59, False, 120, Stay.GONE),
        ((), 61, False, 90, Stay.STAYED),
        ((), None, True, 89, Stay.YOUNG),
        ((), None, True, 90, Stay.STAYED),
        ((), None, False, 90, Stay.GONE),
    ],
)
def test_a_friend_stays_by_a_second_order_or_by_being_a_customer_still(
    bought: tuple[float, ...], heard: int | None, standing: bool, day: int, stays: Stay
) -> None:
    heard_at = came(heard) if heard is not None else None

    assert stay_of(NOON, map(came, bought), standing=standing, heard_at=heard_at, now=came(day)) is stays


@given(st.lists(st.integers(1, 300), max_size=5), st.integers(0, 300), st.integers(1, 200))
def test_staying_once_shown_is_never_unsaid_by_time(bought: list[int], day: int, later: int) -> None:
    now = [stay_of(NOON, map(came, bought), standing=False, heard_at=None, now=came(d)) for d in (day, day + later)]

    assert (now[0] in (Stay.EARLY, Stay.STAYED)) <= (now[1] in (Stay.EARLY, Stay.STAYED))


@pytest.mark.parametrize(
    ("tally", "kind"),
    [
        (Tally(brought=6, stayed=5, ripe=6, lasting=5), Kind.CHAMPION),
        (Tally(brought=6, stayed=2, ripe=6, lasting=2), Kind.PLAIN),
        (Tally(brought=40, stayed=6, ripe=40, lasting=6), Kind.PLAIN),  # of many who went
        (Tally(brought=3, stayed=3, ripe=3, lasting=3), Kind.PLAIN),  # may be luck
        (Tally(brought=1, stayed=1, ripe=1, lasting=1), Kind.PLAIN),  # one proves nothing
        (Tally(brought=2, descendants=5), Kind.CONNECTOR),
        (Tally(brought=2, descendants=1), Kind.PLAIN),
        (Tally(brought=12, descendants=14), Kind.PLAIN),  # not quiet
        (Tally(), Kind.PLAIN),
    ],
)
def test_who_stands_out_does_so_for_sure_against_the_companys_own(tally: Tally, kind: Kind) -> None:
    assert kind_of(tally, GROVE) is kind
    assert bool(whys(tally, GROVE)) is bool(kind)


def test_what_makes_a_champion_here_is_common_elsewhere() -> None:
    tally = Tally(brought=6, stayed=5, ripe=6, lasting=5)
    busy = Grove(advocates=40, brought=260, stayed=200, ripe=240, lasting=190)

    assert (kind_of(tally, GROVE), kind_of(tally, busy)) == (Kind.CHAMPION, Kind.PLAIN)


def test_one_whose_few_friends_nearly_all_stay_is_a_quiet_connector() -> None:
    usual = Grove(advocates=40, brought=160, stayed=80, ripe=160, lasting=80, descendants=30)
    few = Tally(brought=4, stayed=4, ripe=4, lasting=4)

    assert kind_of(few, usual) is Kind.CONNECTOR
    assert whys(few, usual) == (Why("lasting", 4, 4),)


def test_in_a_company_that_knows_little_yet_one_good_advocate_can_be_seen() -> None:
    first = Tally(brought=5, stayed=5, ripe=5, lasting=5)
    alone = Grove(advocates=1, brought=5, stayed=5, ripe=5, lasting=5)

    assert kind_of(first, alone) is Kind.CHAMPION


@given(st.integers(0, 30), st.integers(0, 30))
def test_another_friend_who_stays_never_takes_somebody_off_the_champions(stayed: int, gone: int) -> None:
    tally = Tally(brought=stayed + gone, stayed=stayed, ripe=stayed + gone, lasting=stayed)
    better = Tally(brought=stayed + gone + 1, stayed=stayed + 1, ripe=stayed + gone + 1, lasting=stayed + 1)

    assert kind_of(tally, GROVE) is not Kind.CHAMPION or kind_of(better, GROVE) is Kind.CHAMPION


@given(st.integers(0, 40), st.integers(0, 40))
def test_the_rate_of_staying_lies_between_ones_own_and_the_companys(lasting: int, gone: int) -> None:
    rate = stay_rate(Tally(brought=lasting + gone, ripe=lasting + gone, lasting=lasting), GROVE)
    own = lasting / (lasting + gone) if lasting + gone else 0.5

    assert min(own, 0.5) - 1e-9 <= rate <= max(own, 0.5) + 1e-9


def test_nine_chances_in_ten_are_nine_in_ten() -> None:
    """The rules' cube roots, held against draws from the posteriors that they stand for."""
    rng = np.random.default_rng(7)
    usual, rate = 42.5 / 45, 32 / 64
    for stayed in range(3, 9):
        more = np.mean(rng.gamma(usual + stayed, 1 / 2, 200_000) > usual)
        tally = Tally(brought=stayed, stayed=stayed)
        if abs(more - 0.9) > 0.01:
            assert (kind_of(tally, GROVE) is Kind.CHAMPION) is bool(more > 0.9)
    for ripe in range(2, 6):
        for lasting in range(ripe + 1):
            better = np.mean(rng.beta(4 * rate + lasting, 4 * (1 - rate) + ripe - lasting, 200_000) > rate)
            if abs(better - 0.9) > 0.01:
                told = {why.code for why in whys(Tally(brought=ripe, ripe=ripe, lasting=lasting), GROVE)}
                assert ("lasting" in told) is bool(better > 0.9)


@pytest.mark.parametrize("why", [Why("stayed", 6, 5), Why("stayed", 3, 3), Why("onwards", 1, 2), Why("onwards", 2, 5)])
def test_a_reason_says_its_numbers_in_words_that_may_be_said(why: Why) -> None:
    assert str(why.are) in said(why)
    assert lint(said(why), edition="chat", industry="retail") == []


def test_reasons_stand_in_one_line() -> None:
    told = whys(Tally(brought=4, stayed=4, ripe=4, lasting=4, descendants=5), GROVE)

    assert line(told) == "介绍来 4 位朋友，都留了下来；介绍来的 4 位朋友，自己又带来了 5 位"
