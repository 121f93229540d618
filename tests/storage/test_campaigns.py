"""Campaigns and their budgets, codes, contact ways, shares, touches, referrals."""

import asyncio
from dataclasses import replace

import pytest

from referral.campaigns import CampaignState
from referral.carriers import Carrier
from referral.codes import encode, is_valid
from referral.contact_ways import ContactWay, WayKind
from referral.domains import Blocked
from referral.people import Person
from referral.referrals import Disclosure, ReferralStatus
from referral.shares import ShareLevel
from referral.terms import override
from referral.touches import TouchKind
from storage.errors import StorageError
from storage.store import Store
from storage.tables import codes
from tests.storage.cast import KEY, NOON, TERMS, a_campaign, a_referral, a_share, a_touch, after, settle


async def test_a_campaign_comes_back_as_it_was_with_its_terms(store: Store):
    spring = a_campaign(id="c2", starts_at=after(days=1), ends_at=after(days=30), state=CampaignState.WAITING)
    terms = override(TERMS, {"window_days": "60", "attribution": "first"})
    await store.write(lambda tx: tx.campaigns.add(spring, terms, NOON))

    assert await store.read(lambda tx: tx.campaigns.get("c2")) == spring
    assert await store.read(lambda tx: tx.campaigns.terms("c2", 1)) == terms
    assert await store.read(lambda tx: tx.campaigns.get("c3")) is None


async def test_campaigns_are_listed_oldest_first_and_change_state(store: Store):
    def story(tx):
        tx.campaigns.add(a_campaign(id="c2"), TERMS, after(days=1))
        tx.campaigns.add(a_campaign(id="c1"), TERMS, NOON)
        tx.campaigns.set_state("c2", CampaignState.PAUSED)
        return [(c.id, c.state) for c in tx.campaigns.all()]

    assert await store.write(story) == [("c1", CampaignState.RUNNING), ("c2", CampaignState.PAUSED)]


async def test_a_campaign_ends_when_it_is_ended_or_kept_its_earlier_end(store: Store):
    def story(tx):
        tx.campaigns.add(a_campaign(id="c1"), TERMS, NOON)
        tx.campaigns.add(a_campaign(id="c2", ends_at=after(days=1)), TERMS, NOON)
        for campaign in ("c1", "c2"):
            tx.campaigns.end(campaign, after(days=2))
        return [(c.state, c.ends_at) for c in tx.campaigns.all()]

    assert await store.write(story) == [(CampaignState.ENDED, after(days=2)), (CampaignState.ENDED, after(days=1))]


async def test_a_budget_is_spent_to_the_last_fen_and_not_beyond(store: Store):
    def story(tx):
        settle(tx, budget_fen=10_000)
        took = [tx.campaigns.reserve("c1", 6_000), tx.campaigns.reserve("c1", 6_000), tx.campaigns.reserve("c1", 4_000)]
        tx.campaigns.release("c1", 6_000)
        return took, tx.campaigns.get("c1").used_fen

    assert await store.write(story) == ([True, False, True], 4_000)


async def test_of_two_hundred_who_race_for_the_last_thanks_one_gets_it(store: Store):
    await store.write(lambda tx: settle(tx, budget_fen=3_000))

    took = await asyncio.gather(*(store.write(lambda tx: tx.campaigns.reserve("c1", 3_000)) for _ in range(200)))

    assert took.count(True) == 1
    assert await store.read(lambda tx: tx.campaigns.get("c1").used_fen) == 3_000


async def test_sixty_who_race_for_twenty_thanks_take_exactly_twenty(store: Store):
    await store.write(lambda tx: settle(tx, budget_fen=20 * 3_000))

    took = await asyncio.gather(*(store.write(lambda tx: tx.campaigns.reserve("c1", 3_000)) for _ in range(60)))

    assert took.count(True) == 20


async def test_giving_back_more_than_was_taken_is_refused(store: Store):
    await store.write(settle)

    with pytest.raises(StorageError):
        await store.write(lambda tx: tx.campaigns.release("c1", 1))


async def test_an_advocate_keeps_one_code_per_campaign_and_channel(store: Store):
    def story(tx):
        first = settle(tx)
        again = tx.codes.issue(KEY, campaign="c1", advocate="mei", channel="", rep="wu", now=after(days=1))
        group = tx.codes.issue(KEY, campaign="c1", advocate="mei", channel="group", rep=None, now=NOON)
        bo = tx.codes.issue(KEY, campaign="c1", advocate="bo", channel="", rep=None, now=NOON)
        return first, again, group, bo, tx.codes.of_advocate("mei")

    first, again, group, bo, of_mei = await store.write(story)

    assert again == first
    assert of_mei == [first, group]
    assert len({first.code, group.code, bo.code}) == 3
    assert all(is_valid(code.code) for code in (first, group, bo))
    assert await store.read(lambda tx: tx.codes.find(group.code)) == group
    assert await store.read(lambda tx: tx.codes.find("00000000")) is None


async def test_a_code_is_issued_even_where_another_key_has_taken_its_symbols(store: Store):
    """After a change of key the code of a new row may already be on somebody's poster."""

    def story(tx):
        settle(tx)
        jun = tx.codes.issue(KEY, campaign="c1", advocate="jun", channel="", rep=None, now=NOON)
        for row in range(jun.row + 1, jun.row + 4):
            a_row_with(tx, encode(row, KEY), row=-row)
        return jun, tx.codes.issue(KEY, campaign="c1", advocate="bo", channel="", rep=None, now=NOON)

    jun, bo = await store.write(story)

    assert is_valid(bo.code)
    assert bo.code != jun.code
    assert await store.read(lambda tx: tx.codes.find(bo.code).advocate) == "bo"


async def test_a_row_number_is_never_given_out_twice(store: Store):
    """A code names its row: an erased person's printed code must not lead to somebody else."""

    def story(tx):
        settle(tx)
        gone = tx.codes.issue(KEY, campaign="c1", advocate="jun", channel="", rep=None, now=NOON)
        tx.connection.exec_driver_sql(f"delete from codes where code = '{gone.code}'")
        return gone, tx.codes.issue(KEY, campaign="c1", advocate="bo", channel="", rep=None, now=NOON)

    gone, bo = await store.write(story)

    assert bo.row > gone.row
    assert bo.code != gone.code


async def test_a_code_can_be_given_a_rep_later(store: Store):
    def story(tx):
        settle(tx)
        code = tx.codes.issue(KEY, campaign="c1", advocate="bo", channel="", rep=None, now=NOON)
        tx.codes.set_rep(code.code, "lin")
        return code, tx.codes.find(code.code)

    code, served = await store.write(story)

    assert served == replace(code, rep="lin")


async def test_wrong_codes_are_counted_per_person_within_the_time_asked_for(store: Store):
    def story(tx):
        for minute in (0, 5, 9):
            tx.codes.missed("203.0.113.7", after(minutes=minute))
        tx.codes.missed("203.0.113.8", after(minutes=9))
        return tx.codes.misses("203.0.113.7", NOON), tx.codes.misses("203.0.113.7", after(minutes=-1))

    assert await store.write(story) == (2, 3)


async def test_a_contact_way_is_found_by_code_by_rep_and_by_mark(store: Store):
    own = ContactWay(id="q1", code="ABCD1234", rep="lin", mark="s1")
    spare = ContactWay(id="q2", code=None, rep="lin", mark="s2")
    link = ContactWay(id="q3", code="ABCD1234", rep="lin", mark="s3", kind=WayKind.LINK, payload="https://platform/s3")

    def story(tx):
        for way in (own, spare, link):
            tx.contact_ways.ask(way, NOON)
        tx.contact_ways.made("q1", "config-1", "https://platform/qr")
        tx.contact_ways.ready("q1", "qr.png", "https://platform/ca/1", after(seconds=2))

    await store.write(story)

    made = {"source": "https://platform/qr", "picture": "qr.png", "payload": "https://platform/ca/1"}
    ready, spare = replace(own, **made, asked_at=NOON), replace(spare, asked_at=NOON)
    assert await store.read(lambda tx: tx.contact_ways.of_code("ABCD1234", "lin")) == ready
    assert await store.read(lambda tx: tx.contact_ways.by_mark("s1")) == ready
    assert await store.read(lambda tx: tx.contact_ways.get("q2")) == spare
    assert await store.read(lambda tx: tx.contact_ways.of_rep("lin")) == spare
    assert await store.read(lambda tx: tx.contact_ways.of_rep("wu")) is None
    assert await store.read(lambda tx: tx.contact_ways.of_rep("lin", WayKind.LINK)) is None
    kept = await store.read(lambda tx: tx.contact_ways.of_code("ABCD1234", "lin", WayKind.LINK))
    assert kept == replace(link, asked_at=NOON)


async def test_what_became_of_an_asking_is_known(store: Store):
    way = ContactWay(id="q1", code="ABCD1234", rep="lin", mark="s1")

    await store.write(lambda tx: tx.contact_ways.ask(way, NOON))
    waiting = await store.read(lambda tx: tx.contact_ways.get("q1"))
    await store.write(lambda tx: tx.contact_ways.failed("q1", after(minutes=2)))
    failed = await store.read(lambda tx: tx.contact_ways.get("q1"))
    await store.write(lambda tx: tx.contact_ways.ready("q1", "qr.png", "", after(minutes=3)))
    unreadable = await store.read(lambda tx: tx.contact_ways.get("q1"))
    await store.write(lambda tx: tx.contact_ways.ready("q1", "qr.png", "https://platform/ca/1", after(minutes=4)))
    ready = await store.read(lambda tx: tx.contact_ways.get("q1"))

    assert [each.is_made for each in (waiting, failed, unreadable, ready)] == [False, False, True, True]
    assert [each.is_lost for each in (waiting, failed, unreadable, ready)] == [False, True, True, False]


async def test_a_domain_is_blocked_once_and_cleared_once(store: Store):
    assert await store.write(lambda tx: tx.domains.block("i.mt.cn", NOON))
    assert not await store.write(lambda tx: tx.domains.block("i.mt.cn", after(minutes=1)))
    assert await store.read(lambda tx: tx.domains.blocked()) == [Blocked(host="i.mt.cn", since=NOON)]

    assert await store.write(lambda tx: tx.domains.clear("i.mt.cn"))
    assert not await store.write(lambda tx: tx.domains.clear("i.mt.cn"))
    assert await store.read(lambda tx: tx.domains.blocked()) == []


async def test_a_campaign_keeps_what_its_posters_carry(store: Store):
    plain, carried = a_campaign(id="c1"), a_campaign(id="c2", carrier=Carrier.CONTACT)

    def story(tx):
        for campaign in (plain, carried):
            tx.campaigns.add(campaign, TERMS, NOON)
        tx.campaigns.carry("c1", Carrier.DESK)
        return [each.carrier for each in tx.campaigns.all()]

    assert await store.write(story) == [Carrier.DESK, Carrier.CONTACT]


async def test_two_contact_ways_never_share_a_mark(store: Store):
    await store.write(lambda tx: tx.contact_ways.ask(ContactWay(id="q1", code=None, rep="lin", mark="s1"), NOON))

    with pytest.raises(StorageError):
        await store.write(lambda tx: tx.contact_ways.ask(ContactWay(id="q2", code=None, rep="lin", mark="s1"), NOON))


async def test_the_first_time_a_share_reached_a_level_stays_on_record(store: Store):
    def story(tx):
        settle(tx)
        reached = [tx.shares.reach(a_share(first_at=after(hours=hour))) for hour in (0, 1)]
        reached.append(tx.shares.reach(a_share(level=ShareLevel.SEEN, first_at=after(hours=2))))
        return reached, tx.shares.of_person("mei"), tx.shares.first_at("CODE", ShareLevel.PREPARED)

    reached, of_mei, first = await store.write(story)

    assert reached == [True, False, True]
    assert of_mei == [a_share(), a_share(level=ShareLevel.SEEN, first_at=after(hours=2))]
    assert first == NOON
    assert await store.read(lambda tx: tx.shares.first_at("CODE", ShareLevel.BOUGHT)) is None


async def test_touches_are_kept_in_the_order_they_arrived(store: Store):
    late = a_touch(id="t1", at=after(days=3), kind=TouchKind.CODE, device="phone-1")
    early = a_touch(id="t2", at=NOON, arrived_at=after(days=4))

    def story(tx):
        settle(tx)
        for touch in (late, early, a_touch(id="t3", friend=None, kind=TouchKind.VIEW, device="phone-2", code="OTHER")):
            tx.touches.add(touch)
        return tx.touches.of_friend("jun")

    found = await store.write(story)

    assert [replace(touch, row=0) for touch in found] == [late, early]
    assert found[0].row < found[1].row
    assert await store.read(lambda tx: tx.touches.seen_by("phone-2", "OTHER", after(days=-1)))
    assert not await store.read(lambda tx: tx.touches.seen_by("phone-2", "OTHER", after(days=5)))
    assert not await store.read(lambda tx: tx.touches.seen_by("phone-2", "CODE", after(days=-1)))
    assert await store.read(lambda tx: tx.touches.codes_of("jun")) == ["CODE"]


async def test_a_referral_moves_and_is_decided(store: Store):
    def story(tx):
        settle(tx)
        tx.referrals.save(a_referral())
        tx.referrals.save(a_referral(touch="t9", at=after(days=1)))
        tx.referrals.decide("r1", ReferralStatus.CREDITED, "hold.running", after(days=2))
        tx.referrals.disclose("r1", Disclosure.YES)
        return tx.referrals.get("r1")

    found = await store.write(story)

    assert found == a_referral(
        touch="t9",
        at=after(days=1),
        status=ReferralStatus.CREDITED,
        reason="hold.running",
        decided_at=after(days=2),
        disclosed=Disclosure.YES,
    )
    assert await store.read(lambda tx: tx.referrals.of_friend("jun")) == [found]
    assert await store.read(lambda tx: tx.referrals.of_advocate("mei")) == [found]
    assert await store.read(lambda tx: tx.referrals.find("c1", "mei")) is None


async def test_a_friend_has_one_referral_per_campaign(store: Store):
    def story(tx):
        settle(tx)
        tx.referrals.save(a_referral())

    await store.write(story)

    with pytest.raises(StorageError):
        await store.write(lambda tx: tx.referrals.save(a_referral(id="r2", advocate="bo")))
    assert await store.read(lambda tx: tx.referrals.find("c1", "jun").advocate) == "mei"


def a_row_with(tx, code: str, row: int) -> None:
    """A code issued under an earlier key, far from the rows of now, by an advocate of its own."""
    advocate = f"old-{row}"
    tx.people.create(Person(id=advocate), NOON)
    values = {"row": row, "code": code, "campaign": "c1", "advocate": advocate, "channel": "", "created_at": 0}
    tx.connection.execute(codes.insert().values(values))
