"""Where two rules meet: what one of them does must not undo, double or strand what the other has done."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta

import pytest

from referral import addresses, campaigns, erasure, matching, merging, points, shop, thanks
from referral.campaigns import CampaignState
from referral.consent import NUDGES, Answer, Consent
from referral.errors import RuleViolation
from referral.fulfilment import BillState
from referral.identities import Identity, IdentityKind
from referral.ids import new_id
from referral.moments import Due, Permission, State
from referral.shop import Item
from referral.terms import BadTerms, Choice, terms_from
from tests.engine.books import NOON, history, pack_terms, wecom

CASH = Choice(kind="cash", unit="fen", amount=10_000, cost_fen=1, says="{yuan}元现金", tax_class="incidental")
MEI, BO, JUN, KAI = wecom("wmMei"), wecom("wmBo"), wecom("wmJun"), wecom("wmKai")
DAY = timedelta(days=1)


@pytest.fixture
def books(pages):
    with history(pages) as opened:
        yield opened
        opened.check()


def bring(books, campaign, *friends, paid=NOON - 3 * DAY):
    """Friends come by Mei's code and buy."""
    code = books.code(MEI, campaign)
    for friend in friends:
        books.touch(friend, code, at=NOON - 4 * DAY)
        books.order(f"of-{friend.value}", friend, at=paid)


def outcome(books, number):
    found = books.tx.orders.find("shop", number, "order.paid")
    return found.outcome.value, found.reasons[0].value


def thanks_of(books, who, cause="referral"):
    return sorted(r.state.value for r in books.tx.rewards.of_person(books.met(who)) if r.cause == cause)


def forget(books, who):
    return erasure.erase(books.tx, books.met(who), lambda _: "0" * 64, who="cli", now=books.now, rng=books.rng)


def shelf(books, *, kind="privilege", stock=5):
    item = Item(
        id=new_id(books.rng, "q"), title="帆布袋", points=500, stock=stock, kind=kind, value="x", added_at=books.now
    )
    books.tx.shop.add(item)
    return item.id


def exchange(books, who, item):
    return shop.redeem(books.tx, books.facts, who, item, "f1", now=books.now, rng=books.rng)


def stock_of(books, item):
    return books.tx.shop.get(item).stock


def test_the_margin_is_guarded_whichever_of_two_orders_is_told_first(books):
    campaign = books.campaign(margin_percent=20)
    books.touch(JUN, books.code(MEI, campaign), at=NOON - 3 * DAY)
    books.order("large", JUN, at=NOON - DAY, fen=100_000)
    assert outcome(books, "large") == ("held", "hold.running")

    # when a smaller one turns out to have come before, which does not earn its thanks
    books.order("small", JUN, at=NOON - 2 * DAY, fen=1_000)

    # then it is as if they had been told in order
    assert outcome(books, "small") == ("rejected", "margin.exceeded")
    assert outcome(books, "large") == ("rejected", "reward.once")
    books.pass_days(30)
    assert "granted" not in thanks_of(books, MEI)


def test_a_milestone_reached_by_the_better_rules_of_today_is_not_lost_to_those_of_yesterday(books):
    # given a friend who came before the rules became better, and two who came after
    campaign = books.campaign(pack="top-fans")
    books.touch(BO, books.code(MEI, campaign), at=NOON - 5 * DAY)
    terms = books.tx.campaigns.terms(campaign, 1)
    sooner = [replace(each, after_friends=2) if each.cause == "milestone" else each for each in terms.thanks]
    campaigns.edit(books.tx, campaign, replace(terms, thanks=tuple(sooner)), now=books.now)
    bring(books, campaign, JUN, KAI)
    books.pass_days(20)
    assert thanks_of(books, MEI, "milestone") == ["granted"]

    # when the first buys and gives it all back
    books.order("B", BO, at=books.now - DAY)
    books.refund("B", "R", None)

    assert thanks_of(books, MEI, "milestone") == ["granted"]


def test_somebody_who_was_erased_reaches_no_milestone(books):
    campaign = books.campaign(pack="top-fans")
    bring(books, campaign, BO, JUN, KAI)
    person = books.met(MEI)
    forget(books, MEI)

    books.pass_days(20)

    theirs = books.tx.rewards.of_person(person)
    assert {r.state.value for r in theirs if r.side == "advocate"} == {"reversed"}
    assert books.tx.people.get(person).tier == ""


def test_points_that_came_back_while_two_were_one_go_with_whom_they_belong_to(books):
    # given Mei, who exchanged her points, taken for Kai
    bring(books, books.campaign(pack="top-fans"), JUN)
    books.pass_days(20)
    mei, kai, item = books.met(MEI), books.met(KAI), shelf(books)
    made = exchange(books, mei, item)
    joined = merging.merge(books.tx, books.facts, kai, mei, why="同名", who="an", now=books.now, rng=books.rng)

    # when the exchange is called back, and then the two are parted
    shop.cancel(books.tx, books.facts, made.id, "缺货", by="an", now=books.now, rng=books.rng)
    merging.part(books.tx, books.facts, joined.id, who="an", now=books.now, rng=books.rng)

    assert (points.balance_of(books.tx, mei), points.balance_of(books.tx, kai)) == (500, 0)
    assert stock_of(books, item) == 5


def test_erasing_somebody_whose_exchange_is_under_way_puts_the_thing_back_on_the_shelf(books):
    bring(books, books.campaign(pack="top-fans"), JUN)
    books.pass_days(20)
    books.facts = replace(books.facts, connectors={"gift": "parcels"})
    item = shelf(books, kind="gift")
    made = exchange(books, books.met(MEI), item)
    assert stock_of(books, item) == 4

    forget(books, MEI)

    assert stock_of(books, item) == 5
    assert books.tx.rewards.get(made.reward).state == "reversed"


def test_a_parcel_that_is_only_on_the_list_is_called_off_with_its_address(books):
    # given a gift whose address is given, which staff have on their list
    bring(books, books.campaign(pack="top-fans"), JUN)
    books.pass_days(20)
    books.facts = replace(books.facts, connectors={"gift": "parcels"})
    made = exchange(books, books.met(MEI), shelf(books, kind="gift"))
    bill = books.tx.bills.of_reward(made.reward)
    reward = books.tx.rewards.get(made.reward)
    assert addresses.give_address(books.tx, reward, b"sealed", {"parcels"}, now=books.now)
    books.tx.bills.move(books.tx.bills.get(bill.id), BillState.SENT, books.now)

    forget(books, MEI)

    assert books.tx.bills.get(bill.id).state is BillState.CANCELLED
    assert books.tx.rewards.get(made.reward).state == "reversed"
    assert books.tx.addresses.of_reward(made.reward) is None


def test_two_who_were_erased_as_one_are_not_parted(books):
    mei, kai = books.met(MEI), books.met(KAI)
    joined = merging.merge(books.tx, books.facts, kai, mei, why="同名", who="an", now=books.now, rng=books.rng)
    forget(books, KAI)

    with pytest.raises(RuleViolation, match="已经删除"):
        merging.part(books.tx, books.facts, joined.id, who="an", now=books.now, rng=books.rng)


def test_an_exchange_that_cannot_be_made_leaves_the_thing_on_the_shelf(books):
    item, mei = shelf(books), books.met(MEI)

    with pytest.raises(RuleViolation):
        exchange(books, mei, item)

    assert stock_of(books, item) == 5
    assert not books.tx.shop.redemptions(9)


def test_a_budget_that_nears_its_end_is_told_to_somebody_even_where_nobody_was_named(books):
    campaign = books.campaign(budget_fen=7_000)
    books.tx.reps.see("lin", "林顾问")
    assert books.facts.managers == ()

    bring(books, campaign, JUN)

    told = [letter.message for letter in books.tx.outbox.unfinished() if letter.lane == "rep:lin"]
    assert any("预算" in getattr(message, "text", "") for message in told)
    assert thanks.is_open(books.tx, books.tx.referrals.find(campaign, books.met(JUN)))


def test_what_is_held_for_a_friend_stays_theirs_when_their_advocate_is_erased(books):
    campaign = books.campaign()
    bring(books, campaign, JUN)
    forget(books, MEI)
    assert thanks_of(books, JUN) == ["held"]

    # when the friend buys again, and all their orders are looked at anew
    books.order("second", JUN, at=books.now)

    assert thanks_of(books, JUN) == ["held"]
    books.pass_days(30)
    assert thanks_of(books, JUN) == ["granted"]


def test_points_that_lapsed_while_two_were_one_are_lost_to_whose_they_were(books):
    # given Mei, who used some of her points; taken for Kai, the rest of them lapses
    bring(books, books.campaign(pack="top-fans"), JUN)
    books.pass_days(20)
    mei, kai = books.met(MEI), books.met(KAI)
    item = Item(
        id=new_id(books.rng, "q"), title="茶", points=200, stock=1, kind="privilege", value="x", added_at=books.now
    )
    books.tx.shop.add(item)
    exchange(books, mei, item.id)
    joined = merging.merge(books.tx, books.facts, kai, mei, why="同名", who="an", now=books.now, rng=books.rng)
    books.pass_days(800)
    assert points.balance_of(books.tx, kai) == 0

    merging.part(books.tx, books.facts, joined.id, who="an", now=books.now, rng=books.rng)

    assert (points.balance_of(books.tx, mei), points.balance_of(books.tx, kai)) == (0, 0)


def test_a_colleague_is_thanked_for_no_milestone(books):
    campaign = books.campaign(pack="top-fans")
    bring(books, campaign, BO, JUN, KAI)
    books.tx.people.learn(books.met(MEI), staff=True)

    books.pass_days(20)

    assert thanks_of(books, MEI, "milestone") == []


def test_a_milestone_that_was_refused_is_not_asked_for_with_every_further_friend(books):
    campaign = books.campaign(pack="top-fans", approve_over_fen=1)
    bring(books, campaign, BO, JUN, KAI)
    books.pass_days(20)
    for reward in books.tx.rewards.unanswered(9):
        if reward.cause != "milestone":
            thanks.approve(books.tx, reward.id, "an", now=books.now)
    books.pass_days(1)
    (milestone,) = books.tx.rewards.unanswered(9)
    thanks.refuse(books.tx, books.facts, milestone.id, "an", "不符", now=books.now, rng=books.rng)

    bring(books, campaign, wecom("wmHan"), paid=books.now - DAY)
    books.pass_days(20)

    assert [reward.cause for reward in books.tx.rewards.unanswered(9) if reward.cause == "milestone"] == []


def test_nothing_is_given_out_of_a_campaign_that_nobody_approved(books):
    terms = pack_terms("prime")
    draft = campaigns.draft(
        books.tx, pack="prime", name="草稿", terms=terms, budget_fen=90_000, now=books.now, rng=books.rng
    )
    form = terms.thanks[0].choices[0]

    with pytest.raises(RuleViolation, match="还没有人批准"):
        thanks.adjust(books.tx, books.facts, draft.id, books.met(MEI), form, "补", "an", now=books.now, rng=books.rng)


def test_cash_costs_what_it_is(books):
    raw = asdict(pack_terms("gratitude"))
    one = asdict(replace(pack_terms("prime").thanks[0], choices=(CASH,)))

    with pytest.raises(BadTerms, match="现金的成本不能少于它的金额"):
        terms_from(raw | {"thanks": [one]})


def test_who_came_before_a_pause_counts_though_we_hear_of_it_after(books):
    campaign = books.campaign()
    code = books.code(MEI, campaign)
    campaigns.move(books.tx, campaign, CampaignState.PAUSED, now=books.now)
    books.now += timedelta(hours=1)

    books.touch(JUN, code, at=books.now - timedelta(hours=2))
    books.touch(KAI, code, at=books.now)
    for friend in (JUN, KAI):
        books.order(f"of-{friend.value}", friend, at=books.now)

    assert outcome(books, "of-wmJun") == ("held", "hold.running")
    assert outcome(books, "of-wmKai") == ("rejected", "campaign.paused")


def test_money_given_back_for_a_trial_takes_back_what_the_trial_brought(books):
    campaign = books.campaign(pack="first-look")
    books.touch(JUN, books.code(MEI, campaign), at=NOON - 3 * DAY)
    books.order("T1", JUN, at=NOON - DAY, fen=0, kind="trial.started")
    assert thanks_of(books, MEI) == ["held"]

    books.refund("T1", "R1", 9_900)

    assert thanks_of(books, MEI) == ["reversed"]


def test_a_form_that_was_chosen_is_kept_when_the_credit_goes_to_another_advocate(books):
    # given a friend who chose, of what was held for them
    advocates, friends = pack_terms("double-month").thanks
    points_instead = replace(friends.choices[0], kind="points", unit="points", says="{amount}积分")
    offered = replace(friends, choices=(*friends.choices, points_instead))
    campaign = books.campaign(thanks=(advocates, offered))
    books.touch(JUN, books.code(BO, campaign), at=NOON - 4 * DAY)
    books.order("A1", JUN, at=NOON - DAY)
    (mine,) = books.tx.rewards.of_person(books.met(JUN))
    thanks.choose(books.tx, mine.id, mine.person, 1, now=books.now, rng=books.rng)

    # when it turns out that Mei was the last to bring them
    books.touch(JUN, books.code(MEI, campaign), at=NOON - 2 * DAY)

    (held,) = [each for each in books.tx.rewards.of_person(books.met(JUN)) if each.state == "held"]
    assert held.form == offered.choices[1]
    assert thanks_of(books, MEI) == ["held"]


def test_a_wrong_phone_silences_nobody(books):
    # given two customers with numbers of their own, one of whom has had enough
    jun, kai = books.met(JUN), books.met(KAI, Identity(IdentityKind.PHONE, "9" * 64))
    consent = Consent(person=kai, purpose=NUDGES, answer=Answer.WITHDRAWN, evidence="x", channel="chat", at=books.now)
    books.tx.consent.record(consent)
    silent = books.tx.moments.get(kai).but(consent=Permission.WITHDRAWN, consent_at=books.now)
    books.tx.moments.save(silent, Due(state=State.IDLE, reason="opted_out", score=0.0, due_at=None))

    with pytest.raises(RuleViolation, match="另一位客户"):
        matching.phone_by_rep(
            books.tx, books.facts, jun, Identity(IdentityKind.PHONE, "9" * 64), by="lin", now=books.now, rng=books.rng
        )

    assert books.tx.moments.get(jun).consent is not Permission.WITHDRAWN
