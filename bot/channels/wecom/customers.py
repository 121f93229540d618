"""All customers of a rep, page by page, and the names of the company's tags (platform reference 4.1, 4.9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.channels.errors import NotYet
from bot.channels.wecom.answers import list_of, part_of, text_of, texts_of
from bot.channels.wecom.wire import moment

PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A customer as one rep has them: `remark`, `phones` and `tags` (their ids) are what the rep noted.

    `mark` is that of the contact way they came by, `added_at` None where the platform does not say.
    """

    who: str
    nickname: str
    avatar: str
    unionid: str | None
    remark: str
    phones: tuple[str, ...]
    tags: tuple[str, ...]
    mark: str | None
    added_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerPage:
    """Some customers of a rep; `cursor` leads to the next page, empty after the last."""

    customers: tuple[Customer, ...]
    cursor: str


class CustomerBook:
    """One app's view of who is whose customer."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def page(self, rep: str, cursor: str) -> CustomerPage:
        """Return up to 100 customers of a rep from `cursor` on (empty: the first). A rep without any has one page."""
        # wechatpy's own method names the rep in a field that the platform no longer reads.
        asked = {"userid_list": [rep], "cursor": cursor, "limit": PAGE}
        try:
            answer = await self._client.post("externalcontact/batch/get_by_user", data=asked)
        except NotYet:
            return CustomerPage(customers=(), cursor="")
        found = list_of(answer, "external_contact_list")
        after = text_of(answer, "next_cursor")
        return CustomerPage(
            customers=tuple(customer for each in found if (customer := _customer(each))),
            cursor=after if after != cursor else "",
        )

    async def tags(self) -> dict[str, str]:
        """Return the company's tags: id and name, without those deleted."""
        answer = await self._client.external_contact.get_corp_tag_list()
        return {
            text_of(tag, "id"): text_of(tag, "name")
            for group in list_of(answer, "tag_group")
            for tag in list_of(group, "tag")
            if isinstance(tag, dict) and text_of(tag, "id") and not tag.get("deleted")
        }


def _customer(pair: object) -> Customer | None:
    person, follow = part_of(pair, "external_contact"), part_of(pair, "follow_info")
    who = text_of(person, "external_userid")
    if not who:
        return None
    return Customer(
        who=who,
        nickname=text_of(person, "name"),
        avatar=text_of(person, "avatar"),
        unionid=text_of(person, "unionid") or None,
        remark=text_of(follow, "remark"),
        phones=texts_of(follow, "remark_mobiles"),
        tags=texts_of(follow, "tag_id"),
        mark=text_of(follow, "state") or None,
        added_at=moment(follow.get("createtime")),
    )
