"""What posters quote of stories."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, delete, select

from referral.story_quotes import StoryQuote
from storage import tables as t
from storage.times import at, ms
from storage.upsert import put

_q = t.story_quotes.c


class StoryQuotesTable:
    """`referral.story_quotes.StoryQuotes` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def of_campaign(self, campaign: str) -> StoryQuote | None:
        return next(iter(self._read(select(t.story_quotes).where(_q.campaign == campaign))), None)

    def of_story(self, story: str) -> list[StoryQuote]:
        return self._read(select(t.story_quotes).where(_q.story == story).order_by(_q.campaign))

    def keep(self, quote: StoryQuote) -> None:
        values = {name: getattr(quote, name) for name in ("campaign", "story", "words", "chosen_by")}
        put(self._c, t.story_quotes, "campaign", **values, chosen_at=ms(quote.chosen_at))

    def remove(self, campaign: str) -> None:
        self._c.execute(delete(t.story_quotes).where(_q.campaign == campaign))

    def _read(self, statement: Select[Any]) -> list[StoryQuote]:
        return [_quote(row) for row in self._c.execute(statement)]


def _quote(row: Any) -> StoryQuote:
    return StoryQuote(
        campaign=row.campaign, story=row.story, words=row.words, chosen_by=row.chosen_by, chosen_at=at(row.chosen_at)
    )
