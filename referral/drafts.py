"""Drafts: campaigns that reps ask for, until a manager answers or a week has gone by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from referral import campaigns
from referral.campaigns import Campaign, CampaignState
from referral.ids import Bits, new_id
from referral.jobs import Job
from referral.messages import RepText
from referral.outbox import Purpose, post
from referral.terms import Terms
from referral.times import chinese_date

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

LAPSE = "campaigns.lapse"
"""The job that gives up a draft that nobody answered; its key is the campaign."""

ANSWERED_WITHIN = timedelta(days=7)
HANDLE = 4  # symbols: enough for the few that wait at a time
HOUSE = "cli"
"""Who answered, where it was done from the command line."""

_CLOCK = "clock"


class Answer(StrEnum):
    """What became of a draft."""

    APPROVED = "approved"
    REFUSED = "refused"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A campaign that `rep` wants. `handle` names it in chat; what became of it is None until then."""

    campaign: str
    rep: str
    handle: str
    asked_at: datetime
    answer: Answer | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None


class Drafts(Protocol):
    """Where drafts are kept. `answer` returns False, and changes nothing, where there was an answer before."""

    def add(self, draft: Draft) -> None: ...
    def of(self, campaign: str) -> Draft | None: ...
    def by_handle(self, handle: str) -> Draft | None: ...
    def waiting(self) -> list[Draft]: ...
    def last_answered(self, since: datetime) -> Draft | None: ...
    def answer(self, campaign: str, answer: Answer, by: str, at: datetime) -> bool: ...


def ask(tx: Tx, facts: Facts, campaign: Campaign, terms: Terms, rep: str, *, now: datetime, rng: Bits) -> Draft:
    """Keep a draft of a rep's, and put it before the managers; it lapses after a week."""
    draft = Draft(campaign=campaign.id, rep=rep, handle=_new_handle(tx, rng), asked_at=now)
    tx.drafts.add(draft)
    tx.audit.note(f"rep:{rep}", "campaign.draft", campaign.id, terms.to_json(), now)
    tx.jobs.put(Job(kind=LAPSE, key=campaign.id, due_at=now + ANSWERED_WITHIN))
    offer = facts.words.offer(campaign.pack, terms)
    text = facts.words.say("rep.draft_asks", offer, rep=name_of(tx, rep), handle=draft.handle)
    for manager in approvers(facts, rep):
        _write(tx, manager, text, f"draft:{campaign.id}:{manager}", now=now, rng=rng)
    return draft


def approvers(facts: Facts, rep: str) -> list[str]:
    """Who may approve what this rep asks for: any manager but the rep; the rep where there is no other."""
    return [each for each in facts.managers if not is_same(each, rep)] or list(facts.managers)


def is_manager(facts: Facts, rep: str) -> bool:
    """Whether this member of staff may approve at all."""
    return any(is_same(each, rep) for each in facts.managers)


def may_approve(facts: Facts, draft: Draft, rep: str) -> bool:
    """Whether this member of staff may approve this draft; to turn it down every manager may, its own rep too."""
    return any(is_same(each, rep) for each in approvers(facts, draft.rep))


def decide(tx: Tx, facts: Facts, draft: Draft, *, yes: bool, by: str, now: datetime, rng: Bits) -> Campaign | None:
    """Let a draft run, or end it, and tell its rep; None, and nothing done, where it was answered before."""
    return _settle(tx, facts, draft, Answer.APPROVED if yes else Answer.REFUSED, by, now=now, rng=rng)


def lapse(tx: Tx, facts: Facts, campaign: str, *, now: datetime, rng: Bits) -> None:
    """Give up a draft that nobody answered."""
    if draft := tx.drafts.of(campaign):
        _settle(tx, facts, draft, Answer.LAPSED, _CLOCK, now=now, rng=rng)


def turn(tx: Tx, facts: Facts, campaign: str, state: CampaignState, *, now: datetime, rng: Bits) -> Campaign:
    """Pause, resume or end any campaign from the house; of a draft that waits this is the answer."""
    draft = tx.drafts.of(campaign)
    if draft and draft.answer is None and state in (CampaignState.RUNNING, CampaignState.ENDED):
        yes = state is CampaignState.RUNNING
        if moved := decide(tx, facts, draft, yes=yes, by=HOUSE, now=now, rng=rng):
            return moved
    return campaigns.move(tx, campaign, state, now=now)


def name_of(tx: Tx, staff: str) -> str:
    """A member of staff as colleagues call them."""
    if staff == HOUSE:
        return "管理员"
    known = tx.reps.get(staff)
    return known.name if known and known.name else staff


def _settle(
    tx: Tx, facts: Facts, draft: Draft, answer: Answer, by: str, *, now: datetime, rng: Bits
) -> Campaign | None:
    campaign = tx.campaigns.get(draft.campaign)
    if campaign is None or campaign.state is not CampaignState.DRAFT:
        return None
    if not tx.drafts.answer(draft.campaign, answer, by, now):
        return None
    state = CampaignState.RUNNING if answer is Answer.APPROVED else CampaignState.ENDED
    campaign = campaigns.move(tx, draft.campaign, state, now=now)
    tx.jobs.cancel(LAPSE, draft.campaign)
    who = by if by in (HOUSE, _CLOCK) else f"rep:{by}"
    tx.audit.note(who, f"campaign.{answer.value}", draft.campaign, _detail(draft, by), now)
    if not is_same(by, draft.rep):
        text = _told(tx, facts, campaign, answer, by)
        _write(tx, draft.rep, text, f"draft:{draft.campaign}:{answer.value}", now=now, rng=rng)
    return campaign


def _detail(draft: Draft, by: str) -> str:
    """Whose draft it was; and, where its own rep answered, that it was so."""
    detail: dict[str, object] = {"draft_of": draft.rep}
    if is_same(by, draft.rep):
        detail["own_draft"] = True
    return json.dumps(detail, ensure_ascii=False)


def _told(tx: Tx, facts: Facts, campaign: Campaign, answer: Answer, by: str) -> str:
    say, title = facts.words.say, campaign.name
    if answer is Answer.LAPSED:
        return say("rep.draft_lapsed", title=title)
    if answer is Answer.REFUSED:
        return say("rep.draft_refused", title=title, rep=name_of(tx, by))
    if campaign.state is CampaignState.WAITING:
        return say("rep.draft_later", title=title, rep=name_of(tx, by), when=chinese_date(campaign.starts_at))
    return say("rep.draft_runs", title=title, rep=name_of(tx, by))


def _write(tx: Tx, to: str, text: str, dedupe: str, *, now: datetime, rng: Bits) -> None:
    message = RepText(rep=to, text=text)
    post(tx, message, lane=f"rep:{to}", purpose=Purpose.SYSTEM, now=now, rng=rng, dedupe=dedupe)


def _new_handle(tx: Tx, rng: Bits) -> str:
    """One that none of those has that wait."""
    taken = {draft.handle for draft in tx.drafts.waiting()}
    while (handle := new_id(rng, "")[:HANDLE].upper()) in taken:
        continue
    return handle


def is_same(one: str, other: str) -> bool:
    """Ids of staff are the same in capitals."""
    return one.casefold() == other.casefold()
