"""Care as a rep's list shows it, read from what is kept."""

from __future__ import annotations

from bot.pages.rep_cares_views import CareLine
from bot.pages.rep_labels import NAMELESS
from bot.pages.rep_reading import Reading
from referral import caring
from referral.care import Care, CareKind


def lines(reading: Reading) -> tuple[CareLine, ...]:
    """Whom this rep can care for now."""
    listed = caring.waiting(reading.tx, reading.facts, reading.rep.id, now=reading.now)
    people = reading.tx.customers.load([care.person for care in listed], reading.now)
    names = {customer.moment.person: customer.name for customer in people}
    return tuple(_line(reading, care, names.get(care.person) or NAMELESS) for care in listed)


def _line(reading: Reading, care: Care, name: str) -> CareLine:
    is_task, is_survey = care.kind is CareKind.REPAIR, care.kind is CareKind.SURVEY
    return CareLine(
        id=care.id,
        name=name,
        action=reading.words.say("care.do_survey" if is_survey else f"care.do_{care.kind.action.value}"),
        why=caring.why(reading.facts, care),
        words=care.words,
        done="已经跟进了" if is_task else "已经说了",
        later="下个工作日再跟" if is_task else "这次不用",
        score=is_survey,
    )
