"""Thanks through connectors in a running bot, over HTTP from the order to the message that says it has come."""

import pytest
from sqlalchemy import update

from bot.cli.spoken import sentences
from bot.whys import explain
from referral.identities import Identity, IdentityKind
from storage.tables import rewards
from tests.fulfilment.workshop import SECRET, Receiver
from tests.journeys.town import HOLD_S, open_town

APP_ID = "wx0000000000000001"
TRANSFER = f"""
[fulfilment.transfer]
kind = "wechatpay"
enabled = true
app_id = "{APP_ID}"
mch_id = "1900000001"
serial_no = "5157F09EFDC096DE15EBE81A47057A72"
"""


@pytest.fixture
async def receiver():
    """The company's ERP."""
    system = Receiver()
    system.stands_still = True
    await system.start()
    yield system
    await system.stop()


@pytest.fixture
async def town(quick_url, tmp_path, receiver):
    """A bot whose thanks are made real by the ERP, which also hears of credited friends."""
    (tmp_path / "erp").write_text(SECRET)
    sections = f"""
[fulfilment.erp]
kind = "webhook"
gives = ["days", "points", "coupon", "cash"]
url = "{receiver.url}"
secret_file = "erp"
events = ["referral.credited", "referral.reversed", "reward.granted", "reward.reversed"]
"""
    async with open_town(tmp_path, quick_url, sending=sections) as town:
        yield town


async def test_both_sides_thanks_go_to_the_erp_after_the_refund_window_and_are_granted_when_it_takes_them(
    town, receiver
):
    code = await town.code_of("mei", await town.campaign())
    await town.act("jun", "add", code)
    await town.buy("jun")
    held = [each for each in receiver.asked if each.body["type"] == "reward.approved"]

    await town.pass_time(HOLD_S + 60)

    asked = [each.body["data"] for each in receiver.asked if each.body["type"] == "reward.approved"]
    assert held == []
    assert {each["side"] for each in asked} == {"advocate", "friend"}
    assert await town.standing("mei") == await town.standing("jun") == [("granted", "granted")]


async def test_while_the_erp_is_away_nothing_is_granted_and_a_refund_still_takes_it_back(town, receiver):
    receiver.usual = 404
    code = await town.code_of("mei", await town.campaign())
    await town.act("jun", "add", code)
    bought = await town.buy("jun")
    await town.pass_time(HOLD_S + 60)
    waiting = await town.standing("mei")

    await town.act("jun", "refund", bought["order_no"])
    await town.pass_time(86_400)

    assert waiting == [("approved", "fulfilment.running")]
    assert await town.standing("mei") == [("reversed", "refund.before_grant")]


async def test_while_the_erp_is_away_nobody_is_told_that_their_thanks_have_come(town, receiver):
    code = await town.code_of("mei", await town.campaign())
    await town.act("jun", "add", code)
    bought = await town.buy("jun")
    receiver.usual = 503
    await town.pass_time(HOLD_S + 60)
    away, friend = await why(town, bought), await town.say("jun", "为什么")

    receiver.usual = 204
    await town.pass_time(86_400)

    assert away["reasons"] == [{"code": "fulfilment.running", "text": "已核准，正在发放"}]
    assert away["referral"]["reason"] == away["explained"]["reason"] == away["reasons"][0]
    assert not any("已发放" in line for line in sentences(away))
    assert "正在给您办理" in "\n".join(friend) and "已到账" not in "\n".join(friend)
    there = await why(town, bought)
    assert [reason["code"] for reason in there["reasons"]] == ["granted"]
    assert there["referral"]["reason"]["code"] == there["explained"]["reason"]["code"] == "granted"


async def why(town, bought):
    """What `why` answers about an order."""
    order = f"order:sandbox/{bought['order_no']}"
    return await town.look(lambda tx: explain(town.app, tx, order))


async def test_cash_is_paid_out_at_the_sandbox_once_its_person_collects_it(quick_url, tmp_path):
    async with open_town(tmp_path, quick_url, sending=TRANSFER) as town:
        code = await town.code_of("mei", await town.campaign())
        await town.act("jun", "add", code)
        await town.buy("jun")
        mei = await town.person("mei")
        await town.app.store.write(lambda tx: _for_cash(tx, mei.id, town.app.clock()))
        await town.act("platform", "transfers", "lost")
        await town.pass_time(HOLD_S + 60)
        waiting = await town.standing("mei")
        await town.act("platform", "transfers", "none")

        collected = await town.act("mei", "collect")
        await town.pass_time(3600)

        assert waiting == [("approved", "fulfilment.running")]
        assert len(collected["collected"]) == 1
        assert await town.standing("mei") == [("granted", "granted")]


def _for_cash(tx, person, now):
    """Mei's openid is known, and what she is owed is cash."""
    tx.people.attach(person, Identity(IdentityKind.OPENID, f"{APP_ID}/omei"), now)
    (reward,) = tx.rewards.of_person(person)
    changed = update(rewards).where(rewards.c.id == reward.id).values(kind="cash", unit="fen", amount=5000)
    tx.connection.execute(changed)
