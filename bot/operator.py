"""What an operator may do from the command line, the same in a running bot and beside none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from bot.hooks.reading import Naming
from bot.intake import Intake
from bot.naming import identity_of
from bot.offers import pack_names
from bot.planning import plan_some
from bot.verdicts import tally_as_json
from bot.words import Words
from referral import campaigns, codes, drafts, orders
from referral.campaigns import Campaign, CampaignState
from referral.errors import BadInput, NotFound, RuleViolation
from referral.facts import Facts
from referral.ids import Bits
from referral.offers import BadTerms, Pack, Terms, override
from referral.people import Person, find_or_create
from referral.times import SHANGHAI, Clock
from storage.store import Store
from storage.transaction import Transaction

Args = Mapping[str, Any]

ADDRESS = "address"
PLAN = "plan"
FROM_FILES = "import."
MOST_FEN = 10**12
_LONGEST_NAME = 40  # characters
_MOVES = {
    "campaign.pause": CampaignState.PAUSED,
    "campaign.resume": CampaignState.RUNNING,
    "campaign.end": CampaignState.ENDED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Writing commands by name; each returns what `--json` prints."""

    store: Store
    facts: Facts
    words: Words
    naming: Naming
    clock: Clock
    rng: Bits
    industry: str

    async def run(self, command: str, args: Args) -> Any:
        """Do one command. Raises a `ReferralError` that says what is wrong."""
        if command == ADDRESS:
            return self.facts.public_url
        if command == "campaign.start":
            return await self._start(args)
        if command in _MOVES:
            return await self._move(str(args["id"]), _MOVES[command])
        if command == "code":
            return await self._code(str(args["person"]), str(args["campaign"]))
        if command == PLAN:
            return await self._plan()
        if command.startswith(FROM_FILES):
            return await self.intake.run(command.removeprefix(FROM_FILES), args)
        raise BadInput("command", f"没有这个命令：{command}")

    @property
    def intake(self) -> Intake:
        """What takes in files."""
        return Intake(store=self.store, facts=self.facts, clock=self.clock, rng=self.rng)

    async def _start(self, args: Args) -> dict[str, Any]:
        pack = self._pack(str(args["pack"]))
        terms = _terms(pack, args.get("set") or {})
        if unlawful := self.words.unlawful(pack.name, terms, self.industry):
            raise RuleViolation("offer.unlawful", f"这个礼包在本行业不能用：{'；'.join(unlawful)}")
        name = _title(args.get("name")) or pack.title
        budget = _budget(args.get("budget_fen"), terms)
        starts, ends = _day("--from", args.get("from"), last=False), _day("--to", args.get("to"), last=True)
        now = self.clock()

        def unit(tx: Transaction) -> dict[str, Any]:
            started = campaigns.start(
                tx,
                pack=pack.name,
                name=name,
                terms=terms,
                starts_at=starts,
                ends_at=ends,
                budget_fen=budget,
                now=now,
                rng=self.rng,
            )
            tx.audit.note("cli", "campaign.start", started.id, terms.to_json(), now)
            return as_json(started, now)

        return await self.store.write(unit)

    def _pack(self, name: str) -> Pack:
        if name not in pack_names():
            raise BadInput("PACK", f"没有这个礼包：{name}；现有 {'、'.join(pack_names())}")
        return self.words.pack(name)

    async def _move(self, campaign: str, state: CampaignState) -> dict[str, Any]:
        now = self.clock()

        def unit(tx: Transaction) -> dict[str, Any]:
            campaigns.turn_calendar(tx, now=now)
            moved = drafts.turn(tx, self.facts, campaign, state, now=now, rng=self.rng)
            tx.audit.note("cli", f"campaign.{state.value}", moved.id, "", now)
            return as_json(moved, now)

        return await self.store.write(unit)

    async def _plan(self) -> dict[str, Any]:
        """One step of the day's plan; `more` says whether another is wanted."""
        now = self.clock()
        tally, more = await plan_some(self.store, self.facts, clock=lambda: now, rng=self.rng)
        if not more:
            day = now.astimezone(SHANGHAI).date().isoformat()
            await self.store.write(lambda tx: tx.audit.note("cli", PLAN, day, "", now))
        return tally_as_json(tally) | {"more": more}

    async def _code(self, name: str, campaign_id: str) -> dict[str, Any]:
        now = self.clock()

        def unit(tx: Transaction) -> dict[str, Any]:
            campaign = tx.campaigns.get(campaign_id)
            if campaign is None:
                raise NotFound(f"没有这个活动：{campaign_id}")
            if campaign.is_over(now):
                raise RuleViolation("campaign.ended", "这个活动已经结束。")
            if campaign.state is CampaignState.DRAFT:
                raise RuleViolation("campaign.draft", "这个活动还没有批准。")
            person = self._person(tx, name, now)
            orders.reexamine(tx, self.facts, person.id, now=now, rng=self.rng)
            code = codes.issue(tx, self.facts, person, campaign, evidence="cli", now=now)
            tx.audit.note("cli", "code", person.id, code.code, now)
            return {
                "code": code.code,
                "url": self.facts.link(code.code),
                "poster_url": f"{self.facts.public_url}/p/{code.code}.jpg",
                "campaign": campaign.id,
            }

        return await self.store.write(unit)

    def _person(self, tx: Transaction, name: str, now: datetime) -> Person:
        """Whom `name` names; one not yet known becomes known by that identity alone."""
        identity = identity_of(name, self.naming)
        if identity is not None:
            return find_or_create(tx, identity, now=now, rng=self.rng, holdout=self.facts.holdout)[0]
        person = tx.people.get(name)
        if person is None:
            raise NotFound(f"没有找到这个人：{name}")
        return person


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
    }


def _state(campaign: Campaign, now: datetime) -> CampaignState:
    """As `campaigns.turn_calendar` will make it; without a running bot nobody has done so yet."""
    if campaign.is_over(now):
        return CampaignState.ENDED
    waits = campaign.state is CampaignState.WAITING and campaign.starts_at <= now
    return CampaignState.RUNNING if waits else campaign.state


def _terms(pack: Pack, changes: Mapping[str, str]) -> Terms:
    try:
        terms = override(pack.terms, changes)
    except BadTerms as error:
        raise BadInput("--set", "；".join(error.problems)) from error
    return terms if "cost_fen" in changes else replace(terms, cost_fen=_cost(pack.terms, terms))


def _cost(shipped: Terms, asked: Terms) -> int:
    """What one side's thanks costs when its amount is not the pack's: in proportion, by the larger side, rounded up."""
    unit = max(shipped.amount_advocate, shipped.amount_friend)
    return -(-shipped.cost_fen * max(asked.amount_advocate, asked.amount_friend) // unit)


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
