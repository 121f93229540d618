"""Staff have a campaign's posters quote a story; it is gone from the next one as soon as its author takes it back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from referral import quoting
from referral.consent import Answer, Consent
from referral.errors import NotFound, RuleViolation
from referral.story_quotes import StoryQuote
from tests.journeys.test_designs import come_in
from tests.journeys.test_stories import handed_in, published
from tests.journeys.town import open_town

TOLD = "住进来就碰上停水。老板娘半夜起来给我们烧热水，还一直道歉。\n早饭一般，房间很安静。"
WORDS = "老板娘半夜起来给我们烧热水，还一直道歉。"


async def quote(town, story, campaign, words=WORDS):
    made = await town.app.operator.run("story.quote", {"id": story, "campaign": campaign, "words": words})
    await town.app.settle()
    return made


async def poster(town, code, way=""):
    shown = await town.get(f"/p/{code}.jpg{way}")
    assert shown.status == 200
    return shown.body


def kept(town):
    """The files of finished posters."""
    return {path.name for path in (town.app.config.files.data_dir / "posters").glob("*.jpg")}


async def audited(town, story):
    return await town.look(
        lambda tx: [(each, tx.audit.details(each, story)) for each in ("story.quote", "story.unquote")]
    )


async def test_a_poster_quotes_a_story_until_its_author_takes_it_back(either_town):
    town = either_town
    campaign = await town.campaign()
    code = await town.code_of("mei", campaign)
    story = await published(town, "bo", text=TOLD)
    plain = await poster(town, code)
    before = kept(town)

    made = await quote(town, story, campaign)

    quoted = await poster(town, code)
    assert (made["words"], made["campaign"], made["story"], made["chosen_by"]) == (WORDS, campaign, story, "cli")
    assert quoted != plain
    assert await poster(town, code) == quoted
    assert await audited(town, story) == [("story.quote", [campaign]), ("story.unquote", [])]
    assert kept(town) > before

    await town.say("bo", "撤回故事")

    assert await poster(town, code) == plain
    await town.later(61)
    assert kept(town) == set()
    assert await poster(town, code) == plain
    assert await town.look(lambda tx: tx.story_quotes.of_story(story)) == []


async def test_a_quote_is_taken_off_again_and_others_codes_are_left_alone(town):
    first, second = await town.campaign(), await town.campaign()
    codes = [await town.code_of("mei", each) for each in (first, second)]
    story = await published(town, "bo", text=TOLD)
    plain = [await poster(town, code) for code in codes]
    for campaign in (first, second):
        await quote(town, story, campaign)
    quoted = [await poster(town, code) for code in codes]

    await town.app.operator.run("story.unquote", {"id": story, "campaign": first})

    assert [await poster(town, code) for code in codes] == [plain[0], quoted[1]]
    held = kept(town)
    await town.later(61)
    assert 0 < len(kept(town)) < len(held)
    assert (await audited(town, story))[1] == ("story.unquote", [first])
    with pytest.raises(NotFound, match="没有引用"):
        await town.app.operator.run("story.unquote", {"id": story, "campaign": first})


async def test_the_words_of_an_erased_author_leave_everybodys_posters_and_every_table(town):
    campaign = await town.campaign()
    code = await town.code_of("mei", campaign)
    plain = await poster(town, code)
    story = await published(town, "bo", text=TOLD)
    await quote(town, story, campaign)
    assert await poster(town, code) != plain
    bo = await town.person("bo")

    await town.app.operator.run("erase", {"person": bo.id})

    assert await poster(town, code) == plain
    await town.later(61)
    assert kept(town) == set()
    assert await town.look(lambda tx: tx.story_quotes.of_campaign(campaign)) is None


async def test_the_words_of_an_erased_author_leave_the_samples_of_reps(town):
    campaign = await town.campaign()
    story = await published(town, "bo", text=TOLD)
    lin = await come_in(town)
    await quote(town, story, campaign)
    assert (await lin.get(f"/rep/posters/{campaign}/look.jpg")).status == 200
    assert kept(town)
    bo = await town.person("bo")

    await town.app.operator.run("erase", {"person": bo.id})
    await town.later(61)

    assert kept(town) == set()


async def test_a_poster_that_was_being_drawn_while_its_advocate_was_erased_does_not_stay(town):
    campaign = await town.campaign()
    codes = [await town.code_of(who, campaign) for who in ("mei", "bo")]
    folder = town.app.config.files.data_dir / "posters"
    await poster(town, codes[0])
    [name] = kept(town)
    drawn = (folder / name).read_bytes()
    await poster(town, codes[1])
    mei = await town.person("mei")
    await town.app.operator.run("erase", {"person": mei.id})
    assert name not in kept(town)

    (folder / name).write_bytes(drawn)  # by the thread that had begun before
    await town.later(61)

    assert len(kept(town)) == 1
    assert name not in kept(town)


async def test_that_the_author_was_thanked_stands_under_the_words(town):
    campaign = await town.campaign(pack="traveller")
    code = await town.code_of("mei", campaign)
    story = await published(town, "bo", text=TOLD)
    await quote(town, story, campaign)

    thanked = await town.look(lambda tx: quoting.quoted(tx, town.app.facts, campaign))

    assert thanked == quoting.Quoted(words=WORDS, thanked=True)
    shown = await poster(town, code)
    await town.app.store.write(lambda tx: tx.stories.save(replace(tx.stories.get(story), thanked=False)))
    assert await poster(town, code) != shown


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("老板娘半夜起来给我们烧热水", "整句"),
        ("老板娘半夜起来给我们烧了热水，还一直道歉。", "没有这句话"),
        ("<b>房间很安静。</b>", "没有这句话"),
        ("带我们上山的小周讲了一路笑话。", "人名"),
        ("一共花了980元，两天一夜。", "金额"),
        ("林小蔓一直陪着我们。", "写到了"),
    ],
)
async def test_what_may_not_stand_on_a_poster_is_refused_with_the_reason(town, words, why):
    await town.hire("lin-2", "林小蔓")
    campaign = await town.campaign()
    story = await published(
        town, "bo", text=f"{TOLD}\n带我们上山的小周讲了一路笑话。一共花了980元，两天一夜。林小蔓一直陪着我们。"
    )

    with pytest.raises(RuleViolation, match=why):
        await quote(town, story, campaign, words)
    assert await town.look(lambda tx: tx.story_quotes.of_campaign(campaign)) is None


async def test_only_stories_on_the_wall_are_quoted_and_only_for_campaigns_that_go_on(town):
    campaign, over = await town.campaign(), await town.campaign()
    await town.end(over)
    waiting = await handed_in(town, "bo", text=TOLD)

    with pytest.raises(RuleViolation, match="选上墙"):
        await quote(town, waiting, campaign)
    await town.app.operator.run("story.select", {"id": waiting})
    with pytest.raises(NotFound, match="没有这个活动"):
        await quote(town, waiting, "c0000000000000000")
    with pytest.raises(RuleViolation, match="已经结束"):
        await quote(town, waiting, over)
    with pytest.raises(NotFound, match="没有这篇故事"):
        await quote(town, "h0000000000000000", campaign)


async def test_the_author_is_never_named_by_their_own_nickname(town):
    await town.say("bo", "您好")
    person = await town.person("bo")
    await town.app.store.write(lambda tx: tx.people.learn(person.id, nickname="山里人阿波"))
    campaign = await town.campaign()
    story = await published(town, "bo", text="山里人阿波又来了，房间很安静。")

    with pytest.raises(RuleViolation, match="山里人阿波"):
        await quote(town, story, campaign, "山里人阿波又来了，房间很安静。")


async def test_where_the_law_comes_to_bar_customers_words_the_next_poster_has_none(quick_url, tmp_path):
    async with open_town(tmp_path, quick_url) as town:
        campaign = await town.campaign()
        story = await published(town, "bo", text=TOLD)
        await quote(town, story, campaign)
        machine = town.machine

    async with open_town(tmp_path, quick_url, industry="education", machine=machine) as town:
        assert await town.look(lambda tx: quoting.quoted(tx, town.app.facts, campaign)) is None


@pytest.mark.parametrize("learned", ["房间很安静。\n才怪，隔壁在装修。", "房间很安静！"])
async def test_words_that_may_not_be_quoted_any_more_are_on_no_further_poster(town, learned):
    campaign = await town.campaign()
    code = await town.code_of("mei", campaign)
    plain = await poster(town, code)
    story = await published(town, "bo", text="住进来就碰上停水。房间很安静。")
    await quote(town, story, campaign, "房间很安静。")
    assert await poster(town, code) != plain

    await town.app.store.write(lambda tx: tx.stories.save(replace(tx.stories.get(story), text=learned)))

    assert await poster(town, code) == plain


async def test_an_old_quote_that_a_stricter_rule_would_refuse_is_on_no_further_poster(town):
    campaign = await town.campaign()
    code = await town.code_of("mei", campaign)
    plain = await poster(town, code)
    words, now = "听说房间很安静。", town.app.clock()
    story = await published(town, "bo", text=f"{words}第二天去了海边，风很大。")
    old = StoryQuote(campaign=campaign, story=story, words=words, chosen_by="cli", chosen_at=now)

    await town.app.store.write(lambda tx: tx.story_quotes.keep(old))

    assert await poster(town, code) == plain


async def test_a_poster_without_room_for_a_quote_goes_without_it_and_never_cuts_it(town):
    campaign = await town.campaign()
    code = await town.code_of("mei", campaign)
    words = "\U00030edd面" + "真好吃，" * 8 + "还会再来。"  # begins with a character that few fonts have
    story = await published(town, "bo", text=words)
    await quote(town, story, campaign, words)

    for way in ("", "?size=square", "?size=a6", "?template=skyline&size=card"):
        assert (await town.get(f"/p/{code}.jpg{way}")).status == 200


async def test_taking_back_another_story_leaves_the_quote_where_it_is(town):
    campaign = await town.campaign()
    story, other = [await published(town, "bo", text=text) for text in (TOLD, "第二天去了海边，风很大。")]
    await quote(town, story, campaign)

    await town.app.operator.run("story.withdraw", {"id": other})

    assert await town.look(lambda tx: quoting.quoted(tx, town.app.facts, campaign)) is not None


async def test_a_licence_that_does_not_stand_any_more_is_heeded_even_if_the_story_stands(town):
    campaign = await town.campaign()
    story = await published(town, "bo", text=TOLD)
    await quote(town, story, campaign)
    person, now = (await town.person("bo")).id, town.app.clock()
    no = Consent(person=person, purpose=f"story:{story}", answer=Answer.WITHDRAWN, evidence="x", channel="kf", at=now)

    await town.app.store.write(lambda tx: tx.consent.record(no))

    assert await town.look(lambda tx: quoting.quoted(tx, town.app.facts, campaign)) is None
