"""Stories and where their photos lie."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, exists, func, insert, or_, select, update

from referral.stories import Photo, Story, StoryState
from storage import tables as t
from storage.times import at, ms

_s, _p = t.stories.c, t.story_photos.c
_TIMES = ("begun_at", "changed_at", "asked_at", "submitted_at", "selected_at", "withdrawn_at")
_PLAIN = ("text", "signed", "licence", "author", "thanked", "note", "withdrawn_by")


class StoriesTable:
    """`referral.stories.Stories` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(self, story: Story) -> None:
        values = {"id": story.id, "person": story.person, "state": story.state.value} | _values(story)
        self._c.execute(insert(t.stories).values(**values))

    def get(self, story: str) -> Story | None:
        return self._first(select(t.stories).where(_s.id == story))

    def draft_of(self, person: str) -> Story | None:
        drafts = select(t.stories).where(_s.person == person, _s.state == StoryState.DRAFT.value)
        return self._first(drafts.order_by(_s.row.desc()).limit(1))

    def of_person(self, person: str) -> list[Story]:
        return self._read(select(t.stories).where(_s.person == person).order_by(_s.row))

    def all(self, *, state: StoryState | None = None, after: str | None = None, limit: int = 100) -> list[Story]:
        statement = select(t.stories).where(_is(state)).order_by(_s.row.desc()).limit(limit)
        if after is not None:
            known = t.stories.alias()
            statement = statement.where(_s.row < select(known.c.row).where(known.c.id == after).scalar_subquery())
        return self._read(statement)

    def published(self, *, after: str | None = None, limit: int = 100) -> list[Story]:
        """By when they were selected; after a story that has come down meanwhile, too."""
        statement = select(t.stories).where(_is(StoryState.SELECTED))
        if after is not None:
            known = select(_s.row, _s.selected_at).where(_s.id == after)
            last = self._c.execute(known).first()
            if last is None or last.selected_at is None:
                return []
            earlier = _s.selected_at < last.selected_at
            statement = statement.where(or_(earlier, and_(_s.selected_at == last.selected_at, _s.row < last.row)))
        return self._read(statement.order_by(_s.selected_at.desc(), _s.row.desc()).limit(limit))

    def newer(self, than: str, *, limit: int) -> list[Story]:
        """Those selected after a story, the nearest first; after one that has come down meanwhile, too."""
        last = self._c.execute(select(_s.row, _s.selected_at).where(_s.id == than)).first()
        if last is None or last.selected_at is None:
            return []
        later = or_(_s.selected_at > last.selected_at, and_(_s.selected_at == last.selected_at, _s.row > last.row))
        statement = select(t.stories).where(_is(StoryState.SELECTED), later)
        return self._read(statement.order_by(_s.selected_at, _s.row).limit(limit))

    def places(self, *, limit: int) -> list[tuple[str, datetime | None]]:
        statement = select(_s.id, _s.selected_at).where(_is(StoryState.SELECTED))
        rows = self._c.execute(statement.order_by(_s.selected_at.desc(), _s.row.desc()).limit(limit))
        return [(row.id, at(row.selected_at)) for row in rows]

    def count_selected(self, since: datetime, person: str | None = None) -> int:
        """Those that have come down again meanwhile among them."""
        where = [_s.selected_at >= ms(since), *([_s.person == person] if person else [])]
        return self._c.execute(select(func.count()).select_from(t.stories).where(*where)).scalar_one()

    def shows(self, file: str) -> bool:
        """Whether a photo belongs to a story on the wall."""
        joined = select(_p.id).join(t.stories, _s.id == _p.story)
        shown = joined.where(_p.file == file, _s.state == StoryState.SELECTED.value)
        return bool(self._c.execute(select(exists(shown))).scalar())

    def save(self, story: Story) -> None:
        self._c.execute(update(t.stories).where(_s.id == story.id).values(**_values(story)))

    def move(self, story: Story, to: StoryState) -> bool:
        where = (_s.id == story.id, _s.state == story.state.value)
        return self._c.execute(update(t.stories).where(*where).values(state=to.value, **_values(story))).rowcount == 1

    def remove(self, story: str) -> None:
        self._c.execute(delete(t.stories).where(_s.id == story))

    def add_photo(self, photo: Photo) -> None:
        self._c.execute(insert(t.story_photos).values(id=photo.id, story=photo.story))

    def photo(self, photo: str) -> Photo | None:
        row = self._c.execute(select(t.story_photos).where(_p.id == photo)).first()
        return _photo(row) if row else None

    def photo_came(self, photo: Photo) -> bool:
        """Keep a photo's file; False if it is not waited for any more."""
        came = {"file": photo.file, "width": photo.width, "height": photo.height}
        return self._c.execute(update(t.story_photos).where(_p.id == photo.id).values(**came)).rowcount == 1

    def remove_photos(self, story: str, photo: str | None = None) -> list[str]:
        """Take a story's photos away, or one of them; the names of their files."""
        where = (_p.story == story,) if photo is None else (_p.story == story, _p.id == photo)
        files = self._c.execute(select(_p.file).where(*where, _p.file.is_not(None))).scalars().all()
        self._c.execute(delete(t.story_photos).where(*where))
        return [file for file in files if file]

    def _first(self, statement: Select[Any]) -> Story | None:
        return next(iter(self._read(statement)), None)

    def _read(self, statement: Select[Any]) -> list[Story]:
        rows = self._c.execute(statement).all()
        photos = self._photos(row.id for row in rows)
        return [_story(row, tuple(photos.get(row.id, ()))) for row in rows]

    def _photos(self, stories: Iterable[str]) -> dict[str, list[Photo]]:
        wanted = list(stories)
        found: dict[str, list[Photo]] = {}
        if wanted:
            statement = select(t.story_photos).where(_p.story.in_(wanted)).order_by(_p.row)
            for row in self._c.execute(statement):
                found.setdefault(row.story, []).append(_photo(row))
        return found


def _is(state: StoryState | None) -> ColumnElement[bool]:
    return _s.state != StoryState.DRAFT.value if state is None else _s.state == state.value


def _values(story: Story) -> dict[str, Any]:
    times = {name: ms(getattr(story, name)) for name in _TIMES}
    return times | {name: getattr(story, name) for name in _PLAIN}


def _story(row: Any, photos: tuple[Photo, ...]) -> Story:
    times = {name: at(getattr(row, name)) for name in _TIMES}
    plain = {name: getattr(row, name) for name in _PLAIN}
    flags = {name: bool(plain[name]) for name in ("signed", "thanked")}
    return Story(id=row.id, person=row.person, state=StoryState(row.state), photos=photos, **(times | plain | flags))


def _photo(row: Any) -> Photo:
    return Photo(id=row.id, story=row.story, file=row.file, width=row.width, height=row.height)
