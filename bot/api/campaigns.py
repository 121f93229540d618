"""`/campaigns`: start, look at, edit, pause, resume, end."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from bot.api.operations import Asked, Operation
from bot.api.shapes import CampaignId, Fen, Line, Page, PageQuery, page
from bot.campaigning import Campaigning, as_json, guard_as_json, pause_as_json
from referral.campaigns import CampaignState
from referral.errors import NotFound
from referral.ids import is_id
from storage import listings
from storage.transaction import Transaction

State = Literal["draft", "waiting", "running", "paused", "ended"]
CarrierName = Annotated[
    Literal["landing", "contact", "official", "kf", "acquisition"],
    Meta(
        description="What the QR of its posters leads to: our own page, the rep's contact QR, an Official Account, "
        "the customer-service chat, the rep's acquisition link."
    ),
]


class Trip(Struct, frozen=True, kw_only=True):
    """The last time that a guardrail paused a campaign: of `asked` customers, `upset` opted out or complained."""

    at: datetime
    why: Literal["optout", "complaint"]
    asked: int
    upset: int


class Guardrail(Struct, frozen=True, kw_only=True):
    """Of those whom a campaign asked in the last week, how many opted out or complained within a week after.

    It pauses once a share is certainly above its limit. Counting begins anew with each such pause.
    """

    asked: int
    optouts: int
    complaints: int
    optout_limit: float
    complaint_limit: float
    trip: Trip | None


class Campaign(Struct, frozen=True, kw_only=True):
    """A campaign; days are Beijing's, `to` is its last one, null where it has none.

    `pause` is why it is paused: nobody's thanks fit into its budget any more, too many were upset by being asked, or
    somebody said so.
    """

    id: CampaignId
    pack: str
    name: str
    state: State
    from_: date = field(name="from")
    to: date | None
    budget_fen: Fen
    used_fen: Fen
    carrier: CarrierName = "landing"
    pause: Literal["budget", "guardrail", "operator"] | None = None
    guardrail: Guardrail


Settings = Annotated[
    dict[str, Annotated[str, Meta(max_length=200)]],
    Meta(max_length=50, description="Other numbers or rules of the pack, as `--set key=value`."),
]


class CampaignStart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a campaign is to be; what is left out is as the offer pack has it."""

    pack: Line
    name: Annotated[str, Meta(max_length=40, description="What staff call it.")] | None = None
    from_: Annotated[date, Meta(description="First day, in Beijing.")] | None = field(default=None, name="from")
    to: Annotated[date, Meta(description="Last day, in Beijing.")] | None = None
    budget_fen: Fen | None = None
    carrier: CarrierName | None = None
    set: Settings = {}


class CampaignEdit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of a campaign is to be better for consumers; friends who came before keep the rules that they met."""

    to: Annotated[date, Meta(description="A later last day, in Beijing.")] | None = None
    budget_fen: Annotated[int, Meta(ge=0, le=10**12, description="More than it is now, in fen.")] | None = None
    carrier: CarrierName | None = None
    set: Settings = {}


class CampaignQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which campaigns."""

    state: State | UnsetType = UNSET
    pack: Line | UnsetType = UNSET


def _list(tx: Transaction, asked: Asked) -> Page[Campaign]:
    query: CampaignQuery = asked.query
    where = {"state": query.state, "pack": query.pack}
    return page(tx, listings.CAMPAIGNS, query, where, lambda row: _shown(tx, row.id, asked))


def _one(tx: Transaction, asked: Asked) -> Campaign:
    return _shown(tx, asked.path["id"], asked)


def _start(tx: Transaction, asked: Asked) -> Campaign:
    wanted: CampaignStart = asked.body
    args: dict[str, Any] = {
        "pack": wanted.pack,
        "name": wanted.name,
        "from": wanted.from_ and wanted.from_.isoformat(),
        "to": wanted.to and wanted.to.isoformat(),
        "budget_fen": wanted.budget_fen,
        "carrier": wanted.carrier,
        "set": wanted.set,
    }
    return _shown(tx, _campaigning(asked).starting(args)(tx)["id"], asked)


def _edit(tx: Transaction, asked: Asked) -> Campaign:
    wanted: CampaignEdit = asked.body
    args = {
        "id": _shown(tx, asked.path["id"], asked).id,
        "set": wanted.set,
        "budget_fen": wanted.budget_fen,
        "to": wanted.to and wanted.to.isoformat(),
        "carrier": wanted.carrier,
    }
    return _shown(tx, _campaigning(asked).editing(args)(tx)["id"], asked)


def _campaigning(asked: Asked) -> Campaigning:
    return asked.office.on_behalf_of(asked.key).campaigning


def _moving(verb: str, state: CampaignState, summary: str) -> Operation:
    def move(tx: Transaction, asked: Asked) -> Campaign:
        _shown(tx, asked.path["id"], asked)
        return _shown(tx, _campaigning(asked).moving(asked.path["id"], state)(tx)["id"], asked)

    return Operation(
        name=f"{verb}Campaign",
        method="POST",
        path=f"/campaigns/{{id}}/{verb}",
        parts={"id": CampaignId},
        scope="campaigns:write",
        summary=summary,
        run=move,
        answer=Campaign,
        example=msgspec.structs.replace(_EXAMPLE, state=state.value),
        refuses=(404, 409),
    )


def _shown(tx: Transaction, campaign_id: str, asked: Asked) -> Campaign:
    campaign = tx.campaigns.get(campaign_id) if is_id(campaign_id, "c") else None
    if campaign is None:
        raise NotFound("没有这个活动")
    told = as_json(campaign, asked.now) | pause_as_json(campaign, asked.now)
    told |= guard_as_json(tx, asked.office.facts, campaign, asked.now)
    return msgspec.convert(told, Campaign)


_EXAMPLE = Campaign(
    id="c0123456789abcdef",
    pack="double-month",
    name="冬日双月",
    state="running",
    from_=date(2026, 11, 23),
    to=None,
    budget_fen=10_000_000,
    used_fen=6_000,
    guardrail=Guardrail(asked=240, optouts=1, complaints=0, optout_limit=0.01, complaint_limit=0.02, trip=None),
)

OPERATIONS = (
    Operation(
        name="listCampaigns",
        method="GET",
        path="/campaigns",
        scope="campaigns:read",
        summary="All campaigns.",
        run=_list,
        query=CampaignQuery,
        answer=Page[Campaign],
        example=Page([_EXAMPLE], None),
    ),
    Operation(
        name="startCampaign",
        method="POST",
        path="/campaigns",
        scope="campaigns:write",
        summary="Start a campaign from an offer pack, at once or on its first day.",
        run=_start,
        body=CampaignStart,
        body_example=CampaignStart(pack="double-month", name="冬日双月", budget_fen=10_000_000),
        answer=Campaign,
        example=_EXAMPLE,
        status=201,
        refuses=(409,),
    ),
    Operation(
        name="getCampaign",
        method="GET",
        path="/campaigns/{id}",
        parts={"id": CampaignId},
        scope="campaigns:read",
        summary="One campaign.",
        run=_one,
        answer=Campaign,
        example=_EXAMPLE,
        refuses=(404,),
    ),
    Operation(
        name="editCampaign",
        method="PATCH",
        path="/campaigns/{id}",
        parts={"id": CampaignId},
        scope="campaigns:write",
        summary="Change a campaign that has begun, only for the better; `detail` names what would be worse for people.",
        run=_edit,
        body=CampaignEdit,
        body_example=CampaignEdit(to=date(2027, 2, 28), budget_fen=20_000_000, set={"cap_per_year": "60"}),
        answer=Campaign,
        example=msgspec.structs.replace(_EXAMPLE, to=date(2027, 2, 28), budget_fen=20_000_000),
        refuses=(404, 409),
    ),
    _moving("pause", CampaignState.PAUSED, "Stop inviting; friends who already came still count."),
    _moving("resume", CampaignState.RUNNING, "Go on after a pause; of a draft that waits for a yes this is the yes."),
    _moving("end", CampaignState.ENDED, "End it for good; what is held is still granted."),
)
