"""Claims, and the advocates who may be meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, insert, or_, select, update

from referral.claims import Advocate, Claim, ClaimState
from referral.conversations.names import Named
from storage import tables as t
from storage.times import at, ms

_k, _p, _c = t.claims.c, t.people.c, t.contacts.c


class ClaimsTable:
    """`referral.claims.Claims` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def add(self, claim: Claim) -> None:
        self._c.execute(insert(t.claims).values(id=claim.id, **_columns(claim)))

    def get(self, claim: str) -> Claim | None:
        return next(iter(self._where(_k.id == claim)), None)

    def save(self, claim: Claim) -> None:
        """Keep what became of a claim; one that was decided at once is kept for the first time."""
        saved = self._c.execute(update(t.claims).where(_k.id == claim.id).values(**_columns(claim)))
        if saved.rowcount == 0:
            self.add(claim)

    def open_of(self, person: str) -> list[Claim]:
        return self._where(_k.person == person, _k.state == ClaimState.OPEN.value)

    def waiting(self) -> list[Claim]:
        """All that are open, the oldest first."""
        return self._where(_k.state == ClaimState.OPEN.value)

    def of_person(self, person: str) -> list[Claim]:
        """All that somebody ever said, the oldest first."""
        return self._where(_k.person == person)

    def all(self) -> list[Claim]:
        """Every claim, the oldest first."""
        return self._where()

    def by_handle(self, handle: str) -> Claim | None:
        """The open claim of this handle."""
        return next(iter(self._where(_k.handle == handle, _k.state == ClaimState.OPEN.value)), None)

    def advocates(self, name: str, surname: str, campaigns: Sequence[str], rep: str, limit: int) -> list[Advocate]:
        """Those with a code in one of these campaigns whose nickname, name or number fits; own customers first.

        It goes by the codes, of which there are far fewer than people.
        """
        with_code = select(t.codes.c.advocate).where(t.codes.c.campaign.in_(campaigns))
        contacts = select(_c.person).where(_c.rep == rep, _c.left_at.is_(None))
        own = or_(_p.rep.in_(self._rep_names(rep)), _p.id.in_(contacts))
        mine = case((own, 1), else_=0).label("mine")
        statement = select(_p.id, _p.nickname, _p.name, mine).where(
            _p.id.in_(with_code), _p.merged_into.is_(None), _p.staff.is_(False), _fits(name, surname)
        )
        rows = self._c.execute(statement.order_by(mine.desc(), _p.created_at, _p.id).limit(limit))
        return [
            Advocate(named=Named(person=row.id, nickname=row.nickname, name=row.name), own=bool(row.mine))
            for row in rows
        ]

    def _rep_names(self, rep: str) -> list[str]:
        name = self._c.execute(select(t.reps.c.name).where(t.reps.c.id == rep)).scalar()
        return [rep, name] if name else [rep]

    def _where(self, *where: ColumnElement[bool]) -> list[Claim]:
        statement = select(t.claims).where(*where).order_by(_k.said_at, _k.id)
        return [_claim(row) for row in self._c.execute(statement)]


def _fits(name: str, surname: str) -> ColumnElement[bool]:
    """Whether a person's names hold what was said or begin with the surname, or the number is theirs."""
    i = t.identities.c
    numbered = select(i.person).where(i.kind == "crm", i.value == name)
    fits = [_p.nickname.icontains(name, autoescape=True), _p.name.icontains(name, autoescape=True), _p.id.in_(numbered)]
    if surname:
        fits += [_p.nickname.startswith(surname, autoescape=True), _p.name.startswith(surname, autoescape=True)]
        fits += [_p.nickname == f"{prefix}{surname}" for prefix in "小老阿大"]
    return or_(*fits)


def _columns(claim: Claim) -> dict[str, Any]:
    return {
        "handle": claim.handle,
        "person": claim.person,
        "name": claim.name,
        "words": claim.words,
        "source": claim.source,
        "said_at": ms(claim.said_at),
        "expires_at": ms(claim.expires_at),
        "rep": claim.rep,
        "state": claim.state.value,
        "advocate": claim.advocate,
        "code": claim.code,
        "decided_by": claim.decided_by,
        "decided_at": ms(claim.decided_at),
        "reason": claim.reason,
    }


def _claim(row: Any) -> Claim:
    return Claim(
        id=row.id,
        handle=row.handle,
        person=row.person,
        name=row.name,
        words=row.words,
        source=row.source,
        said_at=at(row.said_at),
        expires_at=at(row.expires_at),
        rep=row.rep,
        state=ClaimState(row.state),
        advocate=row.advocate,
        code=row.code,
        decided_by=row.decided_by,
        decided_at=at(row.decided_at),
        reason=row.reason,
    )
