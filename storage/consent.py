"""Consent, as a history."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from referral.consent import Answer, Consent
from storage import tables as t
from storage.times import at, ms


class ConsentTable:
    """`referral.consent.Consents` over a connection."""

    def __init__(self, connection: Connection) -> None:
        self._c = connection

    def record(self, consent: Consent) -> None:
        self._c.execute(
            insert(t.consent).values(
                person=consent.person,
                purpose=consent.purpose,
                answer=consent.answer.value,
                evidence=consent.evidence,
                channel=consent.channel,
                at=ms(consent.at),
            )
        )

    def latest(self, person: str, purpose: str) -> Consent | None:
        where = (t.consent.c.person == person, t.consent.c.purpose == purpose)
        row = self._c.execute(select(t.consent).where(*where).order_by(t.consent.c.row.desc()).limit(1)).first()
        if row is None:
            return None
        return Consent(
            person=row.person,
            purpose=row.purpose,
            answer=Answer(row.answer),
            evidence=row.evidence,
            channel=row.channel,
            at=at(row.at),
        )
