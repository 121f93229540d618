"""Wall and story as people and search engines get them: complete without a script, and labelled wherever one looks."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

from bot.photo_shelf import FOLDER, small_of
from referral import stories
from referral.nicknames import signs
from tests.journeys.test_stories import a_photo, handed_in, photo_paths, published, select

LONG = "今天从早上五点走到晚上九点，山路很滑，谁也没有抱怨。" * 300
HOSTILE = (
    "早上六点出发。\n</script><script>alert(1)</script>\n\u202e坏人\u2066的话\n{{ 7*7 }} {% raw %}\n"
    "\"'><img src=x onerror=alert(2)>\n]]>--><!--\n👨‍👩‍👧‍👦🇨🇳 \u200d\n&lt;b&gt;"
)


class Seen(HTMLParser):
    """What is on a page: its elements in order, and the words between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, Any]]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words += data

    def all(self, tag: str) -> list[dict[str, Any]]:
        return [attrs for name, attrs in self.elements if name == tag]

    def meta(self, name: str) -> str:
        return next(each["content"] for each in self.all("meta") if name in (each.get("name"), each.get("property")))

    def link(self, rel: str) -> str | None:
        return next((each["href"] for each in self.all("link") if each["rel"] == rel), None)


async def seen(town, path: str) -> Seen:
    return Seen((await town.get(path)).text)


def title(html: str) -> str:
    return re.search(r"<title>(.*?)</title>", html, re.DOTALL)[1]


async def told(town, count: int) -> list[str]:
    """As many stories on the wall, a minute apart; their ids, the newest first."""
    person, now = await town.person("mei"), town.app.clock()

    def unit(tx):
        found = []
        for number in range(count):
            at = now + timedelta(minutes=number)
            draft = stories.begin(tx, person.id, now=at, rng=town.app.world.rng)
            draft = stories.write_down(tx, draft, f"第{number:02}天：今天走了二十公里。", now=at)
            story = stories.submit(tx, draft, signed=True, evidence="x", channel="kf", now=at)
            stories.select(tx, town.app.facts, story.id, by="cli", now=at, rng=town.app.world.rng)
            found.append(story.id)
        return found[::-1]

    return await town.app.store.write(unit)


@pytest.mark.parametrize(
    "text", ["热水没有，我很失望。", "半夜停水。老板娘起来烧热水。", "一句话没有标点也不长不短吧", LONG[:4_000]]
)
async def test_search_engines_read_a_whole_page_without_a_script(town, text):
    await town.campaign(pack="traveller")
    story = await published(town, text=text)

    html = (await town.get(f"/stories/{story}")).text

    page = Seen(html)
    assert len(title(html).rpartition(" · ")[0]) <= 30
    assert 60 <= len(signs(page.meta("description"))) <= 120
    assert "广告，作者获赠感谢礼" in page.meta("description")
    assert page.meta("og:title")
    assert page.link("canonical") == f"{town.app.facts.public_url}/stories/{story}"
    assert not any(each.get("name") == "robots" for each in page.all("meta"))
    assert page.all("script") == [{"type": "application/ld+json"}]
    assert all(said in page.words for said in re.split("[。\n]", text))
    wall = (await town.get("/stories")).text
    assert 60 <= len(signs(Seen(wall).meta("description"))) <= 120
    assert len(title(wall).rpartition(" · ")[0]) <= 30


async def test_headings_times_and_pictures_say_what_they_are(town):
    await told(town, 3)
    story = await published(town, photos=[a_photo(900, 1_200), a_photo()])

    wall, page = await seen(town, "/stories"), await seen(town, f"/stories/{story}")

    assert [tag for tag, _ in wall.elements if tag in ("h1", "h2", "h3")] == ["h1", *["h2"] * 4]
    assert [tag for tag, _ in page.elements if tag in ("h1", "h2", "h3")] == ["h1", "h2", "h3", "h3"]
    assert {each["datetime"] for each in wall.all("time")} == {"2026-11-23"}
    assert [each["alt"] for each in page.all("img")] == ["梅姐拍的照片（1）", "梅姐拍的照片（2）"]
    assert all(int(each["width"]) > 0 < int(each["height"]) for each in (*wall.all("img"), *page.all("img")))
    assert len(wall.all("h1")) == len(page.all("h1")) == 1


async def test_labels_stand_in_the_bar_that_stays_in_sight_and_on_every_card(town):
    await town.campaign(pack="traveller")
    await published(town)
    wall = (await town.get("/stories")).text

    bar, card = re.search(r"<header class=\"bar\">.*?</header>", wall, re.DOTALL)[0], wall.split("<article")[1]

    assert "广告" in bar
    assert "作者获赠感谢礼" in card.split("</article>")[0]
    sheet = next(each["href"] for each in Seen(wall).all("link") if "/stories." in each["href"])
    style = await town.get(sheet)
    assert (style.status, style.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert re.search(r"\.wall \.bar \{[^}]*position: sticky", style.text)
    assert "url(" not in style.text
    assert "http" not in style.text


async def test_pages_of_the_wall_lead_back_and_forth_and_show_each_story_once(town):
    newest_first = await told(town, 13 + 12 + 3)
    way, pages, path = [], [], "/stories"

    while path:
        page = await seen(town, path)
        way.append((path, page.link("prev")))
        pages.append(
            [each["href"].rpartition("/")[2] for each in page.all("a") if "/stories/h" in each.get("href", "")]
        )
        assert title((await town.get(path)).text).startswith("客户的故事（更早的）") is (path != "/stories")
        path = page.link("next")

    assert [story for shown in pages for story in shown] == newest_first
    assert [len(shown) for shown in pages] == [13, 12, 3]
    assert [back for _, back in way] == [None, *(path for path, _ in way[:-1])]


async def test_a_story_leads_on_to_others(town):
    alone = await published(town)
    assert "再看看别人的故事" not in (await town.get(f"/stories/{alone}")).text
    newest_first = await told(town, 4)

    def led_to(page):
        return [each["href"].rpartition("/")[2] for each in page.all("a") if "/stories/h" in each.get("href", "")]

    assert led_to(await seen(town, f"/stories/{newest_first[0]}")) == newest_first[1:3]
    assert led_to(await seen(town, f"/stories/{newest_first[-1]}")) == [alone, newest_first[0]]
    assert led_to(await seen(town, f"/stories/{alone}")) == newest_first[:2]


async def test_hostile_words_stay_words_on_wall_story_and_for_machines(town):
    await told(town, 1)
    await town.campaign(pack="traveller")
    await town.say("bo", "您好")
    person = await town.person("bo")
    await town.app.store.write(lambda tx: tx.people.learn(person.id, nickname="\u202e</script><b>梅</b>"))
    story = await published(town, "bo", text=HOSTILE)

    for path in ("/stories", f"/stories/{story}", "/sitemap.xml"):
        html = (await town.get(path)).text
        page = Seen(html)
        assert page.all("script") in ([], [{"type": "application/ld+json"}])
        assert page.all("b") == []
        assert not any("onerror" in each for _, each in page.elements)
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08]", html)
    (block,) = re.findall(
        r'<script type="application/ld\+json">(.*?)</script>', (await town.get(f"/stories/{story}")).text
    )
    assert "</script><script>alert(1)</script>" in json.loads(block)["articleBody"]


async def test_five_thousand_letters_are_shown_whole(town):
    text = LONG[:4_999] + "。"
    person, now = await town.person("mei"), town.app.clock()

    def unit(tx):
        draft = stories.write_down(tx, stories.begin(tx, person.id, now=now, rng=town.app.world.rng), text, now=now)
        return stories.submit(tx, draft, signed=False, evidence="x", channel="kf", now=now).id

    story = await town.app.store.write(unit)
    await select(town, story)

    page = await seen(town, f"/stories/{story}")
    heading, rest = text.split("。", 1)
    assert heading in page.words
    assert rest in page.words
    assert text not in page.words
    assert len((await town.get("/stories")).body) < 20_000


async def test_the_wall_shows_smaller_photos_and_both_go_with_the_story(either_town):
    town = either_town
    story = await published(town, photos=[a_photo(1_200, 900), a_photo()])
    wall, page = await seen(town, "/stories"), await seen(town, f"/stories/{story}")

    wide, narrow = page.all("img")
    small = wide["srcset"].split()[0]

    assert wall.all("img")[0]["srcset"] == wide["srcset"] == f"{small} 640w, {wide['src']} {wide['width']}w"
    assert wall.all("img")[0]["fetchpriority"] == "high"
    assert "srcset" not in narrow
    sizes = [len((await town.get(path)).body) for path in (small, wide["src"])]
    assert sizes[0] < sizes[1]
    folder = town.app.config.files.data_dir / FOLDER
    assert len(list(folder.iterdir())) == 3

    await town.say("mei", "撤回故事")

    assert [(await town.get(path)).status for path in (small, wide["src"], narrow["src"])] == [404] * 3
    assert list(folder.iterdir()) == []


async def test_a_photo_kept_before_there_were_smaller_copies_is_shown_as_it_is(town):
    story = await published(town, photos=[a_photo(1_200, 900)])
    (path,) = photo_paths((await town.get(f"/stories/{story}")).text)
    name = path.rpartition("/")[2]
    (town.app.config.files.data_dir / FOLDER / small_of(name)).unlink()

    small = await town.get(f"/stories/photos/{small_of(name)}")

    assert (small.status, small.body) == (200, (await town.get(path)).body)


async def test_a_photo_of_a_story_that_only_waits_is_nobodys_to_see(town):
    await handed_in(town, photos=[a_photo(1_200, 900)])
    names = [path.name for path in (town.app.config.files.data_dir / FOLDER).iterdir()]

    assert len(names) == 2
    assert [(await town.get(f"/stories/photos/{name}")).status for name in names] == [404, 404]
    assert (await town.get("/stories/photos/..%2f..%2ftaoli.db")).status == 404
