"""Experiments, their arms, and who is in which."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Table, Text

from storage.tables.columns import id_, int_, metadata, real_, ref_, text_

experiments = Table(
    "experiments",
    metadata,
    id_(),
    text_("kind"),
    ref_("campaign", "campaigns"),
    text_("name"),
    text_("metric"),
    text_("state"),
    int_("started_at"),
    int_("ended_at", null=True),
    text_("winner", null=True),
    text_("ended_with", null=True),
    CheckConstraint("kind in ('copy','poster','offer','reward')", name="kind"),
    CheckConstraint("metric in ('took','credited')", name="metric"),
    CheckConstraint("state in ('running','decided','stopped')", name="state"),
    Index("ix_experiments_campaign", "campaign"),
)
"""`campaign` is where it takes place; of an offer or a reward it is the first arm's. `ended_with` is the campaign whose
end was its end."""

experiment_arms = Table(
    "experiment_arms",
    metadata,
    Column("experiment", Text, ForeignKey("experiments.id"), primary_key=True),
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    text_("arm"),
    real_("share"),
    int_("n", default="0"),
    int_("took", default="0"),
    int_("credited", default="0"),
    int_("credited_squares", default="0"),
    int_("optouts", default="0"),
)
"""An arm and its sums over the people in it; `arm` is a framing, a template, or a campaign's id."""

experiment_people = Table(
    "experiment_people",
    metadata,
    Column("person", Text, ForeignKey("people.id"), primary_key=True),
    Column("experiment", Text, ForeignKey("experiments.id"), primary_key=True),
    text_("arm"),
    int_("at"),
    int_("took", default="0"),
    int_("credited", default="0"),
    int_("optouts", default="0"),
)
"""Who is in an experiment since when, and what came of it; the arm is the one they were shown, for its whole life."""
