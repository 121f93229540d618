"""What an operator may do from the command line, the same in a running bot and beside none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from bot.copy import CopyError
from bot.hooks.reading import Naming
from bot.naming import identity_of
from bot.words import Words
from referral import campaigns, codes
from referral.campaigns import Campaign, CampaignState
from referral.errors import BadInput, NotFound, RuleViolation
from referral.facts import Facts
from referral.ids import Bits
from referral.offers import BadTerms, override
from referral.people import find_or_create
from referral.times import SHANGHAI, Clock
from storage.store import Store
from storage.transaction import Transaction

Args = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """Writing commands by name; each returns what `--json` prints."""

    store: Store
    facts: Facts
    words: Words
    naming: Naming
    clock: Clock
    rng: Bits

    async def run(self, command: str, args: Args) -> Any:
        """Do one command. Raises a `ReferralError` that says what is wrong."""
        match command:
            case "campaign.start":
                return await self._start(args)
            case "campaign.pause":
                return await self._move(args, CampaignState.PAUSED)
            case "campaign.resume":
                return await self._move(args, CampaignState.RUNNING)
            case "campaign.end":
                return await self._move(args, CampaignState.ENDED)
            case "code":
                return await self._code(args)
        raise BadInput("command", f"没有这个命令：{command}")

    async def _start(self, args: Args) -> dict[str, Any]:
        pack_name = str(args["pack"])
        try:
            pack = self.words.pack(pack_name)
            changes = dict(args.get("set") or {})
            terms = override(pack.terms, changes)
        except CopyError as error:
            raise BadInput("PACK", "；".join(error.problems)) from error
        except BadTerms as error:
            raise BadInput("--set", "；".join(error.problems)) from error
        budget = args.get("budget_fen")
        if budget is not None and budget < 0:
            raise BadInput("--budget-fen", "预算不能是负数")
        now = self.clock()

        def unit(tx: Transaction) -> dict[str, Any]:
            started = campaigns.start(
                tx,
                pack=pack.name,
                name=args.get("name") or pack.title,
                terms=terms,
                starts_at=_day("--from", args.get("from"), last=False),
                ends_at=_day("--to", args.get("to"), last=True),
                budget_fen=terms.budget_fen if budget is None else budget,
                now=now,
                rng=self.rng,
            )
            tx.audit.note("cli", "campaign.start", started.id, terms.to_json(), now)
            return as_json(started)

        return await self.store.write(unit)

    async def _move(self, args: Args, state: CampaignState) -> dict[str, Any]:
        now = self.clock()

        def unit(tx: Transaction) -> dict[str, Any]:
            moved = campaigns.move(tx, str(args["id"]), state, now=now)
            tx.audit.note("cli", f"campaign.{state.value}", moved.id, "", now)
            return as_json(moved)

        return await self.store.write(unit)

    async def _code(self, args: Args) -> dict[str, Any]:
        name, campaign_id = str(args["person"]), str(args["campaign"])
        now = self.clock()

        def unit(tx: Transaction) -> dict[str, Any]:
            campaign = tx.campaigns.get(campaign_id)
            if campaign is None:
                raise NotFound(f"没有这个活动：{campaign_id}")
            if campaign.is_over(now):
                raise RuleViolation("campaign.ended", "这个活动已经结束。")
            identity = identity_of(name, self.naming)
            person = tx.people.get(name) if identity is None else None
            if identity is not None:
                person, _ = find_or_create(tx, identity, now=now, rng=self.rng, holdout=self.facts.holdout)
            if person is None:
                raise NotFound(f"没有找到这个人：{name}")
            code = codes.issue(tx, self.facts, person, campaign, evidence="cli", now=now)
            tx.audit.note("cli", "code", person.id, code.code, now)
            return {
                "code": code.code,
                "url": self.facts.link(code.code),
                "poster_url": f"{self.facts.public_url}/p/{code.code}.jpg",
                "campaign": campaign.id,
            }

        return await self.store.write(unit)


def as_json(campaign: Campaign) -> dict[str, Any]:
    """A campaign as the command line shows it (design 5.1)."""
    return {
        "id": campaign.id,
        "pack": campaign.pack,
        "name": campaign.name,
        "state": campaign.state.value,
        "from": _iso_day(campaign.starts_at),
        "to": _iso_day(campaign.ends_at - timedelta(seconds=1)) if campaign.ends_at else None,
        "budget_fen": campaign.budget_fen,
        "used_fen": campaign.used_fen,
    }


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
    return datetime.combine(day, time(0), tzinfo=SHANGHAI) + timedelta(days=1 if last else 0)
