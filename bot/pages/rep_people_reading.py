"""The rep's pages about customers, read from what is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.pages import rep_labels as labels
from bot.pages.rep_people_views import (
    Advocate,
    ClaimRow,
    OrderRow,
    PersonRow,
    RepClaimView,
    RepFindView,
    RepPersonView,
)
from bot.pages.rep_reading import Reading
from bot.pages.thanks_views import Tone
from bot.unmatched import age_days, days_left, hints
from referral import claims
from referral.campaigns import Campaign
from referral.claims import Candidate, Claim, ClaimState
from referral.conversations.names import called
from referral.identities import Identity, IdentityKind
from referral.nicknames import legible
from referral.people import Person
from referral.referrals import Referral, ReferralStatus
from referral.times import SHANGHAI, chinese_date

REFUSALS = {
    "nobody": "没有找到这位推荐人",
    "denied": "问过了，推荐人说不是",
    "staff": "说的是我们的同事",
    "mistaken": "朋友自己说错了",
}
"""The reasons that a rep may give for turning a claim down, from those that are kept."""

_OVER = {
    ClaimState.CONFIRMED: "已经确认，记上了。",
    ClaimState.REFUSED: "这一条已经不算了。",
    ClaimState.SETTLED: "对方后来发来了邀请码，已经按邀请码记上。",
    ClaimState.EXPIRED: "过了补记的期限，没有记上。",
}
_STANDS: dict[ReferralStatus, tuple[str, Tone]] = {
    ReferralStatus.PENDING: ("已记下", "plain"),
    ReferralStatus.UNMATCHED: ("待对上", "plain"),
    ReferralStatus.CREDITED: ("已成交", "good"),
    ReferralStatus.REJECTED: ("未计入", "off"),
    ReferralStatus.REVERSED: ("已退回", "off"),
}
_FOUND = 8  # customers on a page
_ORDERS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleReading:
    """Reads one rep's pages about customers at one moment."""

    at: Reading

    def find(self, asked: str) -> RepFindView:
        """The rep's own customers who are called so, and the orders that wait for anybody."""
        tx = self.at.tx
        found = called(tx.customers.of_rep(self.at.rep.id), asked) if asked else []
        if asked and (numbered := tx.people.find(Identity(IdentityKind.CRM, asked))) and self.is_own(numbered.id):
            found = [each for each in found if each.person == numbered.id] or found
        people = [person for each in found[:_FOUND] if (person := tx.people.get(each.person))]
        return RepFindView(
            company=self.at.facts.company,
            asked=asked,
            rows=tuple(PersonRow(id=each.id, name=full_name(each), note=self._known_since(each)) for each in people),
            more=max(0, len(found) - _FOUND),
            orders=self.orders(),
            waiting=tx.unmatched.count(),
        )

    def orders(self) -> tuple[OrderRow, ...]:
        """The orders of nobody yet that are given up the soonest."""
        now, found = self.at.now, self.at.tx.unmatched.queue(_ORDERS)
        return tuple(
            OrderRow(
                name=f"{each.source}/{each.order_no}",
                buyer="、".join(hints(each)),
                waits=f"等了 {age_days(each, now)} 天，还剩 {days_left(each.closes_at, now) or 0} 天",
            )
            for each in found
        )

    def person(self, person: Person, asked: str, *, told: str = "", problem: str = "") -> RepPersonView:
        """One customer; `asked` is what the rep looks for among advocates."""
        tx = self.at.tx
        standing = tx.claims.open_of(person.id)
        moment = tx.moments.get(person.id)
        found = self._advocates(asked or (standing[0].name if standing else ""), person.id)
        return RepPersonView(
            company=self.at.facts.company,
            id=person.id,
            name=full_name(person),
            note=self._known_since(person),
            came=tuple(self._came(referral) for referral in tx.referrals.of_friend(person.id)),
            claims=tuple(self._claim_row(each) for each in standing),
            asked=asked,
            advocates=found,
            has_phone=any(each.kind is IdentityKind.PHONE for each in tx.people.identities(person.id)),
            complains=moment.complaints > 0,
            age="unknown" if moment.minor is None else "minor" if moment.minor else "adult",
            staff=person.staff,
            told=told,
            problem=problem,
        )

    def claim(self, claim: Claim, asked: str, *, problem: str = "") -> RepClaimView:
        """One claim, with those who may be meant while it is open."""
        is_open = claim.state is ClaimState.OPEN
        found = self._advocates(asked or claim.name, claim.person, claim) if is_open else ()
        return RepClaimView(
            company=self.at.facts.company,
            row=self._claim_row(claim),
            words=claim.words,
            friend_id=claim.person if self.is_own(claim.person) else "",
            until=labels.when(claim.expires_at, self.at.now) if is_open else "",
            asked=asked,
            advocates=found,
            refusals=tuple(REFUSALS.items()) if is_open else (),
            over=_OVER.get(claim.state, ""),
            problem=problem,
        )

    def claims(self) -> tuple[ClaimRow, ...]:
        """The claims that wait for this rep."""
        at = self.at
        return tuple(self._claim_row(each) for each in claims.waiting_for(at.tx, at.facts, at.rep.id, now=at.now))

    def own_claim(self, claim_id: str) -> Claim | None:
        """A claim that this rep may decide."""
        at, claim = self.at, self.at.tx.claims.get(claim_id)
        return claim if claim and claims.may_decide(at.tx, at.facts, claim, at.rep.id, now=at.now) else None

    def own_person(self, person_id: str) -> Person | None:
        """One of the rep's own customers; nobody else's."""
        person = self.at.tx.people.get(person_id)
        return person if person and self.is_own(person.id) else None

    def is_own(self, person: str) -> bool:
        """Whether somebody is a customer of this rep: their rep, or their contact now."""
        contact = self.at.tx.reps.contact(person, self.at.rep.id)
        if contact and contact.added_at and contact.left_at is None:
            return True
        return claims.rep_of(self.at.tx, person, self.at.now) == self.at.rep.id

    def _advocates(self, asked: str, friend: str, claim: Claim | None = None) -> tuple[Advocate, ...]:
        at = self.at
        if not asked:
            return ()
        when = claim.said_at if claim else at.now
        found = claims.candidates(at.tx, asked, at.rep.id, at=when, without=friend)
        return tuple(Advocate(id=each.person, name=_both(each), note=_whose(each)) for each in found)

    def _claim_row(self, claim: Claim) -> ClaimRow:
        friend = self.at.tx.people.get(claim.person)
        name = full_name(friend) if friend else labels.NAMELESS
        return ClaimRow(id=claim.id, friend=name, said=claim.name, when=labels.day(claim.said_at))

    def _came(self, referral: Referral) -> tuple[str, str, Tone]:
        tx = self.at.tx
        advocate, campaign = tx.people.get(referral.advocate), tx.campaigns.get(referral.campaign)
        label, tone = _STANDS[referral.status]
        return f"{full_name(advocate) if advocate else labels.NAMELESS} · {_title(campaign)}", label, tone

    def _known_since(self, person: Person) -> str:
        crm = [each.value for each in self.at.tx.people.identities(person.id) if each.kind is IdentityKind.CRM]
        since = f"{_date(person.joined_at)}成为客户" if person.joined_at else ""
        return " · ".join(each for each in (f"编号 {crm[0]}" if crm else "", since) if each)


def _date(at: datetime) -> str:
    local = at.astimezone(SHANGHAI)
    return f"{local.year}年{chinese_date(at)}"


def _title(campaign: Campaign | None) -> str:
    return campaign.name if campaign else ""


def full_name(person: Person) -> str:
    """A customer as their rep knows them: the nickname, and the name that the rep or the books have."""
    nickname, name = person.called, legible(person.name)
    return f"{nickname}（{name}）" if nickname and name and nickname != name else nickname or name or labels.NAMELESS


def _both(found: Candidate) -> str:
    return full_name(Person(id=found.person, nickname=found.nickname, name=found.name))


def _whose(found: Candidate) -> str:
    code = f"{found.code[:4]} {found.code[4:]}"
    return f"您的客户 · {code}" if found.own else code
