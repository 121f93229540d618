"""The four gates of one customer: which are open, what it shows by, and what helps at the first that is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from bot.pages.rep import RepPages
from bot.pages.rep_care_views import GateRow, RepCareView, Stands
from bot.pages.rep_labels import NAMELESS
from bot.pages.rep_look import page
from bot.pages.rep_people_reading import PeopleReading
from bot.pages.rep_reading import Reading
from referral.decisions import Customer, Gate, is_weak, met_at
from referral.ids import is_id
from referral.times import chinese_day

_TITLES: Mapping[Gate, str] = {
    Gate.EXPERIENCE: "产品体验满意",
    Gate.RECOGNITION: "社交认同",
    Gate.TOOL: "工具易用",
    Gate.INTERACTION: "持续互动",
}
_CARE: Mapping[Gate, str] = {
    Gate.EXPERIENCE: "先把没了结的事问清楚、跟到底。事情了结、对方满意了，再谈别的。",
    Gate.RECOGNITION: "先不问了。真心谢谢对方，送一点看得见的照顾：优先预约、一张手写的卡片。",
    Gate.TOOL: "换一张更合适的海报，或者一段更顺口的话。用不用，由对方自己定。",
    Gate.INTERACTION: "先问候近况，帮一点小忙，不提介绍朋友的事。",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RepCare:
    """The address of a customer's four gates."""

    pages: RepPages

    def routes(self) -> list[web.RouteDef]:
        """`/rep/p/{person}/care`."""
        return [web.get("/rep/p/{person}/care", self.show)]

    async def show(self, request: web.Request) -> web.StreamResponse:
        """How one of the rep's own customers stands."""
        asked = request.match_info["person"]

        def unit(reading: Reading) -> web.Response:
            person = PeopleReading(at=reading).own_person(asked) if is_id(asked, "p") else None
            known = reading.tx.customers.load([person.id], reading.now) if person else []
            return page(_view(reading, known[0])) if known else self.pages.missing()

        return await self.pages.read(request, unit)


def _view(reading: Reading, customer: Customer) -> RepCareView:
    weak = [gate for gate in Gate if is_weak(gate, customer, reading.now)]
    return RepCareView(
        company=reading.facts.company,
        id=customer.moment.person,
        name=customer.name or NAMELESS,
        gates=tuple(_row(reading, customer, gate, weak) for gate in Gate),
    )


def _row(reading: Reading, customer: Customer, gate: Gate, weak: list[Gate]) -> GateRow:
    first = gate in weak[:1]
    return GateRow(
        title=_TITLES[gate],
        shows=_shows(gate, customer, reading.now),
        stands=_stands(gate, customer, weak),
        care=_CARE[gate] if first else "",
        words=reading.words.say(f"gate.care_{gate.value}") if first else "",
    )


def _stands(gate: Gate, customer: Customer, weak: list[Gate]) -> Stands:
    if gate in weak:
        return "first" if gate is weak[0] else "weak"
    return "open" if _is_known(gate, customer) else "unknown"


def _is_known(gate: Gate, customer: Customer) -> bool:
    """Whether something shows that a gate is open, rather than nothing that it is not."""
    match gate:
        case Gate.EXPERIENCE:
            return customer.moment.satisfaction is not None
        case Gate.RECOGNITION:
            return bool(customer.asked) and not customer.unanswered
        case Gate.TOOL:
            return customer.took_at is not None and customer.seen
        case Gate.INTERACTION:
            return met_at(customer) is not None


def _shows(gate: Gate, customer: Customer, now: datetime) -> str:
    """What is known that bears on a gate."""
    match gate:
        case Gate.EXPERIENCE:
            return _experience(customer)
        case Gate.RECOGNITION:
            return _recognition(customer)
        case Gate.TOOL:
            return _tool(customer, now)
        case Gate.INTERACTION:
            met = met_at(customer)
            return f"最近一次来往是{chinese_day(met, now)}" if met else "还没有来往的记录"


def _experience(customer: Customer) -> str:
    moment = customer.moment
    score = "还没有打过分" if moment.satisfaction is None else f"最近一次打了 {moment.satisfaction:g} 分"
    return f"{score}，{'有投诉还没了结' if moment.complaints else '没有没了结的投诉'}"


def _recognition(customer: Customer) -> str:
    if customer.unanswered:
        return f"最近 {customer.unanswered} 次问起都没有下文"
    return "问起过，有回应" if customer.asked else "一年里还没有问起过"


def _tool(customer: Customer, now: datetime) -> str:
    if customer.took_at is None:
        return "还没有要过海报"
    return f"{chinese_day(customer.took_at, now)}要了海报，{'有朋友看到了' if customer.seen else '还没有人看到'}"
