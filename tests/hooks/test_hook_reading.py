"""What a webhook says is read as it was meant, or every problem of it is named at once."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.hooks.reading import Naming, OrderTold, RefundTold, read
from bot.hooks.refusals import HookRefused
from bot.phone_hash import phone_hash
from referral.codes import encode
from referral.identities import Identity, IdentityKind
from tests.hooks.house import PHONE_KEY

PAID = {
    "source": "shop",
    "order_no": "A1",
    "buyer": {"external_userid": "wmJun"},
    "amount_fen": 19900,
    "currency": "CNY",
    "paid_at": "2026-11-21T10:00:00+08:00",
}
REFUNDED = {
    "source": "shop",
    "order_no": "A1",
    "refund_no": "R1",
    "amount_fen": 19900,
    "refunded_at": "2026-11-22T10:00:00+08:00",
}
HAPPENED = {"source": "shop", "order_no": "A1", "buyer": {"crm_id": "42"}, "at": "2026-11-21T10:00:00+08:00"}
CODE = encode(7, bytes(range(32)))


def body(kind, data) -> bytes:
    return json.dumps({"type": kind, "data": data}).encode()


def told(kind, data, *, app_id=None):
    return read(body(kind, data), Naming(phone_key=PHONE_KEY, app_id=app_id))


def wrong(raw: bytes, *, app_id=None) -> dict[str, str]:
    with pytest.raises(HookRefused) as refusal:
        read(raw, Naming(phone_key=PHONE_KEY, app_id=app_id))
    assert refusal.value.status == 422
    assert all(each.problem for each in refusal.value.problems)
    return {each.field: each.problem for each in refusal.value.problems}


def paid_wrong(**changes) -> list[str]:
    return list(wrong(body("order.paid", PAID | changes)))


def without(name: str) -> bytes:
    return body("order.paid", {key: value for key, value in PAID.items() if key != name})


class TestWhatItMeans:
    def test_an_order_is_read_with_its_time_in_utc(self):
        assert told("order.paid", PAID) == OrderTold(
            kind="order.paid",
            source="shop",
            order_no="A1",
            amount_fen=19900,
            at=datetime(2026, 11, 21, 2, tzinfo=UTC),
            buyer=(Identity(IdentityKind.WECOM, "wmJun"),),
            code=None,
        )

    def test_a_refund_is_read(self):
        refund = told("order.refunded", REFUNDED)

        assert refund == RefundTold(
            kind="order.paid",
            source="shop",
            order_no="A1",
            refund_no="R1",
            amount_fen=19900,
            at=datetime(2026, 11, 22, 2, tzinfo=UTC),
        )

    @pytest.mark.parametrize("kind", ["trial.started", "visit.completed", "contract.signed", "account.opened"])
    def test_other_acts_need_no_amount(self, kind):
        act = told(kind, HAPPENED)

        assert (act.kind, act.amount_fen, act.at) == (kind, 0, datetime(2026, 11, 21, 2, tzinfo=UTC))
        assert told(kind, HAPPENED | {"amount_fen": 500}).amount_fen == 500

    @pytest.mark.parametrize("kind", ["order.paid", "contract.signed"])
    def test_what_the_company_earns_and_what_was_bought_may_be_said(self, kind):
        content = PAID if kind == "order.paid" else HAPPENED

        said = told(kind, content | {"earned_fen": 0, "product": " 春茶礼盒 "})

        assert (said.earned_fen, said.product) == (0, "春茶礼盒")
        assert (told(kind, content).earned_fen, told(kind, content | {"earned_fen": None}).product) == (None, "")
        assert len({said.digest, told(kind, content).digest, told(kind, content | {"earned_fen": 0}).digest}) == 3

    def test_an_order_without_them_is_known_by_the_digest_it_always_had(self):
        assert told("order.paid", PAID).digest == told("order.paid", PAID | {"earned_fen": None, "product": ""}).digest

    def test_a_cancelled_contract_is_all_of_it_given_back(self):
        cancelled = told("contract.cancelled", {"source": "crm", "order_no": "C1", "at": "2026-11-21T02:00:00Z"})

        assert (cancelled.refund_no, cancelled.amount_fen) == ("contract.cancelled", None)

    def test_a_person_may_be_named_in_every_way_there_is(self):
        names = {
            "phone": "138 0013 8000",
            "openid": "wx1/o1",
            "unionid": "u1",
            "external_userid": "wm1",
            "crm_id": "42",
        }

        assert told("order.paid", PAID | {"buyer": names}).buyer == (
            Identity(IdentityKind.CRM, "42"),
            Identity(IdentityKind.WECOM, "wm1"),
            Identity(IdentityKind.UNIONID, "u1"),
            Identity(IdentityKind.OPENID, "wx1/o1"),
            Identity(IdentityKind.PHONE, phone_hash("13800138000", PHONE_KEY)),
        )

    def test_a_bare_openid_belongs_to_the_one_account_there_is(self):
        buyer = told("order.paid", PAID | {"buyer": {"openid": "o1"}}, app_id="wx9").buyer

        assert buyer == (Identity(IdentityKind.OPENID, "wx9/o1"),)

    @pytest.mark.parametrize(
        "written", [CODE, CODE.lower(), f" {CODE[:4]}-{CODE[4:]} ", f"https://i.example.cn/i/{CODE}"]
    )
    def test_a_code_is_known_however_it_is_written(self, written):
        assert told("order.paid", PAID | {"code": written}).code == CODE

    @pytest.mark.parametrize(
        ("written", "kept"), [(None, None), ("", None), ("WINTER20", "WINTER20"), ("朋友", "朋友")]
    )
    def test_a_code_that_is_none_of_ours_does_not_spoil_the_order(self, written, kept):
        assert told("order.paid", PAID | {"code": written}).code == kept

    @pytest.mark.parametrize("coupon", [CODE, CODE.lower(), "".join(chr(ord(sign) + 0xFEE0) for sign in CODE)])
    def test_a_coupon_that_is_an_invite_code_counts_as_one(self, coupon):
        assert told("order.paid", PAID | {"coupon": coupon}).code == CODE
        assert told("order.paid", PAID | {"coupon": coupon, "code": "WINTER20"}).code == "WINTER20"

    @pytest.mark.parametrize("coupon", ["WINTER20", "满 100 减 10", {"id": 7}, 7, ["x"], "", None])
    def test_any_other_coupon_is_the_shop_s_own_affair(self, coupon):
        assert told("order.paid", PAID | {"coupon": coupon}) == told("order.paid", PAID)

    def test_fields_of_the_sender_s_own_are_passed_over(self):
        more = PAID | {"shop_id": 9, "lines": [{"sku": "x"}], "coupon": None}

        assert told("order.paid", more) == told("order.paid", PAID)

    def test_absent_and_null_are_the_same(self):
        buyer = {"external_userid": "wmJun", "phone": None}

        assert told("order.paid", PAID | {"buyer": buyer, "code": None, "currency": None}) == told("order.paid", PAID)

    @pytest.mark.parametrize("amount", [0, 1, 10**12])
    def test_amounts_from_nothing_to_ten_thousand_million_yuan_are_read(self, amount):
        assert told("order.paid", PAID | {"amount_fen": amount}).amount_fen == amount


class TestTheSameContent:
    def test_it_does_not_depend_on_order_spelling_or_extra_fields(self):
        one = PAID | {"buyer": {"phone": "13800138000", "crm_id": "42"}, "code": CODE}
        other = dict(reversed(one.items())) | {
            "buyer": {"crm_id": " 42 ", "phone": "+86 138-0013-8000"},
            "paid_at": "2026-11-21T02:00:00.000Z",
            "code": f"{CODE[:4]}-{CODE[4:]}".lower(),
            "order_no": " A1",
            "note": "新",
        }

        assert told("order.paid", one).digest == told("order.paid", other).digest

    @pytest.mark.parametrize(
        "change",
        [{"amount_fen": 19901}, {"paid_at": "2026-11-21T10:00:01+08:00"}, {"buyer": {"external_userid": "wmBo"}},
         {"buyer": {"crm_id": "wmJun"}}, {"buyer": {"external_userid": "wmJun", "crm_id": "42"}}, {"code": CODE}],
    )  # fmt: skip
    def test_every_other_content_is_told_apart(self, change):
        assert told("order.paid", PAID).digest != told("order.paid", PAID | change).digest

    @pytest.mark.parametrize("change", [{"amount_fen": 1}, {"refunded_at": "2026-11-22T10:00:01+08:00"}])
    def test_so_is_every_other_refund(self, change):
        assert told("order.refunded", REFUNDED).digest != told("order.refunded", REFUNDED | change).digest


class TestWhatIsWrong:
    @pytest.mark.parametrize(
        "raw",
        [b"", b"hello", b"{", b"[]", b'"text"', b"null", b"1", b'{"type":NaN}', b"<xml/>", b"[" * 100_000,
         b'{"a":' * 100_000, b"\xef\xbb\xbf{}", b'{"type":"\\ud800"}', b'{"a":"\xff"}', b"a=1&b=2", b'{"n":1e999}'],
    )  # fmt: skip
    def test_an_unreadable_body_is_wrong_as_a_body(self, raw):
        assert list(wrong(raw)) == ["body"]

    @pytest.mark.parametrize(
        "kind", ["order.shipped", "survey.answered", "ORDER.PAID", "", None, 7, ["order.paid"], {"order.paid": 1}, True]
    )
    def test_an_unknown_event_is_wrong_on_its_type(self, kind):
        assert list(wrong(body(kind, PAID))) == ["type"]

    @pytest.mark.parametrize("data", [None, [], "x", 7])
    def test_an_event_without_content_is_wrong_on_data(self, data):
        assert list(wrong(body("order.paid", data))) == ["data"]
        assert list(wrong(b'{"type":"order.paid"}')) == ["data"]

    def test_an_empty_object_lacks_both(self):
        assert list(wrong(b"{}")) == ["type", "data"]

    @pytest.mark.parametrize("name", ["source", "order_no", "buyer", "amount_fen", "paid_at"])
    def test_what_is_missing_is_named(self, name):
        assert wrong(without(name)) == {f"data.{name}": "缺少这一项"}

    @pytest.mark.parametrize(
        ("kind", "names"),
        [
            ("order.paid", ["source", "order_no", "buyer", "amount_fen", "paid_at"]),
            ("order.refunded", ["source", "order_no", "refund_no", "amount_fen", "refunded_at"]),
            ("visit.completed", ["source", "order_no", "buyer", "at"]),
            ("contract.cancelled", ["source", "order_no", "at"]),
        ],
    )
    def test_every_missing_field_is_named_at_once(self, kind, names):
        assert list(wrong(body(kind, {}))) == [f"data.{name}" for name in names]

    @pytest.mark.parametrize(
        "amount", [199.0, 199.5, "19900", -1, 10**12 + 1, 10**30, -(10**30), True, [], {}, 1e3, "一百"]
    )
    @pytest.mark.parametrize("kind", ["order.paid", "contract.signed", "order.refunded"])
    def test_an_amount_is_a_whole_number_of_fen_within_reason(self, kind, amount):
        everything = PAID | HAPPENED | REFUNDED | {"amount_fen": amount}

        assert list(wrong(body(kind, everything))) == ["data.amount_fen"]

    @pytest.mark.parametrize("currency", ["USD", "cny", "RMB", "", 156, "HKD"])
    def test_money_is_chinese(self, currency):
        assert paid_wrong(currency=currency) == ["data.currency"]

    @pytest.mark.parametrize(
        "time",
        ["2026-11-21T10:00:00", "2026-11-21", "昨天", "", 1795226400, "2026-13-01T00:00:00Z", "2026-11-21T25:00:00Z",
         "0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00", "1999-12-31T23:59:59Z", True, {}],
    )  # fmt: skip
    def test_a_time_has_an_offset_and_is_of_this_century(self, time):
        assert paid_wrong(paid_at=time) == ["data.paid_at"]

    @pytest.mark.parametrize("name", ["source", "order_no"])
    @pytest.mark.parametrize("text", ["", "   ", "x" * 65, 7, [], "a\x00b", "a\nb", "a\x1bb"])
    def test_a_number_and_its_source_are_short_lines_of_text(self, name, text):
        assert paid_wrong(**{name: text}) == [f"data.{name}"]

    def test_a_source_has_no_slash_because_orders_are_known_by_source_slash_number(self):
        assert paid_wrong(source="shop/west") == ["data.source"]
        assert told("order.paid", PAID | {"order_no": "2026/A1"}).order_no == "2026/A1"

    @pytest.mark.parametrize("code", [7, [], "x" * 65, "a\x00b"])
    def test_a_code_is_a_short_text(self, code):
        assert paid_wrong(code=code) == ["data.code"]

    @pytest.mark.parametrize("buyer", [{}, {"crm_id": None}, "wmJun", [], 7])
    def test_a_buyer_has_to_be_named(self, buyer):
        assert paid_wrong(buyer=buyer) == ["data.buyer"]

    @pytest.mark.parametrize(
        ("buyer", "name"),
        [
            ({"external_userid": ""}, "external_userid"),
            ({"crm_id": "  "}, "crm_id"),
            ({"crm_id": 42}, "crm_id"),
            ({"unionid": "u" * 129}, "unionid"),
            ({"unionid": "u\x00"}, "unionid"),
            ({"phone": "12345"}, "phone"),
            ({"phone": "不知道"}, "phone"),
            ({"openid": "o1"}, "openid"),
            ({"email": "jun@example.cn"}, "email"),
            ({"crm_id": "42", "wechat": "jun"}, "wechat"),
        ],
    )
    def test_an_identity_is_known_and_not_empty(self, buyer, name):
        assert paid_wrong(buyer=buyer) == [f"data.buyer.{name}"]

    @pytest.mark.parametrize(
        ("buyer", "name", "says"),
        [
            ({"external_userid": "oAbC1234567890_-abcdefghijkl"}, "external_userid", "openid 或 unionid"),
            ({"unionid": "wmAJ2GCAAAXtWyujaWJHDDGi0mACH71w"}, "unionid", "external_userid"),
            ({"openid": "wmAJ2GCAAAXtWyujaWJHDDGi0mACH71w"}, "openid", "external_userid"),
            ({"openid": "wx00000000000000bb/oAbC1234567890_-abcdefghijkl"}, "openid", "wx00000000000000aa"),
            ({"external_userid": "13800138000", "crm_id": "13800138000"}, "external_userid", "phone"),
        ],
    )
    def test_an_id_of_another_namespace_is_refused_by_its_field(self, buyer, name, says):
        naming = Naming(phone_key=PHONE_KEY, app_id=None, accounts=frozenset({"wx00000000000000aa"}))

        with pytest.raises(HookRefused) as refusal:
            read(body("order.paid", PAID | {"buyer": buyer}), naming)

        assert [each.field for each in refusal.value.problems] == [f"data.buyer.{name}"]
        assert says in refusal.value.problems[0].problem

    def test_all_problems_are_told_at_once(self):
        fields = paid_wrong(
            source="", order_no=None, amount_fen=1.5, currency="USD", paid_at="昨天", buyer={"email": "x", "phone": "1"}
        )

        assert sorted(fields) == [
            "data.amount_fen", "data.buyer.email", "data.buyer.phone", "data.currency", "data.order_no", "data.paid_at",
            "data.source",
        ]  # fmt: skip

    def test_no_problem_repeats_what_was_sent(self):
        problems = wrong(body("order.paid", PAID | {"buyer": {"phone": "1380013"}, "order_no": "secret" * 20}))

        assert not any("1380013" in problem or "secret" in problem for problem in problems.values())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from(["order.paid", "order.refunded", "trial.started", "contract.cancelled"]),
    st.dictionaries(st.sampled_from([*(PAID | REFUNDED | HAPPENED), "code"]), JSON),
)
def test_whatever_json_comes_it_is_read_or_refused_with_the_problems_named(kind, changes):
    problems = None
    try:
        told(kind, PAID | REFUNDED | HAPPENED | changes)
    except HookRefused as refusal:
        problems = refusal.problems

    assert problems is None or all(each.field.startswith("data.") for each in problems)
