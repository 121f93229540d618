"""The decision about one customer: ask now, later or not, with reasons that a person can read (design §2 "Ask", §3.6).

Pure: whoever calls it has looked up the customer and the day. The same rule stands behind the plan, the short list, the
rep's list, `why`, and the last look before anything is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from referral import hours, moments
from referral.audiences import is_in
from referral.floor import Barrier, Policy, barriers
from referral.hours import Hours
from referral.moments import DAY, PRIOR, Due, Moment, Reason, State, Weights
from referral.notices import OPEN_FOR, Window
from referral.offers import Audience
from referral.times import days, midnight
from referral.workdays import WEEKDAYS, Workdays

YEAR, MONTH = timedelta(days=365), timedelta(days=31)
UNSEEN_FOR = timedelta(days=14)
QUIET_FOR = timedelta(days=180)
_TELLS = 3  # reasons for, at most
_UNANSWERED = 2  # asks in a row without an answer: recognition is due before another
_RECOGNITION_REST = timedelta(days=90)

NEWS_ONLY = frozenset({"consent.refused", "cap.none", "audience", "campaign.none", "channel.none"})
"""Why a customer is dropped although there is a time to look at them again: nothing but news can change it."""


class Route(StrEnum):
    """How an ask travels."""

    KF = "kf"
    OFFICIAL = "official"
    REP = "rep"
    NONE = "none"


class Gate(StrEnum):
    """The four gates before a referral, in their order: 产品体验满意 → 社交认同 → 工具易用 → 持续互动."""

    EXPERIENCE = "experience"
    RECOGNITION = "recognition"
    TOOL = "tool"
    INTERACTION = "interaction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One customer as far as a decision goes.

    `asked` are the times of their asks in the last 366 days, oldest first; `unanswered` counts the latest ones that led
    to nothing; `open_until` is when an ask that is planned or under way runs out; `took_at` and `seen` are about the
    latest poster; `rep` is an active one who may speak with them.
    """

    moment: Moment
    crm_id: str | None = None
    handle: str | None = None
    name: str = ""
    rep: str | None = None
    window: Window | None = None
    asked: tuple[datetime, ...] = ()
    unanswered: int = 0
    open_until: datetime | None = None
    took_at: datetime | None = None
    seen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a decision must know besides the customer.

    `campaigns` are the open ones, newest first, with their audiences; None leaves the question out. `rep_left` says how
    many more asks each rep can take, `budget_left` how many the company can; None leaves the question out too.
    """

    policy: Policy = field(default_factory=Policy)
    hours: Hours = hours.DEFAULT
    workdays: Workdays = WEEKDAYS
    weights: Weights = PRIOR
    campaigns: Sequence[tuple[str, Audience]] | None = None
    rep_left: Mapping[str, int] | None = None
    budget_left: int | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """Ask, by this route, not before `at`."""

    route: Route
    at: datetime
    campaign: str | None


@dataclass(frozen=True, slots=True)
class Defer:
    """Not now: look again then."""

    until: datetime
    why: Reason


@dataclass(frozen=True, slots=True)
class Drop:
    """Not until there is news."""

    why: Reason


Decision = Send | Defer | Drop


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A decision with its reasons: `why` is what made it, `against` all that speaks against asking now."""

    customer: Customer
    decision: Decision
    score: float
    why: tuple[Reason, ...]
    against: tuple[Reason, ...]
    gate: Gate | None
    not_before: datetime | None

    @property
    def kind(self) -> str:
        """`send`, `defer` or `drop`."""
        return type(self.decision).__name__.lower()

    @property
    def route(self) -> Route:
        """The route of an ask; none for other decisions."""
        return self.decision.route if isinstance(self.decision, Send) else Route.NONE


def judge(customer: Customer, day: Day, now: datetime) -> Verdict:
    """Decide about one customer and say why."""
    moment = customer.moment
    held = barriers(moment, day.policy, now)
    decision = _held(held[0], now) if held else decide(customer, day, now)
    for_, against = moments.reasons(moment, now, day.weights)
    stands = [Reason(each.code) for each in held]
    if isinstance(decision, Send):
        why = for_[:_TELLS] or [Reason("eligible")]
    else:
        why = [decision.why, *(each for each in stands if each != decision.why)]
        stands = why
    return Verdict(
        customer=customer,
        decision=decision,
        score=moments.probability(moments.score(moment, now, day.weights)),
        why=tuple(why),
        against=tuple(dict.fromkeys([*stands, *against])),
        gate=gate_of(customer, now),
        not_before=_not_before(decision, held, now),
    )


def judge_in_turn(customers: Iterable[Customer], day: Day, now: datetime) -> tuple[list[Verdict], Day]:
    """Decide about several, the best first: each ask takes of the budget and of its rep's load; and what is left."""
    verdicts = []
    for customer in sorted(customers, key=lambda c: moments.score(c.moment, now, day.weights), reverse=True):
        verdict = judge(customer, day, now)
        verdicts.append(verdict)
        if isinstance(verdict.decision, Send):
            day = _spent(day, customer, verdict.decision)
    return verdicts, day


def standing(verdict: Verdict, due: Due | None, now: datetime) -> Verdict:
    """The verdict as a plan would come to it: whom it put off it does not look at before the time of their due row."""
    if due is None or not isinstance(verdict.decision, Send):
        return verdict
    if due.state is State.READY or (due.due_at is not None and due.due_at <= now):
        return verdict
    why = Reason(due.reason)
    decision = Defer(due.due_at, why) if due.due_at and due.reason not in NEWS_ONLY else Drop(why)
    against = tuple(dict.fromkeys([why, *verdict.against]))
    return replace(verdict, decision=decision, why=(why,), against=against, not_before=due.due_at)


def decide(customer: Customer, day: Day, now: datetime) -> Decision:
    """The decision about a customer against whom nothing stands in their own row."""
    capped = _capped(customer, day.policy, now) or _pending(customer, day.policy, now)
    if capped:
        return capped
    campaign = _campaign(customer.moment, day.campaigns, now)
    if isinstance(campaign, Drop):
        return campaign
    send = _routed(customer, day, campaign, now)
    if isinstance(send, Send):
        return _within_load(send, customer, day, now)
    return send


def gate_of(customer: Customer, now: datetime) -> Gate | None:
    """The first of the four gates that is weak, None where all are open."""
    return next((gate for gate in Gate if is_weak(gate, customer, now)), None)


def is_weak(gate: Gate, customer: Customer, now: datetime) -> bool:
    """Whether a customer is held at one gate; what is unknown holds nobody."""
    moment = customer.moment
    match gate:
        case Gate.EXPERIENCE:
            return moment.complaints > 0 or (moment.satisfaction is not None and moment.satisfaction < 7)
        case Gate.RECOGNITION:
            return customer.unanswered >= _UNANSWERED
        case Gate.TOOL:
            return bool(customer.took_at and not customer.seen and now - customer.took_at >= UNSEEN_FOR)
        case Gate.INTERACTION:
            met = met_at(customer)
            return met is not None and now - met >= QUIET_FOR


def met_at(customer: Customer) -> datetime | None:
    """When a customer was last heard of: seen, buying, or in a good moment."""
    moment = customer.moment
    return max((at for at in (moment.seen_at, moment.last_order_at, moment.good_at) if at), default=None)


def _held(barrier: Barrier, now: datetime) -> Decision:
    """A no of the customer's own is not a matter of time; neither is what has no end of its own."""
    if barrier.until is None or barrier.code == "consent.refused" or barrier.until <= now:
        return Drop(Reason(barrier.code))
    return Defer(barrier.until, Reason(barrier.code))


def _capped(customer: Customer, policy: Policy, now: datetime) -> Defer | Drop | None:
    """The caps over all campaigns and routes together (reliability C 38)."""
    if not policy.per_year or not policy.monthly_cap:
        return Drop(Reason("cap.none"))
    for span, most, code in ((YEAR, policy.per_year, "cap.year"), (MONTH, policy.monthly_cap, "cap.month")):
        within = [at for at in customer.asked if now - at < span]
        if len(within) >= most:
            return Defer(within[-most] + span, Reason(code, str(most)))
    latest = customer.asked[-1] + days(policy.gap_days) if customer.asked else now
    return Defer(latest, Reason("gap")) if latest > now else None


def _pending(customer: Customer, policy: Policy, now: datetime) -> Defer | None:
    """What is under way already, or was taken without asking, is given its time."""
    if customer.open_until and customer.open_until > now:
        return Defer(customer.open_until, Reason("asked.open"))
    if customer.took_at and (until := customer.took_at + days(policy.gap_days)) > now:
        return Defer(until, Reason("took.recently"))
    if customer.unanswered >= _UNANSWERED and customer.asked:
        until = customer.asked[-1] + _RECOGNITION_REST
        return Defer(until, Reason("gate.recognition")) if until > now else None
    return None


def _campaign(moment: Moment, campaigns: Sequence[tuple[str, Audience]] | None, now: datetime) -> str | Drop | None:
    """The newest open campaign whose audience the customer is in."""
    if campaigns is None:
        return None
    fitting = [campaign for campaign, audience in campaigns if is_in(audience, moment, now)]
    if fitting:
        return fitting[0]
    return Drop(Reason("audience" if campaigns else "campaign.none"))


def _routed(customer: Customer, day: Day, campaign: str | None, now: datetime) -> Send | Drop:
    """The desk while its window is open at a lawful hour, else the rep on a working day."""
    window, opening = customer.window, hours.next_opening(day.hours, now, day.workdays)
    if window and window.is_open(now) and opening - window.said_at < OPEN_FOR:
        return Send(Route.KF, opening, campaign)
    if customer.rep:
        return Send(Route.REP, hours.next_working_morning(day.hours, now, day.workdays), campaign)
    return Drop(Reason("channel.none"))


def _spent(day: Day, customer: Customer, send: Send) -> Day:
    left = dict(day.rep_left or {})
    if send.route is Route.REP and customer.rep:
        left[customer.rep] = left.get(customer.rep, 0) - 1
    rep_left = None if day.rep_left is None else left
    return replace(day, rep_left=rep_left, budget_left=None if day.budget_left is None else day.budget_left - 1)


def _within_load(send: Send, customer: Customer, day: Day, now: datetime) -> Send | Defer:
    if send.route is Route.REP and day.rep_left is not None and day.rep_left.get(customer.rep or "", 0) <= 0:
        return Defer(_next_list(send.at, day), Reason("rep.load"))
    if day.budget_left is not None and day.budget_left <= 0:
        return Defer(_next_list(max(send.at, now), day), Reason("budget.day"))
    return send


def _next_list(after: datetime, day: Day) -> datetime:
    """When the next day's plan is made."""
    return hours.next_working_morning(day.hours, midnight(after) + DAY, day.workdays)


def _not_before(decision: Decision, held: Sequence[Barrier], now: datetime) -> datetime | None:
    """The earliest time at which the decision may be another one; for an ask, when it may go if that is not now."""
    match decision:
        case Send(at=at):
            return at if at > now else None
        case Defer(until=until):
            return max([until, *(each.until for each in held if each.until)])
        case Drop():
            ends = [each.until for each in held]
            return max((end for end in ends if end), default=None) if ends and None not in ends else None
