"""`/stories`: what customers told, as far as they handed it in; staff select a story or take it down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from bot.api.operations import Asked, Operation
from bot.api.people import known_id
from bot.api.shapes import CampaignId, Page, PageQuery, PersonId, RewardId, StoryId, Why, page
from bot.curating import LONGEST_NOTE, Curation, as_json, quotes_as_json
from referral.errors import NotFound
from referral.facts import Facts
from referral.ids import is_id
from referral.stories import StoryState
from referral.story_quotes import MOST_SIGNS
from storage import listings
from storage.store import Unit
from storage.transaction import Transaction

State = Literal["submitted", "selected", "withdrawn"]


class StoryFinding(Struct, frozen=True, kw_only=True):
    """Words in a story that a rule speaks against on a wall."""

    rule: str
    text: str
    why: str


class Story(Struct, frozen=True, kw_only=True):
    """A story that was handed in; of one that was taken back no word is left. `photos` are names of files."""

    id: StoryId
    person: PersonId
    state: State
    title: str
    text: str
    photos: list[str | None]
    signed: bool
    author: str
    thanked: bool
    note: str
    submitted_at: datetime | None
    selected_at: datetime | None
    withdrawn_at: datetime | None
    withdrawn_by: str
    url: str | None
    findings: list[StoryFinding]


class StoryThanks(Struct, frozen=True, kw_only=True):
    """A thanks that is held for a selected story."""

    id: RewardId
    state: str
    what: str


class StorySelected(Struct, frozen=True, kw_only=True):
    """A story on the wall, and the thanks for its selection, or why there are none."""

    story: Story
    rewards: list[StoryThanks]
    no_thanks: Why | None
    lacks: Annotated[int, Meta(ge=0, description="How many more colleagues have to say yes first.")] = 0


class StoryDecision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision about a story."""

    note: Annotated[str, Meta(max_length=LONGEST_NOTE, pattern="^[^\\x00-\\x1f\\x7f-\\x9f]*$")] = ""


class StorySelection(StoryDecision, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A selection; `photos` says whether the photos go on the wall too."""

    photos: bool = True
    by: Annotated[str, Meta(max_length=40, description="Who says yes, where several colleagues decide.")] = ""


class QuoteCandidate(Struct, frozen=True, kw_only=True):
    """A sentence of a story, or a few that follow on each other; `why_not` says what keeps them from a poster."""

    words: str
    why_not: str | None


class StoryQuote(Struct, frozen=True, kw_only=True):
    """What the posters of a campaign quote of a story."""

    campaign: CampaignId
    story: StoryId
    words: str
    chosen_by: str
    chosen_at: datetime


class StoryQuotes(Struct, frozen=True, kw_only=True):
    """Which sentences of a story may stand on posters, and on which they do."""

    story: StoryId
    candidates: list[QuoteCandidate]
    quoted: list[StoryQuote]


class QuoteChoice(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The sentence that a campaign's posters are to quote, word for word as it stands in the story."""

    campaign: CampaignId
    words: Annotated[str, Meta(min_length=1, max_length=MOST_SIGNS * 4)]


class QuoteEnd(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The campaign whose posters are to quote a story no more."""

    campaign: CampaignId


class StoryQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which stories; `person` is who wrote it."""

    person: PersonId | UnsetType = UNSET
    state: State | UnsetType = UNSET


def _list(tx: Transaction, asked: Asked) -> Page[Story]:
    query: StoryQuery = asked.query
    where = {"person": known_id(tx, query.person), "state": query.state}
    return page(tx, listings.STORIES, query, where, lambda row: _shown(tx, row.id, asked.office.facts))


def _one(tx: Transaction, asked: Asked) -> Story:
    return _shown(tx, asked.path["id"], asked.office.facts)


def _select(tx: Transaction, asked: Asked) -> StorySelected:
    wanted: StorySelection = asked.body
    made = _decided(
        tx,
        asked,
        lambda curation, story: curation.selecting(story, wanted.note, with_photos=wanted.photos, judge=wanted.by),
    )
    told = {name: made[name] for name in ("rewards", "no_thanks", "lacks") if name in made} | {"story": made}
    return msgspec.convert(told, StorySelected)


def _withdraw(tx: Transaction, asked: Asked) -> Story:
    wanted: StoryDecision = asked.body
    return msgspec.convert(_decided(tx, asked, lambda curation, story: curation.withdrawing(story, wanted.note)), Story)


def _quotes(tx: Transaction, asked: Asked) -> StoryQuotes:
    facts = asked.office.facts
    return msgspec.convert(quotes_as_json(tx, facts, _shown(tx, asked.path["id"], facts).id), StoryQuotes)


def _quote(tx: Transaction, asked: Asked) -> StoryQuote:
    wanted: QuoteChoice = asked.body
    made = _decided(tx, asked, lambda curation, story: curation.quoting(story, wanted.campaign, wanted.words))
    return msgspec.convert(made, StoryQuote)


def _unquote(tx: Transaction, asked: Asked) -> StoryQuote:
    wanted: QuoteEnd = asked.body
    made = _decided(tx, asked, lambda curation, story: curation.unquoting(story, wanted.campaign))
    return msgspec.convert(made, StoryQuote)


def _decided(tx: Transaction, asked: Asked, decide: Callable[[Curation, str], Unit[dict[str, Any]]]) -> dict[str, Any]:
    story = _shown(tx, asked.path["id"], asked.office.facts).id
    return decide(asked.office.on_behalf_of(asked.key).curation, story)(tx)


def _shown(tx: Transaction, story_id: str, facts: Facts) -> Story:
    story = tx.stories.get(story_id) if is_id(story_id, "h") else None
    if story is None or story.state is StoryState.DRAFT:
        raise NotFound("没有这个故事")
    return msgspec.convert(as_json(story, facts), Story)


_EXAMPLE = Story(
    id="h0123456789abcdef",
    person="p0123456789abcdef",
    state="selected",
    title="一壶茶的下午",
    text="一壶茶的下午\n顾问把水温讲得很清楚，第一泡就喝出了兰花香。",
    photos=[],
    signed=True,
    author="梅姐",
    thanked=True,
    note="",
    submitted_at=datetime.fromisoformat("2026-11-25T12:00:00+08:00"),
    selected_at=datetime.fromisoformat("2026-11-26T12:00:00+08:00"),
    withdrawn_at=None,
    withdrawn_by="",
    url="https://i.example.cn/stories/h0123456789abcdef",
    findings=[],
)

_EXAMPLE_QUOTE = StoryQuote(
    campaign="c0123456789abcdef",
    story=_EXAMPLE.id,
    words="顾问把水温讲得很清楚，第一泡就喝出了兰花香。",
    chosen_by="api:wall",
    chosen_at=datetime.fromisoformat("2026-11-27T09:00:00+08:00"),
)

OPERATIONS = (
    Operation(
        name="listStories",
        method="GET",
        path="/stories",
        scope="stories:read",
        summary="All stories that were handed in.",
        run=_list,
        query=StoryQuery,
        answer=Page[Story],
        example=Page([_EXAMPLE], None),
    ),
    Operation(
        name="getStory",
        method="GET",
        path="/stories/{id}",
        parts={"id": StoryId},
        scope="stories:read",
        summary="One story.",
        run=_one,
        answer=Story,
        example=_EXAMPLE,
        refuses=(404,),
    ),
    Operation(
        name="selectStory",
        method="POST",
        path="/stories/{id}/select",
        parts={"id": StoryId},
        scope="stories:write",
        summary="Put a story on the wall; its author is thanked for the selection, good or critical alike.",
        run=_select,
        body=StorySelection,
        body_example=StorySelection(note="写得具体"),
        answer=StorySelected,
        example=StorySelected(
            story=_EXAMPLE,
            rewards=[StoryThanks(id="w0123456789abcdef", state="held", what="200 积分")],
            no_thanks=None,
        ),
        refuses=(404, 409),
    ),
    Operation(
        name="withdrawStory",
        method="POST",
        path="/stories/{id}/withdraw",
        parts={"id": StoryId},
        scope="stories:write",
        summary="Take a story down for good; what it said is deleted.",
        run=_withdraw,
        body=StoryDecision,
        body_example=StoryDecision(note="作者来电要求"),
        answer=Story,
        example=msgspec.structs.replace(
            _EXAMPLE,
            state="withdrawn",
            title="",
            text="",
            author="",
            withdrawn_at=datetime.fromisoformat("2026-12-01T12:00:00+08:00"),
            withdrawn_by="api:wall",
            url=None,
        ),
        refuses=(404, 409),
    ),
    Operation(
        name="listStoryQuotes",
        method="GET",
        path="/stories/{id}/quotes",
        parts={"id": StoryId},
        scope="stories:read",
        summary="Which sentences of a selected story may stand on posters, and on which they do.",
        run=_quotes,
        answer=StoryQuotes,
        example=StoryQuotes(
            story=_EXAMPLE.id,
            candidates=[
                QuoteCandidate(words="一壶茶的下午", why_not=None),
                QuoteCandidate(words=_EXAMPLE_QUOTE.words, why_not=None),
            ],
            quoted=[_EXAMPLE_QUOTE],
        ),
        refuses=(404,),
    ),
    Operation(
        name="quoteStory",
        method="POST",
        path="/stories/{id}/quote",
        parts={"id": StoryId},
        scope="stories:write",
        summary="Have the posters of a campaign quote a sentence of a selected story.",
        run=_quote,
        body=QuoteChoice,
        body_example=QuoteChoice(campaign=_EXAMPLE_QUOTE.campaign, words=_EXAMPLE_QUOTE.words),
        answer=StoryQuote,
        example=_EXAMPLE_QUOTE,
        refuses=(404, 409),
    ),
    Operation(
        name="unquoteStory",
        method="POST",
        path="/stories/{id}/unquote",
        parts={"id": StoryId},
        scope="stories:write",
        summary="Have the posters of a campaign quote a story no more.",
        run=_unquote,
        body=QuoteEnd,
        body_example=QuoteEnd(campaign=_EXAMPLE_QUOTE.campaign),
        answer=StoryQuote,
        example=_EXAMPLE_QUOTE,
        refuses=(404, 409),
    ),
)
