"""名单: whom it is right to ask today, as short as a chat can say it."""

from __future__ import annotations

from bot.conversations.rep_talk import RepTalk
from referral import hours
from referral.nudges import Nudge, NudgeState

_MOST = 8  # customers named in one answer


def today(talk: RepTalk) -> str:
    """The list as it stands: who is still to be asked, the best first, and where the whole list is."""
    listed = talk.tx.nudges.on_list(talk.rep, talk.now)
    waiting = [nudge for nudge in listed if nudge.state is NudgeState.LISTED]
    if not waiting:
        following = hours.coming_working_morning(talk.facts.hours, talk.now, talk.facts.workdays)
        return talk.say("list_done" if listed else "list_none", when=talk.hour(following))
    page = talk.facts.rep_page(talk.rep, talk.now)
    link = talk.say("link", link=page) if page else ""
    return talk.listing(talk.say("list_head", count=len(waiting)), _lines(talk, waiting), link, most=_MOST)


def _lines(talk: RepTalk, waiting: list[Nudge]) -> list[str]:
    """A line for each; only those that can be shown are looked up."""
    people = [nudge.person for nudge in waiting[:_MOST]]
    names = {each.moment.person: each.name for each in talk.tx.customers.load(people, talk.now)}
    return [_line(talk, nudge, names.get(nudge.person, "")) for nudge in waiting]


def _line(talk: RepTalk, nudge: Nudge, name: str) -> str:
    code, value = nudge.reasons[0] if nudge.reasons else (nudge.why, "")
    reason = talk.words.moment(code, value)
    return talk.say("list_line", name=name or "一位客户", reason=reason)
