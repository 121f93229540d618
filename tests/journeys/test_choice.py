"""Her choice between the forms of a thanks, several thanks told in one sentence, and the name that cash needs."""

from __future__ import annotations

import re

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from referral import ledger, thanks
from referral.consent import Answer
from referral.identities import Identity, IdentityKind
from referral.rewards import RewardState
from referral.terms import Choice
from tests.journeys.offers import DAY, comes, taken
from tests.journeys.town import Town, open_town
from tests.journeys.vouchers import a_meal, gives, page_of


@pytest.fixture
async def restaurant(quick_url, tmp_path):
    async with open_town(tmp_path, quick_url, industry="catering") as town:
        yield town


async def forms(town: Town, persona: str = "mei") -> list[str]:
    return [town.app.words.thanks(reward.form) for reward in await town.rewards(persona)]


async def test_the_news_of_a_held_thanks_is_a_menu_of_its_forms_and_a_tap_takes_one(restaurant: Town):
    await a_meal(restaurant, granted=False)
    menu = next(line for line in reversed(await restaurant.lines()) if line["to"] == "mei")
    assert menu["kind"] == "menu"
    assert "这一份有3种可以选，到账之前都能改，没选就按头一种。" in menu["text"]
    assert all(form in menu["text"] for form in ("1份甜品", "20元餐券", "1年常客会员"))

    (held,) = await restaurant.rewards("mei")
    told = await restaurant.act("mei", "tap", f"choose:{held.id}:1")

    assert told["replies"][0]["text"] == "记下了，这一份给您20元餐券，11月24日到账之前都可以改。"
    assert await forms(restaurant) == ["20元餐券"]
    balance = await restaurant.look(
        lambda tx: tx.ledger.balance(ledger.account_of(held.person, RewardState.HELD), "fen")
    )
    assert balance == 2000


async def test_a_form_is_chosen_in_ones_own_words_until_the_day_it_comes(restaurant: Town):
    await a_meal(restaurant, granted=False)

    assert "记下了，这一份给您1年常客会员" in (await restaurant.say("mei", "我选会员"))[0]
    assert "记下了，这一份给您1份甜品" in (await restaurant.say("mei", "选甜品吧"))[0]
    assert "您想选哪一种？在您的页面点一下就行：http" in (await restaurant.say("mei", "选最好的"))[0]
    assert "您想选哪一种？" in (await restaurant.say("mei", "选现金"))[0]
    await restaurant.pass_time(DAY + 60)
    (told,) = await restaurant.say("mei", "选餐券")
    assert "记下了" not in told
    assert await forms(restaurant) == ["1份甜品"]


async def test_the_own_page_offers_the_same_choice_and_closes_with_the_grant(restaurant: Town):
    await a_meal(restaurant, granted=False)
    (held,) = await restaurant.rewards("mei")
    mine = await page_of(restaurant, "mei")
    assert "想要哪一种？到账之前都能改，没选就按头一种。 1份甜品 20元餐券 1年常客会员 就要这个" in mine

    told = await gives(restaurant, "mei", "choose", reward=held.id, number="2")
    assert "记下了，就按您选的来。" in told
    assert await forms(restaurant) == ["1年常客会员"]
    for wrong in ("7", "x", ""):
        assert "现在不能换了" in await gives(restaurant, "mei", "choose", reward=held.id, number=wrong)
    stranger = await restaurant.post(f"{await restaurant.me('jun')}/choose", {"reward": held.id, "number": "1"})
    assert stranger.status == 404
    await restaurant.pass_time(DAY + 60)
    assert "现在不能换了" in await gives(restaurant, "mei", "choose", reward=held.id, number="0")
    granted = await page_of(restaurant, "mei")
    assert "1年常客会员 已到账 2027年11月24日前有效" in granted
    assert "想要哪一种" not in granted


async def test_a_form_from_another_site_chooses_nothing(restaurant: Town):
    await a_meal(restaurant, granted=False)
    (held,) = await restaurant.rewards("mei")
    path, form = f"{await restaurant.me('mei')}/choose", {"reward": held.id, "number": "1"}

    assert (await restaurant.post(path, form, Origin="https://evil.example")).status == 404
    assert await forms(restaurant) == ["1份甜品"]


async def test_two_thanks_for_one_friend_are_told_in_one_sentence(quick_url, tmp_path):
    async with open_town(tmp_path, quick_url, industry="training") as town:
        mei = await taken(town, "classmates")
        await comes(town, "jun", mei["link"])
        before = len(await town.log("mei"))
        assert (await town.buy("jun", 200_000))["answer"]["outcome"] == "held"
        held = (await town.log("mei"))[before:]
        assert [bool(re.search("给您的(200积分和50元学费券|50元学费券和200积分)正在确认", t)) for t in held] == [True]
        await town.say("mei", "您好")
        before = len(await town.log("mei"))
        await town.pass_time(31 * DAY)
        told = "\n".join([*(await town.log("mei"))[before:], *await town.say("mei", "您好")])
        assert len(re.findall("已到账", told)) == 1
        assert re.search("(200积分和50元学费券|50元学费券和200积分)已到账", told)
        friends = (await page_of(town, "mei")).partition("收到的谢礼")[0]
        assert "前有效" not in friends


# ---- the name that cash needs ---------------------------------------------------------------------------------------

CASH = """
[fulfilment.pay]
kind = "wechatpay"
enabled = true
app_id = "wx0000000000000001"
mch_id = "1900000001"
serial_no = "5157F09EFDC096DE15EBE81A47057A72"
private_key_file = "pay.pem"
most_fen = 500000
"""


@pytest.fixture
async def bank(quick_url, tmp_path):
    """A company that transfers cash by the sandbox's merchant platform."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "pay.pem").write_bytes(pem)
    async with open_town(tmp_path, quick_url, more=CASH) as town:
        yield town


async def owe_cash(town: Town, fen: int) -> str:
    """Cash by decision of two colleagues; the id of the thanks."""
    campaign = await town.campaign()
    person, now, rng = await town.person("mei"), town.app.clock(), town.app.world.rng
    form = Choice(kind="cash", unit="fen", amount=fen, cost_fen=fen, says="{yuan}元现金", tax_class="incidental")

    def unit(tx) -> str:
        facts = town.app.facts
        tx.people.attach(person.id, Identity(IdentityKind.OPENID, "wx0000000000000001/mei"), now)
        reward = thanks.adjust(tx, facts, campaign, person.id, form, "试用", "zhou", now=now, rng=rng)
        thanks.approve(tx, reward.id, "wang", now=now)
        return reward.id

    reward = await town.app.store.write(unit)
    await town.app.settle()
    return reward


async def test_much_cash_waits_for_a_real_name_that_is_given_with_a_consent_of_its_own(bank: Town):
    reward = await owe_cash(bank, 300_000)
    mine = await page_of(bank, "mei")
    assert "3000元现金 等您填写 这一笔要核对收款人的真实姓名，填好就转给您。" in mine
    assert "我同意春和家居保存我的真实姓名，只用于给我转现金谢礼时核对收款人和依法申报个人所得税。" in mine

    assert "要先勾选同意" in await gives(bank, "mei", "name", real_name="梅芳")
    assert "姓名好像不完整" in await gives(bank, "mei", "name", real_name="138", agree="yes")
    bill = await bank.look(lambda tx: tx.bills.of_reward(reward))
    assert (bill.state, bill.needs) == ("needs", "name")
    told = await gives(bank, "mei", "name", real_name="梅芳", agree="yes")
    await bank.app.settle()

    assert "收到了，只用来核对收款人和报税。" in told
    assert "您同意我们保存了：梅*。" in told
    assert "梅芳" not in told
    bill = await bank.look(lambda tx: tx.bills.of_reward(reward))
    assert (bill.state, bill.needs) == ("sent", "confirm")
    assert "请在微信里点一次「确认收款」" in await page_of(bank, "mei")
    person = (await bank.person("mei")).id
    assert (await bank.look(lambda tx: tx.consent.latest(person, "real_name"))).answer is Answer.GRANTED
    for file in bank.app.config.files.data_dir.parent.rglob("*"):
        if file.is_file() and file.name != "sandbox.json":
            assert "梅芳".encode() not in file.read_bytes(), file


async def test_a_real_name_is_taken_back_at_any_time(bank: Town):
    reward = await owe_cash(bank, 300_000)
    await gives(bank, "mei", "name", real_name="梅芳", agree="yes")
    await bank.app.settle()

    told = await gives(bank, "mei", "name", act="withdraw")

    assert "已经撤回，姓名删掉了。" in told
    assert "我的真实姓名" not in told
    person = (await bank.person("mei")).id
    assert await bank.look(lambda tx: tx.real_names.of_person(person)) is None
    assert (await bank.look(lambda tx: tx.consent.latest(person, "real_name"))).answer is Answer.WITHDRAWN
    assert (await bank.look(lambda tx: tx.bills.of_reward(reward))).state == "sent"


async def test_little_cash_asks_for_no_name(bank: Town):
    reward = await owe_cash(bank, 2_000)

    assert "真实姓名" not in await page_of(bank, "mei")
    assert (await bank.look(lambda tx: tx.bills.of_reward(reward))).state == "sent"
