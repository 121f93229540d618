"""One human being under many ids: however late and in whatever order these are joined, the end is the same."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from referral import consent, merging
from referral.consent import Answer
from referral.identities import Identity, IdentityKind
from tests.engine.books import NOON, Books, history, wecom

MEI, BO = wecom("wmMei"), wecom("wmBo")
JUN = {
    "wecom": wecom("wmJun"),
    "unionid": Identity(IdentityKind.UNIONID, "oJun"),
    "openid": Identity(IdentityKind.OPENID, "wx1/oJun"),
    "crm": Identity(IdentityKind.CRM, "42"),
    "phone": Identity(IdentityKind.PHONE, "ab" * 32),
}
NAMES = tuple(JUN)
LINKS = tuple((NAMES[i], NAMES[i + 1]) for i in range(len(NAMES) - 1))

name = st.sampled_from(NAMES)
minutes = st.integers(1, 10_000)  # within the late-claim days: later an order is closed
TOUCHES = st.lists(st.tuples(st.just("touch"), name, st.sampled_from(["mei", "bo"]), minutes), max_size=3)
ORDERS = st.lists(st.tuples(st.just("order"), name, st.integers(0, 30_000), minutes), max_size=3)
CONSENT = st.lists(st.tuples(st.just("consent"), name, st.sampled_from([*Answer]), minutes), max_size=1)
RULES = st.fixed_dictionaries(
    {
        "attribution": st.sampled_from(["last", "first"]),
        "new_customers_only": st.booleans(),
        "min_amount_fen": st.sampled_from([1, 15_000]),
    }
)


QUICK = {
    "deadline": None,
    "phases": (Phase.explicit, Phase.generate),
    "suppress_health_check": [HealthCheck.function_scoped_fixture],
}


@st.composite
def lives(draw):
    """What happened to one human being, and two orders in which we may hear of it."""
    happened = draw(TOUCHES) + draw(ORDERS) + draw(CONSENT)
    numbered = [(number, fact) for number, fact in enumerate(happened)]
    told = numbered + [(-1, ("link", *link)) for link in LINKS]
    return draw(RULES), draw(st.permutations(told)), draw(st.permutations(told))


@settings(max_examples=120, **QUICK)
@given(life=lives())
def test_whatever_order_the_ids_are_learned_in_the_end_is_the_same(pages, life):
    rules, one, other = life

    ends = [_end(pages, rules, told) for told in (one, other)]

    assert ends[0] == ends[1]


@settings(max_examples=60, **QUICK)
@given(life=lives())
def test_a_merge_undone_and_made_again_changes_nothing(pages, life):
    rules, told, _ = life

    assert _end(pages, rules, told, undo=True) == _end(pages, rules, told)


def _end(pages, rules, told, *, undo: bool = False):
    """The referrals, thanks, balances and consent of Jun when all is told."""
    with history(pages) as books:
        campaign = books.campaign(**rules)
        codes = {who: books.code(identity, campaign) for who, identity in (("mei", MEI), ("bo", BO))}
        for number, fact in told:
            books.now += timedelta(seconds=1)
            _tell(books, codes, number, fact)
            books.check()
        if undo:
            _undo_one(books)
        return _standing(books, campaign)


def _tell(books: Books, codes, number, fact):
    match fact:
        case "touch", who, advocate, ago:
            books.touch(JUN[who], codes[advocate], at=NOON - timedelta(minutes=ago, seconds=number))
        case "order", who, fen, ago:
            books.order(f"A{number}", JUN[who], at=NOON - timedelta(minutes=ago, seconds=number), fen=fen)
        case "consent", who, answer, ago:
            person = books.met(JUN[who])
            at = NOON - timedelta(minutes=ago)
            consent.say(books.tx, books.facts, person, answer, evidence="chat", channel="kf", now=at)
        case "link", one, another:
            books.met(JUN[one], JUN[another])


def _undo_one(books: Books):
    jun = books.tx.people.find(JUN["wecom"])
    standing = [m for m in books.tx.merges.of_person(jun.id) if m.undone_at is None]
    if not standing:
        return
    found = standing[0]
    merging.part(books.tx, books.facts, found.id, who="an", now=books.now, rng=books.rng)
    books.check()
    merging.merge(books.tx, books.facts, found.kept, found.gone, why="是同一位", who="an", now=books.now, rng=books.rng)
    books.check()


def _standing(books: Books, campaign: str):
    jun = books.tx.people.find(JUN["wecom"])
    assert {books.tx.people.find(identity).id for identity in JUN.values()} == {jun.id}
    called = {books.tx.people.find(MEI).id: "mei", books.tx.people.find(BO).id: "bo", jun.id: "jun"}
    referral = books.tx.referrals.find(campaign, jun.id)
    rewards = books.tx.rewards.of_referral(referral.id) if referral else []
    latest = books.tx.consent.latest(jun.id, consent.NUDGES)
    return {
        "referral": referral and (called[referral.advocate], referral.status, referral.reason),
        "rewards": {(called[r.person], r.side, r.state, r.amount, r.reason) for r in rewards if r.is_counted},
        # Which of several orders brought the thanks is decided by which was told first; that one did is not.
        "orders": sorted(o.outcome for o in books.tx.orders.of_person(jun.id)),
        "consent": latest and latest.answer,
    }
