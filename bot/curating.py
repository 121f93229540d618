"""What staff do with stories, from the command line or elsewhere: look, select, withdraw, quote on posters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.naming import colleague
from bot.photo_shelf import FOLDER
from referral import quoting, stories
from referral.attribution import Reason
from referral.errors import BadInput
from referral.facts import Facts
from referral.ids import Bits
from referral.rewards import Reward
from referral.stories import Selected, Story, StoryState
from referral.story_quotes import StoryQuote
from referral.story_words import headed, objections
from referral.times import Clock
from storage.store import Store, Unit
from storage.times import iso
from storage.transaction import Transaction

LONGEST_NOTE = 200
"""Characters of a note that goes with a decision."""

_PAGE = 200
_NOTHING_PROMISED = "没有进行中的活动为选中的故事准备谢礼"


@dataclass(frozen=True, slots=True, kw_only=True)
class Curation:
    """Decisions about stories by name; each returns what `--json` prints. `who` is kept in the audit."""

    store: Store
    facts: Facts
    clock: Clock
    rng: Bits
    who: str = "cli"

    async def run(self, what: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Do `select`, `withdraw`, `quote` or `unquote`. Raises a `ReferralError` that says what is wrong."""
        story, note = str(args["id"]), noted(str(args.get("note") or ""))
        if what == "select":
            photos, judge = args.get("photos") is not False, str(args.get("by") or "")
            return await self.store.write(self.selecting(story, note, with_photos=photos, judge=judge))
        if what == "withdraw":
            return await self.store.write(self.withdrawing(story, note))
        if what == "quote":
            return await self.store.write(self.quoting(story, str(args["campaign"]), str(args["words"])))
        if what == "unquote":
            return await self.store.write(self.unquoting(story, str(args["campaign"])))
        raise BadInput("command", f"没有这个命令：story.{what}")

    def selecting(self, story: str, note: str, *, with_photos: bool = True, judge: str = "") -> Unit[dict[str, Any]]:
        """What puts a story on the wall; where several colleagues decide, the yes of `judge`."""
        now, who = self.clock(), colleague(judge) if judge else ""

        def unit(tx: Transaction) -> dict[str, Any]:
            made = stories.select(
                tx,
                self.facts,
                story,
                by=self.who,
                judge=who,
                note=note,
                with_photos=with_photos,
                now=now,
                rng=self.rng,
            )
            return as_json(made.story, self.facts) | self._thanked(made)

        return unit

    def withdrawing(self, story: str, note: str) -> Unit[dict[str, Any]]:
        """What takes a story down."""
        now = self.clock()
        return lambda tx: as_json(stories.withdraw(tx, story, by=self.who, note=note, now=now), self.facts)

    def quoting(self, story: str, campaign: str, words: str) -> Unit[dict[str, Any]]:
        """What has the posters of a campaign quote a story."""
        now = self.clock()

        def unit(tx: Transaction) -> dict[str, Any]:
            return quote_as_json(quoting.choose(tx, self.facts, story, campaign, words, by=self.who, now=now))

        return unit

    def unquoting(self, story: str, campaign: str) -> Unit[dict[str, Any]]:
        """What has them quote it no more."""
        now = self.clock()
        return lambda tx: quote_as_json(quoting.drop(tx, story, campaign, by=self.who, now=now))

    def _thanked(self, made: Selected) -> dict[str, Any]:
        why = made.no_thanks and {"code": made.no_thanks.value, "text": self._why(made.no_thanks)}
        rewards = [self._reward(reward) for reward in made.rewards]
        return {"rewards": rewards, "no_thanks": why} | ({"lacks": made.lacks} if made.lacks else {})

    def _reward(self, reward: Reward) -> dict[str, Any]:
        return {"id": reward.id, "state": reward.state.value, "what": self.facts.words.thanks(reward.form)}

    def _why(self, reason: Reason) -> str:
        return _NOTHING_PROMISED if reason is Reason.CREDITED else self.facts.words.reason(reason, audience="staff")


def every(tx: Transaction, state: StoryState | None) -> list[Story]:
    """All stories that were handed in, or those of one state, the newest first."""
    found: list[Story] = []
    while some := tx.stories.all(state=state, after=found[-1].id if found else None, limit=_PAGE):
        found += some
    return found


def noted(note: str) -> str:
    """A note on one line. Raises `BadInput`."""
    line = " ".join(note.split())
    if len(line) > LONGEST_NOTE or not line.isprintable():
        raise BadInput("--note", f"最多 {LONGEST_NOTE} 个字，不能含有控制字符")
    return line


def quotes_as_json(tx: Transaction, facts: Facts, story: str) -> dict[str, Any]:
    """Which sentences of a story may stand on posters, and on which they do. Raises `NotFound`."""
    found = quoting.candidates(tx, facts, story)
    return {
        "story": story,
        "candidates": [{"words": each.words, "why_not": each.why_not or None} for each in found],
        "quoted": [quote_as_json(quote) for quote in tx.story_quotes.of_story(story)],
    }


def quote_as_json(quote: StoryQuote) -> dict[str, Any]:
    """A quote as the command line shows it."""
    chosen = {"chosen_by": quote.chosen_by, "chosen_at": iso(quote.chosen_at)}
    return {"campaign": quote.campaign, "story": quote.story, "words": quote.words} | chosen


def as_json(story: Story, facts: Facts) -> dict[str, Any]:
    """A story as the command line shows it; photos by their place in the data folder."""
    return {
        "id": story.id,
        "person": story.person,
        "state": story.state.value,
        "title": headed(story.text)[0],
        "text": story.text,
        "photos": [f"{FOLDER}/{photo.file}" if photo.file else None for photo in story.photos],
        "signed": story.signed,
        "author": story.author,
        "thanked": story.thanked,
        "note": story.note,
        "submitted_at": iso(story.submitted_at),
        "selected_at": iso(story.selected_at),
        "withdrawn_at": iso(story.withdrawn_at),
        "withdrawn_by": story.withdrawn_by,
        "url": facts.story_page(story.id) if story.state is StoryState.SELECTED else None,
        "findings": [found.as_json() for found in objections(story.text, facts.industry)],
    }
