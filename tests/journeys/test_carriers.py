"""What carries a poster: our page, the rep's contact QR, the desk, an acquisition link; and a blocked domain."""

from __future__ import annotations

import io
from datetime import timedelta

import numpy as np
import pytest
import zxingcpp
from PIL import Image
from pyzbar import pyzbar

from bot.posters.look import SIZES, names
from referral.contact_ways import WayKind
from referral.errors import BadInput, NotFound, RuleViolation
from storage import tables as t
from templates import ROOT
from tests.journeys.town import HOLD_S, Town, open_town

ACQUIRES = '[[wecom.apps]]\nuses = ["contact", "kf", "rep", "acquisition"]\n'
ALONE = '[[wecom.apps]]\nuses = ["rep"]\nkf_accounts = []\n'
DESK_ONLY = '[[wecom.apps]]\nuses = ["kf", "rep"]\n'
PLATFORMS = ["contact", "kf", "acquisition"]


@pytest.fixture
async def town(ready_url, tmp_path):
    """A running bot on each database, that may use every carrier but an Official Account's."""
    async with open_town(tmp_path, ready_url, more=ACQUIRES) as opened:
        yield opened


@pytest.fixture
async def quick_town(quick_url, tmp_path):
    async with open_town(tmp_path, quick_url, more=ACQUIRES) as opened:
        yield opened


async def carried(town: Town, carrier: str) -> tuple[str, str]:
    """A campaign of that carrier, and Mei's code in it."""
    campaign = await town.campaign(carrier=carrier)
    return campaign, await town.code_of("mei", campaign)


async def poster(town: Town, code: str, asked: str = "") -> bytes:
    """The poster, as soon as it is there."""
    page = await town.get(f"/p/{code}.jpg?{asked}")
    for _ in range(3):
        if page.status == 200:
            break
        assert (page.status, page.headers["Retry-After"]) == (503, "5")
        await town.app.settle()
        page = await town.get(f"/p/{code}.jpg?{asked}")
    assert page.status == 200, page.text
    return page.body


def read(jpeg: bytes) -> str:
    with Image.open(io.BytesIO(jpeg)) as picture:
        return str(zxingcpp.read_barcode(np.asarray(picture.convert("L"))).text)


def read_small(jpeg: bytes) -> set[str]:
    """What two decoders read of a poster that was halved and recompressed."""
    with Image.open(io.BytesIO(jpeg)) as picture:
        small = picture.convert("L").resize((picture.width // 2, picture.height // 2), Image.Resampling.BILINEAR)
    worse = io.BytesIO()
    small.save(worse, "JPEG", quality=60)
    with Image.open(worse) as seen:
        by_zxing = zxingcpp.read_barcode(np.asarray(seen)).text
        return {by_zxing, *(found.data.decode() for found in pyzbar.decode(seen))}


async def alarms(town: Town) -> list[str]:
    return [text for text in await town.log("zhou") if "微信里" in text]


async def way_of(town: Town, code: str, kind: WayKind):
    return await town.look(lambda tx: tx.contact_ways.of_code(code, "lin", kind))


async def forget_desk_link(town: Town) -> None:
    anew = t.desks.update().values(prefix="", link="", asked_at=None)
    await town.app.store.write(lambda tx: tx.connection.execute(anew).rowcount)


# --- each carrier, from the poster to the thanks --------------------------------------------------------------------


async def test_a_poster_that_carries_the_contact_qr_says_what_that_says_and_an_add_by_it_is_credited(town: Town):
    _, code = await carried(town, "contact")

    scanned = read(await poster(town, code))

    way = await way_of(town, code, WayKind.QR)
    assert scanned == way.payload
    assert "/i/" not in scanned.lower()
    await town.act("jun", "scan", scanned)
    welcome = (await town.act("jun", "add"))["welcome"]
    assert "梅姐介绍您来的" in welcome
    bought = await town.buy("jun")
    assert bought["answer"]["outcome"] == "held"
    await town.pass_time(HOLD_S + 60)
    assert ("granted", "granted") in await town.standing("mei")


async def test_a_poster_that_carries_the_desk_tells_it_the_code_on_entering(town: Town):
    _, code = await carried(town, "kf")

    scanned = read(await poster(town, code))

    assert scanned.endswith(code)
    entered = await town.act("jun", "scan", scanned)
    assert "梅姐介绍您来的" in entered["replies"][0]["text"]
    assert [(touch.code, touch.kind.value) for touch in await town.touches("jun")] == [(code, "code")]
    assert (await town.buy("jun"))["answer"]["outcome"] == "held"


async def test_a_poster_that_carries_an_acquisition_link_marks_it_for_its_code(town: Town):
    _, code = await carried(town, "acquisition")

    scanned = read(await poster(town, code))

    way = await way_of(town, code, WayKind.LINK)
    assert scanned == way.payload
    assert scanned.endswith(way.mark)
    assert code not in scanned
    await town.act("jun", "scan", scanned)
    added = await town.act("jun", "add")
    assert added["state"] == way.mark
    assert "梅姐介绍您来的" in added["welcome"]
    assert (await town.buy("jun"))["answer"]["outcome"] == "held"


async def test_all_codes_of_a_rep_share_one_acquisition_link(town: Town):
    campaign, code = await carried(town, "acquisition")
    first = read(await poster(town, code))
    await town.act("bo", "add", "lin")
    other = await town.code_of("bo", campaign)

    second = read((await town.get(f"/p/{other}.jpg")).body)

    assert first != second
    assert first.split("?")[0] == second.split("?")[0]


@pytest.mark.parametrize("carrier", ["landing", *PLATFORMS])
async def test_the_chat_sends_the_poster_with_its_qr_at_the_first_asking(quick_town: Town, carrier: str):
    campaign = await quick_town.campaign(carrier=carrier)

    replies = (await quick_town.act("mei", "say", "我要推荐"))["replies"]

    assert [line["kind"] for line in replies][:3] == ["image", "text", "menu"]
    scanned = await quick_town.act("jun", "scan", {"picture_of": "mei"})
    if "status" in scanned:
        await quick_town.act("jun", "add")
    assert [touch.campaign for touch in await quick_town.touches("jun")] == [campaign]


@pytest.mark.parametrize("carrier", PLATFORMS)
async def test_in_the_smallest_squares_the_qr_is_read_by_two_decoders_at_half_its_size(quick_town: Town, carrier: str):
    _, code = await carried(quick_town, carrier)
    said = read(await poster(quick_town, code))

    for asked in ("template=neighbours&size=square", "template=neighbours&size=card", "template=skyline&size=square"):
        jpeg = await poster(quick_town, code, asked)
        assert read_small(jpeg) == {said}, (carrier, asked)


@pytest.mark.parametrize("carrier", PLATFORMS)
async def test_every_look_and_every_size_can_carry_it_in_either_edition(quick_town: Town, carrier: str):
    _, code = await carried(quick_town, carrier)
    said = read(await poster(quick_town, code))

    for number, look in enumerate(names(ROOT / "posters")):
        size = list(SIZES)[number % len(SIZES)]
        asked = f"template={look}&size={size}&edition={'feed' if number % 2 else 'friend'}"
        assert read(await poster(quick_town, code, asked)) == said, asked


# --- while the platform makes it ------------------------------------------------------------------------------------


async def test_the_page_says_that_the_qr_is_being_made_and_shows_the_poster_when_it_is_there(quick_town: Town):
    _, code = await carried(quick_town, "contact")
    await quick_town.platform("rate")

    first = await quick_town.get(f"/p/{code}")
    picture = await quick_town.get(f"/p/{code}.jpg")

    assert "二维码正在准备" in first.text
    assert 'http-equiv="refresh"' in first.text
    assert 'class="poster"' not in first.text
    assert (picture.status, picture.headers["Retry-After"]) == (503, "5")
    await quick_town.platform("none")
    await quick_town.later(90)
    second = await quick_town.get(f"/p/{code}")
    assert 'class="poster"' in second.text
    assert "refresh" not in second.text


async def test_where_the_platform_makes_no_qr_the_poster_leads_to_our_page_and_changes_when_it_does(quick_town: Town):
    _, code = await carried(quick_town, "contact")
    sandbox = quick_town.app.sandbox
    ways = sandbox._acts.customers.ways
    ways._quota, quota = 0, ways._quota
    await quick_town.get(f"/p/{code}")
    await quick_town.app.settle()

    refused = read(await poster(quick_town, code))

    assert refused.upper().endswith(f"/I/{code}")
    ways._quota = quota
    quick_town.machine.tick(180)
    await quick_town.get(f"/p/{code}")
    await quick_town.app.settle()
    assert read(await poster(quick_town, code)) == (await way_of(quick_town, code, WayKind.QR)).payload


async def test_where_the_platform_gives_no_desk_link_the_poster_leads_to_our_page_until_it_does(quick_town: Town):
    _, code = await carried(quick_town, "kf")
    link = read(await poster(quick_town, code))
    desks = quick_town.app.sandbox._stage.world.desks
    closed = desks.copy()
    desks.clear()
    await forget_desk_link(quick_town)
    await quick_town.get(f"/p/{code}")
    await quick_town.app.settle()

    refused = read(await poster(quick_town, code))

    assert refused.upper().endswith(f"/I/{code}")
    desks |= closed
    quick_town.machine.tick(180)
    await quick_town.get(f"/p/{code}")
    await quick_town.app.settle()
    assert read(await poster(quick_town, code)) == link


async def test_a_desk_link_too_long_for_a_qr_gives_way_to_our_page(quick_town: Town):
    _, code = await carried(quick_town, "kf")
    quick_town.app.sandbox._stage.base += "/" + "x" * 60
    await forget_desk_link(quick_town)

    assert read(await poster(quick_town, code)).upper().endswith(f"/I/{code}")
    assert 'class="poster"' in (await quick_town.get(f"/p/{code}")).text


# --- choosing and changing ------------------------------------------------------------------------------------------


async def test_another_carrier_issues_the_posters_anew_and_the_old_ones_stay_good(town: Town):
    campaign, code = await carried(town, "landing")
    before = read(await poster(town, code))

    made = await town.app.operator.run("campaign.edit", {"id": campaign, "carrier": "contact"})

    assert made["carrier"] == "contact"
    after = read(await poster(town, code))
    assert before.upper().endswith(f"/I/{code}")
    assert after != before
    assert (await town.get(before)).status == 200
    assert await town.look(lambda tx: tx.campaigns.get(campaign).version) == 1


@pytest.mark.parametrize(
    ("apps", "carrier", "why"),
    [
        (ACQUIRES, "official", "公众号还没有接入"),
        ("", "acquisition", "uses 里写上 acquisition"),
        (ALONE, "contact", "uses 里写上 contact"),
        (ALONE, "kf", "微信客服账号"),
    ],
)
async def test_a_carrier_that_cannot_be_had_is_refused_with_the_reason(quick_url, tmp_path, apps, carrier, why):
    async with open_town(tmp_path, quick_url, more=apps) as town:
        with pytest.raises(RuleViolation, match=why):
            await town.campaign(carrier=carrier)
        campaign = await town.campaign()
        with pytest.raises(RuleViolation, match=why):
            await town.app.operator.run("campaign.edit", {"id": campaign, "carrier": carrier})


async def test_a_carrier_that_does_not_exist_is_named(quick_town: Town):
    with pytest.raises(BadInput, match="--carrier: 没有 pigeon"):
        await quick_town.campaign(carrier="pigeon")


async def test_a_carrier_taken_out_of_the_configuration_is_replaced_by_our_page(quick_url, tmp_path):
    async with open_town(tmp_path, quick_url, more=ACQUIRES) as town:
        _, code = await carried(town, "acquisition")
    async with open_town(tmp_path, quick_url, more=ALONE) as town:
        assert read(await poster(town, code)).upper().endswith(f"/I/{code}")


# --- entering the desk with a code ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scene", "carries"), [("taoli", "ZZZZZZZZ"), ("taoli", "梅姐"), ("shop", "CODE"), ("taoli", "")]
)
async def test_what_is_no_code_or_in_no_link_of_ours_is_no_touch(quick_town: Town, scene: str, carries: str):
    _, code = await carried(quick_town, "kf")

    entered = {"scene": scene, "scene_param": carries.replace("CODE", code)}
    replies = (await quick_town.act("jun", "enter", entered))["replies"]

    assert "小助手" in replies[0]["text"]
    assert await quick_town.touches("jun") == []


async def test_ones_own_poster_and_an_ended_campaign_bring_nobody(quick_town: Town):
    campaign, code = await carried(quick_town, "kf")
    link = read(await poster(quick_town, code))

    await quick_town.act("mei", "scan", link)
    await quick_town.end(campaign)
    await quick_town.act("jun", "scan", link)

    assert await quick_town.touches("mei") == []
    assert await quick_town.touches("jun") == []


async def test_an_unsigned_advocate_is_not_named_at_the_desk(quick_town: Town):
    await quick_town.act("mei", "say", "不署名")
    _, code = await carried(quick_town, "kf")
    mei = await quick_town.person("mei")
    await quick_town.app.store.write(lambda tx: tx.people.learn(mei.id, byline="none"))

    entered = await quick_town.act("jun", "scan", read(await poster(quick_town, code)))

    assert "老朋友介绍来的" in entered["replies"][0]["text"]
    assert "梅姐" not in entered["replies"][0]["text"]


# --- a blocked domain -----------------------------------------------------------------------------------------------


async def test_a_blocked_domain_alarms_managers_and_posters_carry_the_contact_qr_until_it_is_cleared(town: Town):
    _, code = await carried(town, "landing")
    await poster(town, code)

    stands = await town.app.operator.run("domain.block", {"host": "127.0.0.1"})
    await town.app.operator.run("domain.block", {"host": "http://127.0.0.1:80/i/x"})
    await town.app.settle()

    assert (stands["is_blocked"], stands["instead"][0]) == (True, "contact")
    assert len(await alarms(town)) == 1
    assert "1个活动的海报从现在起改用联系我二维码" in (await alarms(town))[0]
    assert "taoli_domain_blocked 1.0" in (await town.get("/metrics")).text
    instead = read(await poster(town, code))
    assert instead == (await way_of(town, code, WayKind.QR)).payload

    await town.app.operator.run("domain.clear", {"host": ""})
    await town.app.settle()

    assert "又能打开了" in (await alarms(town))[-1]
    assert "taoli_domain_blocked 0.0" in (await town.get("/metrics")).text
    assert read(await poster(town, code)).upper().endswith(f"/I/{code}")


async def test_without_customer_contact_the_desk_stands_in(quick_url, tmp_path):
    async with open_town(tmp_path, quick_url, more=DESK_ONLY) as town:
        _, code = await carried(town, "landing")
        await town.app.operator.run("domain.block", {"host": "127.0.0.1"})

        assert read(await poster(town, code)).endswith(f"={code}")


async def test_with_nothing_in_its_place_managers_hear_it_and_the_poster_stays(quick_url, tmp_path):
    async with open_town(tmp_path, quick_url, more=ALONE) as town:
        _, code = await carried(town, "landing")
        await town.app.operator.run("domain.block", {"host": "127.0.0.1"})
        await town.app.settle()

        assert "没有别的二维码可用" in (await alarms(town))[0]
        assert read(await poster(town, code)).upper().endswith(f"/I/{code}")


async def test_words_to_pass_on_lead_to_the_desk_while_the_domain_is_blocked(quick_town: Town):
    await quick_town.campaign()
    await quick_town.app.operator.run("domain.block", {"host": "127.0.0.1"})

    words = (await quick_town.say("mei", "我要推荐"))[1]

    assert "/i/" not in words
    assert "/kf/" in words
    link = next(part for part in words.split() if "/kf/" in part)
    assert len(words) <= 200
    entered = await quick_town.act("jun", "scan", link[link.index("http") :])
    assert "梅姐介绍您来的" in entered["replies"][0]["text"]


async def test_only_the_domain_of_our_links_can_be_blocked_and_only_a_blocked_one_cleared(quick_town: Town):
    with pytest.raises(BadInput, match=r"链接用的域名是 127\.0\.0\.1"):
        await quick_town.app.operator.run("domain.block", {"host": "evil.example"})
    with pytest.raises(NotFound, match="没有标记为被拦截"):
        await quick_town.app.operator.run("domain.clear", {"host": "127.0.0.1"})
    assert await alarms(quick_town) == []


async def test_a_contact_qr_made_before_this_program_read_it_is_read_from_its_picture(quick_town: Town):
    campaign, code = await carried(quick_town, "landing")
    await quick_town.get(f"/i/{code}")
    await quick_town.app.settle()
    way = await way_of(quick_town, code, WayKind.QR)
    await quick_town.app.store.write(lambda tx: tx.connection.exec_driver_sql("update contact_ways set payload = null"))
    made = len(quick_town.app.sandbox._stage.world.ways)
    quick_town.machine.tick(timedelta(minutes=3).total_seconds())

    await quick_town.app.operator.run("campaign.edit", {"id": campaign, "carrier": "contact"})

    assert read(await poster(quick_town, code)) == way.payload
    assert len(quick_town.app.sandbox._stage.world.ways) == made


async def test_a_chat_is_not_held_up_by_a_platform_that_makes_no_qr(quick_town: Town):
    await quick_town.campaign(carrier="contact")
    ways = quick_town.app.sandbox._acts.customers.ways
    ways._quota = 0

    replies = (await quick_town.act("mei", "say", "我要推荐"))["replies"]

    assert [line["kind"] for line in replies][:3] == ["image", "text", "menu"]
    scanned = await quick_town.act("jun", "scan", {"picture_of": "mei"})
    assert "/i/" in scanned["url"].lower()


async def test_figures_are_told_while_the_database_does_not_answer(quick_town: Town):
    assert "taoli_domain_blocked" in (await quick_town.get("/metrics")).text
    away = "alter table blocked_hosts rename to elsewhere"
    await quick_town.app.store.write(lambda tx: tx.connection.exec_driver_sql(away) and None)

    page = await quick_town.get("/metrics")

    assert page.status == 200
    assert "taoli_callbacks" in page.text
    assert "taoli_domain_blocked" not in page.text
