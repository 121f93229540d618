"""待批, 同意, 不同意: what waits for a manager's answer, thanks beside the campaigns that reps ask for."""

from __future__ import annotations

from bot.conversations import rep_campaigns
from bot.conversations.rep_talk import RepTalk
from referral import approvals, drafts, managers, thanks
from referral.approvals import Waiting
from referral.conversations.commands import Answered
from referral.errors import RuleViolation
from referral.nicknames import legible
from referral.people import UNNAMED
from referral.suspicions import Suspicion

_MOST = 8


def waiting(talk: RepTalk) -> str:
    """Everything that waits for this manager, campaigns first."""
    to_answer, to_check = _to_answer(talk), _to_check(talk)
    if not to_check:
        return to_answer or talk.say("answer_none")
    head = talk.say("suspicions_head", count=len(to_check))
    head = f"{to_answer}\n{head}" if to_answer else head
    return talk.listing(head, to_check, talk.say("suspicions_tail"), most=_MOST)


def _to_answer(talk: RepTalk) -> str:
    """What is answered with a word, "" where nothing is."""
    lines = [*rep_campaigns.waiting_lines(talk), *(_line(talk, each) for each in _for(talk))]
    if not lines:
        return ""
    tail = talk.say("approvals_tail") if _for(talk) else ""
    return talk.listing(talk.say("answer_which", count=len(lines)), lines, tail, most=_MOST)


def answered(talk: RepTalk, said: Answered) -> str:
    """Take a manager's answer to what it names, or to the only thing that waits."""
    meant = _meant(talk, said.handle)
    if meant is not None:
        return _decided(talk, meant, said)
    if said.handle or not _for(talk):
        return rep_campaigns.answered(talk, said.handle, yes=said.yes) or waiting(talk)
    return waiting(talk)


def _meant(talk: RepTalk, handle: str) -> Waiting | None:
    """The thanks of this handle, a draft that waits under it going first; without one the only thing that waits."""
    if handle:
        draft = talk.tx.drafts.by_handle(handle)
        return None if draft and draft.answer is None else approvals.by_handle(talk.tx, handle)
    mine = _for(talk)
    return mine[0] if len(mine) == 1 and not talk.tx.drafts.waiting() else None


def _decided(talk: RepTalk, meant: Waiting, said: Answered) -> str:
    if approvals.is_own(talk.tx, meant.approval, talk.rep):
        return talk.say("approval_own")
    if not said.yes and not said.reason:
        return talk.say("approval_reason", id=meant.handle)
    who, about = f"rep:{talk.rep}", {"name": _name(talk, meant), "advocate_thanks": _what(talk, meant)}
    try:
        with talk.tx.attempt():
            if said.yes:
                thanks.approve(talk.tx, meant.reward.id, who, now=talk.now)
                return talk.say("approval_yes", about)
            thanks.refuse(talk.tx, talk.facts, meant.reward.id, who, said.reason, now=talk.now, rng=talk.rng)
    except RuleViolation as against:
        return str(against)
    return talk.say("approval_no", about)


def _for(talk: RepTalk) -> list[Waiting]:
    return approvals.waiting_for(talk.tx, talk.rep)


def _to_check(talk: RepTalk) -> list[str]:
    """Referrals that a manager is to look at, each with its evidence."""
    if talk.rep not in managers.told(talk.tx, talk.facts):
        return []
    return [_suspicion(talk, each) for each in talk.tx.suspicions.waiting()]


def _suspicion(talk: RepTalk, each: Suspicion) -> str:
    evidence = "、".join(talk.words.say(f"evidence.{code.value}") for code in each.evidence)
    about = {"name": _called(talk, each.advocate), "friend": _called(talk, each.friend), "reason": evidence}
    return talk.say("suspicion_line", about, id=each.referral)


def _line(talk: RepTalk, each: Waiting) -> str:
    asked = {"rep": drafts.name_of(talk.tx, each.approval.asked_by), "reason": each.reward.note}
    reason = talk.say(f"approval_{each.approval.why}", asked)
    about = {"name": _name(talk, each), "advocate_thanks": _what(talk, each), "reason": reason}
    return talk.say("approval_line", about, id=each.handle)


def _what(talk: RepTalk, each: Waiting) -> str:
    return talk.words.thanks(each.reward.form)


def _name(talk: RepTalk, each: Waiting) -> str:
    return _called(talk, each.reward.person)


def _called(talk: RepTalk, person_id: str) -> str:
    person = talk.tx.people.get(person_id)
    return (person.called or legible(person.name) if person else "") or UNNAMED
