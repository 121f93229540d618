"""Appeals: a person asks a colleague to look again at what a rule decided (PIPL 24: explanation, and a human).

Each appeal goes to a person; nothing answers it by itself. Who appeals a second time about the same thing is heard by
the managers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from referral import codes, managers, notices
from referral.errors import BadInput, RuleViolation
from referral.ids import Bits, new_id
from referral.messages import RepText
from referral.outbox import Purpose, post
from referral.people import UNNAMED, Person
from referral.wording import lint

if TYPE_CHECKING:
    from referral.facts import Facts
    from referral.tx import Tx

LONGEST_ANSWER = 200  # characters
_LONGEST_WORDS = 200  # characters kept of what was said


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """That `person` wants a colleague to look again. `about` is what an `Explanation` is about, "" for all of it.

    `reason` is the code they were told; `words` are their own; `again` where the same was appealed before. `rep` was
    told of it. `answered_by` is `rep:ID` or `cli`.
    """

    id: str
    person: str
    about: str
    reason: str
    words: str
    at: datetime
    rep: str | None = None
    again: bool = False
    answer: str = ""
    answered_by: str | None = None
    answered_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether nobody has answered yet."""
        return self.answered_at is None


class Appeals(Protocol):
    """Where appeals are kept."""

    def add(self, appeal: Appeal) -> None: ...
    def get(self, appeal: str) -> Appeal | None: ...
    def save(self, appeal: Appeal) -> None: ...
    def of_person(self, person: str) -> list[Appeal]: ...


def raise_one(
    tx: Tx, facts: Facts, person: Person, about: str, reason: str, words: str, *, now: datetime, rng: Bits
) -> tuple[Appeal, bool]:
    """Open an appeal and let staff know; the open one, and False, where the same already waits."""
    before = [appeal for appeal in tx.appeals.of_person(person.id) if appeal.about == about]
    if standing := next((appeal for appeal in before if appeal.is_open), None):
        return standing, False
    appeal = Appeal(
        id=new_id(rng, "a"),
        person=person.id,
        about=about,
        reason=reason,
        words=words[:_LONGEST_WORDS],
        at=now,
        rep=codes.rep_for(tx, person.id, person.rep),
        again=bool(before),
    )
    tx.appeals.add(appeal)
    _tell_staff(tx, facts, appeal, person, now=now, rng=rng)
    return appeal, True


def add_words(tx: Tx, facts: Facts, person: Person, words: str, *, now: datetime, rng: Bits) -> bool:
    """Keep what a person writes after asking with their newest open appeal, and let staff know; False where none is.

    What there is no room for any more is still told to staff.
    """
    appeal = next((each for each in reversed(tx.appeals.of_person(person.id)) if each.is_open), None)
    if appeal is None:
        return False
    together = "\n".join(part for part in (appeal.words, words.strip()) if part)
    tx.appeals.save(replace(appeal, words=together[:_LONGEST_WORDS]))
    called = person.called or person.name or UNNAMED
    text = facts.words.say("rep.appeal_words", {"friend": called, "answer": words, "id": appeal.id})
    _tell(tx, facts, appeal, text, f"appeal:{appeal.id}:{now.timestamp()}", now=now, rng=rng)
    return True


def answer(tx: Tx, facts: Facts, appeal: Appeal, text: str, *, by: str, now: datetime, rng: Bits) -> Appeal:
    """A colleague has looked again: the person hears what they say by the usual way of news.

    Raises `RuleViolation` for one that is answered, `BadInput` for words that may not be said to a customer.
    """
    if not appeal.is_open:
        raise RuleViolation("appeal.answered", "这一条已经答复过了。")
    answered = replace(appeal, answer=_sayable(text, facts.industry), answered_by=by, answered_at=now)
    tx.appeals.save(answered)
    tx.audit.note(by, "appeal.answer", appeal.id, answered.answer, now)
    notices.tell(tx, facts, appeal.person, notices.OF_APPEAL, appeal.id, now=now, rng=rng)
    return answered


def open_about(appeals: Sequence[Appeal]) -> frozenset[str]:
    """What waits for a person to look again: no rule is to repeat its refusal meanwhile."""
    return frozenset(appeal.about for appeal in appeals if appeal.is_open)


def _sayable(text: str, industry: str) -> str:
    said = " ".join(text.split())
    if not said or len(said) > LONGEST_ANSWER:
        raise BadInput("--text", f"请写 1 到 {LONGEST_ANSWER} 个字")
    if found := lint(said, edition="chat", industry=industry):
        raise BadInput("--text", "；".join(f"「{each.text}」{each.why}（{each.rule}）" for each in found))
    return said


def _tell_staff(tx: Tx, facts: Facts, appeal: Appeal, person: Person, *, now: datetime, rng: Bits) -> None:
    reason = facts.words.reason(appeal.reason, audience="staff") if appeal.reason else ""
    key = ("rep.appeal_again" if appeal.again else "rep.appeal_made") if reason else "rep.appeal_open"
    text = facts.words.say(key, {"friend": person.called or person.name or UNNAMED, "reason": reason, "id": appeal.id})
    _tell(tx, facts, appeal, text, f"appeal:{appeal.id}", now=now, rng=rng)


def _tell(tx: Tx, facts: Facts, appeal: Appeal, text: str, once: str, *, now: datetime, rng: Bits) -> None:
    """To the rep who serves them; a second time, and where nobody serves them, to the managers."""
    own = [appeal.rep] if appeal.rep else []
    for staff in dict.fromkeys([*managers.told(tx, facts), *own] if appeal.again or not own else own):
        message, dedupe = RepText(rep=staff, text=text), f"{once}:{staff}"
        post(tx, message, lane=f"rep:{staff}", purpose=Purpose.SYSTEM, now=now, rng=rng, dedupe=dedupe)
