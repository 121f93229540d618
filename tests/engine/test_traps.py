"""The traps that peers fell into (peers.md, end of section 4), one test each."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta

import pytest
from sqlalchemy import text

from referral import campaigns, orders, thanks
from referral.campaigns import CampaignState
from referral.errors import NotFound, RuleViolation
from referral.identities import Identity, IdentityKind
from referral.shares import ShareLevel
from referral.terms import Terms
from storage.tables import metadata
from tests.engine.books import NOON, history, wecom

MEI, BO, JUN, HAN = wecom("wmMei"), wecom("wmBo"), wecom("wmJun"), wecom("wmHan")
HOUR = timedelta(hours=1)


@pytest.fixture
def books(pages):
    with history(pages) as opened:
        yield opened
        opened.check()


def held(books, campaign, friend=JUN):
    """The thanks that stand for a friend in a campaign, as (side, state)."""
    referral = books.tx.referrals.find(campaign, books.tx.people.find(friend).id)
    rewards = books.tx.rewards.of_referral(referral.id) if referral else []
    return sorted((r.side.value, r.state.value) for r in rewards if r.is_counted)


def outcome(books, number, kind=orders.MONEY):
    return books.tx.orders.find("shop", number, kind).outcome.value


BOTH_HELD = [("advocate", "held"), ("friend", "held")]


@pytest.mark.parametrize(
    ("only_new", "was_customer", "counts"),
    [(True, False, True), (True, True, False), (False, False, True), (False, True, True)],
)
def test_a_rule_for_new_customers_refuses_those_who_were_customers_and_nobody_else(
    books, only_new, was_customer, counts
):
    """Inverted new-customer flag."""
    campaign = books.campaign(new_customers_only=only_new)
    if was_customer:
        books.order("A0", JUN, at=NOON - timedelta(days=20))
    books.touch(JUN, books.code(MEI, campaign), at=NOON - 2 * HOUR)

    books.order("A1", JUN, at=NOON - HOUR)

    assert (outcome(books, "A1") == "held") is counts


def test_a_milestone_comes_with_the_third_friend_not_before_and_not_again(books):
    """Post-increment that does nothing: the counter stays, or is read before it moves."""
    campaign = books.campaign(pack="top-fans", hold_days=0)
    code, had = books.code(MEI, campaign), []

    for number in range(5):
        friend = wecom(f"wmFriend{number}")
        books.touch(friend, code, at=books.now - 2 * HOUR)
        books.order(f"A{number}", friend, at=books.now - HOUR)
        books.pass_days(1)
        mei = books.tx.people.find(MEI).id
        had.append(sum(r.cause.value == "milestone" for r in books.tx.rewards.of_person(mei)))

    assert had == [0, 0, 1, 1, 1]


def test_a_friend_of_two_campaigns_is_one_friend_in_each(books):
    """Lookup by person without campaign."""
    first, second = books.campaign(), books.campaign(pack="good-neighbour")
    books.touch(JUN, books.code(MEI, first), at=NOON - 3 * HOUR)
    books.touch(JUN, books.code(BO, second), at=NOON - 2 * HOUR)

    books.order("A1", JUN, at=NOON - HOUR)
    books.order("V1", JUN, at=NOON, kind="visit.completed")
    books.refund("A1", "R1", None)

    jun, mei, bo = (books.tx.people.find(who).id for who in (JUN, MEI, BO))
    standing = {r.campaign: (r.advocate, r.status.value) for r in books.tx.referrals.of_friend(jun)}
    assert standing == {first: (mei, "reversed"), second: (bo, "credited")}
    assert held(books, first) == []
    assert {side for side, _ in held(books, second)} == {"advocate", "friend"}


def test_nobody_gets_more_or_another_thanks_by_asking_for_it(books):
    """Client-supplied claim level: what may be chosen is ours to say, and only the person's own."""
    campaign = books.campaign(pack="prime")
    books.touch(JUN, books.code(MEI, campaign), at=NOON - 2 * HOUR)
    books.order("A1", JUN, at=NOON - HOUR)
    mei, jun = (books.tx.people.find(who).id for who in (MEI, JUN))
    reward = books.tx.rewards.of_person(mei)[0]
    before = books.tx.rewards.of_person(mei), books.tx.rewards.of_person(jun)

    def choose(person, number):
        thanks.choose(books.tx, reward.id, person, number, now=books.now, rng=books.rng)

    for number in (2, 99, -1):
        with pytest.raises(RuleViolation):
            choose(mei, number)
    with pytest.raises(NotFound):
        choose(jun, 1)

    assert (books.tx.rewards.of_person(mei), books.tx.rewards.of_person(jun)) == before


def test_two_reps_deleted_by_one_friend_cost_the_advocate_nothing_twice_over(books):
    """Double deduction when two employees are deleted."""
    campaign = books.campaign()
    code = books.code(MEI, campaign)
    books.added(JUN, "lin", mark=books.qr(code))
    books.added(JUN, "wu", mark=f"m{code}")
    books.order("A1", JUN, at=books.now)

    books.left(JUN, "lin")
    books.left(JUN, "wu")
    books.left(JUN, "wu")
    books.met(JUN)

    assert held(books, campaign) == BOTH_HELD
    assert books.tx.campaigns.get(campaign).used_fen == 6000


def test_leaving_before_the_order_takes_nothing_away(books):
    """Deletion subtracting although the rule is off: here there is no such rule at all (design 5.9)."""
    campaign = books.campaign()
    mark = books.qr(books.code(MEI, campaign))
    books.added(JUN, "lin", mark=mark)
    books.left(JUN, "lin")

    books.order("A1", JUN, at=books.now)

    assert held(books, campaign) == BOTH_HELD


ORDER = {"fen": 30_000}
SETTINGS = {
    "window_days": ({"window_days": 1}, {}),
    "late_days": ({"late_days": 0}, {"bought_first": True}),
    "min_amount_fen": ({"min_amount_fen": 40_000}, {}),
    "new_customers_only": ({}, {"bought_before": True}),
    "conversions": ({"conversions": ("visit.completed",)}, {}),
    "cap_per_year": ({"cap_per_year": 1}, {"friends_before": 1}),
    "cap_per_day": ({"cap_per_day": 1}, {"friends_before": 1}),
    "cap_campaign": ({"cap_campaign": 1}, {"friends_before": 1}),
    "margin_percent": ({"margin_percent": 10}, {}),
}
"""Settings that stand against a thanks: which one, and the case that it is there for."""

TOLD_ELSEWHERE = {
    "thanks": "what is held, and of which tiers: test_model.py",
    "hold_days": "test_a_setting_that_makes_somebody_wait_makes_them_wait",
    "approve_over_fen": "test_a_setting_that_makes_somebody_wait_makes_them_wait",
    "confirm": "test_a_setting_that_makes_somebody_wait_makes_them_wait",
    "attribution": "test_the_first_touch_counts_where_the_rules_say_so",
    "both_or_neither": "test_where_both_or_neither_is_asked_for_a_cap_of_one_side_ends_both",
    "budget_fen": "what a campaign starts with: tests/cli",
    "stories_per_month": "tests/journeys/test_story_limits.py",
    "stories_per_author": "tests/journeys/test_story_limits.py",
    "story_judges": "tests/journeys/test_story_limits.py",
    "pays": "whom an invoice goes to: tests/words/test_packs_b.py",
}


def test_every_setting_is_tested_to_be_enforced():
    """Settings shown but not enforced."""
    assert {field.name for field in fields(Terms)} == SETTINGS.keys() | TOLD_ELSEWHERE.keys()


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_that_stands_against_a_thanks_does(books, name):
    changed, case = SETTINGS[name]

    assert _is_held(books, books.campaign(new_customers_only=False, cap_per_year=9), case, "A")
    assert not _is_held(books, books.campaign(**changed), case, "B")


def _is_held(books, campaign, case, series):
    """Whether a friend touched two days before their order, or just after it, is thanked, in this case."""
    friend, code = wecom(f"wm{series}"), books.code(MEI, campaign)
    for number in range(case.get("friends_before", 0)):
        earlier = wecom(f"wm{series}{number}")
        books.touch(earlier, code, at=NOON - 3 * HOUR)
        books.order(f"{series}{number}", earlier, at=NOON - 2 * HOUR, **ORDER)
    if case.get("bought_before"):
        books.order(f"{series}-old", friend, at=NOON - timedelta(days=30), **ORDER)
    books.touch(friend, code, at=NOON - HOUR if case.get("bought_first") else NOON - timedelta(days=2))
    books.order(series, friend, at=NOON - 2 * HOUR, **ORDER)
    return ("advocate", "held") in held(books, campaign, friend)


@pytest.mark.parametrize("changed", [{"hold_days": 30}, {"confirm": True}, {"approve_over_fen": 1}])
def test_a_setting_that_makes_somebody_wait_makes_them_wait(books, changed):
    free, waits = books.campaign(), books.campaign(**changed)
    for number, campaign in enumerate((free, waits)):
        friend = wecom(f"wm{number}")
        books.touch(friend, books.code(MEI, campaign), at=NOON - 2 * HOUR)
        books.order(f"A{number}", friend, at=NOON - HOUR)

    books.pass_days(16)

    assert {state for _, state in held(books, free, wecom("wm0"))} == {"granted"}
    assert {state for _, state in held(books, waits, wecom("wm1"))} == {"held"}


@pytest.mark.parametrize(("rule", "advocate"), [("first", MEI), ("last", BO)])
def test_the_first_touch_counts_where_the_rules_say_so(books, rule, advocate):
    campaign = books.campaign(attribution=rule)
    books.touch(JUN, books.code(BO, campaign), at=NOON - 2 * HOUR)
    books.touch(JUN, books.code(MEI, campaign), at=NOON - 3 * HOUR)

    books.order("A1", JUN, at=NOON - HOUR)

    jun = books.tx.people.find(JUN).id
    assert books.tx.referrals.find(campaign, jun).advocate == books.tx.people.find(advocate).id


@pytest.mark.parametrize("both", [True, False])
def test_a_friend_beyond_the_advocate_s_cap_counts_for_neither_side(books, both):
    campaign = books.campaign(both_or_neither=both, cap_per_year=1)
    code = books.code(MEI, campaign)
    for number, friend in enumerate((HAN, JUN)):
        books.touch(friend, code, at=NOON - 3 * HOUR)
        books.order(f"A{number}", friend, at=NOON - 2 * HOUR)

    assert held(books, campaign) == []


def test_who_came_after_the_end_is_nobodys_friend_and_who_came_before_still_is(books):
    """Attributing after campaign end."""
    campaign = books.campaign()
    code = books.code(MEI, campaign)
    books.touch(HAN, code, at=books.now)
    books.now += HOUR
    campaigns.move(books.tx, campaign, CampaignState.ENDED, now=books.now)
    books.now += HOUR
    books.touch(JUN, code, at=books.now)

    for number, friend in enumerate((HAN, JUN)):
        books.order(f"A{number}", friend, at=books.now)

    assert held(books, campaign, HAN) == BOTH_HELD
    assert held(books, campaign, JUN) == []
    assert books.tx.orders.find("shop", "A1", orders.MONEY).reasons == ("campaign.ended",)


def test_what_is_counted_by_day_is_counted_by_its_own_day(books):
    """Reports dated by parent creation: not by when the campaign began, the code was made, or the friend came."""
    campaign = books.campaign(cap_per_day=1)
    code = books.code(MEI, campaign)
    for number, friend in enumerate((HAN, JUN)):
        books.touch(friend, code, at=books.now - 2 * HOUR)
        books.order(f"A{number}", friend, at=books.now)
        books.pass_days(1)

    mei = books.tx.people.find(MEI).id
    bought = [s.first_at for s in books.tx.shares.of_person(mei) if s.level is ShareLevel.BOUGHT]
    assert held(books, campaign, JUN) == BOTH_HELD  # the day after Han's, though all else is of one day
    assert bought == [NOON]
    assert [r.held_at for r in books.tx.rewards.of_person(mei)] == [NOON, NOON + timedelta(days=1)]
    assert books.tx.campaigns.used_since(campaign, NOON + HOUR) == 6000


def test_what_is_told_again_is_there_once_in_every_table(books):
    """Unique key missing under "on conflict do nothing": nothing conflicts, and everything doubles."""
    campaign = books.campaign()

    def tell():
        code = books.code(MEI, campaign)
        books.added(JUN, "lin", mark=f"m{code}")
        books.left(JUN, "lin")
        books.order("A1", JUN, at=NOON)
        books.refund("A1", "R1", 100)
        books.met(JUN, Identity(IdentityKind.UNIONID, "oJun"))
        books.tx.people.own_device("d1", books.tx.people.find(JUN).id, books.now)
        books.pass_days(0)

    books.qr(books.code(MEI, campaign))
    tell()
    once = _sizes(books)
    tell()
    again = _sizes(books)

    grew = {table for table in once if again[table] != once[table]}
    assert grew == {"outbox"}  # a profile is asked for at every add, as it may have changed
    assert once["referrals"] == once["orders"] == once["refunds"] == once["contacts"] == once["devices"] == 1
    assert (once["rewards"], once["identities"]) == (2, 3)


def _sizes(books):
    read = books.tx.connection.execute
    return {name: read(text(f'select count(*) from "{name}"')).scalar() for name in metadata.tables}


def test_a_budget_is_asked_and_taken_in_one_statement(books):
    """Sum-then-insert spending caps: two who have both read that there is enough do not both get it."""
    campaign = books.campaign(budget_fen=6000)
    read_by_one = read_by_other = books.tx.campaigns.get(campaign)

    taken = [books.tx.campaigns.reserve(seen.id, 6000) for seen in (read_by_one, read_by_other)]

    assert taken == [True, False]
    assert books.tx.campaigns.get(campaign).used_fen == 6000
    books.tx.campaigns.release(campaign, 6000)


def test_no_address_says_who_somebody_is(books):
    """Personal data in URLs."""
    campaign = books.campaign()
    ids = [MEI, Identity(IdentityKind.UNIONID, "oMeiUnion"), Identity(IdentityKind.CRM, "4711")]
    mei = books.met(*ids)
    books.tx.people.learn(mei, nickname="李梅", name="李晓梅", avatar="https://wework.qpic.cn/mei.png")

    code = books.code(MEI, campaign)
    addresses = [books.facts.link(code), books.facts.rules_page(campaign), f"/p/{code}.jpg", books.qr(code)]

    private = [*(identity.value for identity in ids), mei, "李", "mei"]
    assert [(a, p) for a in addresses for p in private if p.casefold() in a.casefold()] == []
