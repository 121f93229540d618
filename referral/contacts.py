"""Contacts: a friend adds a rep, is welcomed and attributed; a contact ends; names are learned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from referral import orders
from referral.codes import Code
from referral.events import FriendAdded, FriendLeft
from referral.identities import Identity
from referral.ids import Bits
from referral.messages import FetchProfile, RepText, Welcome
from referral.outbox import Purpose, post
from referral.people import Person, find_or_create, join
from referral.referrals import Referral, ReferralStatus
from referral.touches import TouchKind, touch_by_code

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

WELCOME_WITHIN = timedelta(seconds=20)
"""A welcome's code is good for this long after the add (platform.md 4.6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a platform knows of a person; empty where it does not say."""

    nickname: str
    avatar: str
    identities: tuple[Identity, ...] = ()


def friend_added(tx: Tx, facts: Facts, event: FriendAdded, *, now: datetime, rng: Bits) -> None:
    """Take in an add: contact, touch, welcome, and another look at orders that waited for this person.

    The first add of a pair is the only one that is a touch; a re-add after a deletion is none (design 5.9).
    """
    person, _ = find_or_create(tx, event.who, now=now, rng=rng, holdout=facts.holdout)
    tx.reps.see(event.rep, "", now)
    first = tx.reps.contact(person.id, event.rep) is None
    tx.reps.add_contact(person.id, event.rep, event.at)
    if person.rep is None:
        tx.people.learn(person.id, rep=event.rep)
    code = _code_of(tx, event)
    if first and code:
        touch_by_code(tx, person.id, code.code, kind=TouchKind.ADD, at=event.at, now=now, rng=rng)
    _welcome(tx, facts, event, person, code, now=now, rng=rng)
    fetch = FetchProfile(who=event.who.value)
    post(tx, fetch, lane=f"profile:{event.who.value}", purpose=Purpose.SYSTEM, person=person.id, now=now, rng=rng)
    orders.reexamine(tx, facts, person.id, now=now, rng=rng)


def contact_ended(tx: Tx, event: FriendLeft) -> None:
    """The two are no longer contacts. What was touched or earned before stands."""
    person = tx.people.find(event.who)
    if person:
        tx.reps.end_contact(person.id, event.rep, event.at)


def profile_learned(tx: Tx, facts: Facts, who: Identity, profile: Profile | None, *, now: datetime, rng: Bits) -> None:
    """Keep a person's name and picture, join their identities, and introduce a new friend to the rep."""
    person = tx.people.find(who)
    if person is None:
        return
    if profile:
        known = {"nickname": profile.nickname, "avatar": profile.avatar}
        tx.people.learn(person.id, profiled_at=now, **{name: value for name, value in known.items() if value})
        if profile.identities:
            person = join(tx, [who, *profile.identities], now=now) or person
            orders.reexamine(tx, facts, person.id, now=now, rng=rng)
    for contact in tx.reps.contacts_of(person.id):
        if contact.left_at is None:
            _introduce(tx, facts, person.id, contact.rep, now=now, rng=rng)


def _code_of(tx: Tx, event: FriendAdded) -> Code | None:
    """The code whose QR was scanned; None for a QR that outlived its campaign: in a chat it is none either."""
    way = tx.contact_ways.by_mark(event.mark) if event.mark else None
    code = tx.codes.find(way.code) if way and way.code else None
    campaign = tx.campaigns.get(code.campaign) if code else None
    return code if campaign and not campaign.is_over(event.at) else None


def _welcome(
    tx: Tx, facts: Facts, event: FriendAdded, person: Person, code: Code | None, *, now: datetime, rng: Bits
) -> None:
    expires_at = event.at + WELCOME_WITHIN
    if not (facts.welcomes and event.welcome_code) or now >= expires_at:
        return
    message = Welcome(welcome_code=event.welcome_code, text=_welcome_text(tx, facts, event.rep, person, code))
    post(
        tx,
        message,
        lane=f"welcome:{event.welcome_code}",
        purpose=Purpose.REPLY,
        person=person.id,
        now=now,
        rng=rng,
        expires_at=expires_at,
        dedupe=f"welcome:{event.welcome_code}",
    )


def _welcome_text(tx: Tx, facts: Facts, rep_id: str, person: Person, code: Code | None) -> str:
    rep = tx.reps.get(rep_id)
    stock: dict[str, object] = {
        "company": facts.company,
        "rep": rep.name if rep and rep.name else "顾问",
        "me_link": facts.own_page(person.id),
        "kf_link": facts.desk_page,
    }
    advocate = tx.people.get(code.advocate) if code else None
    campaign = tx.campaigns.get(code.campaign) if code else None
    if advocate is None or campaign is None or advocate.id == person.id:
        return facts.words.say("welcome.plain", stock)
    if person.joined_at or tx.orders.of_person(person.id):
        return facts.words.say("welcome.customer", stock)
    stock |= facts.words.offer(campaign.pack, tx.campaigns.terms(campaign.id, campaign.version))
    if advocate.shown_name is None:
        return facts.words.say("welcome.unsigned", stock)
    return facts.words.say("welcome.named", stock | {"advocate": advocate.shown_name})


def _introduce(tx: Tx, facts: Facts, friend_id: str, rep: str, *, now: datetime, rng: Bits) -> None:
    """Tell the rep, once per referral, who brought the friend who has just added them."""
    friend = tx.people.get(friend_id)
    for referral in tx.referrals.of_friend(friend_id):
        advocate = tx.people.get(referral.advocate)
        if friend and advocate and _is_news(tx, referral):
            key = "rep.friend_added" if advocate.shown_name else "rep.friend_added_unsigned"
            names = {"advocate": advocate.nickname or "一位客户", "friend": friend.nickname or "一位新朋友"}
            text = facts.words.say(key, names)
            told = f"introduced:{referral.id}:{rep}"
            post(
                tx,
                RepText(rep=rep, text=text),
                lane=f"rep:{rep}",
                purpose=Purpose.SYSTEM,
                now=now,
                rng=rng,
                dedupe=told,
            )


def _is_news(tx: Tx, referral: Referral) -> bool:
    """Whether the friend came to the rep by the advocate's code; one who typed it in a chat was a contact before."""
    if referral.status not in (ReferralStatus.PENDING, ReferralStatus.CREDITED):
        return False
    return any(t.kind is TouchKind.ADD and t.code == referral.code for t in tx.touches.of_friend(referral.friend))
