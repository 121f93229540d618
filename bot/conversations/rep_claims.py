"""介绍, 确认, 不算: who introduced a friend, as the friend said and as staff know it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.conversations.rep_talk import RepTalk
from referral import claims
from referral.claims import Candidate, Claim
from referral.conversations.commands import handle_of
from referral.drafts import HANDLE
from referral.errors import RuleViolation
from referral.nicknames import legible
from referral.people import UNNAMED

_MOST = 5  # claims in one answer
_CANDIDATES = 4
_NAMED = re.compile(rf"\s*([0-9A-Za-z]{{{HANDLE}}})(?![0-9A-Za-z])[\s:：,，]*(.*)", re.DOTALL)


def waiting(talk: RepTalk) -> str:
    """What waits for this member of staff, each with those who may be meant."""
    found = claims.waiting_for(talk.tx, talk.facts, talk.rep, now=talk.now)
    if not found:
        return talk.say("claims_none")
    tail = talk.say("claims_tail", handle=found[0].handle)
    told = ["\n".join([_line(talk, each), *_choices(talk, _likely(talk, each))]) for each in found[:_MOST]]
    told += [""] * (len(found) - len(told))
    return talk.listing(talk.say("claims_head", count=len(found)), told, tail, most=_MOST)


def confirmed(talk: RepTalk, rest: str) -> str:
    """确认 HANDLE, with the place on the list, a code or a name where there is more than one."""
    claim, asked = _meant(talk, rest)
    if claim is None:
        return talk.say("claim_gone", wanted=rest)
    found = _chosen(talk, claim, asked)
    if len(found) != 1:
        return "\n".join([talk.say("claim_which", handle=claim.handle), *_choices(talk, found)])
    meant, by = found[0].person, f"rep:{talk.rep}"
    try:
        with talk.tx.attempt():
            claims.confirm(talk.tx, talk.facts, claim, meant, by=by, now=talk.now, rng=talk.rng)
    except RuleViolation as against:
        return str(against)
    return talk.say("claim_yes", friend=_friend(talk, claim), names=_names(found[0]))


def refused(talk: RepTalk, rest: str) -> str:
    """不算 HANDLE REASON."""
    claim, reason = _meant(talk, rest)
    if claim is None:
        return talk.say("claim_gone", wanted=rest)
    if not reason:
        return talk.say("claim_reason", handle=claim.handle)
    claims.refuse(talk.tx, talk.facts, claim, reason, by=f"rep:{talk.rep}", now=talk.now, rng=talk.rng)
    return talk.say("claim_no", friend=_friend(talk, claim))


def _meant(talk: RepTalk, rest: str) -> tuple[Claim | None, str]:
    """The claim that a handle names, if it is for this member of staff, and what follows it."""
    named = _NAMED.fullmatch(rest)
    claim = talk.tx.claims.by_handle(handle_of(named[1])) if named else None
    if claim and named and claims.may_decide(talk.tx, talk.facts, claim, talk.rep, now=talk.now):
        return claim, named[2].strip()
    return None, ""


def _chosen(talk: RepTalk, claim: Claim, asked: str) -> list[Candidate]:
    likely = _likely(talk, claim)
    if asked.isdecimal() and len(asked) == 1:
        return likely[int(asked) - 1 : int(asked)] if asked != "0" else likely
    return _candidates(talk, claim, asked) if asked else likely


def _likely(talk: RepTalk, claim: Claim) -> list[Candidate]:
    return _candidates(talk, claim, claim.name)[:_CANDIDATES]


def _candidates(talk: RepTalk, claim: Claim, asked: str) -> list[Candidate]:
    return claims.candidates(talk.tx, asked, talk.rep, at=claim.said_at, without=claim.person)


def _line(talk: RepTalk, claim: Claim) -> str:
    when = talk.hour(claim.said_at)
    return talk.say("claim_line", handle=claim.handle, friend=_friend(talk, claim), advocate=claim.name, when=when)


def _choices(talk: RepTalk, found: Sequence[Candidate]) -> list[str]:
    if not found:
        return [talk.say("claim_nobody")]
    keys = {True: "claim_own", False: "claim_other"}
    return [talk.say(keys[each.own], count=place, names=_names(each)) for place, each in enumerate(found, 1)]


def _friend(talk: RepTalk, claim: Claim) -> str:
    person = talk.tx.people.get(claim.person)
    return (person.called or legible(person.name) if person else "") or UNNAMED


def _names(candidate: Candidate) -> str:
    nickname, name = legible(candidate.nickname), legible(candidate.name)
    if nickname and name and nickname != name:
        return f"{nickname}（{name}）"
    return nickname or name or UNNAMED
