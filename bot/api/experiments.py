"""`/experiments`: start, look at, stop."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from bot.api.operations import Asked, Operation
from bot.api.shapes import CampaignId, ExperimentId, Line, Page, PageQuery, page
from bot.experimenting import as_json
from referral.errors import BadInput, NotFound
from referral.ids import is_id
from storage import listings
from storage.transaction import Transaction

KindName = Annotated[
    Literal["copy", "poster", "offer", "reward"],
    Meta(
        description="What is compared: framings of an ask or templates of a poster within a campaign; offers, or sizes "
        "of one offer's thanks, as campaigns that both run."
    ),
]
MetricName = Annotated[
    Literal["took", "credited"],
    Meta(description="What decides: whether somebody who was asked took a poster, or how many friends were credited."),
]


class Range(Struct, frozen=True, kw_only=True):
    """An estimate, and an interval that may be looked at as often as one likes."""

    point: float
    lo: float
    hi: float


class ExperimentArm(Struct, frozen=True, kw_only=True):
    """An arm: a framing, a template or a campaign's id; what came of the people in it. `mean` is by the metric."""

    arm: str
    name: str
    share: float
    people: int
    took: int
    credited: int
    mean: float
    optouts: int
    optout_rate: Range | None


class Experiment(Struct, frozen=True, kw_only=True):
    """An experiment. `difference` is by how much `best` is ahead of `rival`, the arm it is least ahead of.

    `state` is `leading` while one arm is ahead but nothing is certain. `campaign` is the first arm's where campaigns
    are compared.
    """

    id: ExperimentId
    kind: KindName
    campaign: CampaignId
    name: str
    metric: MetricName
    state: Literal["running", "leading", "decided", "stopped"]
    started_at: datetime
    ended_at: datetime | None
    winner: str | None
    arms: list[ExperimentArm]
    best: str | None
    rival: str | None
    difference: Range | None
    result: Annotated[str, Meta(description="How it stands, in words.")]


class ArmWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An arm of an experiment that is to begin; without a share it gets an equal part of what the others leave."""

    arm: Line
    share: Annotated[float, Meta(gt=0, lt=1)] | None = None


class ExperimentStart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be compared. Copy and posters need a `campaign`; offers and rewards have campaigns as arms."""

    kind: KindName
    arms: Annotated[list[ArmWanted], Meta(min_length=2, max_length=5)]
    campaign: CampaignId | None = None
    name: Annotated[str, Meta(max_length=40, description="What staff call it.")] | None = None
    metric: MetricName | None = None


class ExperimentQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which experiments; `state` is the one it ended in, `running` before."""

    campaign: CampaignId | UnsetType = UNSET
    kind: KindName | UnsetType = UNSET
    state: Literal["running", "decided", "stopped"] | UnsetType = UNSET


def _list(tx: Transaction, asked: Asked) -> Page[Experiment]:
    query: ExperimentQuery = asked.query
    where = {"campaign": query.campaign, "kind": query.kind, "state": query.state}
    return page(tx, listings.EXPERIMENTS, query, where, lambda row: _shown(tx, row.id))


def _one(tx: Transaction, asked: Asked) -> Experiment:
    return _shown(tx, asked.path["id"])


def _start(tx: Transaction, asked: Asked) -> Experiment:
    wanted: ExperimentStart = asked.body
    args: dict[str, Any] = {
        "kind": wanted.kind,
        "campaign": wanted.campaign,
        "name": wanted.name,
        "metric": wanted.metric,
        "arms": [(each.arm, each.share) for each in wanted.arms],
    }
    try:
        return _shown(tx, asked.office.on_behalf_of(asked.key).experimenting.starting(args)(tx)["id"])
    except BadInput as error:
        raise BadInput("arms" if error.field == "--arm" else error.field, error.problem) from error


def _stop(tx: Transaction, asked: Asked) -> Experiment:
    found = _shown(tx, asked.path["id"]).id
    return _shown(tx, asked.office.on_behalf_of(asked.key).experimenting.stopping(found)(tx)["id"])


def _shown(tx: Transaction, experiment_id: str) -> Experiment:
    found = tx.experiments.get(experiment_id) if is_id(experiment_id, "x") else None
    if found is None:
        raise NotFound("没有这个实验")
    return msgspec.convert(as_json(tx, found), Experiment)


_EXAMPLE = Experiment(
    id="x0123456789abcdef",
    kind="copy",
    campaign="c0123456789abcdef",
    name="话术 · 冬日双月",
    metric="took",
    state="leading",
    started_at=datetime.fromisoformat("2026-11-23T10:00:00+08:00"),
    ended_at=None,
    winner=None,
    arms=[
        ExperimentArm(
            arm="help",
            name="帮朋友",
            share=0.5,
            people=400,
            took=30,
            credited=6,
            mean=0.075,
            optouts=1,
            optout_rate=Range(point=0.0025, lo=0.000036, hi=0.021),
        ),
        ExperimentArm(
            arm="plain",
            name="平实",
            share=0.5,
            people=400,
            took=12,
            credited=2,
            mean=0.03,
            optouts=0,
            optout_rate=Range(point=0.0, lo=0.0, hi=0.014),
        ),
    ],
    best="help",
    rival="plain",
    difference=Range(point=0.045, lo=-0.007681, hi=0.097681),
    result="「帮朋友」对「平实」：每百位问过的客户里取海报的相差 +4.5 位（区间 -0.8 到 +9.8）。「帮朋友」领先，"
    "但还不能下结论。",
)

OPERATIONS = (
    Operation(
        name="listExperiments",
        method="GET",
        path="/experiments",
        scope="experiments:read",
        summary="All experiments.",
        run=_list,
        query=ExperimentQuery,
        answer=Page[Experiment],
        example=Page([_EXAMPLE], None),
    ),
    Operation(
        name="startExperiment",
        method="POST",
        path="/experiments",
        scope="experiments:write",
        summary="Start an experiment; who gets which arm is drawn by lot, and who is held out is in none.",
        run=_start,
        body=ExperimentStart,
        body_example=ExperimentStart(
            kind="copy", campaign="c0123456789abcdef", arms=[ArmWanted(arm="help"), ArmWanted(arm="plain")]
        ),
        answer=Experiment,
        example=_EXAMPLE,
        status=201,
        refuses=(404, 409),
    ),
    Operation(
        name="getExperiment",
        method="GET",
        path="/experiments/{id}",
        parts={"id": ExperimentId},
        scope="experiments:read",
        summary="One experiment, how it stands, and how certain that is.",
        run=_one,
        answer=Experiment,
        example=_EXAMPLE,
        refuses=(404,),
    ),
    Operation(
        name="stopExperiment",
        method="POST",
        path="/experiments/{id}/stop",
        parts={"id": ExperimentId},
        scope="experiments:write",
        summary="End an experiment without a decision, or take one that was decided out of use.",
        run=_stop,
        answer=Experiment,
        example=msgspec.structs.replace(
            _EXAMPLE, state="stopped", ended_at=datetime.fromisoformat("2026-12-24T10:00:00+08:00")
        ),
        refuses=(404,),
    ),
)
