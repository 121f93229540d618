"""The telling of stories performed: pieces kept, the licence asked for and kept, stories taken back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.words import Words
from referral import stories
from referral.conversations.story_actions import (
    AskLicence,
    BeginStory,
    DropStory,
    HandIn,
    StoryAction,
    TakeBack,
    TakePhoto,
    TellStory,
    WriteDown,
)
from referral.conversations.story_flow import StoryDesk, Writing
from referral.conversations.story_heard import ALL, BACK
from referral.facts import Facts
from referral.ids import Bits
from referral.messages import DeskMenu, DeskText, MenuItem, Message
from referral.people import Person
from referral.stories import Story
from referral.story_words import headed
from storage.transaction import Transaction

_LICENCE = ("story.signed", "story.unsigned", "story.later")
_WRITING = ("story.done", "story.drop")


def situation(tx: Transaction, facts: Facts, person: str) -> StoryDesk:
    """What the flow must know of somebody's stories."""
    draft = tx.stories.draft_of(person)
    return StoryDesk(
        writing=_writing(draft) if draft else None,
        waiting=stories.count_waiting(tx, person),
        closed=stories.is_closed(facts.industry),
    )


def _writing(draft: Story) -> Writing:
    return Writing(letters=len(draft.text), photos=len(draft.photos), asked=draft.asked_at is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryTalk:
    """What one message about a story leads to; `send` queues what is said back."""

    tx: Transaction
    facts: Facts
    words: Words
    desk: str
    handle: str
    person: Person
    typed: str
    now: datetime
    rng: Bits
    send: Callable[[Message], None]

    def do(self, action: StoryAction, evidence: str) -> None:
        """Take one action of the flow."""
        match action:
            case BeginStory():
                stories.begin(self.tx, self.person.id, now=self.now, rng=self.rng)
            case TellStory(key=key):
                self._menu(key, _WRITING)
            case TakeBack(story=story):
                self._take_back(story)
            case _:
                self._go_on(action, evidence)

    def _go_on(self, action: StoryAction, evidence: str) -> None:
        """What can be done only with a draft."""
        draft = self.tx.stories.draft_of(self.person.id)
        assert draft
        match action:
            case WriteDown(text=text):
                stories.write_down(self.tx, draft, text, now=self.now)
            case TakePhoto(media=media):
                stories.add_photo(self.tx, draft, media, desk=self.desk, to=self.handle, now=self.now, rng=self.rng)
            case AskLicence(key=key):
                stories.ask_licence(self.tx, draft, now=self.now)
                self._menu(key, _LICENCE)
            case HandIn(signed=signed):
                said = f"{evidence}:{self._licence(draft)}:{self.typed}"
                stories.submit(self.tx, draft, signed=signed, evidence=said, channel="kf", now=self.now)
            case DropStory():
                stories.drop(self.tx, draft, now=self.now)

    def _take_back(self, story: str) -> None:
        """One story at once, of several the one that is meant; of a draft alone nothing stays either."""
        standing = stories.standing(self.tx, self.person.id)
        meant = [each for each in standing if story in (each.id, ALL)] if story else standing
        if len(meant) > 1 and story != ALL:
            return self._which(meant)
        for each in meant:
            stories.withdraw(self.tx, each.id, by=stories.AUTHOR, now=self.now)
        draft = None if standing or story else self.tx.stories.draft_of(self.person.id)
        if draft:
            stories.drop(self.tx, draft, now=self.now)
        return self._say("story.back" if meant else "story.dropped" if draft else "story.nothing")

    def _which(self, standing: list[Story]) -> None:
        items = [MenuItem(text=headed(each.text)[0], id=f"{BACK}:{each.id}") for each in standing]
        items.append(MenuItem(text=self.words.say("story.all"), id=f"{BACK}:{ALL}"))
        head = self.words.say("story.which")
        self.send(DeskMenu(desk=self.desk, to=self.handle, head=head, items=tuple(items)))

    def _menu(self, key: str, items: tuple[str, ...]) -> None:
        draft = self.tx.stories.draft_of(self.person.id)
        assert draft
        head = self.words.say(key, self._stock(draft))
        shown = tuple(MenuItem(text=self.words.say(item), id=item) for item in items)
        self.send(DeskMenu(desk=self.desk, to=self.handle, head=head, items=shown))

    def _say(self, key: str) -> None:
        self.send(DeskText(desk=self.desk, to=self.handle, text=self.words.say(key)))

    def _licence(self, draft: Story) -> str:
        """The words that the author was shown and agreed to."""
        return self.words.say("story.licence", self._stock(draft))

    def _stock(self, draft: Story) -> dict[str, object]:
        return {"company": self.facts.company, "letters": len(draft.text), "photos": len(draft.photos)}
