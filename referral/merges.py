"""Merging: two people known here turn out to be one human being, and everything of theirs comes together.

Nothing is lost and nothing is credited twice: histories are joined, of two referrals in one campaign one is left, what
is held or granted moves in the ledger, silence under one name is silence under both. A wrong merge can be undone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from referral import grafting, ledger, notices, taught, thanks
from referral.attribution import USED_UP, Reason
from referral.consent import NUDGES, Answer, Consent
from referral.identities import Identity, IdentityKind
from referral.ids import Bits, is_id, new_id
from referral.moments import Due, Permission, State
from referral.people import OWN_NUMBERS, Person
from referral.referrals import Referral, ReferralStatus
from referral.rewards import Cause, RewardState
from referral.touches import point_again

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

IDENTITY = "identity"
"""Who merges when ids that came together say so."""

_ONE_EACH = (IdentityKind.WECOM, IdentityKind.UNIONID, IdentityKind.OPENID)
"""Of these a human being has one, of an openid one per app: two different ones are two people."""

_MERGED = "merged"
_STATES = (RewardState.HELD, RewardState.GRANTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """That `gone` was folded into `kept`, by whom and why; undone where `undone_at` is set."""

    id: str
    kept: str
    gone: str
    why: str
    who: str
    at: datetime
    undone_at: datetime | None = None


class Merges(Protocol):
    """Where merges are kept with all that they changed."""

    def fold(self, merge: Merge, referrals: Sequence[tuple[str, str]]) -> None: ...
    def unfold(self, merge: Merge, who: str, now: datetime) -> None: ...
    def get(self, merge: str) -> Merge | None: ...
    def of_person(self, person: str) -> list[Merge]: ...
    def were_parted(self, one: str, other: str) -> bool: ...
    def moved_rewards(self, merge: Merge) -> list[str]: ...
    def note_ledger(self, merge: Merge, length: int) -> None: ...
    def noted_ledger(self, merge: Merge) -> int: ...


def join(tx: Tx, facts: Facts, identities: Sequence[Identity], *, now: datetime, rng: Bits) -> Person | None:
    """Bring identities that came together to one person, and return that person, None if none is known.

    Unknown identities are attached to the person whom the others name; where they name several people, these are
    merged, but for those who are certainly two, or whom somebody parted: these stay apart, and only silence holds for
    all.
    """
    found, unknown = _named_by(tx, identities)
    if not found:
        return None
    one = len(found) == 1
    kept = found[0] if one else next((p for p in found if tx.people.has_history(p.id)), found[0])
    apart = [kept]
    for other in found:
        if other.id == kept.id:
            continue
        if are_two(tx, kept.id, other.id):
            apart.append(other)
        else:
            why = " ".join(sorted({identity.kind.value for identity in identities}))
            merge(tx, facts, kept.id, other.id, why=why, who=IDENTITY, now=now, rng=rng)
    if len(apart) > 1:
        _share_silence(tx, apart, now)
    for identity in unknown:
        tx.people.attach(kept.id, identity, now)
    return kept if one else tx.people.get(kept.id)


def are_two(tx: Tx, one: str, other: str) -> bool:
    """Whether two people are certainly not one: by numbers of which everybody has one, or because somebody said so."""
    if tx.merges.were_parted(one, other):
        return True
    mine, theirs = _numbers(tx, one), _numbers(tx, other)
    return any(mine[kind].isdisjoint(theirs[kind]) for kind in mine.keys() & theirs.keys())


def merge(tx: Tx, facts: Facts, kept: str, gone: str, *, why: str, who: str, now: datetime, rng: Bits) -> Merge:
    """Fold one person into another: all that names the one names the other from now on. Their orders are to be
    re-examined by the caller."""
    made = Merge(id=new_id(rng, "g"), kept=kept, gone=gone, why=why, who=who, at=now)
    _share_silence(tx, [p for p in (tx.people.get(kept), tx.people.get(gone)) if p], now)
    near = grafting.around(tx, (kept, gone))
    folded = _one_referral_each(tx, facts, made, now=now, rng=rng)
    stays = _one_milestone_each(tx, facts, made, now=now, rng=rng)
    move_balances(tx, gone, kept, _less(_balances(tx, gone), _owed(tx, stays)), made.id, now=now, rng=rng)
    tx.merges.fold(made, folded)
    taught.refresh(tx, (kept,), now)
    tx.merges.note_ledger(made, tx.ledger.length())
    grafting.unite(tx, facts, near, now=now)
    point_again(tx, kept)
    thanks.review_milestones(tx, facts, kept, now=now, rng=rng)
    tx.audit.note(who, "person.merge", kept, f"{gone} {why}", now)
    return made


def _named_by(tx: Tx, identities: Sequence[Identity]) -> tuple[list[Person], list[Identity]]:
    """Those whom these identities name, each once, and the identities that nobody has yet. A phone may be a whole
    family's: where its owner is somebody else by a number of their own, it names nobody."""
    found: dict[str, Person] = {}
    unknown: list[Identity] = []
    for identity in identities:
        person = tx.people.find(identity)
        if person is None:
            unknown.append(identity)
        elif not (identity.kind is IdentityKind.PHONE and _is_another(tx, person, identities)):
            found.setdefault(person.id, person)
    return list(found.values()), unknown


def _is_another(tx: Tx, person: Person, identities: Sequence[Identity]) -> bool:
    own = {known.kind: known for known in tx.people.identities(person.id) if known.kind in OWN_NUMBERS}
    return any(given.kind in own and own[given.kind] != given for given in identities)


def _numbers(tx: Tx, person: str) -> dict[str, set[str]]:
    """The numbers of which a human being has one, by whose they are: the platform's, or an app's."""
    numbers: dict[str, set[str]] = {}
    for identity in tx.people.identities(person):
        if identity.kind in _ONE_EACH:
            app = identity.value.partition("/")[0] if identity.kind is IdentityKind.OPENID else ""
            numbers.setdefault(f"{identity.kind}:{app}", set()).add(identity.value)
    return numbers


def _one_referral_each(tx: Tx, facts: Facts, made: Merge, *, now: datetime, rng: Bits) -> list[tuple[str, str]]:
    """In a campaign where both came as friends one of the two referrals stands for both; nothing is owed twice.

    Returns which stands for which, as (folded, standing). The orders of the folded one are decided anew.
    """
    theirs = {referral.campaign: referral for referral in tx.referrals.of_friend(made.gone)}
    folded: list[tuple[str, str]] = []
    for mine in tx.referrals.of_friend(made.kept):
        if other := theirs.get(mine.campaign):
            stays = min((mine, other), key=lambda r: _weight(tx, r))
            goes = other if stays is mine else mine
            folded.append((goes.id, stays.id))
            if goes.status is ReferralStatus.CREDITED and thanks.is_open(tx, goes):
                thanks.correct(tx, facts, goes, Reason.MERGED, now=now, rng=rng)
                for order in tx.orders.of_person(goes.friend):
                    if order.referral == goes.id and order.outcome in ("held", "credited"):
                        tx.orders.reopen(order.id)
    return folded


def _one_milestone_each(tx: Tx, facts: Facts, made: Merge, *, now: datetime, rng: Bits) -> list[str]:
    """A milestone that both have reached is owed once. Returns those that cannot be taken back, and so stay."""
    mine = {(r.campaign, r.rule) for r in tx.rewards.of_person(made.kept) if r.cause is Cause.MILESTONE and r.was_had}
    stays: list[str] = []
    for reward in tx.rewards.of_person(made.gone):
        twice = reward.cause is Cause.MILESTONE and reward.was_had and (reward.campaign, reward.rule) in mine
        if twice and not (reward.is_counted and thanks.withdraw(tx, facts, reward, Reason.MERGED, now=now, rng=rng)):
            stays.append(reward.id)
    return stays


def _weight(tx: Tx, referral: Referral) -> tuple[int, tuple[datetime, datetime], str]:
    """What has gone furthest stays; of equals the one that was credited by the earlier order, or touched earlier."""
    ranks = {ReferralStatus.CREDITED: 1, ReferralStatus.REVERSED: 2, ReferralStatus.PENDING: 3}
    rank = ranks.get(referral.status, 4 if referral.reason in USED_UP else 5)
    if rank == 1 and not thanks.is_open(tx, referral):
        rank = 0
    order = tx.orders.get(referral.order) if referral.order else None
    return rank, order.came if order else (referral.at, referral.at), referral.id


def _share_silence(tx: Tx, people: Sequence[Person], now: datetime) -> None:
    """One human being known twice: silence under one name is silence under both."""
    standing = [tx.moments.get(person.id) for person in people]
    if all(moment.consent is not Permission.WITHDRAWN for moment in standing):
        return
    for moment in standing:
        if moment.consent is not Permission.WITHDRAWN:
            evidence = sha256(f"join:{','.join(person.id for person in people)}".encode()).hexdigest()
            said = Consent(
                person=moment.person,
                purpose=NUDGES,
                answer=Answer.WITHDRAWN,
                evidence=evidence,
                channel="join",
                at=now,
            )
            tx.consent.record(said)
            silent = moment.but(consent=Permission.WITHDRAWN, consent_at=now)
            tx.moments.save(silent, Due(state=State.IDLE, reason="opted_out", score=0.0, due_at=None))
            notices.take_back(tx, moment.person, "opted_out", now=now)


# ---- balances ----------------------------------------------------------------------------------------------------


def _balances(tx: Tx, person: str) -> dict[tuple[str, str], int]:
    """What stands in a person's accounts, by state and unit."""
    found = {
        (state.value, unit): tx.ledger.balance(ledger.account_of(person, state), unit)
        for state in _STATES
        for unit in ledger.UNITS
    }
    return {key: amount for key, amount in found.items() if amount}


def _owed(tx: Tx, rewards: Sequence[str]) -> dict[tuple[str, str], int]:
    """What rewards say should stand in the accounts of whoever has them."""
    found: dict[tuple[str, str], int] = {}
    for name in rewards:
        reward = tx.rewards.get(name)
        if reward and reward.is_counted:
            state = RewardState.GRANTED if reward.state is RewardState.GRANTED else RewardState.HELD
            key = (state.value, reward.unit)
            found[key] = found.get(key, 0) + reward.amount
    return found


def _less(amounts: dict[tuple[str, str], int], others: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    left = {key: amounts.get(key, 0) - others.get(key, 0) for key in amounts.keys() | others.keys()}
    return {key: amount for key, amount in left.items() if amount}


def to_give_back(tx: Tx, found: Merge, rewards: Sequence[str]) -> dict[tuple[str, str], int]:
    """What goes back to the one who was folded away: what they brought, and what became of their thanks since.

    What was bought with the points of both stays with the one kept, as all does that began after the merge.
    """
    exchanges = [exchange.id for reward in rewards if (exchange := tx.shop.of_reward(reward))]
    since = tx.ledger.about([*rewards, *exchanges], after=tx.merges.noted_ledger(found))
    brought = [each for each in tx.ledger.about([found.id]) if each.kind == _MERGED]
    theirs: Counter[tuple[str, str]] = Counter()
    for entry in brought:
        into_kept = entry.debit.startswith(f"{found.kept}:")
        account = (entry.debit if into_kept else entry.credit).partition(":")[2]
        theirs[account, entry.unit] += entry.amount if into_kept else -entry.amount
    for entry in since:
        for account, amount in ((entry.debit, entry.amount), (entry.credit, -entry.amount)):
            owner, _, state = account.partition(":")
            if is_id(owner, "p"):
                theirs[state, entry.unit] += amount
    return {key: amount for key, amount in theirs.items() if amount}


def move_balances(
    tx: Tx, source: str, target: str, amounts: dict[tuple[str, str], int], ref: str, *, now: datetime, rng: Bits
) -> None:
    """Move what stands in one person's accounts into the same accounts of another."""
    for (state, unit), amount in sorted(amounts.items()):
        out, into = (f"{source}:{state}", f"{target}:{state}")
        if amount < 0:
            out, into = into, out
        ledger.move(tx, _MERGED, out, into, unit, abs(amount), ref, now=now, rng=rng)
