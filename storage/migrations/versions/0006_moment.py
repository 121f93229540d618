"""The right moment: what the score learns from, experiments, lift, suspicion, care."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    _moments()
    _lessons()
    _suspicions()
    _experiments()
    _guards()
    _lift()
    _signals()
    _cares()
    _branches()
    _letters()


def _moments() -> None:
    op.add_column("moments", sa.Column("minor", sa.Boolean(), nullable=True))
    op.add_column("moments", sa.Column("refund_at", sa.BigInteger(), nullable=True))
    op.add_column("moments", sa.Column("refunded", sa.Double(), server_default="0", nullable=False))
    op.add_column("moments", sa.Column("personal", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("moments", sa.Column("profile", sa.Double(), server_default="0", nullable=False))
    op.add_column("moments", sa.Column("came_by", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("moments", sa.Column("took_at", sa.BigInteger(), nullable=True))
    op.add_column("moments", sa.Column("unprompted", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("moments", sa.Column("posters", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("moments", sa.Column("visitors", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("moments", sa.Column("brought", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("moments", sa.Column("coupon", sa.Double(), nullable=True))
    op.add_column("moments", sa.Column("hours", sa.LargeBinary(), nullable=True))
    op.add_column("moments", sa.Column("own", sa.Double(), server_default="0", nullable=False))
    op.add_column("moments", sa.Column("own_seen", sa.Double(), server_default="0", nullable=False))
    op.add_column("nudges", sa.Column("learned_at", sa.BigInteger(), nullable=True))
    unlearned = sa.text("learned_at is null and state = 'sent'")
    op.create_index("ix_nudges_unlearned", "nudges", ["sent_at"], sqlite_where=unlearned, postgresql_where=unlearned)
    op.create_table(
        "models",
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("examples", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_models")),
    )


def _lessons() -> None:
    op.create_table(
        "lessons",
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_lessons")),
    )


def _lift() -> None:
    sums = ("total", "squares", "past", "past_squares", "product")
    counts = ("asked", "own", "opted_out", "attributed", "ripe", "fruitful", "settled", "gone")
    op.create_table(
        "lift_days",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("arm", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("customers", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=False) for name in sums),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in counts),
        sa.CheckConstraint("arm in ('treated','held')", name=op.f("ck_lift_days_arm")),
        sa.PrimaryKeyConstraint("day", "arm", name=op.f("pk_lift_days")),
    )
    op.create_table(
        "lift_reps",
        sa.Column("rep", sa.Text(), nullable=False),
        sa.Column("arm", sa.Text(), nullable=False),
        sa.Column("customers", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.Double(), nullable=False),
        sa.Column("squares", sa.Double(), nullable=False),
        sa.CheckConstraint("arm in ('treated','held')", name=op.f("ck_lift_reps_arm")),
        sa.PrimaryKeyConstraint("rep", "arm", name=op.f("pk_lift_reps")),
    )


def _signals() -> None:
    joined = sa.text("joined_at is not null")
    op.create_index(
        "ix_people_joined", "people", ["joined_at"], unique=False, sqlite_where=joined, postgresql_where=joined
    )
    op.create_index("ix_orders_paid", "orders", ["paid_at"], unique=False)


def _experiments() -> None:
    op.create_table(
        "experiments",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("winner", sa.Text(), nullable=True),
        sa.Column("ended_with", sa.Text(), nullable=True),
        sa.CheckConstraint("kind in ('copy','poster','offer','reward')", name=op.f("ck_experiments_kind")),
        sa.CheckConstraint("metric in ('took','credited')", name=op.f("ck_experiments_metric")),
        sa.CheckConstraint("state in ('running','decided','stopped')", name=op.f("ck_experiments_state")),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_experiments_campaign")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_experiments")),
    )
    op.create_index("ix_experiments_campaign", "experiments", ["campaign"])
    op.create_table(
        "experiment_arms",
        sa.Column("experiment", sa.Text(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("arm", sa.Text(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("n", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("took", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("credited", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("credited_squares", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("optouts", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["experiment"], ["experiments.id"], name=op.f("fk_experiment_arms_experiment")),
        sa.PrimaryKeyConstraint("experiment", "place", name=op.f("pk_experiment_arms")),
    )
    op.create_table(
        "experiment_people",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("experiment", sa.Text(), nullable=False),
        sa.Column("arm", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("took", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("credited", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("optouts", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_experiment_people_person")),
        sa.ForeignKeyConstraint(["experiment"], ["experiments.id"], name=op.f("fk_experiment_people_experiment")),
        sa.PrimaryKeyConstraint("person", "experiment", name=op.f("pk_experiment_people")),
    )


def _guards() -> None:
    op.create_table(
        "guards",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("upset", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("why in ('optout','complaint')", name=op.f("ck_guards_why")),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_guards_campaign")),
        sa.PrimaryKeyConstraint("campaign", name=op.f("pk_guards")),
    )
    op.create_table(
        "guard_days",
        sa.Column("campaign", sa.Text(), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("asked", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("optout", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("complaint", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name=op.f("fk_guard_days_campaign")),
        sa.PrimaryKeyConstraint("campaign", "day", name=op.f("pk_guard_days")),
    )
    op.create_table(
        "upsets",
        sa.Column("nudge", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind in ('optout','complaint')", name=op.f("ck_upsets_kind")),
        sa.ForeignKeyConstraint(["nudge"], ["nudges.id"], name=op.f("fk_upsets_nudge")),
        sa.PrimaryKeyConstraint("nudge", "kind", name=op.f("pk_upsets")),
    )


def _suspicions() -> None:
    op.create_table(
        "suspicions",
        sa.Column("referral", sa.Text(), nullable=False),
        sa.Column("advocate", sa.Text(), nullable=False),
        sa.Column("friend", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("chance", sa.Double(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("weighed_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("chance >= 0 and chance <= 1", name=op.f("ck_suspicions_chance")),
        sa.CheckConstraint("state in ('noted','open','cleared','confirmed')", name=op.f("ck_suspicions_state")),
        sa.CheckConstraint(
            "(state in ('cleared','confirmed')) = (decided_at is not null and decided_by is not null)",
            name=op.f("ck_suspicions_decided"),
        ),
        sa.ForeignKeyConstraint(["referral"], ["referrals.id"], name=op.f("fk_suspicions_referral")),
        sa.ForeignKeyConstraint(["advocate"], ["people.id"], name=op.f("fk_suspicions_advocate")),
        sa.ForeignKeyConstraint(["friend"], ["people.id"], name=op.f("fk_suspicions_friend")),
        sa.PrimaryKeyConstraint("referral", name=op.f("pk_suspicions")),
    )
    for columns in (("state", "at"), ("advocate", "state"), ("friend",)):
        op.create_index(f"ix_suspicions_{columns[0]}", "suspicions", list(columns), unique=False)


def _letters() -> None:
    """What holds up others, and what a rep was told, without all that ever was."""
    under_way, told = (
        sa.text(where)
        for where in ("state in ('queued','sending')", "state = 'sent' and kind in ('RepText','RepCard')")
    )
    op.drop_index("ix_outbox_lane", "outbox")
    op.create_index("ix_outbox_lane", "outbox", ["lane", "seq"], sqlite_where=under_way, postgresql_where=under_way)
    op.create_index("ix_outbox_told", "outbox", ["lane", "finished_at"], sqlite_where=told, postgresql_where=told)


def _cares() -> None:
    born = sa.text("birthday is not null")
    op.add_column("people", sa.Column("birthday", sa.Text(), nullable=True))
    op.create_index(
        "ix_people_birthday", "people", ["birthday", "id"], unique=False, sqlite_where=born, postgresql_where=born
    )
    young = sa.text("adult_on is not null")
    op.add_column("people", sa.Column("adult_on", sa.Text(), nullable=True))
    op.create_index("ix_people_adult", "people", ["adult_on"], sqlite_where=young, postgresql_where=young)
    op.add_column("moments", sa.Column("overtaken", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("moments", sa.Column("care_at", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index("ix_moments_care", "moments", ["care_at", "person"], unique=False)
    times = ("created_at", "planned_at")
    op.create_table(
        "cares",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("rep", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in times),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind in ('repair','birthday','thanks','anniversary','recognise','survey','easier','early','silence')",
            name=op.f("ck_cares_kind"),
        ),
        sa.CheckConstraint("state in ('listed','queued','sent','ended')", name=op.f("ck_cares_state")),
        sa.CheckConstraint("route in ('kf','rep')", name=op.f("ck_cares_route")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_cares_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cares")),
        sa.UniqueConstraint("person", "kind", "ref", name=op.f("uq_cares_person_kind_ref")),
    )
    op.create_index("ix_cares_rep", "cares", ["rep", "state", "planned_at"], unique=False)
    op.create_index("ix_cares_planned", "cares", ["planned_at"], unique=False)
    op.create_index("ix_cares_state", "cares", ["state", "expires_at"], unique=False)
    shut = sa.text("state in ('listed','queued') and kind <> 'repair'")
    op.create_index("ux_cares_open", "cares", ["person"], unique=True, sqlite_where=shut, postgresql_where=shut)


def _branches() -> None:
    counts = ("brought", "stayed", "ripe", "lasting", "descendants", "further")
    op.create_table(
        "branches",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=True),
        sa.Column("referral", sa.Text(), nullable=True),
        sa.Column("came_at", sa.BigInteger(), nullable=True),
        sa.Column("stays", sa.Text(), nullable=True),
        *(sa.Column(name, sa.BigInteger(), server_default="0", nullable=False) for name in counts),
        sa.Column("value", sa.Double(), server_default="0", nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("stays in ('young','early','stayed','gone')", name=op.f("ck_branches_stays")),
        sa.CheckConstraint("kind in ('','champion','connector')", name=op.f("ck_branches_kind")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_branches_person")),
        sa.ForeignKeyConstraint(["by"], ["people.id"], name=op.f("fk_branches_by")),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_branches")),
    )
    op.create_index("ix_branches_by", "branches", ["by"], unique=False)
    young, told = sa.text("stays in ('young','early')"), sa.text("kind <> ''")
    op.create_index("ix_branches_open", "branches", ["person", "stays"], sqlite_where=young, postgresql_where=young)
    op.create_index(
        "ix_branches_listed", "branches", ["value", "person", "kind"], sqlite_where=told, postgresql_where=told
    )
