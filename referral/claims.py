"""Claims: a friend says who introduced them, and a person who knows both decides which advocate is meant.

A bare name proves nothing, so a claim is no touch until a member of staff confirms it, or the friend types the code
(design §2, 5.9). The friend is never shown who might be meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from referral import codes, drafts, managers, notices, orders
from referral.attribution import DEFAULT_LATE_DAYS
from referral.claim_names import likeness, names_somebody, surname
from referral.codes import Code
from referral.conversations.names import Named, fold
from referral.errors import NotFound, RuleViolation
from referral.ids import Bits, new_id
from referral.jobs import Job
from referral.messages import RepText
from referral.outbox import Purpose, post
from referral.people import UNNAMED, Person
from referral.times import days
from referral.touches import TouchKind, touch_by_code

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

EXPIRE = "claims.expire"
"""The job that gives up a claim that nobody decided; its key is the claim."""

MOST_OPEN = 5
CONFIRMED, REFUSED, EXPIRED = "claim.confirmed", "claim.refused", "claim.expired"
"""What a friend is told of a claim, as kinds of notices."""

_LONGEST_WORDS = 200  # characters kept of what was said
_SHOWN = 8
_LOOKED_AT = 50


class ClaimState(StrEnum):
    """Open until somebody decides; settled where the friend typed a code after all."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    SETTLED = "settled"
    EXPIRED = "expired"


class Taken(StrEnum):
    """What became of something said in a chat."""

    KEPT = "kept"
    KNOWN = "known"
    MANY = "many"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """That `person` named somebody: the `name`, and all of the `words` as evidence.

    `handle` names it in chat; `source` is where it was said: `desk`, or the member of staff who was told in the shop.
    `rep` is whose customer they are, None where nobody's. `decided_by` is `rep:ID`, `cli`, `code` or `clock`.
    """

    id: str
    handle: str
    person: str
    name: str
    words: str
    source: str
    said_at: datetime
    expires_at: datetime
    rep: str | None = None
    state: ClaimState = ClaimState.OPEN
    advocate: str | None = None
    code: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advocate:
    """Somebody with a code in a campaign that runs; `own` where they are a customer of the rep who asks."""

    named: Named
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An advocate who may be meant, by the names that staff know, with the code that would count."""

    person: str
    nickname: str
    name: str
    code: str
    own: bool


class Claims(Protocol):
    """Where claims are kept, and advocates looked up by name: the rep's own customers first."""

    def add(self, claim: Claim) -> None: ...
    def get(self, claim: str) -> Claim | None: ...
    def save(self, claim: Claim) -> None: ...
    def open_of(self, person: str) -> list[Claim]: ...
    def waiting(self) -> list[Claim]: ...
    def advocates(self, name: str, surname: str, campaigns: Sequence[str], rep: str, limit: int) -> list[Advocate]: ...


def hear(
    tx: Tx, facts: Facts, person: Person, name: str, words: str, *, at: datetime, now: datetime, rng: Bits
) -> Taken:
    """Keep that a friend named who introduced them, and let staff know. The same name again is the same claim."""
    if not names_somebody(name):
        return Taken.NOBODY
    standing = tx.claims.open_of(person.id)
    if any(fold(each.name) == fold(name) for each in standing):
        return Taken.KNOWN
    if len(standing) >= MOST_OPEN:
        return Taken.MANY
    claim = Claim(
        id=new_id(rng, "k"),
        handle=_new_handle(tx, rng),
        person=person.id,
        name=name,
        words=words[:_LONGEST_WORDS],
        source="desk",
        said_at=at,
        expires_at=at + days(_late_days(tx, at)),
        rep=rep_of(tx, person.id, now),
    )
    tx.claims.add(claim)
    tx.jobs.put(Job(kind=EXPIRE, key=claim.id, due_at=max(now, claim.expires_at)))
    _tell_staff(tx, facts, claim, person, now=now, rng=rng)
    return Taken.KEPT


def register(tx: Tx, facts: Facts, friend: str, advocate: str, *, by: str, now: datetime, rng: Bits) -> Claim:
    """登记推荐人: a rep was told in the shop. Raises `RuleViolation` where that advocate cannot be named.

    What the friend said of the same advocate before is confirmed by it; else it is a claim of its own.
    """
    known = tx.people.get(advocate)
    for standing in tx.claims.open_of(friend):
        if known and likeness(standing.name, _named(known)):
            return confirm(tx, facts, standing, advocate, by=f"rep:{by}", now=now, rng=rng)
    claim = Claim(
        id=new_id(rng, "k"),
        handle=_new_handle(tx, rng),
        person=friend,
        name=(known.called or known.name) if known else "",
        words="",
        source=f"rep:{by}",
        said_at=now,
        expires_at=now + days(_late_days(tx, now)),
        rep=rep_of(tx, friend, now),
    )
    return confirm(tx, facts, claim, advocate, by=f"rep:{by}", now=now, rng=rng)


def confirm(tx: Tx, facts: Facts, claim: Claim, advocate: str, *, by: str, now: datetime, rng: Bits) -> Claim:
    """The advocate is known: a touch of when it was said, and another look at the friend's orders.

    `by` is `rep:ID` or `cli`. Raises `NotFound` for nobody, `RuleViolation` where a rule stands against it.
    """
    _still_open(claim)
    meant, friend = tx.people.get(advocate), tx.people.get(claim.person)
    if meant is None or friend is None:
        raise NotFound(f"没有找到这个人：{advocate}")
    _stand_against(tx, friend, meant, by)
    code = code_for(tx, meant.id, claim.said_at)
    if code is None:
        raise RuleViolation("claim.no_code", "这位推荐人在进行中的活动里还没有邀请码。")
    touch = touch_by_code(tx, friend.id, code.code, kind=TouchKind.CLAIM, at=claim.said_at, now=now, rng=rng)
    if touch is None:
        raise RuleViolation("campaign.closed", "说这话的时候，活动没有在进行。")
    decided = _decide(tx, claim, ClaimState.CONFIRMED, by, now, advocate=meant.id, code=code.code)
    orders.reexamine(tx, facts, friend.id, now=now, rng=rng)
    notices.tell(tx, facts, friend.id, CONFIRMED, claim.id, now=now, rng=rng)
    return decided


def refuse(tx: Tx, facts: Facts, claim: Claim, reason: str, *, by: str, now: datetime, rng: Bits) -> Claim:
    """Nobody whom we know is meant, for a reason that is kept; the friend is told how the code would help."""
    _still_open(claim)
    decided = _decide(tx, claim, ClaimState.REFUSED, by, now, reason=reason)
    notices.tell(tx, facts, claim.person, REFUSED, claim.id, now=now, rng=rng)
    return decided


def settle(tx: Tx, person: str, code_text: str, *, now: datetime) -> None:
    """The friend has typed a code: that answers what was asked of them."""
    code = tx.codes.find(code_text)
    for claim in tx.claims.open_of(person) if code else ():
        assert code
        _decide(tx, claim, ClaimState.SETTLED, "code", now, advocate=code.advocate, code=code.code)


def expire(tx: Tx, facts: Facts, claim_id: str, *, now: datetime, rng: Bits) -> None:
    """Nobody decided within the late-claim days; the friend is told kindly."""
    claim = tx.claims.get(claim_id)
    if claim and claim.state is ClaimState.OPEN:
        _decide(tx, claim, ClaimState.EXPIRED, "clock", now)
        notices.tell(tx, facts, claim.person, EXPIRED, claim.id, now=now, rng=rng)


def candidates(tx: Tx, asked: str, rep: str, *, at: datetime, without: str = "") -> list[Candidate]:
    """Advocates with a code that counted at that time: by a code, a customer number, or the likeness of a name.

    The rep's own customers come first, then the nearest names; the friend (`without`) and colleagues are left out.
    """
    running = [campaign.id for campaign in tx.campaigns.all() if campaign.is_open(at)]
    wanted = asked.strip()
    by_code = tx.codes.find(codes.find_in(wanted) or "")
    if by_code:
        found = _of_code(tx, by_code, rep, at)
    else:
        alike = tx.claims.advocates(wanted, surname(wanted), running, rep, _LOOKED_AT) if wanted and running else []
        found = sorted(alike, key=lambda each: (not each.own, -likeness(wanted, each.named)))
    shown = (_candidate(tx, each, at) for each in found if each.named.person != without)
    return [each for each in shown if each][:_SHOWN]


def waiting_for(tx: Tx, facts: Facts, staff: str, *, now: datetime) -> list[Claim]:
    """The open claims that this member of staff may decide, the oldest first."""
    return [claim for claim in tx.claims.waiting() if may_decide(tx, facts, claim, staff, now=now)]


def may_decide(tx: Tx, facts: Facts, claim: Claim, staff: str, *, now: datetime) -> bool:
    """Whether a claim is for this member of staff: a manager, or the rep whose customer the friend is."""
    if drafts.is_manager(facts, staff):
        return True
    theirs = rep_of(tx, claim.person, now) or claim.rep
    return theirs is not None and drafts.is_same(theirs, staff)


def rep_of(tx: Tx, person: str, now: datetime) -> str | None:
    """The rep whose customer somebody is now, if any."""
    return next((customer.rep for customer in tx.customers.load([person], now)), None)


def code_for(tx: Tx, advocate: str, at: datetime) -> Code | None:
    """The advocate's code in the newest campaign that took friends at that time; rather one without a label."""
    running = {campaign.id: campaign for campaign in tx.campaigns.all() if campaign.is_open(at)}
    mine = [code for code in tx.codes.of_advocate(advocate) if code.campaign in running]
    return max(mine, key=lambda code: (running[code.campaign].starts_at, not code.channel, -code.row), default=None)


def _of_code(tx: Tx, code: Code, rep: str, at: datetime) -> list[Advocate]:
    person = tx.people.get(code.advocate)
    if person is None or person.staff:
        return []
    own = rep_of(tx, person.id, at)
    return [Advocate(named=_named(person), own=own is not None and drafts.is_same(own, rep))]


def _candidate(tx: Tx, advocate: Advocate, at: datetime) -> Candidate | None:
    code = code_for(tx, advocate.named.person, at)
    if code is None:
        return None
    person, nickname, name = advocate.named.person, advocate.named.nickname, advocate.named.name
    return Candidate(person=person, nickname=nickname, name=name, code=code.code, own=advocate.own)


def _named(person: Person) -> Named:
    return Named(person=person.id, nickname=person.nickname, name=person.name)


def _stand_against(tx: Tx, friend: Person, advocate: Person, by: str) -> None:
    if friend.id == advocate.id:
        raise RuleViolation("self.referral", "自己不能做自己的推荐人。")
    if friend.staff or advocate.staff:
        raise RuleViolation("staff", "同事不参加活动，推荐人和朋友都要是客户。")
    rep = tx.reps.get(by.removeprefix("rep:")) if by.startswith("rep:") else None
    if rep and rep.name and fold(rep.name) in (fold(advocate.nickname), fold(advocate.name)):
        raise RuleViolation("claim.own", "不能登记自己。如果只是同名，请另一位同事来确认。")


def _still_open(claim: Claim) -> None:
    if claim.state is not ClaimState.OPEN:
        raise RuleViolation("claim.decided", "这一条已经有结果了。")


def _decide(
    tx: Tx,
    claim: Claim,
    state: ClaimState,
    by: str,
    now: datetime,
    *,
    advocate: str | None = None,
    code: str | None = None,
    reason: str = "",
) -> Claim:
    decided = replace(claim, state=state, advocate=advocate, code=code, decided_by=by, decided_at=now, reason=reason)
    tx.claims.save(decided)
    tx.jobs.cancel(EXPIRE, claim.id)
    if state in (ClaimState.CONFIRMED, ClaimState.REFUSED):
        tx.audit.note(by, f"claim.{state.value}", claim.id, reason or f"{claim.person} {advocate} {code}", now)
    return decided


def _late_days(tx: Tx, at: datetime) -> int:
    """How long it may still count: the longest late-claim days of any campaign that goes on."""
    found = [tx.campaigns.terms(c.id, c.version).late_days for c in tx.campaigns.all() if not c.is_over(at)]
    return max(found, default=DEFAULT_LATE_DAYS)


def _tell_staff(tx: Tx, facts: Facts, claim: Claim, person: Person, *, now: datetime, rng: Bits) -> None:
    """To the friend's own rep; where they have none, to who answers for the house."""
    told = [claim.rep] if claim.rep else managers.told(tx, facts)
    friend = person.called or UNNAMED
    text = facts.words.say("rep.claim_made", friend=friend, advocate=claim.name)
    for staff in told:
        dedupe = f"claim:{claim.id}:{staff}"
        message = RepText(rep=staff, text=text)
        post(tx, message, lane=f"rep:{staff}", purpose=Purpose.SYSTEM, now=now, rng=rng, dedupe=dedupe)


def _new_handle(tx: Tx, rng: Bits) -> str:
    """One that no other open claim has."""
    taken = {claim.handle for claim in tx.claims.waiting()}
    while (handle := new_id(rng, "")[: drafts.HANDLE].upper()) in taken:
        continue
    return handle
