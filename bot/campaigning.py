"""What an operator may do about campaigns: start one, edit it, pause, resume and end it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from bot.offers import pack_names
from bot.words import Words
from referral import campaigns, carriers, drafts, experimenting, tolls
from referral.budgets import Forecast
from referral.campaigns import Campaign, CampaignState
from referral.carriers import Carrier
from referral.errors import BadInput, NotFound, RuleViolation
from referral.facts import Facts
from referral.guardrails import limit_of
from referral.ids import Bits
from referral.offers import Pack
from referral.terms import BadTerms, Terms, override
from referral.times import SHANGHAI, Clock
from referral.tolls import Upset
from storage.store import Store, Unit
from storage.times import iso
from storage.transaction import Transaction

Args = Mapping[str, Any]

MOST_FEN = 10**12
_LONGEST_NAME = 40  # characters
_MOVES = {"pause": CampaignState.PAUSED, "resume": CampaignState.RUNNING, "end": CampaignState.ENDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaigning:
    """Writing commands by name; each returns the campaign as `--json` prints it. `who` is kept in the audit."""

    store: Store
    facts: Facts
    words: Words
    clock: Clock
    rng: Bits
    who: str

    async def run(self, command: str, args: Args) -> dict[str, Any]:
        """`start`, `edit`, `pause`, `resume` or `end`. Raises a `ReferralError` that says what is wrong."""
        if command == "start":
            return await self.store.write(self.starting(args))
        if command == "edit":
            await self.store.read(lambda tx: self._edited(tx, args))  # judged before the writer is held up
            return await self.store.write(self.editing(args))
        if command in _MOVES:
            return await self.store.write(self.moving(str(args["id"]), _MOVES[command]))
        raise BadInput("command", f"没有这个命令：campaign.{command}")

    def starting(self, args: Args) -> Unit[dict[str, Any]]:
        """What starts a campaign. Raises `BadInput` or `RuleViolation` for terms that cannot be."""
        pack = self._pack(str(args["pack"]))
        terms = _changed(pack.terms, args.get("set") or {})
        self._refuse_unlawful(pack.name, terms)
        name = _title(args.get("name")) or pack.title
        budget = _budget(args.get("budget_fen"), terms)
        _refuse_empty(budget, terms)
        starts, ends = _day("--from", args.get("from"), last=False), _day("--to", args.get("to"), last=True)
        carrier, now = self._carrier(args.get("carrier")) or Carrier.LANDING, self.clock()

        def unit(tx: Transaction) -> dict[str, Any]:
            started = campaigns.start(
                tx,
                pack=pack.name,
                name=name,
                terms=terms,
                starts_at=starts,
                ends_at=ends,
                budget_fen=budget,
                carrier=carrier,
                now=now,
                rng=self.rng,
            )
            tx.audit.note(self.who, "campaign.start", started.id, terms.to_json(), now)
            return as_json(started, now)

        return unit

    def _pack(self, name: str) -> Pack:
        if name not in pack_names():
            raise BadInput("PACK", f"没有这个礼包：{name}；现有 {'、'.join(pack_names())}")
        return self.words.pack(name)

    def editing(self, args: Args) -> Unit[dict[str, Any]]:
        """What changes a campaign that has begun, for new friends only. Raises `BadInput` or `RuleViolation`."""
        rules = bool(args.get("set") or args.get("budget_fen") is not None or args.get("to"))
        carrier = self._carrier(args.get("carrier"))
        if not rules and carrier is None:
            raise BadInput("--set", "没有写要改什么：--set、--budget-fen、--to 或 --carrier")
        ends, now = _day("--to", args.get("to"), last=True), self.clock()

        def unit(tx: Transaction) -> dict[str, Any]:
            if carrier is not None:
                carried = campaigns.carry(tx, str(args["id"]), carrier, now=now)
                tx.audit.note(self.who, "campaign.carry", carried.id, carrier.value, now)
                if not rules:
                    return as_json(carried, now)
            terms = self._edited(tx, args)
            named = args.get("budget_fen") is not None or "budget_fen" in (args.get("set") or {})
            budget = _budget(args.get("budget_fen"), terms) if named else None
            edited = campaigns.edit(tx, str(args["id"]), terms, budget_fen=budget, ends_at=ends, now=now)
            tx.audit.note(self.who, "campaign.edit", edited.id, terms.to_json(), now)
            return as_json(edited, now)

        return unit

    def _carrier(self, name: str | None) -> Carrier | None:
        """The carrier of that name, None without one. Raises `BadInput`, `RuleViolation` for one not to be had here."""
        if not name:
            return None
        carrier = next((each for each in Carrier if each == name), None)
        if carrier is None:
            raise BadInput("--carrier", f"没有 {name}；可以用 {'、'.join(Carrier)}")
        carriers.check(self.facts, carrier)
        return carrier

    def _edited(self, tx: Transaction, args: Args) -> Terms:
        """The terms of a campaign as they are to be, lawful here."""
        campaign = tx.campaigns.get(str(args["id"]))
        if campaign is None:
            raise NotFound(f"没有这个活动：{args['id']}")
        now = tx.campaigns.terms(campaign.id, campaign.version)
        terms = _changed(now, args.get("set") or {})
        if terms != now:
            self._refuse_unlawful(campaign.pack, terms)
        return terms

    def _refuse_unlawful(self, pack: str, terms: Terms) -> None:
        if unlawful := self.words.unlawful(pack, terms, self.facts.industry):
            raise RuleViolation("offer.unlawful", f"这个礼包在本行业不能用：{'；'.join(unlawful)}")

    def moving(self, campaign: str, state: CampaignState) -> Unit[dict[str, Any]]:
        """What pauses, resumes or ends a campaign."""
        now = self.clock()

        def unit(tx: Transaction) -> dict[str, Any]:
            campaigns.turn_calendar(tx, now=now)
            moved = drafts.turn(tx, self.facts, campaign, state, now=now, rng=self.rng)
            tx.audit.note(self.who, f"campaign.{state.value}", moved.id, "", now)
            experimenting.end_with_campaigns(tx, self.facts, now=now, rng=self.rng)
            return as_json(moved, now)

        return unit


def as_json(campaign: Campaign, now: datetime) -> dict[str, Any]:
    """A campaign as the command line shows it (design 5.1), in the state that the calendar gives it now."""
    return {
        "id": campaign.id,
        "pack": campaign.pack,
        "name": campaign.name,
        "state": _state(campaign, now).value,
        "from": _iso_day(campaign.starts_at),
        "to": _iso_day(campaign.ends_at - timedelta(seconds=1)) if campaign.ends_at else None,
        "budget_fen": campaign.budget_fen,
        "used_fen": campaign.used_fen,
        "carrier": campaign.carrier.value,
    }


def pause_as_json(campaign: Campaign, now: datetime) -> dict[str, str | None]:
    """Why a campaign is paused: `budget`, `guardrail` or `operator`; null where it is not."""
    paused = _state(campaign, now) is CampaignState.PAUSED
    return {"pause": campaign.pause or None if paused else None}


def guard_as_json(tx: Transaction, facts: Facts, campaign: Campaign, now: datetime) -> dict[str, Any]:
    """What the asks of the last week have cost in goodwill, beside the limits; `trip` is the last pause for it."""
    week, trip = tolls.of_week(tx, campaign.id, now), tx.guards.trip_of(campaign.id)
    told = trip and {"at": iso(trip.since), "why": trip.why.value, "asked": trip.asked, "upset": trip.upset}
    limits = {f"{kind.value}_limit": limit_of(kind, facts.policy) for kind in Upset}
    counts = {"asked": week.asked, "optouts": week.optout, "complaints": week.complaint}
    return {"guardrail": {**counts, **limits, "trip": told}}


def forecast_as_json(forecast: Forecast) -> dict[str, Any]:
    """What of a budget was granted, what is left, the pace of the last two weeks, and the day it is used up so."""
    runs_out = forecast.runs_out_on and forecast.runs_out_on.isoformat()
    pace = {"left_fen": forecast.left_fen, "a_day_fen": forecast.a_day_fen, "runs_out_on": runs_out}
    return {"spent_fen": forecast.spent_fen, "forecast": pace}


def _state(campaign: Campaign, now: datetime) -> CampaignState:
    """As `campaigns.turn_calendar` will make it; without a running bot nobody has done so yet."""
    if campaign.is_over(now):
        return CampaignState.ENDED
    waits = campaign.state is CampaignState.WAITING and campaign.starts_at <= now
    return CampaignState.RUNNING if waits else campaign.state


def _changed(terms: Terms, changes: Mapping[str, str]) -> Terms:
    try:
        return override(terms, changes)
    except BadTerms as error:
        raise BadInput("--set", "；".join(error.problems)) from error


def _title(name: str | None) -> str:
    """A campaign's name on one line."""
    title = " ".join((name or "").split())
    if len(title) > _LONGEST_NAME or not title.isprintable():
        raise BadInput("--name", f"最多 {_LONGEST_NAME} 个字，不能含有控制字符")
    return title


def _budget(fen: int | None, terms: Terms) -> int:
    if fen is None:
        return terms.budget_fen
    if not 0 <= fen <= MOST_FEN:
        raise BadInput("--budget-fen", f"请写 0 到 {MOST_FEN} 之间的整数，以分为单位")
    return fen


def _refuse_empty(budget_fen: int, terms: Terms) -> None:
    """Raise `BadInput` for a budget that could not thank anybody: every friend would be refused."""
    if budget_fen == 0 and any(each.most_cost_fen for each in terms.thanks):
        raise BadInput("--budget-fen", "预算是 0，一份谢礼也给不出；请写大于 0 的数，以分为单位")


def _iso_day(at: datetime) -> str:
    return at.astimezone(SHANGHAI).date().isoformat()


def _day(field: str, text: str | None, *, last: bool) -> datetime | None:
    """Midnight in Beijing at the beginning of a day, or, for the `last` day, at its end."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise BadInput(field, f"{text} 不是日期，请写成 2026-11-22") from None
    if not 2000 <= day.year < 2100:
        raise BadInput(field, "年份要在 2000 到 2099 之间")
    return datetime.combine(day, time(0), tzinfo=SHANGHAI) + timedelta(days=1 if last else 0)
