"""Due rows: what the index says is what judging everybody would say, whatever happened in whatever order."""

from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from referral import consent, due_rows, moments, nudges
from referral.consent import Answer
from referral.decisions import Customer, Day, Defer, judge
from referral.facts import Facts
from referral.floor import barrier
from referral.moments import DAY, Due, Moment, Permission, State, Thresholds
from referral.people import Person
from referral.signals import Signal, SignalKind
from storage.care import _TURN
from storage.moments import _BEST, _LATE, _UNASKED
from storage.store import Store
from tests.storage.cast import NOON, after

PEOPLE = ("mei", "jun", "bo", "lin", "wu")
FACTS = Facts(company="春和家居", public_url="https://x.invalid", code_key=bytes(32), words=None, own_page=str)
DRIFT = 0.45  # log-odds that fading takes off in a day and leaves unseen: 0.17 + 0.06 + 0.06, and below 0.05 of each


class Undone(Exception):
    """Raised at the end of a story, so that the next one finds an empty store."""


async def told(store: Store, story) -> None:
    """Run a story, and leave nothing of it."""

    def run(tx):
        story(tx)
        raise Undone

    with pytest.raises(Undone):
        await store.write(run)


signals = st.builds(
    lambda who, kind, days, score, count: (
        lambda tx, now: due_rows.hear(
            tx,
            FACTS,
            Signal(
                person=who,
                kind=kind,
                at=now - timedelta(days=days),
                source="hook",
                score=score if kind is SignalKind.SURVEY else None,
                count=count if kind is SignalKind.ACTIVITY else None,
            ),
            now=now,
        )
    ),
    st.sampled_from(PEOPLE),
    st.sampled_from(SignalKind),
    st.integers(0, 40),
    st.integers(5, 10).map(float),
    st.integers(0, 100).map(float),
)
answers = st.builds(
    lambda who, answer: lambda tx, now: consent.say(tx, FACTS, who, answer, evidence="x", channel="kf", now=now),
    st.sampled_from(PEOPLE),
    st.sampled_from((Answer.GRANTED, Answer.GRANTED, Answer.GRANTED, Answer.REFUSED, Answer.WITHDRAWN)),
)
purchases = st.builds(
    lambda who, days: lambda tx, now: due_rows.bought(tx, FACTS, who, now - timedelta(days=days), now=now),
    st.sampled_from(PEOPLE),
    st.integers(0, 400),
)
asks = st.builds(
    lambda who: lambda tx, now: due_rows.keep(tx, FACTS, moments.nudged(tx.moments.get(who), now), now=now),
    st.sampled_from(PEOPLE),
)
rests = st.builds(
    lambda who, why: lambda tx, now: nudges.rest(tx, FACTS, who, why, now=now),
    st.sampled_from(PEOPLE),
    st.sampled_from(tuple(nudges.RESTS)),
)
looks = st.just(lambda tx, now: due_rows.look_again(tx, FACTS, now=now))
steps = st.tuples(st.sampled_from((0.0, 0.3, 3.0, 20.0)), st.one_of(signals, answers, purchases, asks, rests, looks))
rows = st.builds(
    Moment,
    person=st.sampled_from(PEOPLE),
    consent=st.just(Permission.GRANTED),
    consent_at=st.just(after(days=-200)),
    customer_since=st.integers(1, 400).map(lambda days: after(days=-days)),
    past_referrals=st.integers(0, 3),
)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(known=st.lists(rows, max_size=5), history=st.lists(steps, max_size=25), pause=st.floats(0, 200))
async def test_the_index_names_exactly_those_whom_judging_everybody_would_ask(store: Store, known, history, pause):
    def story(tx):
        now = _live(tx, known, history)
        now += pause * DAY
        due_rows.look_again(tx, FACTS, now=now)

        everybody = tx.moments.after("", 100)
        ready = [each for each in everybody if barrier(each, FACTS.policy, now) is None]
        best, due = tx.moments.best(100), tx.moments.due_rows(PEOPLE)

        assert sorted(best) == sorted(each.person for each in ready)
        assert best == sorted(best, key=lambda who: (due[who].score, who), reverse=True)
        assert best[:2] == tx.moments.best(2)
        for each in everybody:
            _is_as_made_anew(each, due[each.person], now)
        unheard = [each for each in everybody if _code(each, now) == "consent.unknown"]
        unasked = [person for _, person in tx.moments.unasked_below(None, 100)]
        assert sorted(unasked) == sorted(each.person for each in unheard)

    await told(store, story)


def _live(tx, known, history) -> datetime:
    """Let all of it happen; the time at which it is over."""
    now = NOON
    for who in PEOPLE:
        tx.people.create(Person(id=who, holdout=who == "wu"), NOON)
    for each in known:
        due_rows.keep(tx, FACTS, each.but(holdout=each.person == "wu"), now=now)
    for days, step in history:
        now += timedelta(days=days)
        step(tx, now)
    return now


def _code(moment: Moment, now: datetime) -> str:
    held = barrier(moment, FACTS.policy, now)
    return held.code if held else ""


def _is_as_made_anew(moment: Moment, due: Due, now: datetime) -> None:
    """The kept row says what one made now would say; the score of whoever may be asked is at most as old as it may."""
    anew = due_rows.outlook(moment, FACTS.policy, now)
    assert (due.state, due.reason) == (anew.state, anew.reason)
    assert due.due_at is None or due.due_at > now
    verdict = judge(Customer(moment=moment, rep="lin"), Day(policy=FACTS.policy), now)
    is_at_gate = verdict.why[0].code.startswith("gate.")  # which is judged beyond the row
    assert (verdict.kind == "send" or is_at_gate) is (due.state is State.READY)
    if due.state is State.READY:
        assert due.score == pytest.approx(anew.score, abs=DRIFT)
    elif isinstance(verdict.decision, Defer):
        assert due.due_at == verdict.decision.until


COMPLAINTS = (
    (SignalKind.COMPLAINT, 5),
    (SignalKind.COMPLAINT, 3),
    (SignalKind.RESOLVED, 2),
)


@pytest.mark.parametrize("order", list(permutations(COMPLAINTS)))
async def test_a_complaint_is_open_until_it_is_closed_whichever_is_told_first(store: Store, order):
    def story(tx):
        tx.people.create(Person(id="mei"), NOON)
        for kind, days in order:
            news = Signal(person="mei", kind=kind, at=after(days=-days), source="hook")
            assert due_rows.hear(tx, FACTS, news, now=NOON)
            assert not due_rows.hear(tx, FACTS, news, now=NOON)

        assert tx.moments.get("mei").complaints == 1
        last = Signal(person="mei", kind=SignalKind.RESOLVED, at=NOON, source="hook")
        due_rows.hear(tx, FACTS, last, now=NOON)
        moment = tx.moments.get("mei")
        assert (moment.complaints, moment.complaint_at) == (0, NOON)

    await told(store, story)


async def test_a_moment_comes_back_as_it_was_kept(store: Store):
    full = Moment(
        person="mei",
        holdout=True,
        consent=Permission.REFUSED,
        consent_at=after(days=-1),
        consent_asked_at=after(days=-2),
        customer_since=after(days=-3),
        satisfaction=8.5,
        surveyed_at=after(days=-4),
        activity=12.5,
        rank=0.25,
        last_order_at=after(days=-5),
        orders=3,
        past_referrals=2,
        good=SignalKind.RENEWAL,
        good_at=after(days=-6),
        complaints=1,
        complaint_at=after(days=-7),
        seen_at=after(days=-8),
        nudged_at=after(days=-9),
        fatigue=1.5,
        rest_until=after(days=10),
        rest_why="lost",
    )
    due = Due(state=State.WAITING, reason="consent.refused", score=-1.25, due_at=after(days=179))

    def story(tx):
        tx.people.create(Person(id="mei", holdout=True), NOON)
        tx.people.create(Person(id="jun", holdout=True), NOON)
        assert tx.moments.get("mei") == Moment(person="mei", holdout=True)
        for kept in (Moment(person="mei", holdout=True), full):
            tx.moments.save(kept, due)
            assert tx.moments.get("mei") == kept
        assert tx.moments.find(["mei", "jun", "nobody"]) == {"mei": full}
        assert tx.moments.due_rows(["mei", "jun"]) == {"mei": due}
        assert tx.moments.due(after(days=179), 10) == [full]
        assert tx.moments.due(after(days=178), 10) == []

    await told(store, story)


async def test_an_activity_is_ranked_on_the_companys_own_scale(store: Store):
    def story(tx):
        tx.people.create(Person(id="mei"), NOON)
        tx.moments.set_thresholds(Thresholds.of(range(100)))
        due_rows.hear(
            tx, FACTS, Signal(person="mei", kind=SignalKind.ACTIVITY, at=NOON, source="file", count=90), now=NOON
        )
        assert tx.moments.get("mei").rank == pytest.approx(0.905)
        assert tx.moments.all_activity() == [90]

    await told(store, story)


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (_BEST, "ix_moments_ready"),
        (_UNASKED, "ix_moments_unasked"),
        (_LATE, "ix_moments_due"),
        (_TURN, "ix_moments_care"),
    ],
)
async def test_whoever_is_next_is_read_from_an_index_and_nobody_is_looked_through(store: Store, statement, index):
    def story(tx):
        asked = statement.limit(200).params(until=0)
        query = str(asked.compile(dialect=tx.connection.dialect, compile_kwargs={"literal_binds": True}))
        if tx.connection.dialect.name == "postgresql":
            for means in ("seqscan", "bitmapscan", "hashjoin", "sort"):  # by which it takes an empty table whole
                tx.connection.execute(text(f"set local enable_{means} = off"))
            steps = [row[0] for row in tx.connection.execute(text(f"explain {query}"))]
        else:
            steps = [row.detail for row in tx.connection.execute(text(f"explain query plan {query}"))]
        plan = "\n".join(steps)
        assert index in plan
        assert "SCAN moments\n" not in f"{plan}\n"
        assert "TEMP B-TREE" not in plan
        assert "Sort" not in plan

    await told(store, story)
