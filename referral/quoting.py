"""Quoting a selected story on the posters of a campaign, for as long as its author lets it stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from referral import story_quotes
from referral.campaigns import CampaignState
from referral.consent import Answer
from referral.errors import NotFound, RuleViolation
from referral.stories import Story, StoryState, is_closed
from referral.story_quotes import Candidate, StoryQuote, take_down

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

CHOSEN, DROPPED = "story.quote", "story.unquote"
"""The audit's words; the subject is the story, the detail the campaign. The words themselves are kept once only."""

_NOT_SHOWN = "只有已经选上墙、作者没有撤回的故事可以放上海报。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """What a poster may quote now: the words, and whether their author was thanked for the story."""

    words: str
    thanked: bool


def candidates(tx: Tx, facts: Facts, story_id: str) -> list[Candidate]:
    """What of a story may stand on posters, and what not and why. Raises `NotFound`, also for one that is not shown."""
    story = _told(tx, story_id)
    if not _stands(tx, facts, story):
        raise NotFound(_NOT_SHOWN)
    return story_quotes.candidates(story.text, facts.industry, _names(tx, story))


def choose(tx: Tx, facts: Facts, story_id: str, campaign_id: str, words: str, *, by: str, now: datetime) -> StoryQuote:
    """Have the posters of a campaign quote a story, in place of what they quoted before.

    Raises `NotFound`, or `RuleViolation` where the story is not shown, the campaign is over, or the words are not whole
    sentences of the story that may stand on a poster.
    """
    story = _told(tx, story_id)
    if not _stands(tx, facts, story):
        raise RuleViolation("quote.story", _NOT_SHOWN)
    campaign = tx.campaigns.get(campaign_id)
    if campaign is None:
        raise NotFound(f"没有这个活动：{campaign_id}")
    if campaign.state is CampaignState.ENDED:
        raise RuleViolation("quote.campaign", "这个活动已经结束，海报不再发了。")
    if why_not := story_quotes.refusal(words, story.text, facts.industry, _names(tx, story)):
        raise RuleViolation("quote.words", f"这句话不能放上海报：{why_not}")
    quote = StoryQuote(campaign=campaign.id, story=story.id, words=words, chosen_by=by, chosen_at=now)
    if before := tx.story_quotes.of_campaign(campaign.id):
        take_down(tx, before, now=now)
    tx.story_quotes.keep(quote)
    tx.audit.note(by, CHOSEN, story.id, campaign.id, now)
    return quote


def drop(tx: Tx, story_id: str, campaign_id: str, *, by: str, now: datetime) -> StoryQuote:
    """Have the posters of a campaign quote a story no more. Raises `NotFound`."""
    quote = tx.story_quotes.of_campaign(campaign_id)
    if quote is None or quote.story != story_id:
        raise NotFound(f"这个活动的海报没有引用这篇故事：{campaign_id}")
    take_down(tx, quote, now=now)
    tx.audit.note(by, DROPPED, quote.story, campaign_id, now)
    return quote


def quoted(tx: Tx, facts: Facts, campaign_id: str) -> Quoted | None:
    """What the posters of a campaign quote just now; None also where licence or law do not let it stand any more.

    The words are judged as if they were chosen today: what our rules have learned since takes an old quote down too.
    """
    quote = tx.story_quotes.of_campaign(campaign_id)
    story = tx.stories.get(quote.story) if quote else None
    if quote is None or story is None or not _stands(tx, facts, story):
        return None
    if _refusal(quote.words, story.text, facts.industry, tuple(_names(tx, story))):
        return None
    return Quoted(words=quote.words, thanked=story.thanked)


def _stands(tx: Tx, facts: Facts, story: Story) -> bool:
    """Whether a story is shown, under a licence that its author let stand, where the law lets customers speak."""
    if story.state is not StoryState.SELECTED or is_closed(facts.industry):
        return False
    said = tx.consent.latest(story.person, f"story:{story.id}")
    return said is not None and said.answer is Answer.GRANTED and said.evidence == story.licence


@lru_cache(maxsize=256)
def _refusal(words: str, text: str, industry: str, names: tuple[str, ...]) -> str:
    """`story_quotes.refusal`, judged once: every poster of a campaign asks for it."""
    return story_quotes.refusal(words, text, industry, names)


def _told(tx: Tx, story_id: str) -> Story:
    story = tx.stories.get(story_id)
    if story is None or story.state is StoryState.DRAFT:
        raise NotFound(f"没有这篇故事：{story_id}")
    return story


def _names(tx: Tx, story: Story) -> list[str]:
    """Who must not be named by name: the author, and colleagues."""
    person = tx.people.get(story.person)
    own = [story.author, person.nickname, person.name] if person else [story.author]
    return [name for name in (*own, *(rep.name for rep in tx.reps.active())) if name]
