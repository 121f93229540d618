"""The orders' webhook over HTTP: each told thing is taken in once, and answered the same however often it comes."""

from __future__ import annotations

import asyncio
import gzip
import json
from datetime import timedelta

import pytest

from bot.phone_hash import phone_hash
from referral.identities import Identity, IdentityKind
from tests.hooks.house import OTHER_SECRET, PHONE_KEY, SECRET, held

LIMIT = 256 * 1024


def body_of(kind: str, data: dict) -> bytes:
    return json.dumps({"type": kind, "data": data}).encode()


class TestSentAgain:
    async def test_the_same_webhook_gets_its_first_answer_again_even_after_things_moved_on(self, house):
        # given an order of Jun, who came through Mei
        await house.start()
        await house.add(await house.code_of("wmMei"))
        paid = house.paid()
        first = await house.tell("order.paid", paid, webhook="msg_1")

        # when it was refunded meanwhile, and the first webhook comes once more
        await house.refund()
        again = await house.tell("order.paid", paid, webhook="msg_1")

        # then the answer is the first one, to the letter
        assert (first.status, first.outcome, first.codes) == (200, "held", ["hold.running"])
        assert again == first

    async def test_the_same_id_with_another_body_is_a_conflict_and_changes_nothing(self, house):
        await house.start()
        await house.tell("order.paid", house.paid(), webhook="msg_1")

        other = await house.tell("order.paid", house.paid("A2"), webhook="msg_1")

        assert (other.status, list(other.wrong)) == (409, ["webhook-id"])
        assert await house.order("A2") is None

    async def test_the_same_order_under_a_new_id_is_a_duplicate(self, house):
        await house.start()
        await house.add(await house.code_of("wmMei"))
        await house.pay()

        again = await house.tell("order.paid", dict(reversed(house.paid(note="again").items())))

        assert (again.status, again.outcome) == (200, "duplicate")
        assert await house.rewards() == held()

    async def test_the_same_order_with_other_content_is_a_conflict(self, house):
        await house.start()
        await house.pay()

        other = await house.pay(amount_fen=20000)

        assert (other.status, list(other.wrong)) == (409, ["data.order_no"])
        assert (await house.order()).amount_fen == 19900

    async def test_a_conflict_is_not_kept_so_the_same_id_may_bring_the_right_content(self, house):
        await house.start()
        await house.pay()
        await house.tell("order.paid", house.paid(amount_fen=1), webhook="msg_9")

        right = await house.tell("order.paid", house.paid(), webhook="msg_9")

        assert (right.status, right.outcome) == (200, "duplicate")

    async def test_a_number_may_serve_again_for_another_kind_of_act(self, house):
        await house.start()
        await house.pay("N1")

        visit = await house.tell("visit.completed", house.paid("N1"), at=house.now.isoformat())

        assert visit.status == 200
        assert (await house.order("N1", "visit.completed")).amount_fen == 19900

    async def test_the_same_refund_is_a_duplicate_and_with_other_content_a_conflict(self, house):
        await house.start()
        await house.pay()
        first = await house.refund(amount_fen=100)

        again, other = await house.refund(amount_fen=100), await house.refund(amount_fen=200)

        assert (first.outcome, again.outcome) == ("recorded", "duplicate")
        assert (other.status, list(other.wrong)) == (409, ["data.refund_no"])
        assert (await house.order()).refunded_fen == 100

    async def test_32_deliveries_of_one_webhook_at_once_are_one_order_and_one_answer(self, house):
        await house.start()
        await house.add(await house.code_of("wmMei"))
        paid = house.paid()

        answers = await asyncio.gather(*(house.tell("order.paid", paid, webhook="msg_1") for _ in range(32)))

        assert {answer.status for answer in answers} == {200}
        assert all(answer == answers[0] for answer in answers)
        assert answers[0].outcome == "held"
        assert await house.rewards() == held()

    async def test_16_ids_for_one_order_at_once_are_one_order(self, house):
        await house.start()
        await house.add(await house.code_of("wmMei"))
        paid = house.paid()

        answers = await asyncio.gather(*(house.tell("order.paid", paid, webhook=f"msg_{n}") for n in range(16)))

        assert sorted(answer.outcome for answer in answers) == ["duplicate"] * 15 + ["held"]
        assert await house.rewards() == held()

    async def test_16_friends_at_once_never_exceed_the_budget(self, house):
        # given a budget for three pairs of thanks
        await house.start(budget_fen=3 * 6000 + 5999)
        code = await house.code_of("wmMei")
        for n in range(16):
            await house.add(code, f"wm{n}")

        # when sixteen friends order at the same moment
        answers = await asyncio.gather(*(house.pay(f"A{n}", f"wm{n}") for n in range(16)))

        # then three are held and the others say why not
        assert {answer.status for answer in answers} == {200}
        assert sorted(answer.outcome for answer in answers) == ["held"] * 3 + ["rejected"] * 13
        assert [a.codes for a in answers if a.outcome == "rejected"] == [["budget.exhausted"]] * 13
        assert await house.used_fen() == 18000
        await house.check_books()


class TestRefused:
    @pytest.mark.parametrize(
        "headers",
        [
            {"webhook-id": None},
            {"webhook-timestamp": None},
            {"webhook-signature": None},
            {"webhook-signature": "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="},
            {"webhook-signature": "nonsense"},
            {"webhook-timestamp": "1795226400.5"},
            {"webhook-timestamp": "17952 26400"},
            {"webhook-timestamp": "1795_226400"},
        ],
    )
    async def test_what_is_not_signed_is_401_and_leaves_nothing_behind(self, quick_house, headers):
        house = quick_house
        body = body_of("order.paid", house.paid())

        answer = await house.post(body, webhook="msg_1", headers=headers)

        assert answer.status == 401
        assert await house.order() is None
        assert (await house.post(body, webhook="msg_1")).status == 200

    @pytest.mark.parametrize("minutes", [-5.1, 5.1])
    async def test_signatures_are_checked_against_the_machine_s_clock_not_the_rules_clock(self, quick_house, minutes):
        house = quick_house
        body = body_of("order.paid", house.paid())
        stale = house.signed(body, "msg_1", at=house.machine_now + timedelta(minutes=minutes))

        assert (await house.send(body, stale)).status == 401
        assert (await house.send(body, house.signed(body, "msg_1"))).status == 200

    async def test_both_secrets_are_good_while_one_is_replaced(self, quick_house, served):
        house = await served(quick_house, secrets=(OTHER_SECRET, SECRET))
        bodies = [body_of("order.paid", house.paid(number)) for number in ("A1", "A2")]

        by_old = await house.send(bodies[0], house.signed(bodies[0], "msg_1", secret=SECRET))
        by_new = await house.send(bodies[1], house.signed(bodies[1], "msg_2", secret=OTHER_SECRET))

        assert (by_old.status, by_new.status) == (200, 200)

    async def test_a_corrected_webhook_may_come_under_the_same_id(self, quick_house):
        house = quick_house

        wrong = await house.tell("order.paid", house.paid(amount_fen=199.0), webhook="msg_1")
        right = await house.tell("order.paid", house.paid(), webhook="msg_1")

        assert (wrong.status, list(wrong.wrong)) == (422, ["data.amount_fen"])
        assert (right.status, right.outcome) == (200, "unmatched")

    async def test_every_problem_of_a_webhook_is_named_with_its_path(self, quick_house):
        answer = await quick_house.tell("order.paid", source="", amount_fen=-1, currency="USD", buyer={"email": "x"})

        assert answer.status == 422
        assert sorted(answer.wrong) == [
            "data.amount_fen", "data.buyer.email", "data.currency", "data.order_no", "data.paid_at", "data.source",
        ]  # fmt: skip

    @pytest.mark.parametrize("body", [b"", b"hello", b"[]", b"[" * 50_000])
    async def test_a_signed_body_that_is_no_json_object_is_422_on_the_body(self, quick_house, body):
        answer = await quick_house.post(body)

        assert (answer.status, list(answer.wrong)) == (422, ["body"])

    async def test_a_signal_sent_to_the_orders_is_422_on_its_type(self, quick_house):
        answer = await quick_house.tell("survey.answered", {"person": {"crm_id": "42"}, "score": 9})

        assert (answer.status, list(answer.wrong)) == (422, ["type"])

    async def test_a_body_up_to_256_kb_is_read_and_a_larger_one_is_413(self, quick_house):
        house = quick_house
        full = body_of("order.paid", house.paid(note="")).replace(b'"note": ""', b'"note": "%s"')
        fits = full.replace(b"%s", b"x" * (LIMIT - len(full) + 2))

        assert len(fits) == LIMIT
        assert (await house.post(fits)).status == 200
        assert (await house.post(fits + b" ")).status == 413

    async def test_a_large_body_in_chunks_of_untold_length_is_413_too(self, quick_house):
        async def chunks():
            for _ in range(LIMIT // 1024 + 2):
                yield b" " * 1024

        answer = await quick_house.send(chunks(), quick_house.signed(b"", "msg_1"))

        assert answer.status == 413

    @pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "GZIP", "x"])
    async def test_an_encoded_body_is_415(self, quick_house, encoding):
        packed = gzip.compress(body_of("order.paid", quick_house.paid()))
        headers = quick_house.signed(b"", "msg_1") | {"Content-Encoding": encoding}

        assert (await quick_house.send(packed, headers)).status == 415

    async def test_an_id_too_long_to_keep_is_422(self, quick_house):
        answer = await quick_house.tell("order.paid", quick_house.paid(), webhook="m" * 256)

        assert (answer.status, list(answer.wrong)) == (422, ["webhook-id"])

    async def test_while_nothing_can_be_stored_the_answer_is_503_and_nothing_is_claimed(self, quick_house):
        await quick_house.store.close()

        answer = await quick_house.pay()

        assert (answer.status, list(answer.wrong)) == (503, ["body"])


class TestNamesOfABuyer:
    async def test_a_phone_is_recognised_by_its_hash_and_never_stored(self, house):
        # given Jun, known by WeCom and phone, who came through Mei
        await house.start()
        await house.add(await house.code_of("wmMei"))
        jun = await house.know("wmJun")
        known = Identity(IdentityKind.PHONE, phone_hash("13800138000", PHONE_KEY))
        await house.store.write(lambda tx: tx.people.attach(jun, known, house.now))

        # when the till knows only the phone
        answer = await house.pay(buyer={"phone": "+86 138-0013-8000"})

        # then the order is Jun's
        assert answer.outcome == "held"
        order = await house.order()
        assert order.person == jun
        assert await house.store.read(lambda tx: tx.orders.buyer(order.id)) == [known]

    async def test_names_that_come_with_an_order_are_learned(self, house):
        await house.start()
        await house.add(await house.code_of("wmMei"))
        await house.pay(buyer={"external_userid": "wmJun", "crm_id": "42"})

        second = await house.pay("A2", {"crm_id": "42"})

        assert (second.outcome, second.codes) == ("credited", ["reward.once"])

    async def test_a_bare_openid_is_that_of_the_one_official_account(self, quick_house, served):
        house = await served(quick_house, app_id="wx1")

        await house.pay(buyer={"openid": "o1"})

        order = await house.order()
        assert await house.store.read(lambda tx: tx.orders.buyer(order.id)) == [Identity(IdentityKind.OPENID, "wx1/o1")]

    async def test_a_code_in_the_order_vouches_for_a_buyer_nobody_knew(self, house):
        await house.start()
        code = await house.code_of("wmMei")

        answer = await house.pay(code=f"{code[:4]}-{code[4:]}".lower())

        assert (answer.outcome, answer.codes) == ("held", ["hold.running"])
        assert await house.rewards() == held()


class TestWhatIsAnswered:
    async def test_a_buyer_nobody_knows_is_unmatched(self, house):
        await house.start()

        answer = await house.pay()

        assert (answer.outcome, answer.codes) == ("unmatched", ["buyer.unknown"])

    async def test_a_known_buyer_whom_nobody_brought_is_no_referral(self, house):
        await house.start()
        await house.know("wmJun")

        answer = await house.pay()

        assert (answer.outcome, answer.codes) == ("no_referral", ["touch.none"])

    async def test_reasons_are_worded_for_the_shop_s_own_people(self, house):
        await house.start()

        answer = await house.pay()

        assert answer.body["reasons"] == [
            {"code": "buyer.unknown", "text": house.facts.words.reason("buyer.unknown", audience="staff")}
        ]

    async def test_a_refund_is_recorded(self, house):
        await house.start()
        await house.pay()

        answer = await house.refund()

        assert (answer.status, answer.outcome) == (200, "recorded")

    @pytest.mark.parametrize("kind", ["trial.started", "visit.completed", "contract.signed", "account.opened"])
    async def test_any_act_that_the_offer_counts_is_thanked(self, house, kind):
        await house.start(conversions=(kind,), min_amount_fen=0)
        await house.add(await house.code_of("wmMei"))
        act = {"source": "crm", "order_no": "N1", "buyer": {"external_userid": "wmJun"}, "at": house.now.isoformat()}

        answer = await house.tell(kind, act)

        assert answer.outcome == "held"
        assert await house.rewards() == held()


async def test_a_year_that_was_mistyped_is_refused_by_its_field(house):
    refused = await house.tell("order.paid", house.paid(paid_at="2098-01-01T10:00:00+08:00"))
    again = await house.tell("order.paid", house.paid())

    assert (refused.status, refused.body["errors"][0]["field"]) == (422, "data.paid_at")
    assert again.status == 200
