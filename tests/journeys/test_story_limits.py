"""A prize for stories keeps to the rules that it publishes: how many, how many of one author, by whose yes."""

import pytest

from referral.errors import BadInput, RuleViolation

TOLD = "那天雨很大，师傅把柜子一件一件擦干才搬进来，门也轻，合上没有声音。"
DAY = 86_400


async def handed_in(town, persona):
    for words in ("写故事", TOLD, "写完了"):
        await town.say(persona, words)
    await town.act(persona, "tap", "story.signed")
    person = (await town.person(persona)).id
    return (await town.look(lambda tx: tx.stories.of_person(person)))[-1].id


async def agrees(town, story, *colleagues):
    for colleague in colleagues:
        made = await town.app.operator.run("story.select", {"id": story, "by": colleague})
    await town.app.settle()
    return made


async def prize(town, **changes):
    return await town.campaign(pack="traveller", set={name: str(value) for name, value in changes.items()})


async def test_two_colleagues_say_yes_before_a_story_is_on_the_wall(either_town):
    town = either_town
    await prize(town)
    story = await handed_in(town, "mei")

    first = await agrees(town, story, "小陈")
    again = await agrees(town, story, "小陈")

    assert [(made["state"], made["lacks"]) for made in (first, again)] == [("submitted", 1), ("submitted", 1)]
    assert await town.rewards("mei") == []
    assert (await agrees(town, story, "老周"))["state"] == "selected"
    assert await town.rewards("mei")


async def test_a_colleague_counts_once_by_id_and_by_name(town):
    await prize(town)
    story = await handed_in(town, "mei")
    (lin,) = [rep for rep in await town.look(lambda tx: tx.reps.active()) if rep.id == "lin"]

    made = await agrees(town, story, "LIN", lin.name)

    assert made["lacks"] == 1


async def test_without_a_name_it_is_said_that_one_is_needed(town):
    await prize(town)
    story = await handed_in(town, "mei")

    with pytest.raises(BadInput, match=r"--by.*2 位同事"):
        await town.app.operator.run("story.select", {"id": story})


async def test_an_author_has_one_story_selected_in_a_month_and_the_next_in_the_next(town):
    await prize(town)
    await agrees(town, await handed_in(town, "mei"), "小陈", "老周")
    second = await handed_in(town, "mei")
    had = len(await town.rewards("mei"))

    with pytest.raises(RuleViolation, match="每月最多"):
        await agrees(town, second, "小陈")
    assert len(await town.rewards("mei")) == had

    await town.pass_time(10 * DAY)
    assert (await agrees(town, second, "小陈", "老周"))["state"] == "selected"


async def test_a_month_has_no_more_stories_than_published_even_if_one_was_taken_back(town):
    campaign = await prize(town, stories_per_month=1)
    await agrees(town, await handed_in(town, "mei"), "小陈", "老周")
    await town.say("mei", "撤回故事")

    with pytest.raises(RuleViolation, match="这个月已经入选 1 篇"):
        await agrees(town, await handed_in(town, "jun"), "小陈")
    assert "每个自然月最多入选1篇" in (await town.get(f"/rules/{campaign}")).text


async def test_without_a_prize_one_yes_is_enough_and_nothing_is_limited(town):
    await town.campaign()

    for _ in range(2):
        made = await town.app.operator.run("story.select", {"id": await handed_in(town, "mei")})
        assert made["state"] == "selected"


@pytest.mark.parametrize("said", ["全部撤回", "都撤回吧", "撤回全部故事"])
async def test_the_label_of_the_menu_may_be_typed(town, said):
    await town.campaign()
    for _ in range(2):
        await town.app.operator.run("story.select", {"id": await handed_in(town, "mei")})
    await town.say("mei", "撤回故事")

    assert "已经撤回" in (await town.say("mei", said))[0]

    person = (await town.person("mei")).id
    stories = await town.look(lambda tx: tx.stories.of_person(person))
    assert {story.state.value for story in stories} == {"withdrawn"}
