"""A webhook that names a buyer by somebody else's id is refused with the reason, and nothing of it is kept."""

from __future__ import annotations

import pytest

OPENID = "oAbC1234567890_-abcdefghijkl"
EXTERNAL = "wmAJ2GCAAAXtWyujaWJHDDGi0mACH71w"


@pytest.mark.parametrize(
    ("buyer", "field", "says"),
    [
        ({"external_userid": "lin", "crm_id": "42"}, "data.buyer.external_userid", "同事的 userid"),
        ({"external_userid": OPENID}, "data.buyer.external_userid", "openid 或 unionid"),
        ({"unionid": EXTERNAL}, "data.buyer.unionid", "external_userid"),
    ],
)
async def test_an_order_is_refused_by_the_field_and_comes_again_put_right(house, buyer, field, says):
    await house.store.write(lambda tx: tx.reps.see("lin", "林顾问"))

    refused = await house.tell("order.paid", house.paid(buyer=buyer), webhook="msg_again")
    right = await house.tell("order.paid", house.paid(buyer={"crm_id": "42"}), webhook="msg_again")

    assert refused.status == 422
    (error,) = refused.body["errors"]
    assert (error["field"], says in error["problem"]) == (field, True)
    assert right.status == 200


async def test_a_signal_about_a_colleague_is_refused(house):
    await house.store.write(lambda tx: tx.reps.see("lin", "林顾问"))

    refused = await house.hear("praise.given", {"external_userid": "lin"})

    assert (refused.status, refused.body["errors"][0]["field"]) == (422, "data.person.external_userid")


async def test_a_company_number_may_look_like_anything(house):
    for number in ("13800138000", "lin", OPENID, EXTERNAL):
        assert (await house.hear("praise.given", {"crm_id": number})).status == 200
