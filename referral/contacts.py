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
from referral.merges import join
from referral.messages import FetchProfile, RepText, Welcome
from referral.outbox import Purpose, post
from referral.people import Person, find_or_create
from referral.promises import offered
from referral.referrals import ReferralStatus
from referral.touches import TouchKind, touch_by_code

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

WELCOME_WITHIN = timedelta(seconds=20)
"""A welcome's code is good for this long after the add (platform.md 4.6)."""

_STANDING = (ReferralStatus.PENDING, ReferralStatus.CREDITED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a platform knows of a person; empty where it does not say."""

    nickname: str
    avatar: str
    identities: tuple[Identity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeAdd:
    """That a friend added `rep` by `code`, and that this was a touch."""

    rep: str
    code: str


def friend_added(tx: Tx, facts: Facts, event: FriendAdded, *, now: datetime, rng: Bits) -> None:
    """Take in an add: contact, touch, welcome, and another look at orders that waited for this person.

    The first add of a pair is the only one that is a touch; a re-add after a deletion is none (design 5.9).
    """
    person, _ = find_or_create(tx, event.who, now=now, rng=rng, holdout=facts.holdout)
    tx.reps.see(event.rep, "")
    first = _become_contacts(tx, person, event)
    code = _code_of(tx, event)
    touch = None
    if first and code:
        touch = touch_by_code(tx, person.id, code.code, kind=TouchKind.ADD, at=event.at, now=now, rng=rng)
    if touch is None and not _came_by(tx, person, code):
        code = None
    code = code or _came_before(tx, person, event.at)
    _welcome(tx, facts, event, person, code, now=now, rng=rng)
    fetch = FetchProfile(who=event.who.value)
    if code:
        fetch = FetchProfile(who=event.who.value, rep=event.rep, code=code.code)
    post(tx, fetch, lane=f"profile:{event.who.value}", purpose=Purpose.SYSTEM, person=person.id, now=now, rng=rng)
    orders.reexamine(tx, facts, person.id, now=now, rng=rng)


def contact_ended(tx: Tx, facts: Facts, event: FriendLeft, *, now: datetime, rng: Bits) -> None:
    """The two are no longer contacts. What was touched or earned before stands.

    An end may be told before its add (platforms promise no order), so that the person is not known yet.
    """
    person, _ = find_or_create(tx, event.who, now=now, rng=rng, holdout=facts.holdout)
    tx.reps.end_contact(person.id, event.rep, event.at)


def profile_learned(
    tx: Tx,
    facts: Facts,
    who: Identity,
    profile: Profile | None,
    *,
    added: CodeAdd | None = None,
    now: datetime,
    rng: Bits,
) -> None:
    """Keep a person's name and picture, join their identities, and introduce a friend to the rep they `added`."""
    person = tx.people.find(who)
    if person is None:
        return
    if profile:
        known = {"nickname": profile.nickname, "avatar": profile.avatar}
        tx.people.learn(person.id, profiled_at=now, **{name: value for name, value in known.items() if value})
        if profile.identities:
            person = join(tx, facts, [who, *profile.identities], now=now, rng=rng) or person
            orders.reexamine(tx, facts, person.id, now=now, rng=rng)
    contact = tx.reps.contact(person.id, added.rep) if added else None
    if added and contact and contact.left_at is None:
        _introduce(tx, facts, person.id, added, now=now, rng=rng)


def _become_contacts(tx: Tx, person: Person, event: FriendAdded) -> bool:
    """Whether it is the first add of the two that we are told of."""
    known = tx.reps.contact(person.id, event.rep)
    tx.reps.add_contact(person.id, event.rep, event.at)
    if person.rep is None:
        tx.people.learn(person.id, rep=event.rep)
    return known is None or known.added_at is None


def _code_of(tx: Tx, event: FriendAdded) -> Code | None:
    """The code whose QR was scanned; None for a QR that outlived its campaign: in a chat it is none either."""
    way = tx.contact_ways.by_mark(event.mark) if event.mark else None
    code = tx.codes.find(way.code) if way and way.code else None
    campaign = tx.campaigns.get(code.campaign) if code else None
    return code if campaign and not campaign.is_over(event.at) else None


def _came_by(tx: Tx, person: Person, code: Code | None) -> bool:
    """Whether it is this code that counts for them already: a confirmed half-add, or a return by the same QR."""
    referral = tx.referrals.find(code.campaign, person.id) if code else None
    return bool(code and referral and referral.code == code.code)


def _came_before(tx: Tx, person: Person, at: datetime) -> Code | None:
    """The code that counts for them already, typed in a chat before they added anybody; None once it is over."""
    for referral in reversed(tx.referrals.of_friend(person.id)):
        campaign = tx.campaigns.get(referral.campaign)
        typed = referral.method == TouchKind.CODE and referral.status in _STANDING
        if typed and campaign and not campaign.is_over(at):
            return tx.codes.find(referral.code)
    return None


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
    stock |= offered(tx, facts, campaign)
    if advocate.shown_name is None:
        return facts.words.say("welcome.unsigned", stock)
    return facts.words.say("welcome.named", stock | {"advocate": advocate.shown_name})


def _introduce(tx: Tx, facts: Facts, friend_id: str, added: CodeAdd, *, now: datetime, rng: Bits) -> None:
    """Tell the rep, once per referral, who brought the friend who has just added them."""
    friend = tx.people.get(friend_id)
    for referral in tx.referrals.of_friend(friend_id):
        advocate = tx.people.get(referral.advocate)
        if friend and advocate and referral.code == added.code and referral.status in _STANDING:
            key = "rep.friend_added" if advocate.shown_name else "rep.friend_added_unsigned"
            names = {"advocate": advocate.called or "一位客户", "friend": friend.called or "一位新朋友"}
            post(
                tx,
                RepText(rep=added.rep, text=facts.words.say(key, names)),
                lane=f"rep:{added.rep}",
                purpose=Purpose.SYSTEM,
                now=now,
                rng=rng,
                dedupe=f"introduced:{referral.id}:{added.rep}",
            )
