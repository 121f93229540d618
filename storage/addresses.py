"""Addresses and real names, sealed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from referral.addresses import RealName
from referral.fulfilment import BillState
from storage import tables as t
from storage.times import at, ms
from storage.upsert import put

_THROUGH = [state.value for state in (BillState.DONE, BillState.FAILED, BillState.CANCELLED)]


class AddressesTable:
    """`referral.addresses.Addresses` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def keep(self, reward: str, sealed: bytes, now: datetime) -> None:
        put(self._c, t.addresses, "reward", reward=reward, sealed=sealed, at=ms(now))

    def of_reward(self, reward: str) -> bytes | None:
        sealed = self._c.execute(select(t.addresses.c.sealed).where(t.addresses.c.reward == reward)).scalar()
        return None if sealed is None else bytes(sealed)

    def outlived(self, before: datetime, limit: int) -> list[str]:
        """Gifts that were sent, or came to nothing, before a time, and whose address is still kept."""
        a, b = t.addresses.c, t.bills.c
        joined = select(a.reward).join(t.bills, b.reward == a.reward)
        through = joined.where(b.state.in_(_THROUGH), b.changed_at < ms(before))
        return list(self._c.execute(through.limit(limit)).scalars())

    def forget(self, rewards: Sequence[str]) -> None:
        self._c.execute(delete(t.addresses).where(t.addresses.c.reward.in_(rewards)))


class RealNamesTable:
    """`referral.addresses.RealNames` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def keep(self, name: RealName) -> None:
        values = {"id": name.id, "person": name.person, "sealed": name.sealed, "at": ms(name.at)}
        self._c.execute(insert(t.real_names).values(**values))

    def of_person(self, person: str) -> RealName | None:
        """The newest."""
        n = t.real_names.c
        newest = select(t.real_names).where(n.person == person).order_by(n.at.desc(), n.id.desc()).limit(1)
        row = self._c.execute(newest).first()
        return RealName(id=row.id, person=row.person, sealed=bytes(row.sealed), at=at(row.at)) if row else None

    def forget(self, person: str) -> None:
        self._c.execute(delete(t.real_names).where(t.real_names.c.person == person))
