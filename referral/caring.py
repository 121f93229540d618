"""Care carried out: planned in the morning after the asks, said by the desk or put on a rep's list, and its end.

Each care is judged once more at the last moment. From when it is planned until it is said or over, and afterwards for
as long as the caps say, nobody asks its customer for anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from referral import due_rows, hours, plan, rep_cards
from referral.audiences import is_in
from referral.care import CARED, MARKETING, TO_CARE, Care, CareKind, CareState, Due, Life
from referral.care_rules import (
    BEFORE_ASKS,
    THANKED_WITHIN,
    birthdays_on,
    days_due,
    due,
    held_by,
    look_again,
    occasions,
    rest_after,
)
from referral.conversations.flow import SURVEY, SURVEY_AGAIN, Chat
from referral.decisions import Customer, Day, Route
from referral.ids import Bits, new_id
from referral.jobs import Job
from referral.messages import DeskText
from referral.moments import DAY, Moment, Permission
from referral.nudges import Go, Stop, Wait
from referral.outbox import Letter
from referral.outbox import Purpose as LetterPurpose
from referral.times import SHANGHAI, chinese_date, midnight

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

PLAN = "cares.plan"
"""The job that plans a day's care; its key is the day."""

CARD = "cares.card"
"""The job that tells a rep of it who has nobody to ask; its key is `REP@DAY`."""

CARRIES = "care:"
"""How a letter's `dedupe` names the care it carries."""

KEPT_FREE = 3
"""As many cares a day a rep gets in any case, however many asks stand on the list."""

_AT_GATES: Mapping[CareKind, str] = {
    CareKind.REPAIR: "gate.care_experience",
    CareKind.RECOGNISE: "gate.care_recognition",
    CareKind.EASIER: "gate.care_tool",
    CareKind.SILENCE: "gate.care_interaction",
}


def plan_later(tx: Tx, now: datetime) -> None:
    """Have the day's care planned as soon as possible: its asks are."""
    tx.jobs.put(Job(kind=PLAN, key=now.astimezone(SHANGHAI).date().isoformat(), due_at=now))


def plan_slice(tx: Tx, facts: Facts, people: Sequence[str], *, now: datetime, rng: Bits) -> int:
    """Look at these few and plan the care that is due to them, at most one each; how many that are."""
    house, early = situation(tx, facts, now=now), _early(tx, facts, now)
    lives, planned = tx.cares.lives(people, now - THANKED_WITHIN), 0
    for customer in tx.customers.load(people, now):
        who = customer.moment.person
        life = _with_early(lives.get(who, Life()), early, customer.moment, facts, now)
        tx.cares.looked(who, look_again(customer, life, house.workdays, now))
        found = due(customer, life, house, now)
        if found and not _was_asked(tx, found, customer, now) and _carry_out(tx, facts, customer, found, now, rng):
            planned += 1
            if customer.rep and found.route is Route.REP:
                left = dict(house.rep_left or {})
                left[customer.rep] = left.get(customer.rep, 0) - 1
                house = replace(house, rep_left=left)
    return planned


def situation(tx: Tx, facts: Facts, *, now: datetime) -> Day:
    """The day as it stands: what the asks have left of each rep's load, and something in any case."""
    today = midnight(now)
    asks, cares, most = tx.nudges.listed_since(today), tx.cares.listed_since(today), facts.policy.rep_daily
    left = {
        rep.id: max(most - asks.get(rep.id, 0), min(most, KEPT_FREE)) - cares.get(rep.id, 0) for rep in tx.reps.active()
    }
    return Day(policy=facts.policy, hours=facts.hours, workdays=facts.workdays, rep_left=left)


def born_now(tx: Tx, facts: Facts, after: str, limit: int, *, now: datetime) -> list[str]:
    """Whose birthday it is today, or on the days off right behind it; slice by slice, behind `after`."""
    named = {each for day in days_due(facts.workdays, now) for each in birthdays_on(day)}
    return tx.cares.born_on(sorted(named), after, limit)


def call_reps(tx: Tx, facts: Facts, *, now: datetime) -> int:
    """Have those reps told who have somebody to care for and nobody to ask, of whom they are told already; how many."""
    at = hours.next_working_morning(facts.hours, now, facts.workdays)
    told = set(tx.nudges.reps_waiting(at))
    alone = [rep for rep in tx.cares.reps_waiting(at) if rep not in told]
    for rep in alone:
        tx.jobs.put(Job(kind=CARD, key=f"{rep}@{at.astimezone(SHANGHAI).date()}", due_at=at))
    return len(alone)


def tell_rep(tx: Tx, facts: Facts, rep: str, day: str, *, now: datetime, rng: Bits) -> None:
    """The morning card of a rep who has nobody to ask: how many customers there are to care for. One card a day."""
    found = waiting(tx, facts, rep, now=now)
    if not found or not hours.are_open(facts.hours, now, facts.workdays):
        return
    rep_cards.call(tx, facts, rep, day, [care.person for care in found], "care", now=now, rng=rng)


def waiting(tx: Tx, facts: Facts, rep: str, *, now: datetime) -> list[Care]:
    """Whom a rep can care for now: what may not be said any more is left out."""
    return [care for care in tx.cares.on_list(rep, now) if objection(tx, facts, care, now=now) is None]


def objection(tx: Tx, facts: Facts, care: Care, *, now: datetime) -> str | None:
    """Why a planned care may not be said or done any more, None if it may."""
    customer = next(iter(tx.customers.load([care.person], now)), None)
    if customer is None:
        return "unknown"
    if care.route is Route.REP and customer.rep != care.rep:
        return "rep.changed"
    life = tx.cares.lives([care.person], now - THANKED_WITHIN)[care.person]
    others = replace(life, had=tuple(each for each in life.had if each.id != care.id))
    if care.kind is CareKind.REPAIR and not _is_broken(care, customer, others, facts, now):
        return "repaired"
    if care.kind is CareKind.EARLY and care.ref not in dict(_early(tx, facts, now)):
        return "campaign.none"
    return held_by(care.kind, customer, others, facts.policy, now, own=care.id)


def release(tx: Tx, facts: Facts, dedupe: str | None, *, now: datetime) -> Go | Wait | Stop:
    """The last look before the desk says a care; then it counts as said, and a survey awaits its number."""
    care = tx.cares.get((dedupe or "").removeprefix(CARRIES))
    if care is None or care.state is CareState.ENDED:
        return Stop(care.outcome or "ended" if care else "unknown")
    if not hours.are_open(facts.hours, now, facts.workdays):
        return Wait(hours.next_opening(facts.hours, now, facts.workdays))
    if care.state is CareState.SENT:  # a second try: the platform knows its number
        return Go()
    if why := objection(tx, facts, care, now=now):
        end(tx, care, f"dropped:{why}")
        return Stop(why)
    said(tx, facts, care, now=now)
    if care.kind is CareKind.SURVEY:
        _await_score(tx, care.person, now)
    return Go()


def is_carried(dedupe: str | None) -> bool:
    """Whether a letter carries a care."""
    return (dedupe or "").startswith(CARRIES)


def letter_ended(tx: Tx, dedupe: str | None, state: str, note: str) -> None:
    """What became of the letter that carried a care; one that did not arrive lapses, and is not tried again."""
    care = tx.cares.get((dedupe or "").removeprefix(CARRIES)) if is_carried(dedupe) else None
    if care is None or care.state is CareState.ENDED or state == "sent":
        return
    outcome = f"{state}:{note}" if note else state
    if state == "unknown":
        tx.cares.save(replace(care, outcome=outcome))
    else:
        end(tx, replace(care, sent_at=None), outcome)


def done(tx: Tx, facts: Facts, care: Care, *, now: datetime, outcome: str = "done") -> bool:
    """The rep says that it was said, or done; False where it may not be any more, and is over. Twice is once."""
    if care.state is not CareState.LISTED:
        return care.state is CareState.SENT
    if why := objection(tx, facts, care, now=now):
        end(tx, care, f"dropped:{why}")
        return False
    said(tx, facts, replace(care, outcome=outcome), now=now)
    return True


def not_now(tx: Tx, facts: Facts, care: Care, *, now: datetime) -> None:
    """The rep leaves it: it lapses, but for something to put right, which is on the list again the next working day."""
    if care.state is not CareState.LISTED:
        return
    if care.kind is CareKind.REPAIR:
        tomorrow = hours.coming_working_morning(facts.hours, now, facts.workdays)
        tx.cares.save(replace(care, planned_at=tomorrow))
    else:
        end(tx, care, "not_now")


def said(tx: Tx, facts: Facts, care: Care, *, now: datetime) -> None:
    """A care counts as said from now on; nobody asks its customer as long as the caps say."""
    customer = next(iter(tx.customers.load([care.person], now)), None)
    tx.cares.save(replace(care, state=CareState.SENT, sent_at=now))
    if customer and care.kind is not CareKind.REPAIR:
        had = tuple(each for each in tx.cares.of_person(care.person) if each.id != care.id)
        until = rest_after(care.kind, customer, Life(had=had), facts.policy, now)
        _rest(tx, facts, care.person, until, CARED, now=now)


def end(tx: Tx, care: Care, outcome: str) -> None:
    """It is over without having been said: nothing keeps its customer from being asked any more."""
    tx.cares.save(replace(care, state=CareState.ENDED, outcome=outcome))
    moment = tx.moments.get(care.person)
    if moment.rest_why == TO_CARE and care.kind is not CareKind.REPAIR:
        due_rows.hurry(tx, moment.but(rest_until=None, rest_why=None))


def end_open(tx: Tx, person: str, outcome: str) -> None:
    """Whatever is planned for a person is over, but for a complaint of theirs, which is answered."""
    for care in tx.cares.open_of(person):
        if care.kind is not CareKind.REPAIR or not tx.moments.get(person).complaints:
            end(tx, care, outcome)


def end_barred(tx: Tx, facts: Facts, person: str, *, now: datetime) -> None:
    """Whatever is planned for a person and may not be said any more, by news of just now, is over."""
    for care in tx.cares.open_of(person):
        if barred := objection(tx, facts, care, now=now):
            end(tx, care, f"dropped:{barred}")


def run_out(tx: Tx, *, now: datetime, limit: int = 100) -> int:
    """End the cares whose time is over; how many."""
    over = tx.cares.run_out(now, limit)
    for care in over:
        end(tx, care, "expired")
    return len(over)


def why(facts: Facts, care: Care) -> str:
    """Why this care is due, as its rep reads it."""
    at = datetime.combine(care.day, datetime.min.time(), tzinfo=SHANGHAI)
    key = f"{care.kind.value}_low" if care.kind is CareKind.REPAIR and care.value else care.kind.value
    stock: dict[str, object] = {"when": chinese_date(at), "count": care.value, "value": care.value}
    return facts.words.say(f"care.why_{key}", stock)


def _carry_out(tx: Tx, facts: Facts, customer: Customer, found: Due, now: datetime, rng: Bits) -> bool:
    """Write a care down, and put it on its way; False if this occasion was met before."""
    occasion, desk = found.occasion, found.route is Route.KF
    care = Care(
        id=new_id(rng, "v"),
        person=customer.moment.person,
        kind=occasion.kind,
        ref=occasion.ref,
        day=occasion.day,
        value=occasion.value,
        state=CareState.QUEUED if desk else CareState.LISTED,
        route=found.route,
        rep=None if desk else customer.rep,
        created_at=now,
        planned_at=found.at,
        expires_at=found.until,
    )
    care = replace(care, words=_worded(tx, facts, care))
    if not tx.cares.add(care):
        return False
    if care.kind in BEFORE_ASKS and customer.on_list and customer.moment.consent is Permission.GRANTED:
        tx.nudges.end_open(care.person, f"dropped:rest.{TO_CARE}")
    if care.kind is not CareKind.REPAIR:
        _rest(tx, facts, care.person, found.until or found.at + DAY, TO_CARE, now=now)
    if desk:
        _queue(tx, facts, care, customer, now=now)
    return True


def _worded(tx: Tx, facts: Facts, care: Care) -> str:
    """What the desk says, or what a rep may say; it asks for nothing."""
    stock: dict[str, object] = {"company": facts.company, "count": care.value}
    if care.kind is CareKind.EARLY:
        campaign = tx.campaigns.get(care.ref)
        stock["news"] = facts.words.early(campaign.pack) if campaign else ""
    if care.route is Route.REP and care.kind in _AT_GATES:
        return facts.words.say(_AT_GATES[care.kind])
    return facts.words.say(f"care.{'desk' if care.route is Route.KF else 'rep'}_{care.kind.value}", stock)


def _queue(tx: Tx, facts: Facts, care: Care, customer: Customer, *, now: datetime) -> None:
    """Through the desk; what we wish to say is marked as an advertisement, with the way to stop it (R7)."""
    window = customer.window
    assert window
    footer = facts.words.say("footer.ad", company=facts.company) if care.kind in MARKETING else ""
    letter = Letter(
        id=f"m{care.id[1:]}",
        message=DeskText(desk=window.desk, to=window.handle, text="\n".join(filter(None, (care.words, footer)))),
        lane=f"desk:{window.handle}",
        purpose=LetterPurpose.NUDGE,
        due_at=care.planned_at,
        person=care.person,
        expires_at=care.expires_at,
        dedupe=f"{CARRIES}{care.id}",
    )
    tx.outbox.post(letter, now)
    tx.windows.spend(window.desk, care.person, 1)


def _rest(tx: Tx, facts: Facts, person: str, until: datetime, why: str, *, now: datetime) -> None:
    """Nobody asks before then; a longer rest for another reason stands, also that from an earlier care."""
    moment = tx.moments.get(person)
    if moment.rest_why == TO_CARE or moment.rest_until is None or moment.rest_until < until:
        due_rows.keep(tx, facts, moment.but(rest_until=until, rest_why=why), now=now)


def _early(tx: Tx, facts: Facts, now: datetime) -> list[tuple[str, str]]:
    """The open campaigns that have something to be seen early, with their packs, the newest first."""
    return [(c.id, c.pack) for c in plan.open_campaigns(tx, now) if facts.words.early(c.pack)]


def _with_early(life: Life, early: Sequence[tuple[str, str]], moment: Moment, facts: Facts, now: datetime) -> Life:
    fitting = (campaign for campaign, pack in early if is_in(facts.words.audience(pack), moment, now))
    return replace(life, early=next(fitting, None))


def _is_broken(care: Care, customer: Customer, others: Life, facts: Facts, now: datetime) -> bool:
    """Whether what was to be put right still is."""
    found = occasions(customer, others, facts.workdays, now)
    about = care.ref.partition(":")[0]
    return any(each.kind is CareKind.REPAIR and each.ref.startswith(about) for each in found)


def _was_asked(tx: Tx, found: Due, customer: Customer, now: datetime) -> bool:
    """Whether the desk has put a survey's question lately, along with an answer."""
    if found.occasion.kind is not CareKind.SURVEY or customer.window is None:
        return False
    chat = Chat.read(tx.conversations.get(customer.window.desk, customer.moment.person))
    return chat.survey_at is not None and now - chat.survey_at < SURVEY_AGAIN


def _await_score(tx: Tx, person: str, now: datetime) -> None:
    """A number that comes next in this chat is the answer."""
    if window := tx.windows.latest(person):
        chat = Chat.read(tx.conversations.get(window.desk, person))
        asked = replace(chat, question=SURVEY, question_at=now, survey_at=now)
        tx.conversations.save(window.desk, person, asked.keep(), now)
