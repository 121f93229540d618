"""The public and private pages of a running bot, as browsers, crawlers and guessers meet them."""

import json
import re
from collections import Counter

import pytest
from sqlalchemy import select

from bot.pages.look import static_css
from referral.shares import ShareLevel
from storage import tables
from tests.journeys.town import WECHAT, open_town

PROXY = 'trusted_proxies = ["127.0.0.1/32"]'
CRAWLER = "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)"
DEVICE = {"d": "a" * 32}
OTHER_DEVICE = {"d": "b" * 32}


@pytest.fixture
async def code(town):
    return await town.code_of("mei", await town.campaign())


@pytest.fixture
async def street(quick_url, tmp_path):
    """A running bot behind a proxy, so that callers have addresses."""
    async with open_town(tmp_path, quick_url, server=PROXY) as town:
        yield town


async def levels(town, code):
    first = {level: await town.look(lambda tx, level=level: tx.shares.first_at(code, level)) for level in ShareLevel}
    return {level.value for level, at in first.items() if at}


# --- codes that are none, and guessing -----------------------------------------------------------------------------


async def test_malformed_and_unknown_codes_get_one_same_page(street):
    campaign = await street.campaign()
    code = await street.code_of("mei", campaign)
    swapped = code[1] + code[0] + code[2:]
    strange = ["ZZZZZZZZ", "abc", "%E6%A2%85", "I" * 8, swapped, "..%2f..%2fetc", "a" * 500, "0000000000"]

    pages = [
        await street.get(path, X_Forwarded_For=f"198.51.100.{number}")
        for number, name in enumerate(strange)
        for path in (f"/i/{name}", f"/I/{name}", f"/p/{name}.jpg")
    ]

    assert {page.status for page in pages} == {404}
    assert len({page.body for page in pages}) == 1
    assert "没有找到这个页面" in pages[0].text


async def test_after_five_misses_an_address_waits_except_for_codes_it_opened(street):
    campaign = await street.campaign()
    known, other = await street.code_of("mei", campaign), await street.code_of("bo", campaign)
    guesser = {"X_Forwarded_For": "203.0.113.7"}
    assert (await street.get(f"/i/{known}", **guesser)).status == 200
    for n in range(5):
        assert (await street.get(f"/{'pi'[n % 2]}/ZZZZZZZ{n}{'' if n % 2 else '.jpg'}", **guesser)).status == 404

    for path in ("/i/ZZZZZZZZ", f"/i/{other}", f"/p/{other}.jpg", "/p/ZZZZZZZZ.jpg"):
        page = await street.get(path, **guesser)
        assert page.status == 429
        assert "请过十分钟再试" in page.text
    assert (await street.get(f"/i/{known}", **guesser)).status == 200
    assert (await street.get(f"/i/{other}", X_Forwarded_For="203.0.113.8")).status == 200

    await street.later(601)
    assert (await street.get(f"/i/{other}", **guesser)).status == 200


async def test_a_made_up_proxy_header_does_not_buy_more_guesses(town, code):
    for n in range(5):
        await town.get(f"/i/ZZZZZZZ{n}", X_Forwarded_For=f"203.0.113.{n}")

    assert (await town.get("/i/ZZZZZZZZ", X_Forwarded_For="203.0.113.99")).status == 429


async def test_a_made_up_header_line_before_the_proxys_own_does_not_either(street):
    for n in range(6):
        lines = [("User-Agent", WECHAT), ("X-Forwarded-For", f"6.6.6.{n}"), ("X-Forwarded-For", "203.0.113.9")]
        async with street.http.get(street.at(f"/i/ZZZZZZZ{n}"), headers=lines) as answer:
            status = answer.status

    assert status == 429


async def test_one_ipv6_line_is_one_guesser(street):
    for n in range(5):
        await street.get(f"/i/ZZZZZZZ{n}", X_Forwarded_For=f"2001:db8:0:7:{n}::1")

    assert (await street.get("/i/ZZZZZZZZ", X_Forwarded_For="2001:db8:0:7:ffff::1")).status == 429
    assert (await street.get("/i/ZZZZZZZZ", X_Forwarded_For="2001:db8:0:8::1")).status == 404


async def test_callers_with_ipv4_addresses_in_ipv6_form_are_told_apart(street):
    for n in range(5):
        await street.get(f"/i/ZZZZZZZ{n}", X_Forwarded_For="::ffff:203.0.113.7")

    assert (await street.get("/i/ZZZZZZZZ", X_Forwarded_For="203.0.113.7")).status == 429
    assert (await street.get("/i/ZZZZZZZZ", X_Forwarded_For="::ffff:203.0.113.8")).status == 404


@pytest.mark.parametrize(("server", "secure"), [('public_url = "https://i.chunhe.example"', True), ("", False)])
async def test_the_cookie_stays_on_https_where_the_pages_are(quick_url, tmp_path, server, secure):
    async with open_town(tmp_path, quick_url, server=server) as town:
        code = await town.code_of("mei", await town.campaign())

        page = await town.get(f"/i/{code}")

    assert ("secure" in page.headers["Set-Cookie"].lower()) is secure


@pytest.mark.parametrize("form", ["lower", "spaced", "hyphened", "wide"])
async def test_a_link_with_a_code_in_any_form_opens(town, code, form):
    forms = {
        "lower": code.lower(),
        "spaced": f"{code[:4]}%20{code[4:]}",
        "hyphened": f"{code[:4]}-{code[4:]}",
        "wide": "".join(chr(ord(c) + 0xFEE0) for c in code),
    }

    assert (await town.get(f"/i/{forms[form]}")).status == 200


# --- the landing page and the evidence of sharing ------------------------------------------------------------------


async def test_the_page_needs_no_script_and_shows_the_rep_until_the_own_qr_is_ready(town, code):
    first = await town.get(f"/i/{code}")

    assert "<script" not in first.text
    assert "data-contact-qr" in first.text
    assert "长按复制，添加后请发给" in first.text
    assert 'http-equiv="refresh"' in first.text
    await town.app.settle()
    second = await town.get(f"/i/{code}")
    assert "扫码添加时会自动带上" in second.text
    assert 'http-equiv="refresh"' not in second.text
    picture = re.search(r'data-contact-qr src="([^"]+)"', second.text)[1]
    assert (await town.get(picture)).status == 200


async def test_another_device_after_ten_seconds_is_evidence_of_sharing(town, code):
    await town.later(11)

    await town.get(f"/i/{code}", cookies=DEVICE)

    assert await levels(town, code) == {"prepared", "seen"}


async def test_the_first_ten_seconds_are_no_evidence(town, code):
    await town.later(9)

    await town.get(f"/i/{code}", cookies=DEVICE)

    assert await levels(town, code) == {"prepared"}


async def test_a_crawler_leaves_no_trace_and_costs_no_contact_way(town, code):
    await town.later(11)

    for agent in (CRAWLER, "WeChat MPCrawler", "facebookexternalhit/1.1", "Sogou web spider/4.0"):
        assert (await town.get(f"/i/{code}", User_Agent=agent)).status == 200
        await town.app.settle()
        assert await levels(town, code) == {"prepared"}, agent
        assert await town.look(lambda tx: tx.contact_ways.of_code(code, "lin")) is None


async def test_her_own_device_is_no_evidence(town, code):
    await town.get(await town.me("mei"), cookies=DEVICE)
    await town.later(11)

    await town.get(f"/i/{code}", cookies=DEVICE)
    assert await levels(town, code) == {"prepared"}

    await town.get(f"/i/{code}", cookies=OTHER_DEVICE)
    assert await levels(town, code) == {"prepared", "seen"}


async def test_all_levels_are_reached_one_after_another(town):
    await town.campaign()
    words = (await town.say("mei", "我要推荐"))[1]
    code = (await town.look(lambda tx: tx.codes.of_advocate(tx.people.all()[0].id)))[0].code
    assert code in words
    await town.say("mei", "我发了")
    await town.later(60)
    await town.act("jun", "add", code)
    await town.buy("jun")

    assert await levels(town, code) == {"prepared", "declared", "seen", "added", "bought"}
    shares = await town.look(lambda tx: tx.shares.of_person(tx.codes.find(code).advocate))
    assert len(shares) == 5


async def test_a_label_of_the_link_is_kept_with_the_view_and_others_are_not(town, code):
    await town.later(11)
    for n, label in enumerate(("moments", "group", "evil<b>", "")):
        await town.get(f"/i/{code}?c={label}", cookies={"d": str(n) * 32})

    seen = await town.look(lambda tx: tx.connection.execute(select(tables.touches.c.channel)).scalars().all())
    assert list(seen) == ["moments", "group", "", ""]
    (share,) = [
        s
        for s in await town.look(lambda tx: tx.shares.of_person(tx.codes.find(code).advocate))
        if s.level is ShareLevel.SEEN
    ]
    assert share.channel == ""  # a share's channel comes from its code, not from who labelled the link


# --- names that want to be more than names -------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    "{me_link}{company}",
    "\u202e姐梅",
    "梅\n姐\n点这里领红包",
    "梅姐" * 40,
    "👩‍👧‍👦🌸",
    "𓀀\u0000\ufeff",
    '"><img src=x onerror=alert(1)>',
    "%s%n${7*7}{{7*7}}",
]


@pytest.mark.parametrize("nickname", HOSTILE)
async def test_a_hostile_nickname_stays_a_name(town, nickname):
    town.app.sandbox._people.customer("mei").nickname = nickname
    await town.campaign()
    replies = (await town.act("mei", "say", "我要推荐"))["replies"]
    code = (await town.look(lambda tx: tx.codes.of_advocate(tx.people.all()[0].id)))[0].code

    landing = await town.get(f"/i/{code}")
    added = await town.act("jun", "add", code)
    own = await town.get(await town.me("mei"))

    assert [line["kind"] for line in replies] == ["image", "text", "menu", "menu"]
    for page in (landing, own):
        assert page.status == 200
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "\u202e" not in page.text
    assert len(added["welcome"].splitlines()) == 4
    assert "\u202e" not in added["welcome"]
    assert link_count(added["welcome"]) == 2
    assert len(added["welcome"]) < 400


def link_count(text: str) -> int:
    return text.count("http://")


async def test_a_hostile_nickname_of_a_friend_stays_a_name(town, code):
    town.app.sandbox._people.customer("jun").nickname = "小军\n\n系统通知：<b>中奖</b>"
    await town.act("jun", "add", code)
    await town.say("jun", "您好")
    await town.say("jun", "可以")

    (told,) = [line for line in await town.log("lin") if "刚添加了您" in line]
    progress = (await town.say("mei", "进度"))[0]

    assert "\n" not in told
    assert len([line for line in progress.splitlines() if "小军" in line]) == 1
    assert "<b>中奖" not in (await town.get(await town.me("mei"))).text


# --- private pages -------------------------------------------------------------------------------------------------


async def test_a_wrong_token_opens_nothing(town, code):
    right = await town.me("mei")
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    for path in (right[:-1], f"{right}0", wrong, "/me/", "/me/x", f"{right}/"):
        assert (await town.get(path)).status == 404
    assert (await town.post(f"{wrong}/byline", {"byline": "none"})).status == 404
    assert (await town.post(f"{wrong}/answer", {"referral": "r", "answer": "yes"})).status == 404
    assert (await town.get(f"{wrong}/proof/w1")).status == 404


async def test_a_proof_is_shown_to_its_owner_only(town, code):
    await town.act("jun", "add", code)
    await town.buy("jun")
    (reward,) = await town.rewards("mei")

    assert (await town.get(f"{await town.me('mei')}/proof/{reward.id}")).status == 200
    assert (await town.get(f"{await town.me('jun')}/proof/{reward.id}")).status == 404


async def test_an_old_page_of_somebody_folded_into_another_still_opens_every_thanks(town, code):
    await town.act("jun", "add", code)
    await town.buy("jun")
    (reward,) = await town.rewards("mei")
    old, gone = await town.me("mei"), await town.person("mei")
    await town.act("zoe", "say", "我要推荐")
    stays = await town.person("zoe")
    said = {"kept": stays.id, "gone": gone.id, "by": "lin", "reason": "同一个人"}

    await town.app.operator.run("person.merge", said)

    assert f"/proof/{reward.id}" in (await town.get(old)).text
    assert (await town.get(f"{old}/proof/{reward.id}")).status == 200
    assert (await town.get(f"{old}/proof/{reward.id}", Accept="text/html")).status == 200
    assert (await town.get(f"{await town.me('jun')}/proof/{reward.id}")).status == 404
    assert (await town.post(f"{old}/byline", {"byline": "none"})).status == 303
    assert (await town.person("zoe")).byline.value == "none"


async def test_a_form_from_elsewhere_changes_nothing(town, code):
    for origin in ("https://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1.evil.example:80"):
        said = await town.post(f"{await town.me('mei')}/byline", {"byline": "none"}, Origin=origin)
        assert said.status in (403, 404), origin
    assert (await town.person("mei")).byline.value == "nickname"


async def test_a_form_of_our_own_page_is_taken(town, code):
    said = await town.post(f"{await town.me('mei')}/byline", {"byline": "face"}, Origin=town.app.own_address)

    assert (said.status, said.headers["Location"]) == (303, await town.me("mei"))
    assert (await town.person("mei")).byline.value == "face"


async def test_a_broken_form_is_refused_and_changes_nothing(town, code):
    plain = "application/x-www-form-urlencoded"
    path = town.at(f"{await town.me('mei')}/byline")
    for body, kind in (
        (b"byline=evil", plain),
        (b"", plain),
        (b"%FF%FE=%00", plain),
        (b"byline=evil", f"{plain}; charset=none"),
        (b"byline=none&x=" + b"a" * 5000, plain),
        (b"x", "multipart/form-data"),
        (b"--a\r\nContent-Disposition: form-data; name=byline\r\n\r\n", "multipart/form-data; boundary=a"),
        (b"{}", "application/json"),
    ):
        async with town.http.post(path, data=body, headers={"Content-Type": kind}, allow_redirects=False) as said:
            assert said.status in (400, 404, 413), (body[:20], kind)

    assert (await town.person("mei")).byline.value == "nickname"


# --- the rest ------------------------------------------------------------------------------------------------------


async def test_the_desk_link_leads_to_the_chat(town):
    page = await town.get("/desk")

    assert page.status == 302
    entered = await town.act("jun", "enter", page.headers["Location"])
    assert entered["scene"] == "taoli"
    assert any("您好，我是春和家居的小助手" in line["text"] for line in entered["replies"])


async def test_machines_find_their_pages(town):
    for path in ("/healthz", "/readyz"):
        page = await town.get(path)
        assert (page.status, page.text) == (200, "ok")
    figures = await town.get("/metrics")
    assert figures.status == 200
    assert "taoli_" in figures.text


async def test_webhooks_are_counted_by_how_they_were_answered(town, code):
    await town.act("jun", "add", code)
    counted = (await _figures(town))['taoli_webhooks_total{status="200"}']
    await town.buy("jun")
    await town.http.post(town.at("/hooks/orders"), data=b"{}")

    figures = await _figures(town)

    assert figures['taoli_webhooks_total{status="200"}'] == counted + 1
    assert figures['taoli_webhooks_total{status="401"}'] >= 1


async def _figures(town):
    lines = (await town.get("/metrics")).text.splitlines()
    figures = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return Counter({name: float(figure) for name, figure in figures.items()})


async def test_every_page_is_served_with_its_guards(town, code):
    await town.act("jun", "add", code)
    await town.buy("jun")
    (reward,) = await town.rewards("mei")
    own = await town.me("mei")
    shown = (await town.get(f"/i/{code}")).text
    picture = re.search(r'data-contact-qr src="([^"]+)"', shown)[1]
    sheet = re.search(r'href="(/static/[^"]+)"', shown)[1]

    html = [f"/i/{code}", own, "/rules", "/privacy", "/i/ZZZZZZZZ", "/nowhere", "/me/x"]
    others = [f"/p/{code}.jpg", picture, sheet, f"{own}/proof/{reward.id}", "/healthz", "/readyz", "/metrics", "/desk"]
    for path in html:
        page = await town.get(path)
        assert "default-src 'none'" in page.headers["Content-Security-Policy"], path
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"], path
        assert page.headers["Referrer-Policy"] == "same-origin", path
    for path in (*html, *others):
        page = await town.get(path)
        assert page.headers["X-Content-Type-Options"] == "nosniff", path
        assert "Traceback" not in page.text
    for path in (own, f"/i/{code}", f"{own}/proof/{reward.id}"):
        assert (await town.get(path)).headers["Cache-Control"] == "no-store", path


async def test_the_cookie_of_a_page_cannot_be_read_by_scripts(town, code):
    page = await town.get(f"/i/{code}")

    cookie = page.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


async def test_verification_files_are_served_from_their_folder_only(town, tmp_path):
    folder = tmp_path / "data" / "verify"
    folder.mkdir(parents=True)
    (folder / "WW_verify_AbC123.txt").write_text("AbC123")
    (folder / "secret.txt").write_text("no")
    (tmp_path / "data" / "WW_verify_out.txt").write_text("no")

    assert (await town.get("/WW_verify_AbC123.txt")).text == "AbC123"
    for path in ("/WW_verify_none.txt", "/secret.txt", "/WW_verify_..%2fout.txt", "/..%2fWW_verify_out.txt"):
        page = await town.get(path)
        assert page.status == 404
        assert page.text != "no"


async def test_every_address_we_do_not_know_gets_the_same_page_and_every_unknown_code_another(town):
    assert (await town.get("/nowhere")).body == (await town.get("/rules/c0123456789abcdef")).body
    assert (await town.get("/i/nothing")).body == (await town.get("/i/ZZZZZZZZ")).body


async def test_odd_names_in_an_address_are_only_not_found(either_town):
    own = await either_town.me("mei")
    nul = "%00"
    for path in (f"{own}/proof/{nul}", f"/rules/{nul}", f"/me/{nul}", f"/i/{nul}", f"/p/{nul}.jpg", f"/qr/{nul}.png"):
        assert (await either_town.get(path)).status == 404, path
    for path in (f"/qr/{'a' * 300}.png", f"/rules/{'a' * 5000}", "/qr/..%2f..%2ftaoli.toml", "/qr/梅.png"):
        assert (await either_town.get(path)).status == 404, path
    said = await either_town.post(f"{own}/answer", {"referral": "\0", "answer": "yes"})
    assert said.status == 404


async def test_the_poster_of_a_code_is_drawn_in_both_editions(town, code):
    feed = await town.get(f"/p/{code}.jpg")
    friend = await town.get(f"/p/{code}.jpg?edition=friend")

    assert feed.body[:3] == friend.body[:3] == b"\xff\xd8\xff"
    assert feed.body != friend.body
    assert (await town.get(f"/p/{code}.jpg?edition=none")).status == 400
    assert (await town.get(f"/p/{code}.jpg?template=../secret")).status == 400


async def test_any_other_client_is_a_visitor_whatever_it_calls_itself(town, code):
    await town.later(11)

    for agent in ("", "curl/8.5.0", "python-requests/2.32"):
        assert (await town.get(f"/i/{code}", User_Agent=agent)).status == 200

    assert await levels(town, code) == {"prepared", "seen"}
    assert await town.look(lambda tx: tx.contact_ways.of_code(code, "lin"))


async def test_a_device_that_came_in_the_first_seconds_is_seen_when_it_comes_again(town, code):
    early = await town.get(f"/i/{code}")
    await town.later(3600)

    await town.get(f"/i/{code}", cookies=early.cookies)

    assert "seen" in await levels(town, code)


# --- who looks at an invitation ------------------------------------------------------------------------------------


async def test_the_advocate_sees_that_the_page_is_her_own(town, code):
    own = await town.get(await town.me("mei"))

    hers, strangers = await town.get(f"/i/{code}", cookies=own.cookies), await town.get(f"/i/{code}")

    assert "这是您自己的邀请页" in hers.text
    assert "这是您自己的邀请页" not in strangers.text


async def test_who_was_a_customer_before_is_promised_nothing_and_a_stranger_is(town, code):
    await town.act("bo", "add", "lin")
    await town.buy("bo")
    known = (await town.get(await town.me("bo"))).cookies

    his, strangers = await town.get(f"/i/{code}", cookies=known), await town.get(f"/i/{code}")

    assert "您已经是我们的客户了" in his.text
    assert "30天会员" not in his.text.partition("<main>")[2]
    assert "您已经是我们的客户了" not in strangers.text
    assert "推荐人也会收到一份谢礼" in strangers.text


async def test_who_became_a_customer_by_this_very_campaign_is_not_turned_away(town, code):
    await town.act("jun", "add", code)
    await town.buy("jun")
    known = (await town.get(await town.me("jun"))).cookies

    assert "您已经是我们的客户了" not in (await town.get(f"/i/{code}", cookies=known)).text


async def test_where_advocates_get_nothing_the_page_does_not_say_they_do(town):
    code = await town.code_of("mei", await town.campaign(pack="gratitude"))

    assert "推荐人也会收到" not in (await town.get(f"/i/{code}")).text


async def test_outside_wechat_the_page_says_how_the_code_is_read(town, code):
    inside, outside = await town.get(f"/i/{code}"), await town.get(f"/i/{code}", User_Agent="Safari/604.1")

    assert "长按识别二维码" in inside.text
    assert "截下这一屏" not in inside.text
    assert "<li>长按二维码，添加顾问</li>" in inside.text
    assert "长按复制，添加后" in inside.text
    assert "复制下来，添加后" in outside.text
    assert "用微信扫一扫" in outside.text
    assert "截下这一屏" in outside.text
    assert "<li>用微信扫一扫二维码，添加顾问</li>" in outside.text
    assert "长按" not in outside.text


# --- one thanks, and how pages travel ------------------------------------------------------------------------------


async def test_a_browser_gets_a_page_of_one_thanks_and_others_the_proof_itself(town, code):
    await town.act("jun", "add", code)
    await town.buy("jun")
    (reward,) = await town.rewards("mei")
    path = f"{await town.me('mei')}/proof/{reward.id}"

    page, proof = await town.get(path, Accept="text/html,*/*;q=0.8"), await town.get(path)
    file = await town.get(f"{path}?as=json", Accept="text/html,*/*;q=0.8")

    assert page.headers["Content-Type"].startswith("text/html")
    assert "30天会员" in page.text
    told = json.loads(proof.text)
    assert f"账本第 {told['leaf_index'] + 1} 笔，账本现有 {told['tree_size']} 笔" in page.text
    assert told["leaf_hash"][:16] in page.text
    assert file.body == proof.body
    assert page.headers["Cache-Control"] == "no-store"


async def test_pages_travel_compressed_but_those_with_a_token_in_them(town, code):
    packed = {"Accept_Encoding": "gzip"}

    path, css = static_css()
    landing, sheet = await town.get(f"/i/{code}", **packed), await town.get(path, **packed)
    own, plain = await town.get(await town.me("mei"), **packed), await town.get(path, Accept_Encoding="identity")
    refused = [await town.get(path, Accept_Encoding=each) for each in ("gzip;q=0", "br, GZIP ; q=0.00", "xgzip")]
    weighed = [await town.get(path, Accept_Encoding=each) for each in ("br;q=1, gzip;q=0.5", "GZIP;q=1.0", "x-gzip")]

    assert landing.headers["Content-Encoding"] == sheet.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in own.headers
    assert "Content-Encoding" not in plain.headers
    assert not [each for each in refused if "Content-Encoding" in each.headers]
    assert [each.headers["Content-Encoding"] for each in weighed] == ["gzip"] * 3
    assert plain.body == css == sheet.body == refused[0].body == weighed[0].body
    assert sheet.headers["Vary"] == "Accept-Encoding"
