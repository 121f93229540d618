"""A customer tells a story in the chat; staff select it; it stands on the wall until it is taken back."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image

from bot.photo_shelf import FOLDER
from referral import stories
from referral.consent import Answer
from referral.errors import RuleViolation
from referral.stories import StoryState
from tests.journeys.town import open_town
from tests.posters.test_avatar import a_jpeg_that_claims

TOLD = "第一次住就碰上停水。老板娘半夜起来给我们烧热水，还一直道歉。\n早饭一般，房间很安静。"
MINUTE = 60
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def a_photo(width: int = 320, height: int = 240, *, kind: str = "JPEG") -> bytes:
    """A photo that says where it was taken, by whom, and which way is up."""
    told = Image.Exif()
    told[0x0112] = 6  # lying on its side
    told[0x013B] = "Mei"
    told.get_ifd(0x8825).update({1: "N", 2: (31.0, 13.0, 49.0), 3: "E", 4: (121.0, 28.0, 25.0)})
    out = BytesIO()
    Image.new("RGB", (width, height), (200, 120, 80)).save(out, kind, exif=told)
    return out.getvalue()


async def send_photo(town, persona, content, content_type="image/jpeg"):
    media = town.app.sandbox.hold(content, content_type)
    return [line["text"] for line in (await town.act(persona, "say", {"kind": "image", "media": media}))["replies"]]


async def tap(town, persona, item):
    return [line["text"] for line in (await town.act(persona, "tap", item))["replies"]]


async def handed_in(town, persona="mei", *, text=TOLD, photos=(), item="story.signed"):
    """A story by the usual way; its id."""
    await town.say(persona, "写故事")
    await town.say(persona, text)
    for photo in photos:
        await send_photo(town, persona, photo)
    await town.say(persona, "写完了")
    await tap(town, persona, item)
    return (await of(town, persona))[-1].id


async def of(town, persona):
    person = await town.person(persona)
    return await town.look(lambda tx: tx.stories.of_person(person.id))


async def select(town, story, **args):
    """Two colleagues say yes, as the rules of a prize may ask for; where they do not, the first yes is enough."""
    for colleague in ("小陈", "老周"):
        made = await town.app.operator.run("story.select", {"id": story, "by": colleague, **args})
    await town.app.settle()
    return made


async def published(town, persona="mei", **told):
    story = await handed_in(town, persona, **told)
    await select(town, story)
    return story


def photo_paths(html):
    return re.findall(r'<img[^>]* src="(/stories/photos/[^"]+)"', html)


async def test_a_story_with_a_photo_is_told_selected_shown_and_taken_back(either_town):
    town = either_town
    assert "与是否转发无关" in (await town.say("mei", "我想分享体验"))[0]
    assert "记下了" in (await town.say("mei", TOLD))[0]
    await send_photo(town, "mei", a_photo())
    asked = (await town.say("mei", "写完了"))[0]
    assert "不影响您的任何权益" in asked
    assert "1张照片" in asked
    assert "收到了" in (await tap(town, "mei", "story.signed"))[0]
    (story,) = await of(town, "mei")
    assert (await town.get(f"/stories/{story.id}")).status == 404

    made = await select(town, story.id, note="具体")

    page = await town.get(f"/stories/{story.id}")
    assert (page.status, page.headers["Cache-Control"]) == (200, "no-cache")
    assert made["url"].endswith(f"/stories/{story.id}")
    for words in ("第一次住就碰上停水", "老板娘半夜起来给我们烧热水", "早饭一般", "梅姐", "广告"):
        assert words in page.text
    assert f'href="/stories/{story.id}"' in (await town.get("/stories")).text
    assert any(f"/stories/{story.id}" in told for told in await town.log("mei"))
    (path,) = photo_paths(page.text)
    photo = await town.get(path)
    assert photo.headers["Content-Type"] == "image/jpeg"

    assert "已经撤回" in (await town.say("mei", "撤回故事"))[0]

    gone = await town.get(f"/stories/{story.id}")
    assert gone.status == 410
    assert "停水" not in gone.text
    assert (await town.get(path)).status == 404
    assert f"/stories/{story.id}" not in (await town.get("/stories")).text
    assert list((town.app.config.files.data_dir / FOLDER).iterdir()) == []


async def test_a_published_photo_says_neither_where_nor_by_whom_it_was_taken(town):
    story = await published(town, photos=[a_photo(), a_photo(kind="PNG"), a_photo(kind="WEBP")])

    paths = photo_paths((await town.get(f"/stories/{story}")).text)

    assert len(paths) == 3
    for path in paths:
        body = (await town.get(path)).body
        shown = Image.open(BytesIO(body))
        assert (shown.format, shown.size) == ("JPEG", (240, 320))
        assert not shown.getexif()
        assert "exif" not in shown.info
        assert b"Mei" not in body


async def test_the_licence_is_kept_for_the_very_words_that_were_shown(town):
    story = await handed_in(town, item="story.unsigned")

    person = await town.person("mei")
    kept = await town.look(lambda tx: tx.stories.get(story))
    consent = await town.look(lambda tx: tx.consent.latest(person.id, f"story:{story}"))
    assert consent.answer is Answer.GRANTED
    assert consent.evidence == kept.licence != ""
    await select(town, story)
    assert "梅姐" not in (await town.get(f"/stories/{story}")).text
    assert "一位客户" in (await town.get(f"/stories/{story}")).text


async def test_nothing_is_handed_in_without_a_clear_choice(town):
    await town.say("mei", "写故事")
    await town.say("mei", TOLD)
    await town.say("mei", "写完了")

    again = await town.say("mei", "可以")
    await town.say("mei", "先不交")

    assert "署您的昵称，还是不署名" in again[0]
    assert [story.state for story in await of(town, "mei")] == [StoryState.DRAFT]
    await town.say("mei", "同意，不署名")
    assert [(s.state, s.signed) for s in await of(town, "mei")] == [(StoryState.SUBMITTED, False)]


async def test_critical_words_are_as_welcome_as_kind_ones(town):
    kind = await handed_in(town, text="住得很舒服，老板娘人很好，下次还来。")
    critical = await handed_in(town, text="失望。热水没有，被子是潮的，打电话也没人接。")

    made = [await select(town, story) for story in (kind, critical)]

    assert [each["state"] for each in made] == ["selected", "selected"]
    assert made[0]["no_thanks"] == made[1]["no_thanks"]


async def test_a_selected_story_is_thanked_once_and_its_page_says_so(either_town):
    town = either_town
    await town.campaign(pack="traveller")
    story = await published(town)

    thanked = await town.rewards("mei")
    again = await select(town, story)
    await town.say("mei", "撤回故事")

    assert thanked
    assert {reward.story for reward in thanked} == {story}
    assert {each["id"] for each in again["rewards"]} == {reward.id for reward in thanked}
    assert [reward.state for reward in await town.rewards("mei")] == [reward.state for reward in thanked]


async def test_a_page_names_the_thanks_and_the_wall_the_rules(town):
    unthanked = await published(town, "bo")
    campaign = await town.campaign(pack="traveller")
    thanked = await published(town)

    told = {story: (await town.get(f"/stories/{story}")).text.split("</article>")[0] for story in (thanked, unthanked)}
    assert "作者获赠感谢礼" in told[thanked].split("<body")[1]
    assert "广告，作者获赠感谢礼" in told[thanked].split("<body")[0]
    assert "作者获赠感谢礼" not in told[unthanked]
    wall = (await town.get("/stories")).text
    assert "把您的故事写给我们，故事好坏都欢迎，与是否转发无关" in wall
    assert f'href="/rules/{campaign}"' in wall
    assert 'href="/desk"' in wall


async def test_what_is_said_while_writing_belongs_to_the_story_but_short_wishes_are_heard(town):
    await town.campaign()
    await town.say("mei", "写故事")
    await town.say("mei", "为什么会选这家？因为朋友介绍的，说是老板娘人很好。")
    await town.say("mei", "后来才知道进度完全不由我们定，规则也没有人讲清楚。")

    rules = await town.say("mei", "规则")

    assert "为什么会选这家" in (await of(town, "mei"))[0].text
    assert "规则也没有人讲清楚" in (await of(town, "mei"))[0].text
    assert any("/rules/" in told for told in rules)
    assert "规则" not in (await of(town, "mei"))[0].text.splitlines()


async def test_a_wish_for_silence_wins_while_writing_too(town):
    await town.say("mei", "写故事")

    told = await town.say("mei", "不要再发了")

    assert "不再" in told[0]
    assert (await of(town, "mei"))[0].text == ""


async def test_whoever_pauses_is_answered_as_ever_and_finds_the_draft_again(town):
    await town.say("mei", "写故事")
    await town.say("mei", TOLD)
    await town.later(3 * 3600)

    told = await town.say("mei", "你们店几点开门")
    resumed = await town.say("mei", "写故事")

    assert "同事" in told[0]
    assert "您之前写的都在" in resumed[0]
    assert (await of(town, "mei"))[0].text == TOLD


async def test_a_draft_that_nobody_comes_back_to_goes_with_its_photos(town):
    await town.say("mei", "写故事")
    await send_photo(town, "mei", a_photo())
    assert len(list((town.app.config.files.data_dir / FOLDER).iterdir())) == 1

    await town.later(49 * 3600)

    assert await of(town, "mei") == []
    assert list((town.app.config.files.data_dir / FOLDER).iterdir()) == []
    assert "没有在写的故事" in (await tap(town, "mei", "story.done"))[0]


async def test_a_hundred_photos_are_nine_and_one_line_says_so(town):
    await town.say("mei", "写故事")
    media = town.app.sandbox.hold(a_photo(32, 32))

    told = []
    for _ in range(100):
        answer = await town.app.sandbox.act("mei", "say", {"kind": "image", "media": media})
        told += [line["text"] for line in answer["replies"]]

    assert sum("最多放9张" in each for each in told) == 1
    assert sum("记下了" in each for each in told) == 1
    assert len((await of(town, "mei"))[0].photos) == 9


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        pytest.param(a_jpeg_that_claims(65_000, 65_000), "太大", id="a JPEG that claims 4.2 billion px"),
        pytest.param(a_photo() + bytes(20 * 1024 * 1024), "太大", id="20 MB"),
        pytest.param(SVG, "打不开", id="an SVG"),
        pytest.param(a_photo()[:900], "打不开", id="cut short"),
        pytest.param(b'{"errcode": 40007, "errmsg": "invalid media_id"}', "没有收到", id="forgotten"),
    ],
)
async def test_a_photo_that_cannot_be_used_is_refused_kindly_and_the_story_goes_on(town, picture, said):
    await town.say("mei", "写故事")
    await town.say("mei", TOLD)

    told = await send_photo(town, "mei", picture)

    assert said in told[-1]
    assert (await of(town, "mei"))[0].photos == ()
    assert "0张照片" in (await town.say("mei", "写完了"))[0]


async def test_films_and_voices_are_kindly_not_taken(town):
    await town.say("mei", "写故事")

    told = (await town.act("mei", "say", {"kind": "voice"}))["replies"]

    assert "语音、视频和文件还收不了" in told[0]["text"]


async def test_words_beyond_the_limit_are_not_kept_in_part(town):
    await town.say("mei", "写故事")
    await town.say("mei", "热" * 4_990)

    told = await town.say("mei", "这一段放不下了，因为前面已经写得很长很长。")

    assert "放不下" in told[0]
    assert len((await of(town, "mei"))[0].text) == 4_990


async def test_too_little_is_asked_to_be_more_and_a_draft_can_be_dropped(town):
    await town.say("mei", "写故事")
    await town.say("mei", "很好")

    assert "再多说几句" in (await town.say("mei", "写完了"))[0]
    assert "都删掉了" in (await town.say("mei", "不写了"))[0]
    assert await of(town, "mei") == []


async def test_words_that_break_the_law_are_shown_to_staff_and_cannot_be_published(town):
    story = await handed_in(town, text="这是全国第一的酒店，转发就送红包。我的电话13812345678。")

    with pytest.raises(RuleViolation) as refused:
        await select(town, story)

    told = str(refused.value)
    assert "第一" in told
    assert "13812345678" in told
    assert re.search(r"第\d+到\d+字", told)
    assert (await town.get(f"/stories/{story}")).status == 404


async def test_a_nickname_that_may_not_be_published_is_left_out(town):
    person = await town.person("mei")
    story = await handed_in(town)
    await town.app.store.write(lambda tx: tx.people.learn(person.id, nickname="梅姐13812345678"))

    made = await select(town, story)

    assert made["author"] == ""
    assert "13812345678" not in (await town.get(f"/stories/{story}")).text


async def test_hostile_words_and_names_are_only_ever_text(town):
    person = await town.person("mei")
    hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&</script>\u202e坏"
    await town.app.store.write(lambda tx: tx.people.learn(person.id, nickname="<b>梅</b>"))
    story = await published(town, text=f"早上六点出发。\n{hostile}\n{{{{ 7*7 }}}}")

    for html in ((await town.get(f"/stories/{story}")).text, (await town.get("/stories")).text):
        blocks = re.findall(r"<script[^>]*>(.*?)</script>", html, re.DOTALL)
        assert re.findall(r"<script[^>]*>", html) == ['<script type="application/ld+json">']
        assert json.loads(blocks[0])["@context"] == "https://schema.org"
        assert "<img src=x" not in html
        assert "<b>" not in html
        assert "\u202e" not in html
        assert "49" not in html.split("</head>")[1]


async def test_a_story_is_read_by_machines_as_an_article(town):
    story = await published(town, photos=[a_photo()])

    html = (await town.get(f"/stories/{story}")).text

    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)
    told = json.loads(block)
    assert (told["@type"], told["author"]["name"], told["inLanguage"]) == ("Article", "梅姐", "zh-CN")
    assert told["articleBody"] == TOLD
    assert told["image"][0].endswith(".jpg")
    assert f'<link rel="canonical" href="{told["url"]}">' in html
    assert "noindex" not in html


async def test_the_sitemap_follows_what_is_shown(town):
    story = await published(town)

    shown = await town.get("/sitemap.xml")
    await town.say("mei", "撤回故事")
    after = await town.get("/sitemap.xml")

    assert shown.headers["Content-Type"].startswith("application/xml")
    assert f"/stories/{story}</loc><lastmod>2026-11-23</lastmod>" in shown.text
    assert story not in after.text
    assert f"{town.app.facts.public_url}/stories</loc>" in after.text
    assert "/sitemap.xml" in (await town.get("/robots.txt")).text


async def test_the_picture_of_a_storys_card_is_there_as_long_as_the_story(town):
    story, other = await published(town, photos=[a_photo()]), await published(town, "bo")

    first, again = [await town.get(f"/stories/{story}/card.jpg") for _ in range(2)]
    without = await town.get(f"/stories/{other}/card.jpg")
    await town.say("mei", "撤回故事")

    assert (first.status, first.headers["Content-Type"]) == (200, "image/jpeg")
    assert first.body == again.body
    with Image.open(BytesIO(first.body)) as picture:
        assert picture.size == (300, 300)
    assert without.status == 404
    assert (await town.get(f"/stories/{story}/card.jpg")).status == 404


async def test_of_several_stories_the_one_that_is_meant_is_taken_back(town):
    first = await published(town, text="第一篇：路上堵了三个小时，导游一直在讲笑话。")
    second = await published(town, text="第二篇：房间比照片小一半，不过很干净。")

    asked = (await town.say("mei", "撤回故事"))[0]
    await tap(town, "mei", f"story.back:{second}")

    assert "哪一篇" in asked
    assert [(await town.get(f"/stories/{story}")).status for story in (first, second)] == [200, 410]
    await town.say("mei", "撤回我的故事")
    assert (await town.get(f"/stories/{first}")).status == 410
    assert "没有交来的故事" in (await town.say("mei", "撤回故事"))[0]


async def test_nobody_takes_back_the_story_of_somebody_else(town):
    story = await published(town)
    other = await handed_in(town, "bo")

    person = await town.person("bo")
    draft = await town.look(lambda tx: stories.standing(tx, person.id))
    assert [each.id for each in draft] == [other]
    await town.say("bo", "撤回故事")

    assert (await town.get(f"/stories/{story}")).status == 200


async def test_the_story_of_an_erased_person_disappears(town):
    story = await published(town, photos=[a_photo()])
    waiting = await handed_in(town)
    person, now = await town.person("mei"), town.app.clock()

    await town.app.store.write(lambda tx: stories.forget(tx, person.id, now=now))
    await town.app.settle()

    assert [(await town.get(f"/stories/{each}")).status for each in (story, waiting)] == [410, 404]
    assert all(each.text == "" and each.author == "" for each in await of(town, "mei"))
    assert list((town.app.config.files.data_dir / FOLDER).iterdir()) == []


async def test_a_photo_that_is_still_on_its_way_is_never_published_unseen(town):
    await town.platform("down")
    await town.say("mei", "写故事")
    person, now = await town.person("mei"), town.app.clock()

    def told(tx):
        draft = stories.begin(tx, person.id, now=now, rng=town.app.world.rng)
        draft = stories.write_down(tx, draft, TOLD, now=now)
        stories.add_photo(tx, draft, "m1", desk="d", to="w", now=now, rng=town.app.world.rng)
        return stories.submit(tx, draft, signed=True, evidence="x", channel="kf", now=now).id

    story = await town.app.store.write(told)

    with pytest.raises(RuleViolation, match="还没有收到"):
        await town.app.operator.run("story.select", {"id": story})
    made = await town.app.operator.run("story.select", {"id": story, "photos": False})
    assert made["photos"] == []


async def test_more_than_a_page_of_stories_is_turned_page_by_page(town):
    person, now = await town.person("mei"), town.app.clock()

    def told(tx):
        for number in range(30):
            at = now + timedelta(minutes=number)
            draft = stories.begin(tx, person.id, now=at, rng=town.app.world.rng)
            draft = stories.write_down(tx, draft, f"第{number:02}天：今天走了二十公里。", now=at)
            story = stories.submit(tx, draft, signed=True, evidence="x", channel="kf", now=at)
            stories.select(tx, town.app.facts, story.id, by="cli", now=at, rng=town.app.world.rng)

    await town.app.store.write(told)
    seen, path = [], "/stories"
    while path:
        html = (await town.get(path)).text
        seen += re.findall(r'<h2><a href="/stories/[^"]+">第(\d\d)天', html)
        path = next(iter(re.findall(r'<a href="([^"]+)" rel="next">', html)), None)

    assert seen == [f"{number:02}" for number in range(29, -1, -1)]


async def test_an_industry_whose_law_bars_customers_from_vouching_takes_no_stories(quick_url, tmp_path):
    async with open_town(tmp_path, quick_url, industry="medical") as town:
        told = await town.say("mei", "写故事")
        menu = await town.say("mei", "您好")
        assert await of(town, "mei") == []

    assert "广告法" in told[0]
    assert not any("写故事" in each for each in menu)
