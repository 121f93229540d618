"""Old friends: the rep's own customers who bring people that stay, or whose friends bring on others, and what fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from bot.champions import TITLES, line
from bot.pages.rep import RepPages
from bot.pages.rep_friends_views import FriendRow, RepFriendsView
from bot.pages.rep_look import page
from bot.pages.rep_people_reading import full_name
from bot.pages.rep_reading import Reading
from referral.champions import whys
from referral.conversations.names import Named
from referral.forest import Branch, Grove, Kind
from referral.nicknames import isolated
from referral.people import Person

_SHOWN = 30  # customers on the page
_NAMED = 3  # friends by name
_FITS: Mapping[Kind, str] = {
    Kind.CHAMPION: "见面时真心道一声谢；有新品、新活动，先请这位来看看。",
    Kind.CONNECTOR: "找个时候问候一声，谢谢这份心意；有好位置、好时段，先给这位留着。",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RepFriends:
    """The address of old friends."""

    pages: RepPages

    def routes(self) -> list[web.RouteDef]:
        """`/rep/friends`."""
        return [web.get("/rep/friends", self.show)]

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Those of the rep's own customers."""
        return await self.pages.read(request, lambda reading: page(_view(reading)))


def _view(reading: Reading) -> RepFriendsView:
    mine = {each.person: each for each in reading.tx.customers.of_rep(reading.rep.id)}
    found = reading.tx.branches.find(tuple(mine)).values()
    listed = sorted((each for each in found if each.kind), key=lambda each: (-each.tally.value, each.person))
    grove = reading.tx.branches.grove()
    return RepFriendsView(
        company=reading.facts.company,
        rows=tuple(_row(reading, branch, mine, grove) for branch in listed[:_SHOWN]),
        more=max(0, len(listed) - _SHOWN),
    )


def _row(reading: Reading, branch: Branch, mine: Mapping[str, Named], grove: Grove) -> FriendRow:
    friends = [each.person for each in reading.tx.branches.children(branch.person)]
    return FriendRow(
        id=branch.person,
        name=_name(mine[branch.person]),
        title=TITLES[branch.kind],
        why=line(whys(branch.tally, grove)),
        friends=_friends([_name(mine[each]) for each in friends if each in mine], len(friends)),
        fits=_FITS[branch.kind],
    )


def _friends(own: list[str], count: int) -> str:
    """Friends who are the rep's own customers by name, the latest first; of the others only how many they are."""
    others = count - len(own)
    if not own:
        return "这些朋友都不在您的客户里" if others > 1 else "这位朋友不在您的客户里"
    named = "、".join(map(isolated, own[:_NAMED]))
    also = f" 等 {len(own)} 位" if len(own) > _NAMED else ""
    return f"您认识的朋友：{named}{also}" + (f"；另有 {others} 位不在您的客户里" if others else "")


def _name(known: Named) -> str:
    return full_name(Person(id=known.person, nickname=known.nickname, name=known.name))
