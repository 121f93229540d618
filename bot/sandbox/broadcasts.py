"""Broadcasts (企业群发): tasks that wait for the rep's press, and what came of each (platform.md 4.7)."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from bot.sandbox.answers import Answer, Call, Endpoint, Refusal, limit_bytes, post
from bot.sandbox.contacts import Contacts
from bot.sandbox.people import People
from bot.sandbox.stage import BEIJING, Stage
from bot.sandbox.state import Broadcast, Person
from bot.sandbox.wishes import BadAct

LONGEST = 4000  # bytes
MOST_CUSTOMERS = 10_000
PAGE, LIST_PAGE = 1000, 100
MONTH = 31 * 86400  # seconds that one listing may span
REMINDERS = 3  # in a day
UNSENT, SENT, NOT_FRIEND, CAP = 0, 1, 2, 3
TASK_SENT = 2

T = TypeVar("T")


class Broadcasts:
    """Keeps tasks, and sends them when the rep presses. A customer gets `cap` a month; None: as many as it has days."""

    def __init__(self, stage: Stage, people: People, contacts: Contacts, cap: int | None = None) -> None:
        self._stage = stage
        self._people = people
        self._contacts = contacts
        self._cap = cap

    def endpoints(self) -> dict[str, Endpoint]:
        """The API of broadcasts."""
        return {
            "externalcontact/add_msg_template": post(self._add),
            "externalcontact/get_groupmsg_list_v2": post(self._list),
            "externalcontact/get_groupmsg_task": post(self._task),
            "externalcontact/get_groupmsg_send_result": post(self._results),
            "externalcontact/cancel_groupmsg_send": post(self._cancel),
            "externalcontact/remind_groupmsg_send": post(self._remind),
        }

    def press(self, rep: str, msgid: str) -> Answer:
        """The rep presses send; raise `BadAct` where no such task waits for them."""
        waiting = [
            task for task in self._stage.world.broadcasts.values() if task.rep == rep and task.state == "waiting"
        ]
        task = waiting[-1] if msgid == "latest" and waiting else next((t for t in waiting if t.msgid == msgid), None)
        if task is None:
            raise BadAct(f"value: no broadcast {msgid} waits for {rep}")
        task.state, task.pressed = "pressed", self._stage.now()
        for who in task.status:
            task.status[who] = self._deliver(task, self._people.by_id(who))
        ends = {"sent": SENT, "not_friend": NOT_FRIEND, "cap": CAP}
        counts = list(task.status.values())
        return {"msgid": task.msgid} | {name: counts.count(end) for name, end in ends.items()}

    def _deliver(self, task: Broadcast, person: Person) -> int:
        if not self._contacts.are_friends(person, task.rep):
            return NOT_FRIEND
        now = datetime.fromtimestamp(self._stage.now(), UTC).astimezone(BEIJING)
        month = f"{person.external_userid}/{now:%Y-%m}"
        got = self._stage.world.received.get(month, 0)
        if got >= (monthrange(now.year, now.month)[1] if self._cap is None else self._cap):
            return CAP
        self._stage.world.received[month] = got + 1
        self._stage.tell(task.rep, person.name, "text", task.text)
        return SENT

    def _add(self, call: Call) -> Answer:
        if (call.text("chat_type") or "single") != "single":
            raise Refusal(40058, "chat_type: only single is played here")
        words = call.body.get("text")
        content = limit_bytes(words.get("content") if isinstance(words, dict) else None, LONGEST, name="text")
        rep, asked = call.required("sender"), list(dict.fromkeys(call.texts("external_userid")))
        if rep not in self._people.reps:
            raise Refusal(40003, "invalid userid")
        if len(asked) > MOST_CUSTOMERS:
            raise Refusal(40058, "external_userid must hold at most 10000")
        customers = asked or self._contacts.of_rep(rep)
        good = [who for who in customers if (one := self._people.find(who)) and self._contacts.are_friends(one, rep)]
        if not good:
            raise Refusal(41048, "no customer to send")
        msgid = "msg" + self._stage.mint("broadcast", 29)
        self._stage.world.broadcasts[msgid] = Broadcast(
            msgid=msgid, rep=rep, text=content, created=self._stage.now(), status=dict.fromkeys(good, UNSENT)
        )
        self._stage.tell("platform", rep, "broadcast", content)
        return {"fail_list": [who for who in customers if who not in good], "msgid": msgid}

    def _list(self, call: Call) -> Answer:
        start, end = call.whole("start_time", 0), call.whole("end_time", 0)
        if not 0 <= end - start <= MONTH:
            raise Refusal(40058, "start_time and end_time must be at most a month apart")
        found = [task for task in self._stage.world.broadcasts.values() if start <= task.created <= end]
        shown, after = _page(call, found, LIST_PAGE, default=50)
        rows = [
            {"msgid": task.msgid, "create_time": task.created, "create_type": 0, "text": {"content": task.text}}
            for task in shown
            if call.whole("filter_type", 2) in (0, 2)
        ]
        return {"group_msg_list": rows} | after

    def _task(self, call: Call) -> Answer:
        task = self._named(call)
        shown, after = _page(call, [task], PAGE)
        pressed = {"send_time": task.pressed} if task.pressed else {}
        status = TASK_SENT if task.pressed else UNSENT
        return {"task_list": [{"userid": each.rep, "status": status} | pressed for each in shown]} | after

    def _results(self, call: Call) -> Answer:
        task = self._named(call)
        if call.required("userid") != task.rep:
            raise Refusal(40003, "invalid userid")
        shown, after = _page(call, list(task.status.items()), PAGE)
        return {"send_list": [_result(task, who, status) for who, status in shown]} | after

    def _cancel(self, call: Call) -> Answer:
        task = self._named(call)
        if task.state == "waiting":
            task.state = "cancelled"
        return {}

    def _remind(self, call: Call) -> Answer:
        task = self._named(call)
        today = [at for at in task.reminded if at > self._stage.now() - 86400]
        if task.state != "waiting" or len(today) >= REMINDERS:
            raise Refusal(40058, "nothing to remind of, or reminded 3 times today")
        task.reminded = [*today, self._stage.now()]
        self._stage.tell("platform", task.rep, "remind", task.text)
        return {}

    def _named(self, call: Call) -> Broadcast:
        task = self._stage.world.broadcasts.get(call.required("msgid"))
        if task is None:
            raise Refusal(41047, "invalid msgid")
        return task


def _result(task: Broadcast, who: str, status: int) -> Mapping[str, Any]:
    sent = {"send_time": task.pressed} if status == SENT else {}
    return {"external_userid": who, "userid": task.rep, "status": status} | sent


def _page(call: Call, rows: Sequence[T], most: int, default: int = 500) -> tuple[Sequence[T], Answer]:
    """The rows that a call's `cursor` and `limit` ask for, and the answer's own cursor where more follow."""
    cursor = call.text("cursor")
    if cursor and not cursor.isdecimal():
        raise Refusal(40058, "invalid cursor")
    skip, limit = int(cursor or 0), min(max(call.whole("limit", default), 1), most)
    more = len(rows) > skip + limit
    return rows[skip : skip + limit], {"next_cursor": str(skip + limit)} if more else {}
