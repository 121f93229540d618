"""What may never be: a budget or cap that leaks with time, a thanks twice, one side without the other, a tier lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from referral import campaigns, coupons, merging, orders, thanks
from referral.identities import Identity, IdentityKind
from referral.rewards import RewardState
from referral.terms import Choice, Thanks
from tests.engine.books import NOON, history, wecom

MEI, JUN, HAN, LAN = wecom("wmMei"), wecom("wmJun"), wecom("wmHan"), wecom("wmLan")
HOUR = timedelta(hours=1)


def form(kind: str, unit: str, amount: int, cost_fen: int, **more) -> Choice:
    return Choice(kind=kind, unit=unit, amount=amount, cost_fen=cost_fen, says="{amount}份", **more)


def promised(rule: str, side: str, *choices: Choice, cause: str = "referral", after_friends: int = 0) -> Thanks:
    return Thanks(rule=rule, side=side, cause=cause, choices=choices, after_friends=after_friends)


POINTS = form("points", "points", 100, 500)
TALK = form("privilege", "pieces", 1, 500, value="面谈", valid_days=90)
GOLD = form("tier", "pieces", 1, 100, value="金", valid_days=180)
ALONE = {"hold_days": 0, "new_customers_only": False, "both_or_neither": False}


@pytest.fixture
def books(pages):
    with history(pages) as opened:
        yield opened
        opened.check()


def brings(books, campaign, friend, number, *, advocate=MEI, fen=19900):
    """A friend comes by the advocate's code and buys an hour later."""
    books.touch(friend, books.code(advocate, campaign), at=books.now - 2 * HOUR)
    return books.order(number, friend, at=books.now - HOUR, fen=fen)


def states(books, who):
    person = books.tx.people.find(who)
    return sorted((r.rule, r.state.value) for r in books.tx.rewards.of_person(person.id))


def tier_of(books, who):
    return books.tx.people.find(who).tier


def test_a_privilege_enjoyed_to_its_end_gives_nothing_back_to_the_budget(books):
    campaign = books.campaign(thanks=(promised("talk", "advocate", TALK),), budget_fen=500, **ALONE)
    brings(books, campaign, JUN, "A1")
    books.pass_days(1)

    books.pass_days(91)

    assert states(books, MEI) == [("talk", "expired")]
    assert books.tx.campaigns.get(campaign).used_fen == 500
    assert brings(books, campaign, HAN, "A2").reasons == ("budget.exhausted",)


def test_points_that_lapse_unused_give_their_cost_back(books):
    lapsing = form("points", "points", 100, 500, valid_days=30)
    campaign = books.campaign(thanks=(promised("points", "advocate", lapsing),), **ALONE)
    brings(books, campaign, JUN, "A1")
    books.pass_days(1)

    books.pass_days(31)

    assert states(books, MEI) == [("points", "expired")]
    assert books.tx.campaigns.get(campaign).used_fen == 0


def test_a_cap_is_not_freed_when_a_thanks_lapses(books):
    campaign = books.campaign(thanks=(promised("talk", "advocate", TALK),), cap_per_year=1, **ALONE)
    brings(books, campaign, JUN, "A1")
    books.pass_days(1)
    books.pass_days(20)

    assert brings(books, campaign, HAN, "A2").reasons == ("cap.reached",)


def test_an_advocate_s_cap_holds_where_only_the_friend_is_thanked(books):
    campaign = books.campaign(thanks=(promised("points", "friend", POINTS),), cap_per_year=1, **ALONE)
    brings(books, campaign, JUN, "A1")

    assert brings(books, campaign, HAN, "A2").reasons == ("cap.reached",)


def test_both_sides_wait_where_one_of_them_waits_for_a_yes(books):
    both = (promised("a", "advocate", POINTS), promised("f", "friend", form("points", "points", 10, 50)))
    rules = ALONE | {"both_or_neither": True, "approve_over_fen": 100}
    campaign = books.campaign(thanks=both, **rules)
    brings(books, campaign, JUN, "A1")
    books.pass_days(1)
    assert states(books, JUN) == [("f", "held")]

    waiting = next(r for r in books.tx.rewards.of_person(books.tx.people.find(MEI).id))
    thanks.refuse(books.tx, books.facts, waiting.id, "安", "查无此单", now=books.now, rng=books.rng)

    assert (states(books, MEI), states(books, JUN)) == ([("a", "rejected")], [("f", "rejected")])
    order = books.tx.orders.find("shop", "A1", orders.MONEY)
    assert (order.outcome, order.reasons) == ("rejected", ("approval.refused",))


def test_what_a_partly_refunded_order_does_not_earn_any_more_is_not_thanked(books):
    both = (promised("a", "advocate", POINTS), promised("f", "friend", POINTS))
    campaign = books.campaign(thanks=both, margin_percent=20, **(ALONE | {"hold_days": 15}))
    assert brings(books, campaign, JUN, "A1").outcome == "held"

    books.refund("A1", "R1", 19_000)

    assert {state for _, state in states(books, MEI) + states(books, JUN)} == {"reversed"}


def test_a_tier_given_twice_stays_until_the_last_of_them_ends(books):
    campaign = books.campaign(thanks=(promised("tier", "advocate", GOLD),), **ALONE)
    books.tx.people.learn(books.met(MEI), tier="银")
    brings(books, campaign, JUN, "A1")
    books.pass_days(1)
    books.pass_days(100)
    brings(books, campaign, HAN, "A2")
    books.pass_days(1)

    books.pass_days(90)
    after_the_first = tier_of(books, MEI)
    books.pass_days(100)

    assert (after_the_first, tier_of(books, MEI)) == ("金", "银")


def test_a_milestone_stands_as_long_as_so_many_friends_are_through_whichever_they_are(books):
    bonus = promised("bonus", "advocate", form("points", "points", 500, 500), cause="milestone", after_friends=2)
    campaign = books.campaign(thanks=(promised("p", "advocate", POINTS), bonus), **ALONE)
    for number, friend in enumerate((JUN, HAN, LAN)):
        brings(books, campaign, friend, f"A{number}")
    books.pass_days(1)
    assert ("bonus", "granted") in states(books, MEI)

    books.refund("A1", "R1", None)
    after_one = ("bonus", "granted") in states(books, MEI)
    books.refund("A0", "R2", None)

    assert (after_one, ("bonus", "reversed") in states(books, MEI)) == (True, True)


def test_a_milestone_that_the_budget_did_not_suffice_for_comes_when_it_is_raised(books):
    bonus = promised("bonus", "advocate", form("points", "points", 500, 500), cause="milestone", after_friends=1)
    campaign = books.campaign(thanks=(promised("p", "advocate", POINTS), bonus), budget_fen=600, **ALONE)
    brings(books, campaign, JUN, "A1")
    books.pass_days(1)
    assert ("bonus", "granted") not in states(books, MEI)

    terms = books.tx.campaigns.terms(campaign, 1)
    campaigns.edit(books.tx, campaign, terms, budget_fen=5_000, now=books.now)
    books.pass_days(1)

    assert ("bonus", "granted") in states(books, MEI)


def test_a_milestone_of_two_who_are_one_is_owed_once(books):
    bonus = promised("bonus", "advocate", form("points", "points", 500, 500), cause="milestone", after_friends=1)
    campaign = books.campaign(thanks=(promised("p", "advocate", POINTS), bonus), **ALONE)
    twice = Identity(IdentityKind.CRM, "1")
    brings(books, campaign, JUN, "A1")
    brings(books, campaign, HAN, "A2", advocate=twice)
    books.pass_days(1)
    mei, other = books.tx.people.find(MEI).id, books.tx.people.find(twice).id

    made = merging.merge(books.tx, books.facts, mei, other, why="同一位", who="an", now=books.now, rng=books.rng)
    books.check()
    assert books.tx.ledger.balance(f"{mei}:granted", "points") == 700
    assert books.tx.ledger.balance(f"{other}:granted", "points") == 0

    merging.part(books.tx, books.facts, made.id, who="an", now=books.now, rng=books.rng)
    books.check()


def test_a_merge_can_be_undone_after_a_thanks_was_used(books):
    voucher = form("coupon", "pieces", 1, 500)
    campaign = books.campaign(thanks=(promised("v", "friend", voucher), promised("p", "advocate", POINTS)), **ALONE)
    one, other = Identity(IdentityKind.CRM, "1"), Identity(IdentityKind.PHONE, "cd" * 32)
    brings(books, campaign, one, "A1")
    brings(books, campaign, other, "A2")
    books.pass_days(1)
    first, second = (books.tx.people.find(who).id for who in (one, other))
    reward = books.tx.rewards.of_person(second)[0]
    coupon = books.tx.coupons.of_reward(reward.id)
    coupons.use(books.tx, coupon, reward, by="lin", shop="一店", now=books.now, rng=books.rng)

    made = merging.merge(books.tx, books.facts, first, second, why="同一位", who="an", now=books.now, rng=books.rng)
    merging.part(books.tx, books.facts, made.id, who="an", now=books.now, rng=books.rng)

    assert books.tx.rewards.of_person(second)[0].state is RewardState.GRANTED
    assert {r.status.value for who in (first, second) for r in books.tx.referrals.of_friend(who)} == {"credited"}


def test_who_came_before_the_end_still_counts_and_who_came_after_does_not(books):
    campaign = books.campaign(thanks=(promised("p", "advocate", POINTS),), **ALONE)
    code = books.code(MEI, campaign)
    books.touch(JUN, code, at=NOON - HOUR)
    campaigns.move(books.tx, campaign, campaigns.CampaignState.ENDED, now=NOON)
    books.now += HOUR
    books.touch(HAN, code, at=books.now)

    before = books.order("A1", JUN, at=books.now)
    after = books.order("A2", HAN, at=books.now)

    assert (before.outcome, after.outcome, after.reasons) == ("held", "rejected", ("campaign.ended",))
