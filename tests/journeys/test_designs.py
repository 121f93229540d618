"""Reps see every look with real names and codes, and make their customers' posters their own."""

from __future__ import annotations

import errno
import html
import io
import re
import struct
import zlib
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import numpy as np
import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Browser, BrowserContext, Locator, expect
from playwright.async_api import Page as BrowserPage

from bot.designing import Designing
from bot.pages.rep_door import COOKIE
from bot.photo_shelf import DESIGNS
from bot.posters.commissions import SAMPLE_CODE
from bot.posters.look import names
from referral.designs import Design
from referral.offers import PosterCopy
from storage import tables as t
from templates import ROOT
from tests.journeys.town import Page, Town

LOOKS = names(ROOT / "posters")
IMAGES = re.compile(r'<img src="([^"]+)"')
REFUSED = re.compile(r'<div class="refused" id="against-([^"]+)"[^>]*>\s*<ul>\s*(.*?)\s*</ul>', re.DOTALL)
TAGS = re.compile(r"<[^>]+>")
WARM = {
    "friend.headline": "想到你，就发给你看看",
    "friend.body": "{company}的顾问很细心。首单{minimum}过了退款期，送你{friend_thanks}。",
    "feed.headline": "好用的东西，慢慢挑",
    "feed.body": "{company}{product}，问清楚了再决定。",
}


class Lin:
    """A rep with her browser open."""

    def __init__(self, town: Town, cookie: str) -> None:
        self.town, self.cookies = town, {COOKIE: cookie}

    async def get(self, path: str, **headers: str) -> Page:
        return await self.town.get(path, cookies=self.cookies, **headers)

    async def send(self, campaign: str, act: str, **form: str | bytes) -> Page:
        """Post the form of a campaign's posters as the page would; what is bytes is a photo."""
        words = {name: value for name, value in form.items() if isinstance(value, str)}
        files = [value for value in form.values() if isinstance(value, bytes)]
        return await self.post(campaign, words | {"act": act}, *files)

    async def post(self, campaign: str, form: dict[str, str], file: bytes | None = None, **headers: str) -> Page:
        boundary = "----boundary"
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in form.items()
        ]
        named = "" if file is None else "photo.jpg"
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{named}"\r\n'
            "Content-Type: image/jpeg\r\n\r\n".encode()
            + (file or b"")
            + f"\r\n--{boundary}--\r\n".encode()
        )
        sent = {"Content-Type": f"multipart/form-data; boundary={boundary}", **headers}
        url = self.town.at(f"/rep/posters/{campaign}")
        async with self.town.http.post(
            url, data=io.BytesIO(b"".join(parts)), headers=sent, cookies=self.cookies, allow_redirects=False
        ) as answer:
            body = await answer.read()
            return Page(status=answer.status, text=body.decode(), body=body, headers=answer.headers.copy(), cookies={})


async def come_in(town: Town, rep: str = "lin") -> Lin:
    """Let a rep in by a card's link."""
    link = town.app.facts.rep_page(rep, town.app.clock())
    page = await town.get("/" + link.split("/", 3)[3])
    return Lin(town, page.cookies[COOKIE])


@pytest.fixture
async def campaign(town: Town) -> str:
    return await town.campaign()


@pytest.fixture
async def lin(town: Town) -> Lin:
    return await come_in(town)


def refused(page: Page) -> dict[str, str]:
    """What is said against the design, by place."""
    return {place: " ".join(html.unescape(TAGS.sub("", said)).split()) for place, said in REFUSED.findall(page.text)}


def images(page: Page) -> list[str]:
    return [html.unescape(found) for found in IMAGES.findall(page.text)]


def read(jpeg: bytes) -> str:
    with Image.open(io.BytesIO(jpeg)) as picture:
        return zxingcpp.read_barcode(np.asarray(picture.convert("L"))).text.upper()


def size(jpeg: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(jpeg)) as picture:
        return picture.size


async def design(town: Town, campaign: str, rep: str = "lin") -> Design | None:
    return await town.look(lambda tx: tx.designs.get(campaign, rep))


async def audited(town: Town) -> list[tuple[str, str, str]]:
    def unit(tx: Any) -> list[tuple[str, str, str]]:
        rows = tx.connection.execute(t.audit.select().order_by(t.audit.c.row))
        return [(row.who, row.action, row.detail) for row in rows if row.action.startswith("design.")]

    return await town.look(unit)


def shelf(town: Town) -> list[Path]:
    return sorted((town.app.config.files.data_dir / DESIGNS).glob("*"))


# --- the gallery ----------------------------------------------------------------------------------------------------


async def test_the_gallery_shows_every_look_with_her_newest_customers_name_and_code(
    town: Town, campaign: str, lin: Lin
) -> None:
    code = await town.code_of("mei", campaign)

    page = await lin.get("/rep/posters")

    assert page.status == 200
    assert f"图上是梅姐的邀请码 {code[:4]} {code[4:]}" in page.text
    assert [re.search("template=([a-z-]+)", url)[1] for url in images(page)] == LOOKS
    first = await lin.get(images(page)[0])
    assert (first.status, first.headers["Content-Type"], size(first.body)) == (200, "image/jpeg", (360, 640))
    assert len(first.body) < 60_000
    full = await lin.get(images(page)[0].replace("width=360", "width="))
    assert (size(full.body), read(full.body).endswith(f"/I/{code}")) == ((1080, 1920), True)


async def test_a_rep_without_a_customer_sees_a_sample_that_leads_nowhere_and_is_told_so(
    town: Town, campaign: str, lin: Lin
) -> None:
    page = await lin.get("/rep/posters")
    picture = await lin.get(images(page)[0].replace("width=360", ""))

    assert "还没有客户拿过邀请码" in page.text
    assert read(picture.body).endswith(SAMPLE_CODE)
    assert (await town.get(f"/i/{SAMPLE_CODE}")).status == 404


async def test_size_theme_and_edition_are_plain_links(town: Town, campaign: str, lin: Lin) -> None:
    page = await lin.get("/rep/posters")
    ways = [html.unescape(way) for way in re.findall(r'class="look" href="([^"]+)"', page.text)]

    square = next(way for way in ways if "size=square" in way)
    shown = await lin.get(square)

    assert any("theme=dark" in way for way in ways)
    assert any("edition=friend" in way for way in ways)
    assert all("size=square" in url for url in images(shown))
    assert size((await lin.get(images(shown)[0])).body) == (360, 360)


async def test_without_a_campaign_there_is_nothing_to_choose(town: Town, lin: Lin) -> None:
    page = await lin.get("/rep/posters")

    assert (page.status, "现在没有进行中的活动" in page.text) == (200, True)


async def test_the_gallery_is_behind_the_door(town: Town, campaign: str, lin: Lin) -> None:
    stranger = Lin(town, "nobody")

    for path in ("/rep/posters", f"/rep/posters/{campaign}", f"/rep/posters/{campaign}/look.jpg"):
        assert (await stranger.get(path)).status == 303
    assert (await stranger.send(campaign, "publish", **WARM)).status == 403
    assert await design(town, campaign) is None


async def test_the_list_leads_to_the_gallery(town: Town, campaign: str, lin: Lin) -> None:
    assert 'href="/rep/posters"' in (await lin.get("/rep")).text


# --- her own words --------------------------------------------------------------------------------------------------


async def test_what_she_publishes_is_on_her_customers_posters_and_on_nobody_elses(either_town: Town) -> None:
    town = either_town
    campaign = await town.campaign()
    await town.hire("chen", "陈晨")
    await town.act("bo", "add", "chen")
    lin = await come_in(town)
    hers, others = await town.code_of("mei", campaign), await town.code_of("bo", campaign)
    before = {code: (await town.get(f"/p/{code}.jpg")).body for code in (hers, others)}

    done = await lin.send(campaign, "publish", template="coast", **WARM)

    assert (done.status, done.headers.get("Location")) == (303, f"/rep/posters/{campaign}?told=saved")
    saved = await design(town, campaign)
    assert saved
    assert (saved.template, saved.friend.headline, saved.feed.note) == ("coast", WARM["friend.headline"], "")
    after = {code: (await town.get(f"/p/{code}.jpg")).body for code in (hers, others)}
    assert after[hers] != before[hers]
    assert read(after[hers]).endswith(hers)
    assert after[others] == before[others]
    assert "template=coast" in (await town.get(f"/p/{hers}")).text
    assert [(who, action) for who, action, _ in await audited(town)] == [("rep:lin", "design.saved")]
    assert sorted((await audited(town))[0][2].splitlines()) == [*sorted(WARM), "template: coast"]
    assert "用上了" in (await lin.get(done.headers["Location"])).text


async def test_a_rep_who_has_left_dresses_no_customers_posters(town: Town, campaign: str, lin: Lin) -> None:
    code = await town.code_of("mei", campaign)
    plain = (await town.get(f"/p/{code}.jpg")).body
    await lin.send(campaign, "publish", template="coast", **WARM)
    assert (await town.get(f"/p/{code}.jpg")).body != plain
    left = t.reps.update().where(t.reps.c.id == "lin").values(active=False)

    await town.app.store.write(lambda tx: tx.connection.execute(left).rowcount)

    assert (await town.get(f"/p/{code}.jpg")).body == plain
    assert "template=coast&amp;" not in (await town.get(f"/p/{code}")).text.split('class="poster"')[1][:300]


async def test_going_back_to_the_campaigns_own_brings_the_poster_of_before(town: Town, campaign: str, lin: Lin) -> None:
    code = await town.code_of("mei", campaign)
    before = (await town.get(f"/p/{code}.jpg")).body
    await lin.send(campaign, "publish", **WARM)
    changed = (await town.get(f"/p/{code}.jpg")).body

    done = await lin.send(campaign, "drop")

    assert done.status == 303
    assert await design(town, campaign) is None
    assert (await town.get(f"/p/{code}.jpg")).body == before != changed
    assert [action for _, action, _ in await audited(town)] == ["design.saved", "design.dropped"]


async def test_saving_the_same_again_is_no_change(town: Town, campaign: str, lin: Lin) -> None:
    for _ in range(2):
        assert (await lin.send(campaign, "publish", **WARM)).status == 303

    assert len(await audited(town)) == 1


async def test_a_form_without_any_change_keeps_no_design(town: Town, campaign: str, lin: Lin) -> None:
    await lin.send(campaign, "publish", **WARM)

    assert (await lin.send(campaign, "publish", template="orchard", **dict.fromkeys(WARM, ""))).status == 303

    assert await design(town, campaign) is None


async def test_a_preview_shows_both_editions_and_publishes_nothing(town: Town, campaign: str, lin: Lin) -> None:
    page = await lin.send(campaign, "look", template="coast", **WARM)

    friend, feed = images(page)[:2]
    assert (page.status, refused(page)) == (200, {})
    assert WARM["friend.body"] in html.unescape(page.text)
    pictures = [await lin.get(url) for url in (friend, feed)]
    assert [size(each.body) for each in pictures] == [(360, 640)] * 2
    assert pictures[0].body != pictures[1].body
    assert await design(town, campaign) is None


@pytest.mark.parametrize(
    ("place", "said", "piece", "says"),
    [
        ("feed.headline", "转发朋友圈领红包", "转发朋友圈领红包", "分享"),
        ("feed.body", "扫码就送{friend_thanks}", "{friend_thanks}", "公开版不写谢礼"),
        ("feed.body", "首单立减50元", "50元", ""),
        ("feed.headline", "半价入会，直降一百", "降一百", "公开版不写优惠和谢礼"),
        ("friend.headline", "首月免单，来了就知道", "免单", "活动规则"),
        ("friend.body", "转发朋友圈领红包", "转发朋友圈", "分享"),
        ("friend.headline", "全国第一，包你满意", "第一", ""),
        ("friend.body", "首单送你100元", "100元", "对不上"),
        ("friend.body", "现在来送你一台手机", "送你一台手机", "活动规则"),
        ("friend.body", "{{7*7}}", "{7*7}", "花括号"),
        ("friend.note", "{% for x in y %}", "{% for x in y %}", "花括号"),
        ("friend.headline", "{nickname.__class__}", "{nickname.__class__}", "花括号"),
        ("feed.note", "看这里{", "{", "花括号"),
        ("friend.headline", "上 http://evil.com 看看", "http://evil.com", "网址"),
        ("friend.body", "有事打 13800138000 找我", "13800138000", "电话"),
        ("feed.headline", "问我：０５７１－８８８８８８８８", "０５７１－８８８８８８８８", "电话"),
        ("feed.body", "加微信号 lin_2026 慢慢聊", "微信号 lin_2026", "社交账号"),
        ("feed.headline", "朋友圈走一波", "朋友圈走一波", "分享"),
        ("feed.headline", "好" * 10_000, "", "10000"),
    ],
)
async def test_words_that_may_not_be_said_are_refused_with_the_place_the_reason_and_a_way_out(
    town: Town, campaign: str, lin: Lin, place: str, said: str, piece: str, says: str
) -> None:
    page = await lin.send(campaign, "publish", **{place: said})

    assert (page.status, "还没有用上" in page.text) == (200, True)
    assert place in refused(page)
    assert piece in refused(page)[place]
    assert says in refused(page)[place]
    assert refused(page)[place].count("。") >= (1 if place == "feed.headline" and not piece else 2)
    assert await design(town, campaign) is None
    edition = place.partition(".")[0]
    assert not any(f"edition={edition}&" in url and "draft" in url for url in images(page))


async def test_words_split_over_two_texts_are_read_together(town: Town, campaign: str, lin: Lin) -> None:
    page = await lin.send(campaign, "publish", **{"feed.headline": "转发这张图到朋友圈", "feed.body": "就能领红包"})

    assert refused(page)
    assert await design(town, campaign) is None


async def test_a_draft_in_an_address_is_judged_like_one_in_a_form(town: Town, campaign: str, lin: Lin) -> None:
    bads = ("headline=转发朋友圈领红包", "body={{7*7}}", "template=nothing")
    for bad in (*bads, "photo=../../keys.toml", "photo=a%00b.jpg", "headline=第二杯半价"):
        page = await lin.get(f"/rep/posters/{campaign}/look.jpg?draft=1&edition=feed&{bad}")
        assert (page.status, page.headers["Content-Type"].partition(";")[0]) == (422, "text/plain")


@pytest.mark.parametrize(
    "said",
    ["<script>alert(1)</script>", "</span><img src=x>", "\u202eabc\u2066", "مرحبا بكم", "👨‍👩‍👧‍👦🌸", "&lt;b&gt;"],
)
async def test_odd_words_are_only_ever_words(town: Town, campaign: str, lin: Lin, said: str) -> None:
    page = await lin.send(campaign, "look", **{"feed.body": said})

    assert page.status == 200
    assert refused(page) == {}
    assert "<script>alert" not in page.text
    assert "<img src=x>" not in page.text
    assert "\u202e" not in page.text
    assert size((await lin.get(images(page)[1])).body) == (360, 640)


async def test_words_that_do_not_fit_are_refused_before_anybody_sees_them(town: Town, campaign: str, lin: Lin) -> None:
    """Within their limits common words always fit; a dash three times as wide as a character does not."""
    page = await lin.send(campaign, "publish", **{"friend.note": "规则见页内" + "⸻" * 25})

    assert "放不下" in refused(page)["friend"]
    assert await design(town, campaign) is None


async def test_a_sign_that_no_font_has_is_named(town: Town, campaign: str, lin: Lin) -> None:
    page = await lin.send(campaign, "publish", **{"friend.headline": "好\U0003134f看"})

    assert "画不出来" in refused(page)["friend.headline"]
    assert await design(town, campaign) is None


async def test_she_sees_and_changes_only_her_own(town: Town, campaign: str, lin: Lin) -> None:
    await town.hire("chen", "陈晨")
    chen = await come_in(town, "chen")
    await lin.send(campaign, "publish", **WARM)

    assert WARM["friend.headline"] not in (await chen.get(f"/rep/posters/{campaign}")).text
    await chen.send(campaign, "drop")
    assert await design(town, campaign) is not None
    assert await design(town, campaign, "chen") is None


async def test_a_form_from_another_site_changes_nothing(town: Town, campaign: str, lin: Lin) -> None:
    page = await lin.post(campaign, WARM | {"act": "publish"}, Origin="https://evil.example")

    assert page.status == 404
    assert await design(town, campaign) is None


async def test_a_campaign_that_is_over_cannot_be_changed(town: Town, campaign: str, lin: Lin) -> None:
    await town.end(campaign)

    assert (await lin.get(f"/rep/posters/{campaign}")).status == 404
    assert (await lin.send(campaign, "publish", **WARM)).status == 404
    assert (await lin.get(f"/rep/posters/{campaign}/look.jpg")).status == 404
    assert (await lin.get("/rep/posters/..%2Fx")).status == 404


async def test_of_a_full_campaign_only_the_edition_without_thanks_is_shown(town: Town, lin: Lin) -> None:
    campaign = await town.campaign(budget_fen=9_000)  # one friend, and a bit
    code = await town.code_of("mei", campaign)
    await lin.send(campaign, "publish", **WARM)
    await town.act("jun", "add", code)
    await town.buy("jun")

    page = await lin.get(f"/rep/posters/{campaign}")

    assert ("公开版" in page.text, "<legend>朋友版</legend>" in page.text) == (True, False)
    fields = {name: WARM.get(name, "") for name in re.findall(r'name="(\w+\.\w+)"', page.text)}
    assert {name.partition(".")[0] for name in fields} == {"feed"}

    assert (await lin.send(campaign, "publish", **fields | {"feed.headline": "慢慢挑，好用的"})).status == 303

    saved = await design(town, campaign)
    assert saved
    assert saved.feed.headline == "慢慢挑，好用的"
    assert (saved.friend.headline, saved.friend.body) == (WARM["friend.headline"], WARM["friend.body"])
    assert refused(await lin.send(campaign, "publish", **fields | {"friend.body": "再减50元"})) == {}
    assert (await design(town, campaign)) == saved


async def test_colours_and_a_season_change_the_poster(town: Town, campaign: str, lin: Lin) -> None:
    code = await town.code_of("mei", campaign)
    page = await lin.get(f"/rep/posters/{campaign}?template=coast")
    colours = [name for name in re.findall(r'name="palette" value="([^"]*)"', page.text) if name]
    seasons = [name for name in re.findall(r'name="season" value="([^"]*)"', page.text) if name]
    seen = {(await town.get(f"/p/{code}.jpg?template=coast")).body}

    for form in ({"palette": colours[0]}, {"palette": colours[0], "season": seasons[0]}):
        assert (await lin.send(campaign, "publish", template="coast", **form)).status == 303
        seen.add((await town.get(f"/p/{code}.jpg")).body)

    assert len(seen) == 3


@pytest.mark.parametrize(("field", "value"), [("season", "xmas"), ("palette", "nothing"), ("template", "nope")])
async def test_a_choice_that_there_is_not_is_refused_where_it_is_made(
    town: Town, campaign: str, lin: Lin, field: str, value: str
) -> None:
    page = await lin.send(campaign, "publish", **{"template": "coast", "feed.headline": "慢慢挑", field: value})

    assert (page.status, "还没有用上" in page.text) == (200, True)
    assert list(refused(page)) == ["look" if field == "template" else field]
    assert await design(town, campaign) is None


async def test_colours_of_another_look_are_left_behind(town: Town, campaign: str, lin: Lin) -> None:
    assert (await lin.send(campaign, "publish", template="coast", palette="jade")).status == 303

    saved = await design(town, campaign)
    assert saved
    assert (saved.palette, saved.season) == ("", "")


async def test_a_design_that_cannot_be_drawn_any_more_gives_way_to_the_campaigns_own(
    town: Town, campaign: str, lin: Lin
) -> None:
    code = await town.code_of("mei", campaign)
    before = (await town.get(f"/p/{code}.jpg")).body
    await lin.send(campaign, "publish", **WARM)

    def spoil(tx: Any) -> None:
        tx.designs.save(
            Design(
                campaign=campaign,
                rep="lin",
                template="vanished",
                feed=(tx.designs.get(campaign, "lin")).feed,
                changed_at=town.app.clock(),
            )
        )

    await town.app.store.write(spoil)

    assert (await town.get(f"/p/{code}.jpg")).body == before
    assert (await town.get(f"/p/{code}")).status == 200
    assert "现在用不了" in refused(await lin.get(f"/rep/posters/{campaign}"))["look"]


async def test_a_promise_that_was_typed_before_we_knew_it_for_one_is_on_no_poster(
    town: Town, campaign: str, lin: Lin
) -> None:
    code = await town.code_of("mei", campaign)
    before = (await town.get(f"/p/{code}.jpg")).body
    promise = Design(
        campaign=campaign,
        rep="lin",
        feed=PosterCopy(headline="第二杯半价", body="", note=""),
        changed_at=town.app.clock(),
    )

    await town.app.store.write(lambda tx: tx.designs.save(promise))

    assert (await town.get(f"/p/{code}.jpg")).body == before
    assert "半价" in refused(await lin.get(f"/rep/posters/{campaign}"))["feed.headline"]


# --- photos ---------------------------------------------------------------------------------------------------------


def a_photo(width: int = 900, height: int = 1200, kind: str = "JPEG", **options: Any) -> bytes:
    rows = np.random.default_rng(1).integers(0, 255, (height // 10, width // 10, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(rows).resize((width, height)).save(out, kind, **options)
    return out.getvalue()


def from_a_phone() -> bytes:
    """A photo that says where it was taken."""
    exif = Image.Exif()
    exif[0x010F] = "SecretPhone"
    exif.get_ifd(0x8825).update({1: "N", 2: (39.0, 54.0, 26.0), 3: "E", 4: (116.0, 23.0, 29.0)})
    return a_photo(exif=exif.tobytes())


def a_bomb() -> bytes:
    """A PNG of a few hundred bytes that claims 60000 x 60000 px."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


async def test_a_photo_lies_behind_the_poster_without_where_it_was_taken(town: Town, campaign: str, lin: Lin) -> None:
    code = await town.code_of("mei", campaign)
    plain = (await town.get(f"/p/{code}.jpg?template=gallery")).body

    assert (await lin.send(campaign, "publish", file=from_a_phone(), template="gallery")).status == 303

    [kept] = shelf(town)
    with Image.open(kept) as photo:
        assert (photo.format, photo.size, dict(photo.getexif())) == ("JPEG", (900, 1200), {})
    assert b"SecretPhone" not in kept.read_bytes()
    poster = (await town.get(f"/p/{code}.jpg")).body
    assert poster != plain
    assert read(poster).endswith(code)


async def test_a_photo_chosen_once_is_kept_from_preview_to_preview(town: Town, campaign: str, lin: Lin) -> None:
    first = await lin.send(campaign, "look", file=a_photo(), template="gallery")
    name = re.search(r'name="photo" value="([^"]+)"', first.text)[1]

    done = await lin.send(campaign, "publish", template="gallery", photo=name)

    assert (refused(first), done.status) == ({}, 303)
    saved = await design(town, campaign)
    assert saved
    assert saved.photo == name


async def test_a_photo_only_tried_out_is_gone_the_next_day_and_one_in_use_is_not(
    town: Town, campaign: str, lin: Lin
) -> None:
    await lin.send(campaign, "publish", file=a_photo(), template="gallery")
    await lin.send(campaign, "look", file=a_photo(500, 500), template="gallery")
    assert len(shelf(town)) == 2

    await town.later(90_000)

    saved = await design(town, campaign)
    assert saved
    assert [path.name for path in shelf(town)] == [saved.photo]


async def test_the_photo_of_a_design_that_is_dropped_or_replaced_is_deleted(
    town: Town, campaign: str, lin: Lin
) -> None:
    await lin.send(campaign, "publish", file=a_photo(), template="gallery")
    await lin.send(campaign, "publish", file=a_photo(600, 600), template="gallery")
    await town.app.settle()
    assert len(shelf(town)) == 1

    await lin.send(campaign, "drop")
    await town.app.settle()

    assert shelf(town) == []


def drawn(town: Town) -> list[Path]:
    """What is on a disk of posters and of what they share."""
    data = town.app.config.files.data_dir
    return [path for folder in ("plates", "posters") for path in (data / folder).glob("*") if path.is_file()]


async def test_nothing_that_shows_a_dropped_photo_is_left_on_the_disk(town: Town, campaign: str, lin: Lin) -> None:
    code = await town.code_of("mei", campaign)
    await lin.send(campaign, "publish", file=a_photo(), template="gallery")
    await town.get(f"/p/{code}.jpg")
    assert [path.parent.name for path in drawn(town)] == ["posters"]

    await lin.send(campaign, "drop")
    await town.later(90)

    assert drawn(town) == []


async def test_of_a_preview_nothing_is_left_on_the_disk(town: Town, campaign: str, lin: Lin) -> None:
    await town.code_of("mei", campaign)

    page = await lin.send(campaign, "look", template="coast", **WARM)
    for url in images(page)[:2]:
        assert (await lin.get(url)).status == 200

    assert drawn(town) == []


async def test_a_photo_that_was_deleted_while_it_was_tried_out_is_asked_for_again(
    town: Town, campaign: str, lin: Lin, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = Designing.try_out

    async def slow(*given: Any, **how: Any) -> Any:
        found = await tried(*given, **how)
        for path in shelf(town):
            path.unlink()
        return found

    monkeypatch.setattr(Designing, "try_out", slow)

    page = await lin.send(campaign, "publish", file=a_photo(), template="gallery")

    assert "再选一次" in refused(page)["photo"]
    assert await design(town, campaign) is None


async def test_where_photos_cannot_be_kept_she_is_told_so_and_no_piece_is_left(
    town: Town, campaign: str, lin: Lin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)

    page = await lin.send(campaign, "publish", file=a_photo(), template="gallery", **WARM)

    assert (page.status, "存不下" in refused(page)["photo"]) == (200, True)
    assert shelf(town) == []
    assert await design(town, campaign) is None


@pytest.mark.parametrize(
    "body",
    [
        b"--b\r\nfoo\r\n\r\nx\r\n--b--",
        b"--b\r\nX: " + b"y" * 20_000 + b"\r\n\r\nx\r\n--b--\r\n",
        b"--b\r\n" + b"".join(b"X%d: y\r\n" % i for i in range(2000)) + b"\r\nx\r\n--b--\r\n",
        b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--b--\r\n",
        b"garbage\r\n" * 100,
    ],
    ids=["no header", "long header", "many headers", "nested", "garbage"],
)
async def test_a_form_that_is_none_is_no_fault_of_ours(town: Town, campaign: str, lin: Lin, body: bytes) -> None:
    sent = {"Content-Type": "multipart/form-data; boundary=b"}
    url = town.at(f"/rep/posters/{campaign}")

    async with town.http.post(url, data=body, headers=sent, cookies=lin.cookies, allow_redirects=False) as answer:
        assert answer.status == 404
    assert await design(town, campaign) is None


async def test_a_look_that_takes_no_photo_says_so(town: Town, campaign: str, lin: Lin) -> None:
    page = await lin.send(campaign, "publish", file=a_photo(), template="coast")

    assert "不放照片" in refused(page)["photo"]
    assert "「画册」" in refused(page)["photo"]
    assert await design(town, campaign) is None


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (b"", "空的"),
        (b"\0" * (8 * 1024 * 1024 + 1), "8 MB"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "打不开"),
        (b"<!doctype html><script>alert(1)</script>", "打不开"),
        (a_bomb(), "太大"),
        (a_photo()[:3000], "打不开"),
        (a_photo(kind="GIF"), "打不开"),
    ],
    ids=["empty", "huge", "svg", "html", "bomb", "broken", "gif"],
)
async def test_a_file_that_is_no_photo_is_refused(town: Town, campaign: str, lin: Lin, file: bytes, says: str) -> None:
    page = await lin.send(campaign, "publish", file=file, template="gallery", **WARM)

    assert page.status == 200
    assert says in refused(page)["photo"]
    assert shelf(town) == []
    assert await design(town, campaign) is None


async def test_a_photo_of_somebody_else_cannot_be_named(town: Town, campaign: str, lin: Lin) -> None:
    await lin.send(campaign, "publish", file=a_photo(), template="gallery")
    await town.hire("chen", "陈晨")
    chen = await come_in(town, "chen")

    page = await chen.send(campaign, "publish", template="gallery", photo=shelf(town)[0].name)

    assert "再选一次" in refused(page)["photo"]
    assert await design(town, campaign, "chen") is None


# --- while she types ------------------------------------------------------------------------------------------------


class Screen:
    """The page in her browser, from which no error and no foreign request escapes."""

    def __init__(self, page: BrowserPage, town: Town) -> None:
        self.page, self.wrong = page, list[str]()
        home = town.app.own_address
        page.on("request", lambda asked: None if asked.url.startswith(home) else self.wrong.append(asked.url))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.set_default_timeout(20_000)

    def picture(self, edition: str) -> Locator:
        return self.page.locator(f"#picture-{edition} img")

    async def is_drawn(self, edition: str, words: str) -> None:
        """The picture shows these words, and has loaded."""
        await expect(self.picture(edition)).to_have_attribute("src", re.compile(re.escape(quote_plus(words))))
        await expect(self.picture(edition)).to_have_js_property("naturalWidth", 360)


@pytest.fixture
async def screen(town: Town, campaign: str, phone: BrowserContext) -> Screen:
    """The page on which posters are changed, on a phone."""
    await town.code_of("mei", campaign)
    screen = Screen(await phone.new_page(), town)
    await screen.page.goto(town.app.facts.rep_page("lin", town.app.clock()))
    await screen.page.goto(town.at(f"/rep/posters/{campaign}"))
    return screen


@pytest.mark.browser
async def test_pictures_and_objections_follow_the_typing(town: Town, campaign: str, screen: Screen) -> None:
    page = screen.page

    await page.get_by_label("标题").first.fill("想到你，就发给你看看")
    await screen.is_drawn("friend", "想到你，就发给你看看")

    await page.get_by_label("标题").last.fill("转发朋友圈领红包")
    await expect(page.locator("[id='against-feed.headline']")).to_contain_text("诱导分享")
    await expect(screen.picture("feed")).to_have_count(0)
    await expect(screen.picture("friend")).to_have_count(1)

    await page.get_by_label("标题").last.fill("慢慢挑")
    await screen.is_drawn("feed", "慢慢挑")
    await expect(page.locator("[id='against-feed.headline']")).to_be_empty()
    assert await page.get_by_label("标题").first.input_value() == "想到你，就发给你看看"
    assert await design(town, campaign) is None
    assert screen.wrong == []


@pytest.mark.browser
async def test_another_look_brings_its_own_colours_and_a_photo_shows_at_once(
    town: Town, campaign: str, screen: Screen
) -> None:
    page = screen.page
    before = await page.locator("#palettes").inner_text()

    await page.get_by_role("radio", name="画册").check()
    await expect(screen.picture("feed")).to_have_attribute("src", re.compile("template=gallery"))
    assert await page.locator("#palettes").inner_text() != before

    await page.get_by_label("选一张照片").set_input_files(
        {"name": "shop.jpg", "mimeType": "image/jpeg", "buffer": a_photo()}
    )
    await expect(screen.picture("feed")).to_have_attribute("src", re.compile("photo=[0-9a-f]{40}"))
    await expect(page.get_by_text("现在用着一张")).to_be_visible()
    await page.get_by_role("button", name="用这一套").click()
    await expect(page.get_by_text("用上了")).to_be_visible()

    saved = await design(town, campaign)
    assert saved
    assert (saved.template, len(shelf(town))) == ("gallery", 1)
    await page.get_by_role("button", name="恢复默认").click()
    await expect(page.get_by_text("恢复成活动原来的样子了")).to_be_visible()
    assert await design(town, campaign) is None
    assert screen.wrong == []


@pytest.mark.browser
async def test_without_a_script_the_buttons_do_the_same(town: Town, campaign: str, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(town.app.facts.rep_page("lin", town.app.clock()))
    await page.goto(town.at(f"/rep/posters/{campaign}"))

    await page.get_by_label("标题").last.fill("转发朋友圈领红包")
    await page.get_by_role("button", name="看效果").click()
    await expect(page.get_by_text("诱导分享")).to_be_visible()

    await page.get_by_label("标题").last.fill("慢慢挑")
    await page.get_by_role("button", name="用这一套").click()
    await expect(page.get_by_text("用上了")).to_be_visible()
    await context.close()

    saved = await design(town, campaign)
    assert saved
    assert saved.feed.headline == "慢慢挑"
