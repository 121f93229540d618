"""What a page says, and what it never says or loads."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from aiohttp.test_utils import make_mocked_request

from bot.pages.answer import trouble
from bot.pages.look import headers_of, render, static_css, status_of
from bot.pages.views import CodeRow, EndedView, FriendRow, MissingView, Question, View
from tests.pages.sample_pages import a_landing, a_me_page, a_rules_page, every_page
from tests.pages.sample_story_pages import a_story, a_wall

PAGES = every_page()
NOT_FOR_SHARING = "与是否转发无关"
TALK_OF_SHARING = ("分享", "转发", "朋友圈", "助力", "砍", "集赞", "还差", "再邀", "倒计时", "有礼", "躺赚", "代理")
ABSOLUTES = re.compile(r"最(?!后一天|近|多|少)|第一|唯一|国家级|顶级|100%|永久|稳赚")
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "svg": '"><svg onload=alert(1)>',
    "attribute": "' onmouseover='alert(1)",
    "address": "javascript:alert(1)",
    "template": "{{ view.__class__ }}{% raw %}",
    "turned": "李\u202e姐\u2066",
    "controls": "李\x00姐\x1b[31m\ud83d",
    "family": "👨‍👩‍👧‍👦🏳️‍🌈",
    "long": "梅" * 100,
}


class Tags(HTMLParser):
    """Every start tag of a document, with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(params=sorted(PAGES))
def page(request: pytest.FixtureRequest) -> View:
    return PAGES[request.param]


@pytest.fixture(params=sorted(HOSTILE))
def nickname(request: pytest.FixtureRequest) -> str:
    return HOSTILE[request.param]


def test_a_page_carries_no_script_that_runs_and_no_inline_style(page: View) -> None:
    document = Tags(render(page))

    assert not {"style", "iframe", "object", "embed", "base"} & {tag for tag, _ in document.tags}
    assert all(script == {"type": "application/ld+json"} for script in document.all("script"))
    assert not [name for _, attributes in document.tags for name in attributes if name == "style" or name[:2] == "on"]


def test_a_page_loads_nothing_from_another_host(page: View) -> None:
    document = Tags(render(page))

    sheets = [found["href"] for found in document.all("link") if found["rel"] != "canonical"]
    loaded = [found["src"] for found in document.all("img")] + sheets
    assert all(re.match(r"/[^/]", address) for address in loaded)
    assert "http" not in static_css()[1].decode()
    assert "url(" not in static_css()[1].decode()


def test_a_page_leads_away_only_to_the_companys_own_chat(page: View) -> None:
    document = Tags(render(page))

    away = {found["href"] for found in document.all("a")} - {getattr(page, "desk_link", None)}
    assert all(address == "" or re.match(r"/[^/]", address) for address in away)
    assert all(
        re.match(r"/me/[^/]+/(answer|byline|phone|choose|address|name|redeem|personal)$", form["action"])
        for form in document.all("form")
    )


def test_a_page_never_speaks_of_sharing_or_in_absolutes(page: View) -> None:
    html = render(page)

    assert [word for word in TALK_OF_SHARING if word in html.replace(NOT_FOR_SHARING, "")] == []
    assert ABSOLUTES.search(html) is None
    assert "桃李" not in html
    assert "taoli" not in html.lower()


def test_a_page_says_whose_it_is_and_in_which_language(page: View) -> None:
    document = Tags(render(page))

    properties = {found.get("property"): found["content"] for found in document.all("meta") if "property" in found}
    assert document.all("html") == [{"lang": "zh-CN"}]
    assert page.company in document.words
    assert properties["og:title"]
    assert properties["og:description"]
    assert all("alt" in image for image in document.all("img"))


def test_a_hostile_nickname_is_only_ever_text(nickname: str) -> None:
    plain = [tag for tag, _ in Tags(render(a_landing())).tags]
    lines = [tag for tag, _ in Tags(render(a_me_page())).tags]

    landing = Tags(render(a_landing(inviter=nickname, rep_name=nickname, company=nickname)))
    me = Tags(render(a_me_page(name=nickname, friends=_as_friends(nickname), questions=_as_question(nickname))))

    assert [tag for tag, _ in landing.tags] == plain
    assert [tag for tag, _ in me.tags] == lines
    assert not [name for _, attributes in landing.tags + me.tags for name in attributes if name[:2] == "on"]


def test_hostile_words_in_a_story_are_only_ever_text(nickname: str) -> None:
    plain, listed = Tags(render(a_story())).tags, Tags(render(a_wall())).tags
    schema = {"name": nickname, "articleBody": f"{nickname}</script><script>alert(1)</script><!--"}

    story = Tags(render(a_story(title=nickname, author=nickname, lines=(nickname,) * 3, schema=schema)))
    wall = Tags(render(a_wall(cards=tuple(replace(c, title=nickname, author=nickname) for c in a_wall().cards))))

    assert [tag for tag, _ in story.tags] == [tag for tag, _ in plain]
    assert [tag for tag, _ in wall.tags] == [tag for tag, _ in listed]
    assert not [name for _, attributes in story.tags + wall.tags for name in attributes if name[:2] == "on"]


def test_a_thanked_author_is_said_to_be_thanked_and_the_page_an_advertisement() -> None:
    thanked, unthanked = Tags(render(a_story())), Tags(render(a_story(thanked=False)))

    assert "作者获赠感谢礼" in thanked.words
    assert "作者获赠感谢礼" not in unthanked.words
    assert "广告" in thanked.words
    assert "广告" in unthanked.words


def test_a_nickname_cannot_turn_the_text_around_it_or_break_the_page() -> None:
    html = render(a_landing(inviter="李\u202e姐\u2066\x00\x1b\ud83d"))

    assert "<bdi" in html
    assert "李姐" in html
    assert html.encode()


def test_a_family_emoji_stays_one_picture() -> None:
    assert "👨‍👩‍👧‍👦" in render(a_landing(inviter="👨‍👩‍👧‍👦"))


def test_the_landing_page_shows_who_invites_the_qr_and_the_last_day() -> None:
    document = Tags(render(a_landing()))

    (qr,) = [image for image in document.all("img") if "data-contact-qr" in image]
    assert qr["src"] == "/qr/contact.png"
    assert "林顾问" in qr["alt"]
    for words in ("李姐", "邀请您", "长按识别二维码", "2026年12月31日", "广告", "3F9K2A7B"):
        assert words in document.words


def test_an_advocate_who_goes_unnamed_is_not_named() -> None:
    document = Tags(render(a_landing(inviter=None, inviter_avatar=None)))

    assert "老朋友推荐" in document.words
    assert "邀请您" not in document.words


def test_while_the_qr_is_made_the_page_loads_itself_again() -> None:
    waiting = Tags(render(a_landing(contact_qr=None, refresh_s=3)))
    ready = Tags(render(a_landing()))

    assert {"http-equiv": "refresh", "content": "3"} in waiting.all("meta")
    assert "二维码正在准备" in waiting.words
    assert not [found for found in ready.all("meta") if "http-equiv" in found]


def test_a_qr_that_does_not_carry_the_code_asks_for_the_code() -> None:
    shared = Tags(render(a_landing(contact_qr_is_personal=False)))
    personal = Tags(render(a_landing()))

    assert "添加后请发给" in shared.words
    assert "自动带上" in personal.words


def test_malformed_and_unknown_codes_get_one_same_page() -> None:
    view = MissingView(company="青禾书店")

    assert status_of(view) == 404
    assert "请核对一下邀请码" in render(view)


def test_an_ended_campaign_says_so_and_gives_the_companys_contact() -> None:
    view = EndedView(company="青禾书店", title="好书同读", contact="电话 0571-0000 0000", rules_url="/rules/7")

    assert status_of(view) == 410
    assert "电话 0571-0000 0000" in render(view)


def test_every_page_has_its_status() -> None:
    statuses = {name: int(status_of(view)) for name, view in PAGES.items()}

    others = {"ended", "missing", "nothing", "nothing-own", "busy", "trouble", "story-gone", "story-missing"}
    assert {name for name, status in statuses.items() if status != 200} == others
    assert statuses["busy"] == 429


def test_a_friend_answers_with_two_buttons_and_without_script() -> None:
    document = Tags(render(a_me_page(questions=(Question(id="41", text="可以告诉李姐您来了吗？"),))))

    assert {"method": "post", "action": "/me/x7Qd2m0TzK9vB1sL5nR8wA/answer"} in document.all("form")
    assert {"type": "hidden", "name": "referral", "value": "41"} in document.all("input")
    assert [button["value"] for button in document.all("button") if button.get("name") == "answer"] == ["yes", "no"]


@pytest.mark.parametrize("byline", ["face", "nickname", "none"])
def test_the_chosen_byline_is_the_one_ticked(byline: str) -> None:
    document = Tags(render(a_me_page(byline=byline)))

    ticked = [choice["value"] for choice in document.all("input") if "checked" in choice]
    assert ticked == [byline]


def test_the_own_page_offers_the_poster_as_a_plain_picture() -> None:
    document = Tags(render(a_me_page()))

    (poster,) = [image for image in document.all("img") if image.get("class") == "poster"]
    assert poster["src"] == "/p/3F9K2A7B.jpg"
    assert "长按保存图片" in document.words


def test_the_own_page_has_no_count_to_reach() -> None:
    many = tuple(FriendRow(label="一位好友", status="已完成", note="", at="11月1日") for _ in range(12))

    words = Tags(render(a_me_page(friends=many))).words
    assert not re.search(r"\d+\s*/\s*\d+|还差|再来", words)


def test_whoever_opted_out_is_told_that_it_holds() -> None:
    assert "您已选择不再提醒" in render(a_me_page(opted_out=True))
    assert "回复「不再提醒」" in render(a_me_page(opted_out=False))


def test_a_code_is_copied_without_its_gap() -> None:
    row = CodeRow(
        campaign="好书同读",
        code="3F9K2A7B",
        code_spaced="3F9K 2A7B",
        poster_url="/p/a.jpg",
        posters_url="/p/a",
        link="",
        words="",
    )

    assert "3F9K2A7B" in Tags(render(a_me_page(codes=(row,)))).words


def test_ended_rules_can_still_be_read() -> None:
    html = render(a_rules_page(ended=True))

    assert "活动已结束" in html
    assert "怎样算数" in html


def test_pages_forbid_script_frames_and_sniffing(page: View) -> None:
    headers = headers_of(page)

    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_private_page_is_kept_by_nobody_and_its_address_told_to_nobody() -> None:
    headers = headers_of(a_me_page())

    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "noindex" in render(a_me_page())


def test_the_style_sheet_is_named_by_its_content() -> None:
    path, sheet = static_css()

    assert re.fullmatch(r"/static/pages\.[0-9a-f]{12}\.css", path)
    assert f'href="{path}"' in render(a_landing())
    assert sheet


def _as_friends(label: str) -> tuple[FriendRow, ...]:
    return tuple(
        FriendRow(label=label, status=row.status, note=label if row.note else "", at=row.at, tone=row.tone)
        for row in a_me_page().friends
    )


def _as_question(name: str) -> tuple[Question, ...]:
    return (Question(id=name, text=f"可以告诉{name}您来了吗？"),)


def test_trouble_of_ours_is_a_page_for_browsers_and_a_sentence_for_machines() -> None:
    browser = make_mocked_request("GET", "/i/3F9K2A7B", headers={"Accept": "text/html,*/*;q=0.8"})
    machine = make_mocked_request("POST", "/hooks/orders", headers={"Accept": "*/*"})

    shown, told = (trouble(each, "青禾书店", 503, "系统正忙，过一会儿就好。") for each in (browser, machine))

    assert (shown.status, told.status) == (503, 503)
    assert "再试一次" in (shown.text or "")
    assert told.text == "系统正忙，过一会儿就好。"
