"""The decision about one customer: ask now, later or not, with reasons that a person can read (design §2 "Ask", §3.6).

Pure: whoever calls it has looked up the customer and the day. The same rule stands behind the plan, the short list, the
rep's list, `why`, and the last look before anything is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from referral import best_hour, experiments, hours, scoring
from referral.audiences import is_in
from referral.experiments import Experiment
from referral.floor import LEAST_SATISFACTION, Barrier, Policy, barriers
from referral.hours import Hours
from referral.moments import DAY, Due, Moment, State
from referral.notices import OPEN_FOR, Window
from referral.offers import Audience
from referral.scoring import PRIOR, TAKEN_FOR, TOP, Reason, Weights
from referral.shares import UNSEEN_FOR
from referral.times import SHANGHAI, days, midnight
from referral.workdays import WEEKDAYS, Workdays

YEAR, MONTH = timedelta(days=365), timedelta(days=31)
QUIET_FOR = timedelta(days=180)
_TELLS = 3  # reasons for, at most
_PLAINLY = 1.5  # so many times as likely to be read
_UNANSWERED = 2  # asks in a row without an answer: recognition is due before another
_RECOGNITION_REST = timedelta(days=90)

NEWS_ONLY = frozenset({"consent.refused", "cap.none", "audience", "campaign.none", "channel.none", "gate.interaction"})
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

    `asked` are the times of their asks in the last 366 days, oldest first, `cared` those of care that uses up a cap in
    the last 31; `unanswered` counts the latest ones that led to nothing; `open_until` is when an ask that is planned or
    under way runs out, `on_list` whether it only stands on a rep's list; `took_at` and `seen` are about the latest
    poster; `rep` is an active one who may speak with them.
    """

    moment: Moment
    crm_id: str | None = None
    handle: str | None = None
    name: str = ""
    rep: str | None = None
    window: Window | None = None
    asked: tuple[datetime, ...] = ()
    cared: tuple[datetime, ...] = ()
    unanswered: int = 0
    open_until: datetime | None = None
    on_list: bool = False
    took_at: datetime | None = None
    seen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a decision must know besides the customer.

    `busy_hours` counts the messages of all customers by the hour of the Beijing day, where they are known.
    `campaigns` are the open ones, newest first, with their audiences; None leaves the question out. `rep_left` says how
    many more asks each rep can take, `budget_left` how many the company can; None leaves the question out too.
    """

    policy: Policy = field(default_factory=Policy)
    hours: Hours = hours.DEFAULT
    workdays: Workdays = WEEKDAYS
    weights: Weights = PRIOR
    busy_hours: Sequence[int] = ()
    campaigns: Sequence[tuple[str, Audience]] | None = None
    lots: Sequence[Experiment] = ()
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
    """A decision with its reasons.

    `why` is what made it: for an ask what speaks for it, else all that stands in the way, what counts most first. The
    score's own reasons are in `speaks_for` and `against`, the strongest first, whatever the decision.
    """

    customer: Customer
    decision: Decision
    score: float
    why: tuple[Reason, ...]
    speaks_for: tuple[Reason, ...]
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
    for_, against = scoring.reasons(moment, now, day.weights)
    if isinstance(decision, Send):
        why = for_[:_TELLS] or [Reason("eligible")]
    else:
        first = replace(decision.why, until=decision.until if isinstance(decision, Defer) else None)
        bars = [Reason(each.code, until=each.until) for each in held]
        why = bars or [first]
    return Verdict(
        customer=customer,
        decision=decision,
        score=scoring.shown(scoring.score(moment, now, day.weights)),
        why=tuple(why),
        speaks_for=tuple(for_[:_TELLS]),
        against=tuple(against[:_TELLS]),
        gate=gate_of(customer, now),
        not_before=_not_before(decision, held, now),
    )


def judge_in_turn(customers: Iterable[Customer], day: Day, now: datetime) -> tuple[list[Verdict], Day]:
    """Decide about several, the best first: each ask takes of the budget and of its rep's load; and what is left."""
    verdicts = []
    for customer in sorted(customers, key=lambda c: scoring.score(c.moment, now, day.weights), reverse=True):
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
    why = Reason(due.reason, until=due.due_at)
    decision = Defer(due.due_at, why) if due.due_at and due.reason not in NEWS_ONLY else Drop(why)
    return replace(verdict, decision=decision, why=(why,), not_before=due.due_at)


def decide(customer: Customer, day: Day, now: datetime) -> Decision:
    """The decision about a customer against whom nothing stands in their own row."""
    capped = _capped(customer, day.policy, now) or _pending(customer, day.policy, now) or _at_gate(customer, now)
    if capped:
        return capped
    campaign = _campaign(customer.moment, day, now)
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
    """Whether a customer is held at one gate; what is unknown holds nobody.

    Each but the last is so for a time, after which they may be asked again. Whoever the company itself counts among its
    busiest is not out of touch, whatever reached us. Nothing is read from the habits of those who switched
    personalisation off.
    """
    moment = customer.moment
    if not moment.personal and gate in (Gate.TOOL, Gate.INTERACTION):
        return False
    match gate:
        case Gate.EXPERIENCE:
            return moment.complaints > 0 or (
                moment.satisfaction is not None and moment.satisfaction < LEAST_SATISFACTION
            )
        case Gate.RECOGNITION:
            asked = customer.asked[-1] if customer.asked else None
            return customer.unanswered >= _UNANSWERED and asked is not None and now - asked < _RECOGNITION_REST
        case Gate.TOOL:
            took = customer.took_at
            return took is not None and not customer.seen and UNSEEN_FOR <= now - took < TAKEN_FOR
        case Gate.INTERACTION:
            met = met_at(customer)
            return met is not None and now - met >= QUIET_FOR and (moment.rank is None or moment.rank < TOP)


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
    said = tuple(sorted((*customer.asked, *customer.cared)))
    caps = ((customer.asked, YEAR, policy.per_year, "cap.year"), (said, MONTH, policy.monthly_cap, "cap.month"))
    for times, span, most, code in caps:
        within = [at for at in times if now - at < span]
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
    return None


def _at_gate(customer: Customer, now: datetime) -> Defer | Drop | None:
    """At a weak gate something else helps than an ask (design §2); what holds the first one is on the floor."""
    match gate_of(customer, now):
        case Gate.RECOGNITION:
            return Defer(customer.asked[-1] + _RECOGNITION_REST, Reason("gate.recognition"))
        case Gate.TOOL if customer.took_at:
            return Defer(customer.took_at + TAKEN_FOR, Reason("gate.tool"))
        case Gate.INTERACTION:
            return Drop(Reason("gate.interaction"))
        case _:
            return None


def _campaign(moment: Moment, day: Day, now: datetime) -> str | Drop | None:
    """The newest open campaign whose audience the customer is in, or the one that an experiment has drawn for them."""
    if day.campaigns is None:
        return None
    fitting = [campaign for campaign, audience in day.campaigns if is_in(audience, moment, now)]
    if fitting:
        return experiments.after_lots(day.lots, moment.person, fitting)[0]
    return Drop(Reason("audience" if day.campaigns else "campaign.none"))


def _routed(customer: Customer, day: Day, campaign: str | None, now: datetime) -> Send | Drop:
    """The desk while its window is open at a lawful hour, else the rep on a working day."""
    window, opening = customer.window, hours.next_opening(day.hours, now, day.workdays)
    if window and window.is_open(now) and opening - window.said_at < OPEN_FOR:
        return Send(Route.KF, _best_time(customer.moment, window, opening, day), campaign)
    if customer.rep:
        return Send(Route.REP, hours.next_working_morning(day.hours, now, day.workdays), campaign)
    return Drop(Reason("channel.none"))


def _best_time(moment: Moment, window: Window, opening: datetime, day: Day) -> datetime:
    """When this customer reads, on the day of the opening and while the desk's window is open; else at once.

    Only their own habit counts, and only where it is plain: an hour that is a little better is not worth the wait.
    """
    if not day.busy_hours or not moment.may_be_learned or not best_hour.is_known(moment.hours):
        return opening
    local = opening.astimezone(SHANGHAI)
    later = [hour for hour in range(local.hour + 1, day.hours[1].hour) if _at(local, hour) - window.said_at < OPEN_FOR]
    hour = best_hour.best(moment.hours, day.busy_hours, [local.hour, *later])
    chances = best_hour.likely(moment.hours, day.busy_hours)
    return _at(local, hour) if chances[hour] > _PLAINLY * chances[local.hour] else opening


def _at(local: datetime, hour: int) -> datetime:
    return local.replace(hour=hour, minute=0, second=0, microsecond=0)


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
