"""Stories: what customers tell of their experience, and how one comes to stand on the story wall.

A story is written in the chat over several messages, handed in with a licence, read by staff, and selected or not. Good
or critical makes no difference, and sharing has no part in it: thanks are for the selection alone (design §3 rule 1,
reliability R12). Its author may take it back at any time; then it is gone at once, and so is what it said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from referral import notices
from referral.consent import Answer, Consent
from referral.errors import NotFound, RuleViolation
from referral.ids import Bits, new_id
from referral.jobs import Job
from referral.messages import FetchPhoto
from referral.outbox import Purpose, post
from referral.story_quotes import take_down
from referral.story_rules import agree, refuse_beyond
from referral.story_words import in_places, may_be_told, objections, tidy
from referral.thanks import campaign_for_stories, thanks_for_story

if TYPE_CHECKING:
    from referral.attribution import Reason
    from referral.facts import Facts
    from referral.rewards import Reward
    from referral.tx import Tx

LEAST_LETTERS, MOST_LETTERS = 10, 5_000
MOST_PHOTOS = 9
MOST_WAITING = 5
"""How many stories of one person may wait to be read at a time."""

WRITING_FOR = timedelta(hours=2)
"""How long after the last piece of a story what its author writes is still taken for the story."""

KEPT_FOR = timedelta(hours=48)
"""How long a story that nobody handed in is kept."""

LAPSE = "story.lapse"
"""The job that throws away what was never handed in; its key is the story."""

SWEEP = "story.sweep"
"""The job that deletes a photo's file; its key is the file's name."""

AUTHOR = "author"
"""Who took a story back, where it was the person who wrote it."""


class StoryState(StrEnum):
    """How far a story has come."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    SELECTED = "selected"
    WITHDRAWN = "withdrawn"


NEXT = {
    StoryState.DRAFT: {StoryState.SUBMITTED},
    StoryState.SUBMITTED: {StoryState.SELECTED, StoryState.WITHDRAWN},
    StoryState.SELECTED: {StoryState.WITHDRAWN},
    StoryState.WITHDRAWN: set[StoryState](),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A photo of a story. `file` is its name among the kept photos, None until the platform has given it to us."""

    id: str
    story: str
    file: str | None = None
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One story. A draft was not handed in: `asked_at` tells that its author was asked for the licence.

    `licence` is a hash of the words that the author agreed to, with the message that did so; `signed` whether the
    nickname may stand beside the story, and `author` that name as it was when the story was selected. `thanked` tells
    that the selection was thanked, which the page says. Of a story taken back nothing but the dates is left.
    """

    id: str
    person: str
    state: StoryState = StoryState.DRAFT
    text: str = ""
    photos: tuple[Photo, ...] = ()
    begun_at: datetime
    changed_at: datetime
    asked_at: datetime | None = None
    signed: bool = False
    licence: str = ""
    author: str = ""
    thanked: bool = False
    note: str = ""
    submitted_at: datetime | None = None
    selected_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_by: str = ""

    @property
    def is_on_the_wall(self) -> bool:
        """Whether everybody may read it."""
        return self.state is StoryState.SELECTED

    def is_being_written(self, now: datetime) -> bool:
        """Whether what the author writes now belongs to this story."""
        return self.state is StoryState.DRAFT and now - self.changed_at < WRITING_FOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """What a selection came to: the thanks that are held for it, or why there are none.

    `lacks` is how many more colleagues have to say yes before it is one.
    """

    story: Story
    rewards: Sequence[Reward] = ()
    no_thanks: Reason | None = None
    lacks: int = 0


class Stories(Protocol):
    """Where stories and the names of their photos are kept.

    `all` and `published` give the newest first, after the story of that id; `all` leaves drafts out unless asked for
    them; `newer` gives what stands before it on the wall, the nearest first; `places` gives only ids and when each was
    selected, in the order of `published`. `save` keeps a story's own fields; `move` also changes its state, and returns
    False where it had another.
    """

    def add(self, story: Story) -> None: ...
    def get(self, story: str) -> Story | None: ...
    def draft_of(self, person: str) -> Story | None: ...
    def of_person(self, person: str) -> list[Story]: ...
    def all(self, *, state: StoryState | None = None, after: str | None = None, limit: int = 100) -> list[Story]: ...
    def published(self, *, after: str | None = None, limit: int = 100) -> list[Story]: ...
    def newer(self, than: str, *, limit: int) -> list[Story]: ...
    def places(self, *, limit: int) -> list[tuple[str, datetime | None]]: ...
    def count_selected(self, since: datetime, person: str | None = None) -> int: ...
    def shows(self, file: str) -> bool: ...
    def save(self, story: Story) -> None: ...
    def move(self, story: Story, to: StoryState) -> bool: ...
    def remove(self, story: str) -> None: ...
    def add_photo(self, photo: Photo) -> None: ...
    def photo(self, photo: str) -> Photo | None: ...
    def photo_came(self, photo: Photo) -> bool: ...
    def remove_photos(self, story: str, photo: str | None = None) -> list[str]: ...


# ---- writing ---------------------------------------------------------------------------------------------------------


def begin(tx: Tx, person: str, *, now: datetime, rng: Bits) -> Story:
    """The story that a person is writing, begun now or gone on with; it is kept for 48 hours."""
    known = tx.stories.draft_of(person)
    if known:
        resumed = replace(known, changed_at=now)
        tx.stories.save(resumed)
        return resumed
    story = Story(id=new_id(rng, "h"), person=person, begun_at=now, changed_at=now)
    tx.stories.add(story)
    tx.jobs.put(Job(kind=LAPSE, key=story.id, due_at=now + KEPT_FOR))
    return story


def write_down(tx: Tx, draft: Story, text: str, *, now: datetime) -> Story:
    """Add a piece to a draft. What was asked about its licence is open again."""
    together = "\n".join(part for part in (draft.text, tidy(text)) if part)
    written = replace(draft, text=together, changed_at=now, asked_at=None)
    tx.stories.save(written)
    return written


def add_photo(tx: Tx, draft: Story, media: str, *, desk: str, to: str, now: datetime, rng: Bits) -> None:
    """Add a photo that was sent to a desk; it is fetched after the commit."""
    photo = Photo(id=new_id(rng, "i"), story=draft.id)
    tx.stories.save(replace(draft, changed_at=now, asked_at=None))
    tx.stories.add_photo(photo)
    fetch = FetchPhoto(desk=desk, to=to, photo=photo.id, media=media)
    post(tx, fetch, lane=f"photo:{photo.id}", purpose=Purpose.SYSTEM, person=draft.person, now=now, rng=rng)


def photo_came(tx: Tx, photo: str, *, file: str, width: int, height: int, now: datetime) -> None:
    """Keep where a photo lies; if nobody wants it any more, see that its file goes again."""
    known = tx.stories.photo(photo)
    came = known and tx.stories.photo_came(replace(known, file=file, width=width, height=height))
    if not came:
        _sweep(tx, [file], now)


def photo_failed(tx: Tx, photo: str) -> str | None:
    """A photo cannot be had, or cannot be used: the story goes on without it. Returns whom to tell, if anybody."""
    known = tx.stories.photo(photo)
    story = tx.stories.get(known.story) if known else None
    if known is None or story is None or known.file:
        return None
    tx.stories.remove_photos(story.id, photo)
    return story.person


def ask_licence(tx: Tx, draft: Story, *, now: datetime) -> None:
    """Note that the author is asked for the licence."""
    tx.stories.save(replace(draft, changed_at=now, asked_at=now))


def drop(tx: Tx, draft: Story, *, now: datetime) -> None:
    """Throw a draft away, with its photos."""
    _sweep(tx, tx.stories.remove_photos(draft.id), now)
    tx.stories.remove(draft.id)
    tx.jobs.cancel(LAPSE, draft.id)


def lapse(tx: Tx, story: str, *, now: datetime) -> None:
    """Throw away a draft whose author did not come back to it."""
    known = tx.stories.get(story)
    if known is None or known.state is not StoryState.DRAFT:
        return
    if known.is_being_written(now):
        tx.jobs.put(Job(kind=LAPSE, key=story, due_at=known.changed_at + WRITING_FOR))
    else:
        drop(tx, known, now=now)


# ---- the licence -----------------------------------------------------------------------------------------------------


def submit(tx: Tx, draft: Story, *, signed: bool, evidence: str, channel: str, now: datetime) -> Story:
    """Hand a draft in under the licence that its author has just given.

    `evidence` is the words that were agreed to and the message that did so; a hash of them is kept.
    """
    licence = sha256(evidence.encode()).hexdigest()
    story = replace(draft, signed=signed, licence=licence, submitted_at=now, changed_at=now)
    if not tx.stories.move(story, StoryState.SUBMITTED):
        raise RuleViolation("story.state", "这篇故事已经交来了。")
    _record(tx, story, Answer.GRANTED, licence, channel, now)
    tx.jobs.cancel(LAPSE, story.id)
    return replace(story, state=StoryState.SUBMITTED)


def count_waiting(tx: Tx, person: str) -> int:
    """How many stories of a person nobody has decided on yet."""
    return sum(story.state is StoryState.SUBMITTED for story in tx.stories.of_person(person))


def standing(tx: Tx, person: str) -> list[Story]:
    """The stories of a person that can be taken back, the oldest first."""
    return [s for s in tx.stories.of_person(person) if s.state in (StoryState.SUBMITTED, StoryState.SELECTED)]


# ---- curating --------------------------------------------------------------------------------------------------------


def select(
    tx: Tx,
    facts: Facts,
    story_id: str,
    *,
    by: str,
    judge: str = "",
    note: str = "",
    with_photos: bool = True,
    now: datetime,
    rng: Bits,
) -> Selected:
    """Put a story on the wall and tell its author; a running campaign that promises thanks for stories gives them.

    Where its rules have several colleagues decide, each says yes as `judge`, and the last yes that is needed selects.
    Raises `NotFound`, or `RuleViolation` where the author's words break a rule for published words, saying which and
    where: they are the author's, so nobody changes them; and where the month has all the stories that its rules allow.
    A story selected before stays as it is.
    """
    story = _known(tx, story_id)
    if story.state is StoryState.SELECTED:
        return Selected(story=story, rewards=tuple(tx.rewards.of_story(story.id)))
    _check(story, facts, with_photos=with_photos)
    if lacks := _judged(tx, story, judge, by=by, now=now):
        return Selected(story=story, lacks=lacks)
    if not with_photos:
        _sweep(tx, tx.stories.remove_photos(story.id), now)
    author = _name(tx, story, facts)
    selected = replace(story, author=author, note=note, selected_at=now, changed_at=now)
    if not tx.stories.move(selected, StoryState.SELECTED):
        raise RuleViolation("story.state", "这篇故事刚刚被撤回了。")
    tx.audit.note(by, "story.select", story.id, note, now)
    notices.tell(tx, facts, story.person, notices.STORY, story.id, now=now, rng=rng)
    return _thank(tx, facts, _known(tx, story.id), now=now, rng=rng)


def withdraw(tx: Tx, story_id: str, *, by: str, note: str = "", now: datetime) -> Story:
    """Take a story down for good: its words go, off posters too, its photos go, and its page says only that it is gone.

    Thanks that its selection brought stay: taking back a licence costs nothing (PIPL 15, 16). Raises `NotFound`.
    """
    story = _known(tx, story_id)
    if story.state is StoryState.WITHDRAWN:
        return story
    if story.state is StoryState.DRAFT:
        raise NotFound(f"没有这篇故事：{story_id}")
    bare = replace(story, text="", author="", photos=(), note=note, withdrawn_at=now, withdrawn_by=by, changed_at=now)
    if not tx.stories.move(bare, StoryState.WITHDRAWN):
        raise RuleViolation("story.state", "这篇故事刚刚有了变化，请再试一次。")
    _sweep(tx, tx.stories.remove_photos(story.id), now)
    for quote in tx.story_quotes.of_story(story.id):
        take_down(tx, quote, now=now)
    _record(tx, story, Answer.WITHDRAWN, story.licence, by, now)
    tx.notices.void(story.person, story.id)
    tx.audit.note(by, "story.withdraw", story.id, note, now)
    return replace(bare, state=StoryState.WITHDRAWN)


def forget(tx: Tx, person: str, *, now: datetime) -> None:
    """A person is erased: their stories come down, and what they were writing goes."""
    for story in tx.stories.of_person(person):
        if story.state is StoryState.DRAFT:
            drop(tx, story, now=now)
        else:
            withdraw(tx, story.id, by="erased", now=now)


def is_closed(industry: str) -> bool:
    """Whether customers' stories may not be published at all in this industry."""
    return not may_be_told(industry)


def _known(tx: Tx, story_id: str) -> Story:
    story = tx.stories.get(story_id)
    if story is None or story.state is StoryState.DRAFT:
        raise NotFound(f"没有这篇故事：{story_id}")
    return story


def _check(story: Story, facts: Facts, *, with_photos: bool) -> None:
    """Raise `RuleViolation` for whatever keeps a story from the wall."""
    if story.state is not StoryState.SUBMITTED:
        raise RuleViolation("story.state", "这篇故事已经撤回，不能再选用。")
    if is_closed(facts.industry):
        raise RuleViolation(
            "story.industry", "这一行的广告不能让客户作推荐、证明，故事不能公开（广告法16、24、25条）。"
        )
    if with_photos and any(photo.file is None for photo in story.photos):
        raise RuleViolation("story.photos", "有照片还没有收到，请过一会儿再选，或者不带照片选用。")
    if found := objections(story.text, facts.industry):
        raise RuleViolation("story.words", f"作者的原话有 {len(found)} 处不能公开，也不能代为改写：{in_places(found)}")


def _judged(tx: Tx, story: Story, judge: str, *, by: str, now: datetime) -> int:
    """How many more have to say yes, by the rules of the campaign that thanks for stories; 0 where none has any."""
    campaign = campaign_for_stories(tx, now)
    if campaign is None:
        return 0
    terms = tx.campaigns.terms(campaign.id, campaign.version)
    refuse_beyond(tx, terms, story.person, now=now)
    return agree(tx, terms, story.id, judge, by=by, now=now)


def _name(tx: Tx, story: Story, facts: Facts) -> str:
    """The name to stand beside a story, empty where its author wants none, has none, or none that may be published."""
    person = tx.people.get(story.person)
    if not story.signed or person is None:
        return ""
    return "" if objections(person.called, facts.industry) else person.called


def _thank(tx: Tx, facts: Facts, story: Story, *, now: datetime, rng: Bits) -> Selected:
    rewards, why = thanks_for_story(tx, facts, story, now=now, rng=rng)
    if any(reward.is_counted for reward in rewards):
        story = replace(story, thanked=True)
        tx.stories.save(story)
    return Selected(story=story, rewards=tuple(rewards), no_thanks=why)


def _record(tx: Tx, story: Story, answer: Answer, evidence: str, channel: str, now: datetime) -> None:
    said = Consent(
        person=story.person, purpose=f"story:{story.id}", answer=answer, evidence=evidence, channel=channel, at=now
    )
    tx.consent.record(said)


def _sweep(tx: Tx, files: Sequence[str], now: datetime) -> None:
    for file in files:
        tx.jobs.put(Job(kind=SWEEP, key=file, due_at=now))
