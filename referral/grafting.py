"""The forest kept true: with every credit and reversal, and when people are merged or parted.

Each touches the rows of the friend, the advocate and the one by whom she came, no more: friends of friends are as far
as anything is counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from referral import due_rows
from referral.champions import kind_of
from referral.forest import Branch, Kind, Stay, Tally, edge_of, stay_of
from referral.moments import DAY
from referral.referrals import ReferralStatus

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.referrals import Referral
    from referral.tx import Tx

_STANDING = frozenset({"contract.signed", "account.opened"})
"""Acts that make somebody a customer until they are cancelled."""


def follow(tx: Tx, facts: Facts, referral: Referral, *, now: datetime) -> None:
    """A referral was credited, or is so no more: then nobody has to look at it any more, and it speaks for nobody."""
    known = tx.referrals.get(referral.id)
    stands = known is not None and known.status is ReferralStatus.CREDITED
    if not stands:
        tx.suspicions.lay_aside(referral.id)
    replant(tx, facts, (referral.friend, referral.advocate), now=now)
    if not stands:
        reckon(tx, referral.advocate)


def reckon(tx: Tx, advocate: str) -> None:
    """Let only those friends speak for an advocate's posters whose coming stands: not who gave back, nor the doubted.

    Counted are those who came since friends are counted at all, which began at most a day before the first night.
    """
    known = tx.moments.get(advocate)
    if known.customer_since is None or tx.erasures.find(advocate):
        return
    doubted, began = tx.suspicions.doubted(advocate), tx.models.current().weights.since
    came = [r for r in tx.referrals.of_advocate(advocate) if began is None or r.at >= began - DAY]
    visitors = sum(r.status is not ReferralStatus.REVERSED and r.id not in doubted for r in came)
    new = known.but(visitors=visitors, brought=_brought(tx, advocate, tx.branches.tally(advocate)))
    if new != known:
        due_rows.hurry(tx, new)


def _brought(tx: Tx, advocate: str, tally: Tally) -> int:
    """The friends who speak for an advocate: nobody at whose coming a person has still to look."""
    return max(0, tally.brought - tx.suspicions.open_of(advocate)) if tally.brought else 0


def around(tx: Tx, people: Iterable[str]) -> frozenset[str]:
    """These people and everybody who stands next to them in the forest: to be planted anew when they become one."""
    found = set(people)
    for person in people:
        found |= {referral.advocate for referral in tx.referrals.of_friend(person)}
        found |= {referral.friend for referral in tx.referrals.of_advocate(person)}
    return frozenset(found)


def unite(tx: Tx, facts: Facts, near: Iterable[str], *, now: datetime) -> None:
    """Two people became one, or were parted: plant anew whoever stood or stands `around` them."""
    people = sorted(near)
    replant(tx, facts, people, now=now)
    for person in people:
        count(tx, facts, person, now=now)


def replant(tx: Tx, facts: Facts, people: Iterable[str], *, now: datetime) -> None:
    """Put these people where their referrals say, and count anew whom that concerns."""
    concerned: set[str] = set()
    for person in dict.fromkeys(people):
        concerned |= _plant(tx, facts, person, now)
    if concerned:
        count_up(tx, facts, concerned, now=now)


def count_up(tx: Tx, facts: Facts, advocates: Iterable[str], *, now: datetime) -> None:
    """Count the friends of these advocates, and then those of whoever had brought them."""
    own = sorted(advocates)
    for person in own:
        count(tx, facts, person, now=now)
    for person in sorted({by for each in own if (by := tx.branches.get(each).by)}):
        count(tx, facts, person, now=now)


def count(tx: Tx, facts: Facts, advocate: str, *, now: datetime) -> bool:
    """Count the friends of an advocate anew; whether her row says something else now."""
    old, tally = tx.branches.get(advocate), tx.branches.tally(advocate)
    kind = kind_of(tally, tx.branches.grove())
    if tx.erasures.find(advocate) or (kind and tx.people.staff_among([advocate])):
        kind = Kind.PLAIN
    new = replace(old, tally=tally, kind=kind)
    _note(tx, facts, advocate, now, brought=_brought(tx, advocate, tally))
    if new != old:
        tx.branches.save(new)
    return new != old


def settle(tx: Tx, branch: Branch, *, now: datetime) -> bool:
    """Look whether a friend has stayed; whether that says something new, so that their advocate is to be counted."""
    stays = _stay(tx, branch, now)
    if stays is branch.stays:
        return False
    tx.branches.save(replace(branch, stays=stays))
    return True


def _plant(tx: Tx, facts: Facts, person: str, now: datetime) -> set[str]:
    """Put one person below whoever brought them; which advocates have others below them now."""
    old = tx.branches.get(person)
    edge = edge_of(person, tx.referrals.of_friend(person), tx.branches.first_led(person))
    new = _below(tx, old, edge)
    _note(tx, facts, person, now, came_by=new.by is not None)
    if new == old:
        return set()
    tx.branches.save(new)
    return {each for each in (old.by, new.by) if each}


def _below(tx: Tx, old: Branch, edge: Referral | None) -> Branch:
    if edge is None:
        return replace(old, by=None, referral=None, came_at=None, stays=None)
    order = tx.orders.get(edge.order) if edge.order else None
    came_at = order.paid_at if order else edge.at
    same = (old.referral, old.came_at) == (edge.id, came_at)
    stays = old.stays if same else Stay.YOUNG
    return replace(old, by=edge.advocate, referral=edge.id, came_at=came_at, stays=stays)


def _stay(tx: Tx, branch: Branch, now: datetime) -> Stay:
    """What is known by now; while a person has still to look at how somebody came, nothing is."""
    assert branch.came_at
    assert branch.referral
    if tx.suspicions.is_open(branch.referral):
        return Stay.YOUNG
    orders = [each for each in tx.orders.of_person(branch.person) if not each.is_given_back]
    came = tx.referrals.get(branch.referral)
    first = next((each for each in orders if came and each.id == came.order), None)
    bought = [each.paid_at for each in orders if each.is_purchase and each is not first]
    standing = first is not None and first.kind in _STANDING
    heard_at = tx.moments.get(branch.person).seen_at
    return stay_of(branch.came_at, bought, standing=standing, heard_at=heard_at, now=now)


def _note(tx: Tx, facts: Facts, person: str, now: datetime, **known: bool | int) -> None:
    """Tell the score, where it is news; of somebody erased it keeps nothing."""
    old = tx.moments.get(person)
    if (new := old.but(**known)) != old and not tx.erasures.find(person):
        due_rows.keep(tx, facts, new, now=now)
