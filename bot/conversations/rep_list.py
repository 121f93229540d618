"""名单: whom it is right to ask today, as short as a chat can say it."""

from __future__ import annotations

from bot.conversations.rep_talk import RepTalk
from referral import caring, hours, rep_list
from referral.nudges import Nudge
from referral.rep_list import Today

_MOST = 8  # customers named in one answer
_QUESTIONS = 3  # names of those to be asked in passing
_SOMEONE = "一位客户"


def today(talk: RepTalk) -> str:
    """The list as it stands: who is still to be asked, the best first, and where the whole list is."""
    listed = rep_list.today(talk.tx, talk.rep, talk.now)
    cares = _cares(talk)
    page = talk.facts.rep_page(talk.rep, talk.now) if listed.waiting or listed.questions or cares else ""
    tail = [cares, _questions(talk, listed), talk.say("link", link=page) if page else ""]
    lines = [_line(talk, nudge, listed.name(nudge)) for nudge in listed.waiting]
    return talk.listing(_head(talk, listed), lines, *tail, most=_MOST, more="more_people")


def _head(talk: RepTalk, listed: Today) -> str:
    if listed.waiting:
        return talk.say("list_head", count=len(listed.waiting))
    following = hours.coming_working_morning(talk.facts.hours, talk.now, talk.facts.workdays)
    return talk.say("list_done" if listed.asks and not listed.withdrawn else "list_none", when=talk.hour(following))


def _line(talk: RepTalk, nudge: Nudge, name: str) -> str:
    code, value = nudge.reasons[0] if nudge.reasons else (nudge.why, "")
    reason = talk.words.moment(code, value)
    return talk.say("list_line", name=name or _SOMEONE, reason=reason)


def _cares(talk: RepTalk) -> str:
    """Who is to be greeted, thanked or helped, and asked for nothing; empty where nobody is."""
    waiting = caring.waiting(talk.tx, talk.facts, talk.rep, now=talk.now)
    if not waiting:
        return ""
    people = talk.tx.customers.load([care.person for care in waiting[:_QUESTIONS]], talk.now)
    named = "、".join(customer.name or _SOMEONE for customer in people)
    names = f"{named}等" if len(waiting) > _QUESTIONS else named
    return talk.say("list_cares", count=len(waiting), names=names)


def _questions(talk: RepTalk, listed: Today) -> str:
    """Who is to be asked in passing if they want to hear of anything; empty where nobody is."""
    if not listed.questions:
        return ""
    named = "、".join(listed.name(nudge) or _SOMEONE for nudge in listed.questions[:_QUESTIONS])
    names = f"{named}等" if len(listed.questions) > _QUESTIONS else named
    return talk.say("list_questions", count=len(listed.questions), names=names)
