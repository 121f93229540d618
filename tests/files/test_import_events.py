"""Signals and orders from files go the way of the webhooks: the same thing twice is one."""

from __future__ import annotations

import json
from datetime import datetime

import pytest

from referral.times import SHANGHAI

SIGNALS = "类型,客户编号,分数,次数,时间"
ORDERS = "来源,订单号,客户编号,金额,付款时间,refunded_fen,退款时间"


def take_in(desk, what, head, *rows, options=(), code=0):
    """What an import says as JSON."""
    file = desk.folder / f"{what}.csv"
    file.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    result = desk.run("import", what, str(file), "--json", *options)
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def counts(report):
    return [report[key] for key in ("rows", "new", "changed", "same")]


def order(desk, number):
    (found,) = desk.ask_database(
        f"select amount_fen, refunded_fen, paid_at, outcome, person is null from orders where order_no = '{number}'"
    )
    return found


def test_signals_move_their_persons_and_are_heard_once(desk):
    rows = (
        "满意度调查,42,9,,2026-11-01 10:00", "praise.given,42,,,2026/11/2", "投诉,43,,,2026年11月3日",
        "活跃,43,,17,2026-11-03T08:00:00+08:00", "投诉,43,,,2026年11月3日",
    )  # fmt: skip

    first = take_in(desk, "signals", SIGNALS, *rows)
    second = take_in(desk, "signals", SIGNALS, *rows)

    assert (counts(first), counts(second)) == ([5, 4, 0, 1], [5, 0, 0, 5])
    moments = desk.ask_database(
        "select i.value, satisfaction, good, complaints, activity from moments m"
        " join identities i on i.person = m.person order by 1"
    )
    assert moments == [("42", 9.0, "praise.given", 0, None), ("43", None, None, 1, 17.0)]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("打折,42,,,2026-11-01", "type"),
        ("好评,,,,2026-11-01", "crm_id"),
        ("好评,42,,,", "at"),
        ("好评,42,,,2050-01-01", "at"),
        ("满意度调查,42,,,2026-11-01", "score"),
        ("满意度调查,42,11,,2026-11-01", "score"),
        ("活跃,42,,,2026-11-01", "count"),
    ],
)
def test_a_signal_that_cannot_be_breaks_its_row(desk, row, field):
    report = take_in(desk, "signals", SIGNALS, row, "好评,43,,,2026-11-01", code=1)

    assert [(e["line"], e["field"]) for e in report["errors"]] == [(2, field)]
    assert report["new"] == 1


def test_orders_are_taken_in_with_what_was_given_back_and_again_change_nothing(desk):
    rows = (
        "shop,A1,42,199.00,2026-11-01 10:00,,",
        "shop,A2,42,¥1299.5,2026-11-02,10000,2026-11-05",
        "shop,A3,43,1,2026-11-02,,",
    )

    first = take_in(desk, "orders", ORDERS, *rows)
    second = take_in(desk, "orders", ORDERS, *rows)

    assert (counts(first), counts(second)) == ([3, 3, 0, 0], [3, 0, 0, 3])
    paid = datetime(2026, 11, 1, 10, tzinfo=SHANGHAI).timestamp() * 1000
    assert order(desk, "A1") == (19900, 0, paid, "unmatched", 1)
    assert order(desk, "A2")[:2] == (129950, 10000)


def test_a_later_export_adds_only_what_was_given_back_since(desk):
    take_in(desk, "orders", ORDERS, "shop,A1,42,199,2026-11-01,5000,2026-11-05")

    more = take_in(desk, "orders", ORDERS, "shop,A1,42,199,2026-11-01,19900,2026-11-08")

    assert (counts(more), order(desk, "A1")[1]) == ([1, 0, 1, 0], 19900)
    assert desk.ask_database("select amount_fen from refunds order by amount_fen") == [(5000,), (14900,)]


def test_an_order_that_says_otherwise_than_before_is_an_error_of_its_row(desk):
    take_in(desk, "orders", ORDERS, "shop,A1,42,199,2026-11-01 10:00,,")

    report = take_in(desk, "orders", ORDERS, "shop,A1,42,198,2026-11-01 10:00,,", "shop,A1,42,199,2026-11-01,,", code=1)

    assert (counts(report), report["errors"][0]["field"]) == ([2, 0, 0, 1], "order_no")


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("shop,A1,42,199.001,2026-11-01,,", "amount"),
        ("shop,A1,42,-1,2026-11-01,,", "amount"),
        ("shop,A1,42,,2026-11-01,,", "amount_fen"),
        ("sh/op,A1,42,1,2026-11-01,,", "source"),
        ("shop,A1,,1,2026-11-01,,", "crm_id"),
        ("shop,A1,42,1,2026-11-01,101,2026-11-02", "refunded_fen"),
        ("shop,A1,42,1,2026-11-01,100,", "refunded_at"),
        ("shop,,42,1,2026-11-01,,", "order_no"),
        ("shop,A1,42,1,,,", "paid_at"),
    ],
)
def test_an_order_that_cannot_be_breaks_its_row(desk, row, field):
    report = take_in(desk, "orders", ORDERS, row, code=1)

    assert [(e["line"], e["field"]) for e in report["errors"]] == [(2, field)]


def test_an_order_finds_its_buyer_when_a_people_file_names_them(desk):
    head = "来源,订单号,手机号,amount_fen,付款时间"
    take_in(desk, "orders", head, "shop,A1,13800138000,19900,2026-11-20")
    assert order(desk, "A1")[4] == 1

    take_in(desk, "people", "客户编号,手机号", "42,13800138000")

    assert order(desk, "A1")[4] == 0


def test_a_trial_of_signals_and_orders_writes_nothing(desk):
    signal, bought = "好评,42,,,2026-11-01", "shop,A1,42,199,2026-11-01,,"

    assert counts(take_in(desk, "signals", SIGNALS, signal, signal, options=("--dry-run",))) == [2, 1, 0, 1]
    assert counts(take_in(desk, "orders", ORDERS, bought, options=("--dry-run",))) == [1, 1, 0, 0]

    assert not desk.database.exists()


def test_beside_a_running_bot_signals_and_orders_go_through_it(running):
    rows = [f"好评,{number},,,2026-11-01" for number in range(120)]

    assert take_in(running, "signals", SIGNALS, *rows)["new"] == 120
    assert take_in(running, "orders", ORDERS, "shop,A1,42,199,2026-11-01,,")["new"] == 1


def test_what_an_order_earns_and_what_was_bought_may_stand_beside_it(desk):
    head = "来源,订单号,客户编号,金额,付款时间,毛利,商品"
    rows = ("shop,A1,42,199,2026-11-01,60.5,春茶礼盒", "shop,A2,42,199,2026-11-01,,")

    assert counts(take_in(desk, "orders", head, *rows)) == [2, 2, 0, 0]
    assert counts(take_in(desk, "orders", head, *rows)) == [2, 0, 0, 2]
    take_in(desk, "orders", "来源,订单号,客户编号,金额,付款时间,earned_fen", "shop,A3,42,199,2026-11-01,6050")

    kept = desk.ask_database("select order_no, earned_fen, product from orders order by order_no")
    assert kept == [("A1", 6_050, "春茶礼盒"), ("A2", None, ""), ("A3", 6_050, "")]


def test_two_columns_that_disagree_about_what_is_earned_break_their_row(desk):
    head = "来源,订单号,客户编号,金额,付款时间,毛利,earned_fen"

    report = take_in(desk, "orders", head, "shop,A1,42,199,2026-11-01,60,61", code=1)

    assert [error["field"] for error in report["errors"]] == ["earned"]
