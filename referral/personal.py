"""关闭个性化推荐: from then on nothing that is known of a customer weighs in when to write to them, or what (PIPL 24).

They may still be asked, as anybody may be who said yes to that: by plain rotation, with everybody's average for a score
(`scoring`), of campaigns that are for all, in words and at hours that are everybody's. What bars asking (an open
complaint, a low score, caps, hours) protects them and goes on. To hear nothing at all there is 不再提醒.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from referral import caring, due_rows, planned
from referral.consent import Answer, Consent

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

PURPOSE = "personal"
"""What an answer in the history of consent is about."""


def switch(tx: Tx, facts: Facts, person: str, *, on: bool, evidence: str, channel: str, now: datetime) -> bool:
    """Switch it off or on again; False where it stood so already.

    Off, what was learned of this one is forgotten, and an ask or care that was planned by it ends in the same
    transaction.
    """
    known = tx.moments.get(person)
    if known.personal is on:
        return False
    answer = Answer.GRANTED if on else Answer.WITHDRAWN
    proof = sha256(evidence.encode()).hexdigest()
    said = Consent(person=known.person, purpose=PURPOSE, answer=answer, evidence=proof, channel=channel, at=now)
    tx.consent.record(said)
    if not on:
        planned.end(tx, known.person, "personal.off")
        known = known.but(profile=0.0, own=0.0, own_seen=0.0, hours=None)
    due_rows.keep(tx, facts, known.but(personal=on), now=now)
    caring.end_barred(tx, facts, known.person, now=now)
    return True
