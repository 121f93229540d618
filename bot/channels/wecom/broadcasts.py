"""Broadcasts (企业群发) at the platform: a task for one rep, whose press alone sends it (platform reference 4.7)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.channels.wecom.answers import list_of, part_of, text_of, texts_of
from bot.channels.wecom.wire import cut, moment
from referral.broadcasts import End

TEXT_BYTES = 4000
_RESULTS_AT_ONCE = 1000
_LISTED_AT_ONCE = 100
_PAGES = 200
_SENT_BY_REP = 2
_COMPANY = 0  # made by the company, as ours are, not by the rep
_ENDS = {1: End.SENT, 2: End.NOT_FRIEND, 3: End.CAP}


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The platform's id of a new broadcast, and the customers it will not reach."""

    msgid: str
    unreachable: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of a broadcast for one customer, `at` None where the platform does not say when."""

    handle: str
    end: End
    at: datetime | None


class BroadcastDesk:
    """One app's broadcasts."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def make(self, rep: str, to: Sequence[str], words: str) -> Made:
        """Put a text before a rep for these customers. Repeated, it makes another task."""
        asked = {
            "chat_type": "single",
            "external_userid": list(to),
            "sender": rep,
            "text": {"content": cut(words, TEXT_BYTES)},
        }
        answer = await self._client.external_contact.add_msg_template(asked)
        return Made(msgid=text_of(answer, "msgid"), unreachable=texts_of(answer, "fail_list"))

    async def find(self, words: str, since: datetime, until: datetime) -> tuple[str, ...]:
        """Return the ids of the company's broadcasts of this very text, made between two times, oldest first."""
        asked = {
            "chat_type": "single",
            "start_time": int(since.timestamp()),
            "end_time": int(until.timestamp()) + 1,
            "filter_type": _COMPANY,
            "limit": _LISTED_AT_ONCE,
        }
        wanted = cut(words, TEXT_BYTES)
        found = [
            (moment(each.get("create_time")) or since, text_of(each, "msgid"))
            async for each in self._paged("get_groupmsg_list_v2", asked, "group_msg_list")
            if text_of(part_of(each, "text"), "content") == wanted
        ]
        return tuple(msgid for _, msgid in sorted(found) if msgid)

    async def reps(self, msgid: str) -> dict[str, bool]:
        """Return the reps who have a broadcast before them, and whether each has pressed send."""
        asked = {"msgid": msgid, "limit": _RESULTS_AT_ONCE}
        return {
            text_of(each, "userid"): each.get("status") == _SENT_BY_REP
            async for each in self._paged("get_groupmsg_task", asked, "task_list")
        }

    async def deliveries(self, msgid: str, rep: str) -> tuple[Delivery, ...]:
        """Return what became of a broadcast, for those customers for whom it has come to an end."""
        asked = {"msgid": msgid, "userid": rep, "limit": _RESULTS_AT_ONCE}
        told = [each async for each in self._paged("get_groupmsg_send_result", asked, "send_list")]
        return tuple(
            Delivery(handle=text_of(each, "external_userid"), end=_ENDS[status], at=moment(each.get("send_time")))
            for each in told
            if isinstance(status := each.get("status"), int) and status in _ENDS
        )

    async def cancel(self, msgid: str) -> None:
        """Take back what is not sent yet."""
        await self._post("cancel_groupmsg_send", {"msgid": msgid})

    async def remind(self, msgid: str) -> None:
        """Have the platform remind the rep, at most three times a day."""
        await self._post("remind_groupmsg_send", {"msgid": msgid})

    async def _paged(self, call: str, asked: dict[str, object], name: str) -> AsyncIterator[dict[str, object]]:
        cursor = ""
        for _ in range(_PAGES):
            answer = await self._post(call, asked | {"cursor": cursor})
            for each in list_of(answer, name):
                if isinstance(each, dict):
                    yield each
            cursor, before = text_of(answer, "next_cursor"), cursor
            if cursor in ("", before):
                return

    async def _post(self, call: str, asked: dict[str, object]) -> object:
        answer: object = await self._client.post(f"externalcontact/{call}", data=asked)
        return answer
