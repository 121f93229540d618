"""The explainer: what stands, since when, what is missing, what can still change it, and who may see what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import explaining
from bot.copy import Copy
from bot.copy_keys import REASONS
from bot.words import Words
from referral import explain
from referral.attribution import Reason
from referral.explain import ADVICE, CHOICE_OPEN, CLAIM_WAITING, Advice, Change, Missing, Reader, advice_for
from referral.orders import Outcome
from referral.people import Person
from referral.referrals import Disclosure, ReferralStatus
from referral.rewards import RewardState
from referral.terms import Choice, Terms, Thanks
from tests.storage.cast import NOON, TERMS, a_referral, a_reward, after, an_order

WORDS = Words(copy=Copy.load(), company="春和家居", contact="前台")
JUN = Person(id="jun", nickname="小君🍑", name="君海燕")
HELD_UNTIL = after(days=15)


def of_referral(reader=Reader.ADVOCATE, *, rewards=(), now=NOON, order=None, **changes):
    referral = a_referral(**changes)
    return explain.of_referral(referral, friend=JUN, rewards=rewards, terms=TERMS, reader=reader, now=now, order=order)


# --- how things stand ------------------------------------------------------------------------------------------------


def test_a_friend_who_came_waits_for_their_own_act_until_the_window_ends():
    told = of_referral(method="add")

    assert (told.state, told.reason) == ("added", "conversion.waiting")
    assert told.missing == (Missing.CONVERSION,)
    assert (told.change, told.until) == (Change.CONVERSION, after(days=30))
    assert told.counts


def test_after_the_window_the_friend_is_left_out_and_the_reason_says_so():
    told = of_referral(now=after(days=31))

    assert (told.state, told.reason) == ("left_out", "window.passed")
    assert told.since == after(days=30)
    assert told.change is None
    assert not told.counts


@pytest.mark.parametrize(
    ("state", "reason", "shown", "missing", "change", "until"),
    [
        (RewardState.HELD, "hold.running", "bought", (Missing.HOLD,), Change.REFUND, HELD_UNTIL),
        (RewardState.APPROVED, "approval.waiting", "bought", (Missing.APPROVAL,), None, None),
        (RewardState.APPROVED, "fulfilment.running", "bought", (Missing.DELIVERY,), None, None),
        (RewardState.GRANTED, "granted", "done", (), None, None),
        (RewardState.REVERSED, "refund.full", "left_out", (), None, None),
        (RewardState.REJECTED, "budget.exhausted", "left_out", (), None, None),
        (RewardState.EXPIRED, "expired", "done", (), None, None),
    ],
)
def test_a_credited_friend_stands_where_the_thanks_stand(state, reason, shown, missing, change, until):
    reward = a_reward(state=state, reason=reason)

    told = of_referral(
        status=ReferralStatus.CREDITED, reason="hold.running", decided_at=after(days=1), rewards=[reward]
    )

    assert (told.state, told.reason, told.missing) == (shown, reason, missing)
    assert (told.change, told.until) == (change, until)


def test_of_several_thanks_what_is_under_way_is_told_before_what_is_over():
    over = a_reward(id="w1", state=RewardState.REVERSED, reason="refund.full")
    held = a_reward(id="w2")

    told = of_referral(status=ReferralStatus.CREDITED, rewards=[over, held])

    assert told.reason == "hold.running"


@pytest.mark.parametrize("status", [ReferralStatus.REJECTED, ReferralStatus.REVERSED])
def test_a_refused_friend_is_left_out_since_it_was_decided(status):
    told = of_referral(status=status, reason="customer.existing", decided_at=after(days=2))

    assert (told.state, told.reason, told.since) == ("left_out", "customer.existing", after(days=2))
    assert told.advice is Advice.NEXT


def test_a_thanks_with_a_choice_waits_for_it_until_the_hold_ends():
    month = TERMS.thanks[0].choices[0]
    gift = Choice(kind="gift", unit="pieces", amount=1, cost_fen=2000, says="一份伴手礼")
    terms = _with(TERMS, Thanks(rule="r", side="advocate", cause="referral", choices=(month, gift)))

    open_ = explain.of_reward(a_reward(rule="r"), terms, reader=Reader.ADVOCATE)
    chosen = explain.of_reward(a_reward(rule="r", chosen_at=NOON), terms, reader=Reader.ADVOCATE)

    assert (open_.reason, open_.advice) == (CHOICE_OPEN, Advice.CHOOSE)
    assert open_.missing == (Missing.CHOICE, Missing.HOLD)
    assert chosen.missing == (Missing.HOLD,)


def test_a_granted_thanks_is_good_until_it_expires():
    told = explain.of_reward(
        a_reward(state=RewardState.GRANTED, reason="granted", expires_at=after(days=90)), TERMS, reader=Reader.ADVOCATE
    )

    assert (told.change, told.until) == (Change.EXPIRY, after(days=90))


def test_a_purchase_that_nobody_referred_can_be_claimed_for_some_days():
    bought = an_order(person="jun", outcome=Outcome.NO_REFERRAL, reasons=(Reason.TOUCH_NONE,))

    in_time = explain.of_order(bought, reader=Reader.FRIEND, now=after(days=6))
    too_late = explain.of_order(bought, reader=Reader.FRIEND, now=after(days=8))

    assert (in_time.change, in_time.until, in_time.advice) == (Change.LATE_CLAIM, after(days=7), Advice.CODE)
    assert (too_late.change, too_late.reason) == (None, Reason.LATE_PASSED)


@pytest.mark.parametrize("decided", [Reason.HOLD_RUNNING, Reason.GRANTED])
@pytest.mark.parametrize(
    ("states", "told"),
    [
        ([(RewardState.APPROVED, "fulfilment.running")] * 2, Reason.FULFILMENT_RUNNING),
        ([(RewardState.GRANTED, "granted"), (RewardState.APPROVED, "fulfilment.running")], Reason.FULFILMENT_RUNNING),
        ([(RewardState.GRANTED, "granted"), (RewardState.HELD, "approval.waiting")], Reason.APPROVAL_WAITING),
        ([(RewardState.REVERSED, "fulfilment.failed")], Reason.FULFILMENT_FAILED),
    ],
)
def test_a_purchase_is_told_by_how_far_its_thanks_have_come(decided, states, told):
    bought = an_order(person="jun", outcome=Outcome.HELD, reasons=(decided,))
    rewards = [a_reward(state=state, reason=reason) for state, reason in states]

    assert explain.of_order(bought, rewards=rewards, reader=Reader.AUDITOR, now=after(days=20)).reason == told


@pytest.mark.parametrize("state", [RewardState.GRANTED, RewardState.EXPIRED])
def test_only_thanks_that_have_come_are_told_as_come(state):
    bought = an_order(person="jun", outcome=Outcome.HELD, reasons=(Reason.GRANTED,))

    arrived = explain.of_order(bought, rewards=[a_reward(state=state)], reader=Reader.FRIEND, now=NOON)
    nothing_of_their_own = explain.of_order(bought, rewards=[], reader=Reader.FRIEND, now=NOON)

    assert (arrived.reason, nothing_of_their_own.reason) == (Reason.GRANTED, Reason.CREDITED)


# --- every reason ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", [*Reason, CHOICE_OPEN, CLAIM_WAITING])
def test_every_reason_has_words_for_customers_and_for_staff_and_something_to_do_unless_all_is_well(reason):
    assert reason in REASONS
    assert WORDS.reason(reason)
    assert WORDS.reason(reason, audience="staff")
    advice = advice_for(reason)
    assert advice is None or WORDS.say(f"explain.do_{advice.value}")


@pytest.mark.parametrize("reason", ["self.referral", "staff"])
def test_what_might_be_fraud_is_told_in_general_and_exactly_only_to_staff(reason):
    assert WORDS.reason(reason) == "这一次不符合活动规则，没有计入。"
    assert WORDS.reason(reason, audience="staff") != WORDS.reason(reason)
    assert advice_for(reason) is Advice.APPEAL


def test_no_advice_is_given_for_a_reason_that_does_not_exist():
    assert set(ADVICE) <= REASONS


# --- who may see what ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reader", "disclosed", "name"),
    [
        (Reader.ADVOCATE, Disclosure.YES, "小君🍑"),
        (Reader.ADVOCATE, Disclosure.NO, None),
        (Reader.ADVOCATE, Disclosure.ASKED, None),
        (Reader.ADVOCATE, Disclosure.UNASKED, None),
        (Reader.REP, Disclosure.NO, "小君🍑"),
        (Reader.AUDITOR, Disclosure.YES, None),
        (Reader.FRIEND, Disclosure.YES, None),
    ],
)
def test_a_name_is_for_the_advocate_with_the_friends_yes_and_for_the_rep(reader, disclosed, name):
    assert of_referral(reader, disclosed=disclosed).name == name


@pytest.mark.parametrize("reader", Reader)
def test_only_an_auditor_sees_the_order_number(reader):
    told = of_referral(reader, status=ReferralStatus.CREDITED, rewards=[a_reward()], order=an_order())

    assert told.order == ("shop/A1" if reader is Reader.AUDITOR else None)


_RARE = st.text(alphabet="龘靐齉爩鱻麤龗灪籲QZX", min_size=3, max_size=12)
_TIMES = st.integers(-60, 60).map(lambda d: after(days=d))
_REASONS = st.sampled_from([str(reason) for reason in Reason])
_REWARDS = st.builds(
    a_reward,
    state=st.sampled_from(RewardState),
    reason=_REASONS,
    amount=st.just(987_654),
    cost_fen=st.just(876_543),
    due_at=st.none() | _TIMES,
    granted_at=st.none() | _TIMES,
    expires_at=st.none() | _TIMES,
)
_REFERRALS = st.builds(
    a_referral,
    friend=st.just("p_secret_id"),
    status=st.sampled_from(ReferralStatus),
    reason=_REASONS,
    method=st.sampled_from(["add", "code", "last_touch", "first_touch", "late_claim"]),
    disclosed=st.sampled_from(Disclosure),
)


@given(
    words=st.tuples(_RARE, _RARE, _RARE),
    referral=_REFERRALS,
    rewards=st.lists(_REWARDS, max_size=3),
    now=_TIMES,
    reviewing=st.booleans(),
)
def test_an_advocate_never_reads_anything_private_about_a_friend(words, referral, rewards, now, reviewing):
    nickname, name, number = words
    friend = Person(id=referral.friend, nickname=nickname, name=name, tier=number)
    bought = an_order(order_no=number, amount_fen=765_432, product=name)

    told = explain.of_referral(
        referral, friend=friend, rewards=rewards, terms=TERMS, reader=Reader.ADVOCATE, now=now, order=bought
    )
    line = explaining.line(WORDS, told, "line", now=now, reviewing=reviewing)
    text = "\n".join([line, *explaining.advice(WORDS, [told])])

    disclosed = referral.disclosed is Disclosure.YES
    private = {friend.id, name, number, bought.name, "987654", "9876.54", "8765.43", "7654.32", "765432"}
    if disclosed:
        private -= {each for each in (name, number) if each in nickname}
    else:
        private.add(nickname)
        assert "一位好友" in text
    assert [each for each in private if each in text] == []


def _with(terms: Terms, *thanks: Thanks) -> Terms:
    values = {name: getattr(terms, name) for name in Terms.__dataclass_fields__}
    return Terms(**values | {"thanks": thanks})


def test_a_line_says_state_day_reason_and_until_when():
    told = of_referral(method="add")

    said = explaining.line(WORDS, told, "line", now=NOON)

    assert said == "一位好友 · 已添加顾问（11月21日）：朋友收到邀请了，等本人达到活动条件就会计入。12月21日前都算。"


def test_while_a_colleague_looks_again_no_refusal_is_repeated():
    told = of_referral(status=ReferralStatus.REJECTED, reason="customer.existing")

    said = explaining.line(WORDS, told, "line", now=NOON, reviewing=True)

    assert "老客户" not in said
    assert "同事正在重新核对" in said


def test_a_day_that_has_passed_is_not_promised_any_more():
    told = of_referral(method="add")

    assert explaining.until(WORDS, told, now=datetime(2027, 6, 1, tzinfo=UTC) + timedelta(days=1)) == ""
