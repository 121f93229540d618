"""Stories, their photos and quotes."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Table, Text

from storage.tables.columns import Serial, int_, metadata, ref_, text_

stories = Table(
    "stories",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    ref_("person", "people"),
    text_("state"),
    text_("text", default=""),
    Column("signed", Boolean, nullable=False, server_default="0"),
    text_("licence", default=""),
    text_("author", default=""),
    Column("thanked", Boolean, nullable=False, server_default="0"),
    text_("note", default=""),
    int_("begun_at"),
    int_("changed_at"),
    int_("asked_at", null=True),
    int_("submitted_at", null=True),
    int_("selected_at", null=True),
    int_("withdrawn_at", null=True),
    text_("withdrawn_by", default=""),
    CheckConstraint("state in ('draft','submitted','selected','withdrawn')", name="state"),
    CheckConstraint("state in ('draft','withdrawn') or licence <> ''", name="licence"),
    CheckConstraint("state <> 'withdrawn' or (text = '' and author = '')", name="withdrawn"),
    Index("ix_stories_person", "person", "state"),
    Index("ix_stories_state", "state", "row"),
    Index("ix_stories_selected", "state", "selected_at", "row"),
)
"""What customers tell. Nothing is shown without a licence, and of what was taken back no word is left."""

story_photos = Table(
    "story_photos",
    metadata,
    Column("row", Serial, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    ref_("story", "stories"),
    text_("file", null=True),
    int_("width", default="0"),
    int_("height", default="0"),
    Index("ix_story_photos_story", "story"),
    Index("ix_story_photos_file", "file"),
)
"""Photos of stories, in the order they came; no file while the platform has not given it to us yet."""

story_quotes = Table(
    "story_quotes",
    metadata,
    Column("campaign", Text, ForeignKey("campaigns.id"), primary_key=True),
    ref_("story", "stories"),
    text_("words"),
    text_("chosen_by"),
    int_("chosen_at"),
    Index("ix_story_quotes_story", "story"),
)
"""What a campaign's posters quote of a story, in the author's very words; gone with the story."""
