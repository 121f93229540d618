"""Orders and refunds in every order they can come: the right thanks, the right reasons, and books that balance."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.hooks.house import TERMS, both, held

PRICE = 19900
COST = TERMS.one_friend_fen


@pytest.fixture
async def house(house):
    """A running campaign, and Mei who took her code."""
    await house.start()
    house.mei = await house.code_of("wmMei")
    return house


class TestTheStraightWay:
    async def test_jun_comes_pays_and_both_are_thanked_after_the_refund_window(self, house):
        # given Jun came with Mei's code
        await house.add(house.mei)

        # when he pays
        answer = await house.pay()

        # then both thanks are held, and within the budget
        assert (answer.outcome, answer.codes) == ("held", ["hold.running"])
        assert await house.rewards() == held()
        assert await house.used_fen() == COST
        assert str((await house.referral()).status) == "credited"

        # and when the window is over, both own them, and wait to hear of it
        await house.days_pass(TERMS.hold_days)
        assert await house.rewards() == both("granted", "granted")
        assert (await house.order()).reasons == ("granted",)
        assert await house.news("wmMei") == await house.news("wmJun") == ["thanks.granted"]

    async def test_a_minute_before_the_window_ends_nothing_is_granted(self, house):
        await house.add(house.mei)
        await house.pay()

        await house.days_pass(TERMS.hold_days - 1 / 1440)

        assert await house.rewards() == held()


class TestLateClaims:
    async def test_an_order_before_the_add_counts_within_the_late_days(self, house):
        # given Jun bought before anyone knew him
        assert (await house.pay()).outcome == "unmatched"

        # when he adds the rep with Mei's code two days later
        await house.days_pass(2)
        await house.add(house.mei)

        # then his order is Mei's, and says that it was claimed late
        order = await house.order()
        assert (order.outcome, order.reasons) == ("held", ("late.claim", "hold.running"))
        assert await house.rewards() == held()
        assert (await house.referral()).method == "late_claim"

    async def test_a_known_buyer_s_order_is_looked_at_again_when_a_claim_comes(self, house):
        await house.know("wmJun")
        assert (await house.pay()).outcome == "no_referral"

        await house.days_pass(TERMS.late_days)
        await house.add(house.mei)

        assert (await house.order()).outcome == "held"
        assert await house.rewards() == held()

    async def test_a_claim_after_the_late_days_comes_too_late(self, house):
        await house.know("wmJun")
        await house.pay()

        await house.days_pass(TERMS.late_days + 0.01)
        await house.add(house.mei)

        assert (await house.order()).outcome == "no_referral"
        assert await house.rewards() == set()

    async def test_an_unmatched_order_is_closed_after_the_late_days(self, house):
        await house.pay()

        await house.days_pass(TERMS.late_days + 0.01)
        await house.add(house.mei)

        assert (await house.order()).outcome == "no_referral"
        assert await house.rewards() == set()

    async def test_an_add_that_happened_before_the_order_but_arrives_after_it_is_no_late_claim(self, house):
        await house.pay()
        happened = house.now - timedelta(days=1)

        await house.days_pass(1)
        await house.add(house.mei, at=happened)

        assert (await house.order()).reasons == ("hold.running",)
        assert (await house.referral()).method == "last_touch"


class TestRefunds:
    async def test_a_refund_before_the_grant_voids_what_was_held(self, house):
        await house.add(house.mei)
        await house.pay()

        answer = await house.refund()

        assert (answer.outcome, answer.codes) == ("recorded", ["refund.before_grant"])
        assert await house.rewards() == both("reversed", "refund.before_grant")
        assert (await house.order()).outcome == "rejected"
        assert str((await house.referral()).status) == "reversed"
        assert await house.used_fen() == 0

        # and the end of the window brings nothing back; nobody hears of thanks that never were
        await house.days_pass(TERMS.hold_days)
        assert await house.rewards() == both("reversed", "refund.before_grant")
        assert await house.news("wmMei") == []

    async def test_a_refund_after_the_grant_takes_it_back(self, house):
        await house.add(house.mei)
        await house.pay()
        await house.days_pass(TERMS.hold_days)

        answer = await house.refund()

        assert (answer.outcome, answer.codes) == ("recorded", ["refund.full"])
        assert await house.rewards() == both("reversed", "refund.full")
        assert await house.used_fen() == 0

    async def test_a_repeated_refund_is_taken_once(self, house):
        await house.add(house.mei)
        await house.pay()
        await house.refund()

        again = [await house.refund(), await house.refund()]

        assert [answer.outcome for answer in again] == ["duplicate", "duplicate"]
        assert await house.rewards() == both("reversed", "refund.before_grant")
        assert (await house.order()).refunded_fen == PRICE

    async def test_a_second_full_refund_under_another_number_gives_back_no_more_than_was_paid(self, house):
        await house.add(house.mei)
        await house.pay()
        await house.refund(refund_no="R1")

        answer = await house.refund(refund_no="R2")

        assert answer.outcome == "recorded"
        assert (await house.order()).refunded_fen == PRICE
        assert await house.rewards() == both("reversed", "refund.before_grant")

    async def test_a_partial_refund_that_leaves_enough_leaves_the_thanks(self, house):
        await house.add(house.mei)
        await house.pay()

        answer = await house.refund(amount_fen=100)

        assert (answer.outcome, answer.codes) == ("recorded", ["refund.partial"])
        assert await house.rewards() == held()
        await house.days_pass(TERMS.hold_days)
        assert await house.rewards() == both("granted", "granted")

    async def test_two_partial_refunds_that_make_it_full_take_the_thanks_back(self, house):
        await house.add(house.mei)
        await house.pay()
        await house.refund(refund_no="R1", amount_fen=PRICE // 2)
        await house.days_pass(TERMS.hold_days)

        answer = await house.refund(refund_no="R2", amount_fen=PRICE // 2)

        assert answer.codes == ["refund.full"]
        assert await house.rewards() == both("reversed", "refund.full")

    async def test_a_refund_that_comes_before_its_order_waits_for_it(self, house):
        # given Jun came with Mei's code, and his refund overtakes his order
        await house.add(house.mei)
        early = await house.refund()
        assert (early.outcome, early.codes) == ("recorded", ["refund.waiting"])

        # when the order arrives
        answer = await house.pay()

        # then it was refunded from the beginning
        assert (answer.outcome, answer.codes) == ("rejected", ["refund.full"])
        assert await house.rewards() == set()
        assert await house.used_fen() == 0

    async def test_a_partial_refund_that_comes_before_its_order_only_lessens_it(self, house):
        await house.add(house.mei)
        await house.refund(amount_fen=100)

        answer = await house.pay()

        assert answer.outcome == "held"
        assert (await house.order()).refunded_fen == 100
        assert await house.rewards() == held()

    async def test_a_refund_of_an_order_that_waits_for_its_buyer_is_remembered(self, house):
        await house.pay()
        await house.refund()

        await house.add(house.mei)

        order = await house.order()
        assert (order.outcome, order.reasons) == ("rejected", ("refund.full",))
        assert await house.rewards() == set()

    async def test_a_refund_that_leaves_less_than_the_offer_asks_for_takes_the_thanks_back(self, house):
        await house.start(min_amount_fen=10000)
        code = await house.code_of("wmMei")
        await house.add(code)
        await house.pay()
        await house.days_pass(TERMS.hold_days)

        assert (await house.refund(refund_no="R1", amount_fen=9000)).codes == ["refund.partial"]
        assert (await house.refund(refund_no="R2", amount_fen=1000)).codes == ["refund.below_minimum"]
        assert await house.rewards() == both("reversed", "refund.below_minimum")


class TestContracts:
    @pytest.fixture
    async def house(self, house):
        await house.start(conversions=("contract.signed",), min_amount_fen=0)
        await house.add(await house.code_of("wmMei"))
        return house

    async def sign(self, house, **fields):
        contract = {"source": "shop", "order_no": "C1", "buyer": {"external_userid": "wmJun"}}
        return await house.tell("contract.signed", contract, at=house.now.isoformat(), **fields)

    async def cancel(self, house):
        return await house.tell("contract.cancelled", source="shop", order_no="C1", at=house.now.isoformat())

    @pytest.mark.parametrize("amount", [{}, {"amount_fen": 500000}])
    async def test_a_cancelled_contract_is_a_full_refund(self, house, amount):
        assert (await self.sign(house, **amount)).outcome == "held"

        answer = await self.cancel(house)

        assert (answer.outcome, answer.codes) == ("recorded", ["refund.before_grant"])
        assert await house.rewards() == both("reversed", "refund.before_grant")

    async def test_cancelled_twice_is_cancelled_once(self, house):
        await self.sign(house)
        await self.cancel(house)

        assert (await self.cancel(house)).outcome == "duplicate"

    @pytest.mark.parametrize("amount", [{}, {"amount_fen": 500000}])
    async def test_a_cancellation_that_overtakes_its_contract_is_not_forgotten(self, house, amount):
        await self.cancel(house)

        answer = await self.sign(house, **amount)

        assert (answer.outcome, answer.codes) == ("rejected", ["refund.full"])
        assert await house.rewards() == set()

    async def test_a_contract_cancelled_while_its_buyer_was_unknown_stays_cancelled(self, house):
        lan = {"external_userid": "wmLan"}
        assert (await self.sign(house, buyer=lan)).outcome == "unmatched"
        await self.cancel(house)

        await house.add(await house.code_of("wmMei"), "wmLan")

        assert (await house.order("C1", "contract.signed")).outcome == "rejected"
        assert await house.rewards("wmLan") == set()

    async def test_a_cancelled_contract_leaves_an_order_of_the_same_number_alone(self, house):
        await house.pay("C1", "wmBo")
        await self.sign(house)

        await self.cancel(house)

        assert (await house.order("C1")).refunded_fen == 0
        assert await house.rewards() == both("reversed", "refund.before_grant")


class TestOnlyOnce:
    async def test_a_second_order_of_the_same_friend_is_credited_and_pays_nothing_more(self, house):
        await house.add(house.mei)
        await house.pay("A1")

        answer = await house.pay("A2")

        assert (answer.outcome, answer.codes) == ("credited", ["reward.once"])
        assert await house.rewards() == held()
        assert await house.used_fen() == COST

    async def test_a_new_order_after_a_refund_does_not_pay_again(self, house):
        await house.add(house.mei)
        await house.pay("A1")
        await house.refund("A1")

        answer = await house.pay("A2")

        assert (answer.outcome, answer.codes) == ("rejected", ["reward.once"])
        assert await house.rewards() == both("reversed", "refund.before_grant")
        assert await house.used_fen() == 0

    async def test_the_second_order_s_refund_leaves_the_first_one_s_thanks(self, house):
        await house.add(house.mei)
        await house.pay("A1")
        await house.pay("A2")

        await house.refund("A2")

        assert await house.rewards() == held()

    async def test_the_last_touch_before_the_order_is_thanked(self, house):
        await house.add(house.mei)
        await house.days_pass(1)
        lan = await house.code_of("wmLan")
        await house.add(lan)
        await house.days_pass(1)

        await house.pay()

        assert (await house.referral()).advocate == await house.know("wmLan")
        assert await house.rewards() == held()


class TestRefusals:
    async def test_who_was_a_customer_before_the_touch_is_no_new_friend(self, house):
        await house.know("wmJun", joined_at=house.now - timedelta(days=30))
        await house.add(house.mei)

        answer = await house.pay()

        assert (answer.outcome, answer.codes) == ("rejected", ["customer.existing"])
        assert await house.rewards() == set()
        assert str((await house.referral()).status) == "rejected"

    async def test_who_joined_on_the_day_of_the_touch_is_a_new_friend(self, house):
        await house.know("wmJun", joined_at=house.now - timedelta(hours=1))
        await house.add(house.mei)

        assert (await house.pay()).outcome == "held"

    async def test_who_bought_before_the_touch_is_no_new_friend(self, house):
        await house.know("wmJun")
        await house.pay("A1")
        await house.days_pass(20)
        await house.add(house.mei)

        answer = await house.pay("A2")

        assert (answer.outcome, answer.codes) == ("rejected", ["customer.existing"])
        assert await house.rewards() == set()

    async def test_an_earlier_order_that_was_given_back_makes_nobody_a_customer(self, house):
        await house.know("wmJun")
        await house.pay("A1")
        await house.refund("A1")
        await house.days_pass(20)
        await house.add(house.mei)

        assert (await house.pay("A2")).outcome == "held"

    async def test_nobody_is_thanked_for_bringing_themselves(self, house):
        # given Bo took a code and came with it under his own name
        bo = await house.code_of("wmBo")
        await house.add(bo, "wmBo")

        answer = await house.pay(buyer="wmBo")

        assert (answer.outcome, answer.codes) == ("rejected", ["self.referral"])
        assert await house.rewards("wmBo") == set()
        assert await house.used_fen() == 0

    async def test_one_s_own_code_does_not_hide_who_really_brought_one(self, house):
        await house.add(house.mei, "wmBo")
        await house.days_pass(1)
        await house.add(await house.code_of("wmBo"), "wmBo")

        answer = await house.pay(buyer="wmBo")

        assert answer.outcome == "held"
        assert (await house.referral("wmBo")).advocate == await house.know("wmMei")

    async def test_a_touch_too_long_ago_does_not_count(self, house):
        await house.add(house.mei)
        await house.days_pass(TERMS.window_days + 0.01)

        answer = await house.pay()

        assert (answer.outcome, answer.codes) == ("rejected", ["window.passed"])
        assert await house.rewards() == set()

    async def test_the_window_s_last_moment_still_counts(self, house):
        await house.add(house.mei)
        await house.days_pass(TERMS.window_days)

        assert (await house.pay()).outcome == "held"

    async def test_an_order_below_the_offer_s_least_is_refused(self, house):
        await house.start(min_amount_fen=PRICE)
        await house.add(await house.code_of("wmMei"))

        answer = await house.pay(amount_fen=PRICE - 1)

        assert (answer.outcome, answer.codes) == ("rejected", ["amount.too_small"])

    async def test_an_act_the_offer_does_not_count_is_refused(self, house):
        await house.start(conversions=("order.paid",))
        await house.add(await house.code_of("wmMei"))

        answer = await house.tell("visit.completed", house.paid(), at=house.now.isoformat())

        assert (answer.outcome, answer.codes) == ("rejected", ["conversion.other"])

    async def test_past_the_budget_both_sides_are_rejected_with_the_reason(self, house):
        # given a budget for one pair of thanks and a half
        await house.start(budget_fen=COST + COST // 2)
        code = await house.code_of("wmMei")
        await house.add(code, "wmJun")
        await house.add(code, "wmLan")
        assert (await house.pay("A1", "wmJun")).outcome == "held"

        # when a second friend orders
        answer = await house.pay("A2", "wmLan")

        # then neither side gets half of it
        assert (answer.outcome, answer.codes) == ("rejected", ["budget.exhausted"])
        assert await house.rewards("wmLan") == both("rejected", "budget.exhausted")
        assert await house.rewards("wmJun") == held()
        assert await house.used_fen() == COST

    async def test_a_refund_frees_its_budget_for_the_next_friend(self, house):
        await house.start(budget_fen=COST)
        code = await house.code_of("wmMei")
        await house.add(code, "wmJun")
        await house.add(code, "wmLan")
        await house.pay("A1", "wmJun")
        await house.refund("A1")

        assert (await house.pay("A2", "wmLan")).outcome == "held"
        assert await house.rewards("wmLan") == held()

    async def test_past_the_yearly_cap_the_next_friend_is_rejected_with_the_reason(self, house):
        await house.start(cap_per_year=1)
        code = await house.code_of("wmMei")
        await house.add(code, "wmJun")
        await house.add(code, "wmLan")
        await house.pay("A1", "wmJun")

        answer = await house.pay("A2", "wmLan")

        assert (answer.outcome, answer.codes) == ("rejected", ["cap.reached"])
        assert await house.rewards("wmLan") == both("rejected", "cap.reached")
        assert await house.used_fen() == COST

    async def test_the_cap_begins_anew_with_the_year(self, house):
        await house.start(cap_per_year=1)
        code = await house.code_of("wmMei")
        await house.add(code, "wmJun")
        await house.pay("A1", "wmJun")
        await house.days_pass(40)
        await house.add(code, "wmLan")

        assert (await house.pay("A2", "wmLan")).outcome == "held"

    async def test_the_same_reward_never_stands_twice_whatever_is_sent_after_a_refusal(self, house):
        # given Lan was refused for want of budget
        await house.start(budget_fen=COST)
        code = await house.code_of("wmMei")
        await house.add(code, "wmJun")
        await house.add(code, "wmLan")
        await house.pay("A1", "wmJun")
        await house.pay("A2", "wmLan")

        # when budget is free again and she orders once more
        await house.refund("A1")
        answer = await house.pay("A3", "wmLan")

        # then she stays decided
        assert (answer.outcome, answer.codes) == ("rejected", ["reward.once"])
        assert await house.rewards("wmLan") == both("rejected", "budget.exhausted")
