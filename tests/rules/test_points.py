"""Points in the order in which they lapse, and what a customer may say about thanks of their own."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sealing import Seal, Unopened
from referral.conversations.heard import AskedWhen, AskedWhy, SaidOther, hear
from referral.conversations.thanks_heard import AskedPoints, NamedForm, TookForm, fits
from referral.points import Lapse, lapses, left_of, next_lapse
from referral.rewards import Reward, RewardState
from referral.times import chinese_day
from tests.storage.cast import NOON, a_reward


def a_batch(number: int, amount: int, days: int | None) -> Reward:
    """So many points, granted at noon, that lapse after so many days, or never."""
    return a_reward(
        id=f"w{number}",
        kind="points",
        unit="points",
        amount=amount,
        state=RewardState.GRANTED,
        granted_at=NOON,
        expires_at=None if days is None else NOON + timedelta(days=days),
    )


def test_what_lapses_first_is_used_first_and_what_never_does_last():
    batches = [a_batch(1, 100, None), a_batch(2, 100, 60), a_batch(3, 100, 30)]

    assert [left_of(each, batches, 130) for each in batches] == [100, 30, 0]
    assert next_lapse(batches, 130, NOON) == Lapse(points=30, at=NOON + timedelta(days=60))


def test_what_lapses_on_one_day_is_told_together():
    batches = [a_batch(1, 100, 30), a_batch(2, 50, 30), a_batch(3, 100, 60)]

    assert next_lapse(batches, 200, NOON) == Lapse(points=100, at=NOON + timedelta(days=30))
    assert next_lapse(batches, 100, NOON) == Lapse(points=100, at=NOON + timedelta(days=60))
    assert next_lapse(batches, 0, NOON) is None
    assert next_lapse(batches, -50, NOON) is None


@given(
    st.lists(st.tuples(st.integers(1, 500), st.one_of(st.none(), st.integers(1, 90))), max_size=6),
    st.integers(-500, 3_000),
)
def test_what_is_left_of_all_is_never_more_than_the_balance_nor_than_was_given(given_batches, balance):
    batches = [a_batch(number, amount, days) for number, (amount, days) in enumerate(given_batches)]
    left = {each.id: left_of(each, batches, balance) for each in batches}

    given_in_all = sum(each.amount for each in batches)
    assert sum(left.values()) == max(0, min(balance, given_in_all))
    order = sorted(batches, key=lapses)
    touched = [each for each in order if left[each.id] < each.amount]
    assert order[: len(touched)] == touched


@pytest.mark.parametrize(
    "text", ["积分", "我的积分", "我有多少积分", "积分商城", "兑换", "我要兑换", "换积分", "积分怎么用？"]
)
def test_points_are_asked_for_in_many_ways(text: str):
    assert hear(text) == AskedPoints()


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("选现金", "cash", "20元现金"),
        ("我选会员", "days", "30天会员"),
        ("选会员吧", "tier", "1年常客会员"),
        ("我要选20元餐券", "coupon", "20元餐券"),
        ("选择甜品", "coupon", "1份甜品"),
    ],
)
def test_a_form_is_named_by_any_word_for_it(text: str, kind: str, words: str):
    heard = hear(text)

    assert isinstance(heard, NamedForm)
    assert fits(heard.word, kind, words)


@pytest.mark.parametrize("text", ["选一下", "选哪个好", "我要换货", "兑换码不对", "换一个颜色"])
def test_other_talk_is_no_choice_and_no_exchange(text: str):
    assert hear(text) == SaidOther()


def test_asking_after_points_that_have_not_come_stays_what_it_was():
    assert hear("积分怎么没到") == hear("积分什么时候到") == AskedWhen()
    assert hear("为什么没给我积分") == AskedWhy()


def test_a_tapped_form_names_its_thanks():
    assert hear("20元餐券", menu=f"choose:w{'0' * 16}:1") == TookForm(f"w{'0' * 16}", 1)
    assert hear("积分", menu="points") == AskedPoints()
    assert not isinstance(hear("20元餐券", menu="choose:elsewhere:1"), TookForm)


def test_a_day_of_another_year_is_told_with_its_year():
    assert chinese_day(NOON + timedelta(days=10), NOON) == "12月1日"
    assert chinese_day(NOON + timedelta(days=92), NOON) == "2027年2月21日"


def test_what_is_sealed_opens_with_the_same_key_for_the_same_thing_only():
    seal, rng = Seal(bytes(range(32))), Random(3)
    sealed = seal.seal("杭州市西湖区", "address:w1", rng)

    assert seal.open(sealed, "address:w1") == "杭州市西湖区"
    assert sealed != seal.seal("杭州市西湖区", "address:w1", rng)
    for opener, kept, what in (
        (seal, sealed, "address:w2"),
        (Seal(bytes(32)), sealed, "address:w1"),
        (seal, sealed[:-1] + bytes([sealed[-1] ^ 1]), "address:w1"),
        (seal, b"", "address:w1"),
    ):
        with pytest.raises(Unopened):
            opener.open(kept, what)
