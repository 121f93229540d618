"""One customer at one desk: the 48-hour clock, the five messages, the session's states (platform.md 5.2 to 5.5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.answers import Answer, Call, Endpoint, Refusal, limit_bytes, post
from bot.sandbox.callbacks import Callback
from bot.sandbox.desks import Desks
from bot.sandbox.media import Media
from bot.sandbox.people import People
from bot.sandbox.stage import Stage
from bot.sandbox.state import Chat, Desk, EventCode, Person

WINDOW = 48 * 3600  # seconds after the customer's last message
MOST_IN_WINDOW = 5
MSGID = re.compile(r"[0-9a-zA-Z_-]{1,32}")
NEW, BOT, WAITING, SERVED, ENDED = range(5)
NEXT = {
    NEW: {BOT, WAITING, SERVED, ENDED},
    BOT: {WAITING, SERVED, ENDED},
    WAITING: {SERVED, ENDED},
    SERVED: {SERVED, ENDED},
    ENDED: set[int](),
}
CODE_LIVES = {"enter": 20, "pool": WINDOW, "taken": WINDOW, "end": 20}  # seconds
CODE_KINDS = {"enter": {"text", "msgmenu"}, "pool": {"text"}, "taken": {"text"}, "end": {"text", "msgmenu"}}
ISSUES = {WAITING: "pool", SERVED: "taken", ENDED: "end"}
REJECTED = 10  # fail_type of msg_send_fail: the customer refuses messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A message as a person sees it, with the menu items that can be tapped (id to words)."""

    kind: str
    text: str = ""
    url: str = ""
    offered: Mapping[str, str]


class Sessions:
    """Carries messages between apps and customers under the platform's limits. `post_later` delivers late callbacks."""

    def __init__(
        self,
        stage: Stage,
        people: People,
        desks: Desks,
        media: Media,
        post_later: Callable[[list[Callback]], None],
    ) -> None:
        self._stage = stage
        self._people = people
        self._desks = desks
        self._media = media
        self._post_later = post_later

    def endpoints(self) -> dict[str, Endpoint]:
        """The API of conversations."""
        return {
            "kf/send_msg": post(self._send),
            "kf/send_msg_on_event": post(self._send_on_event),
            "kf/service_state/get": post(self._state),
            "kf/service_state/trans": post(self._transfer),
            "kf/customer/batchget": post(self._profiles),
        }

    def enter(self, person: Person, desk: str, scene: str, scene_param: str) -> list[Callback]:
        """The person opens the chat: an `enter_session` event, with a welcome code when one is due."""
        chat = self._chat(desk, person.external_userid)
        chat.scene, chat.scene_param = scene, scene_param
        code = self._issue("enter", desk, person.external_userid) if self._may_be_welcomed(chat) else None
        self._desks.note(
            desk,
            "enter_session",
            person.external_userid,
            scene=scene,
            scene_param=scene_param,
            welcome_code=code,
        )
        return self._desks.ring(desk)

    def say(self, person: Person, desk: str, kind: str, body: dict[str, Any]) -> tuple[str, list[Callback]]:
        """The person writes: the window opens anew. Return the message id and the callbacks."""
        chat = self._chat(desk, person.external_userid)
        if self._current(chat) == ENDED:
            chat.state, chat.servicer = NEW, ""
        chat.said_at, chat.sent = self._stage.now(), 0
        msgid = self._desks.write(desk, who=person.external_userid, kind=kind, body=body)
        return msgid, self._desks.ring(desk)

    def is_with_staff(self, person: Person) -> bool:
        """Whether somebody of the staff has one of the person's chats, or is waited for."""
        return any(self._current(chat) in (WAITING, SERVED) for chat in self._chats_of(person.external_userid))

    def finish(self, person: Person) -> list[Callback]:
        """Staff end the person's chats, which then are the bot's again; the callbacks of it (platform.md 5.2)."""
        callbacks: list[Callback] = []
        for key, chat in self._stage.world.chats.items():
            desk, _, who = key.partition("/")
            if who == person.external_userid and self._current(chat) in (WAITING, SERVED):
                chat.state, servicer, chat.servicer = ENDED, chat.servicer, ""
                self._desks.note(desk, "session_status_change", who, change_type=3, old_servicer_userid=servicer)
                callbacks += self._desks.ring(desk)
        return callbacks

    def _chat(self, desk: str, who: str) -> Chat:
        return self._stage.world.chats.setdefault(f"{desk}/{who}", Chat())

    def _current(self, chat: Chat) -> int:
        """A session ends by itself 48 hours after the customer's last message."""
        over = chat.said_at is not None and chat.said_at + WINDOW < self._stage.now()
        return ENDED if over else chat.state

    def _may_be_welcomed(self, chat: Chat) -> bool:
        recent = chat.welcomed_at is not None and chat.welcomed_at + WINDOW > self._stage.now()
        return chat.said_at is None and not recent

    def _issue(self, kind: str, desk: str, who: str) -> str:
        code = self._stage.mint("session", 43)
        self._stage.world.codes[code] = EventCode(kind=kind, desk=desk, who=who, issued=self._stage.now())
        return code

    def _send(self, call: Call) -> Answer:
        desk = self._desks.named(call, call.text("open_kfid"))
        person = self._people.by_id(call.required("touser"))
        msgid = self._fresh_msgid(desk, call.text("msgid"))
        shown = self._read(call)
        chat = self._chat(desk.open_kfid, person.external_userid)
        if chat.said_at is None or self._current(chat) not in (NEW, BOT):
            raise Refusal(95018, "send msg session status invalid")
        if chat.sent >= MOST_IN_WINDOW:
            raise Refusal(95001, "send msg count limit")
        chat.sent += 1
        self._accept(desk, person, msgid, shown)
        return {"msgid": msgid}

    def _send_on_event(self, call: Call) -> Answer:
        code = self._usable(call.required("code"))
        desk = self._desks.named(call, code.desk)
        person = self._people.by_id(code.who)
        msgid = self._fresh_msgid(desk, call.text("msgid"))
        if call.text("msgtype") not in CODE_KINDS[code.kind]:
            raise Refusal(40008, "invalid message type")
        shown = self._read(call)
        code.used = True
        if code.kind == "enter":
            self._chat(code.desk, code.who).welcomed_at = self._stage.now()
        self._accept(desk, person, msgid, shown)
        return {"msgid": msgid}

    def _usable(self, value: str) -> EventCode:
        code = self._stage.world.codes.get(value)
        if code is None or code.kind not in CODE_LIVES or self._is_stale(code):
            raise Refusal(41050, "invalid or expired code")
        if code.used:
            raise Refusal(41051, "the code was used")
        return code

    def _is_stale(self, code: EventCode) -> bool:
        if code.issued + CODE_LIVES[code.kind] < self._stage.now():
            return True
        state = self._current(self._chat(code.desk, code.who))
        return code.kind != "enter" and ISSUES.get(state) != code.kind

    def _fresh_msgid(self, desk: Desk, given: str) -> str:
        if not given:
            return self._stage.mint("sent", 32)
        if not MSGID.fullmatch(given):
            raise Refusal(40058, "msgid must be at most 32 of 0-9a-zA-Z_-")
        if given in desk.sent:
            raise Refusal(95032, "duplicate msgid")
        return given

    def _accept(self, desk: Desk, person: Person, msgid: str, shown: Shown) -> None:
        desk.sent[msgid] = self._stage.now()
        if person.rejects:
            self._fail(desk, person, msgid)
            return
        person.offered |= {item: (desk.open_kfid, words) for item, words in shown.offered.items()}
        self._stage.tell("kf", person.name, shown.kind, shown.text, shown.url)

    def _fail(self, desk: Desk, person: Person, msgid: str) -> None:
        self._desks.note(desk.open_kfid, "msg_send_fail", person.external_userid, fail_msgid=msgid, fail_type=REJECTED)
        self._post_later(self._desks.ring(desk.open_kfid))

    def _state(self, call: Call) -> Answer:
        desk = self._desks.named(call, call.text("open_kfid"))
        person = self._people.by_id(call.required("external_userid"))
        chat = self._chat(desk.open_kfid, person.external_userid)
        state = self._current(chat)
        return {"service_state": state} | ({"servicer_userid": chat.servicer} if state == SERVED else {})

    def _transfer(self, call: Call) -> Answer:
        desk = self._desks.named(call, call.text("open_kfid"))
        person = self._people.by_id(call.required("external_userid"))
        state, servicer = call.whole("service_state", -1), call.text("servicer_userid")
        chat = self._chat(desk.open_kfid, person.external_userid)
        before = self._current(chat)
        if state not in NEXT[before]:
            raise Refusal(95016, "invalid session state change")
        if state == SERVED and servicer not in desk.servicers:
            raise Refusal(40003, "servicer_userid is not serving this open_kfid")
        chat.state, chat.servicer = state, servicer if state == SERVED else ""
        if state == before or state not in ISSUES:
            return {}
        return {"msg_code": self._issue(ISSUES[state], desk.open_kfid, person.external_userid)}

    def _profiles(self, call: Call) -> Answer:
        ids = call.texts("external_userid_list")
        if not ids or len(ids) > 100:
            raise Refusal(40058, "external_userid_list must hold 1 to 100 customers")
        wanted = bool(call.whole("need_enter_session_context", 0))
        known = [person for one in ids if (person := self._people.find(one)) and self._wrote_lately(one)]
        served = {person.external_userid for person in known}
        return {
            "customer_list": [self._profile(person, wanted) for person in known],
            "invalid_external_userid": [one for one in ids if one not in served],
        }

    def _chats_of(self, who: str) -> list[Chat]:
        return [chat for key, chat in self._stage.world.chats.items() if key.endswith(f"/{who}")]

    def _wrote_lately(self, who: str) -> bool:
        oldest = self._stage.now() - WINDOW
        return any(chat.said_at is not None and chat.said_at >= oldest for chat in self._chats_of(who))

    def _profile(self, person: Person, context: bool) -> Answer:
        profile: Answer = {"external_userid": person.external_userid, "nickname": person.nickname}
        profile |= {"avatar": self._people.avatar(person), "gender": 0}
        entered = [chat for chat in self._chats_of(person.external_userid) if chat.scene]
        if context and entered:
            profile["enter_session_context"] = {"scene": entered[-1].scene, "scene_param": entered[-1].scene_param}
        return profile

    def _read(self, call: Call) -> Shown:
        kind = call.text("msgtype")
        if kind == "text":
            return Shown(kind="text", text=limit_bytes(call.part("text").get("content"), 2048, name="text"), offered={})
        if kind == "msgmenu":
            return read_menu(call.part("msgmenu"))
        if kind == "link":
            return self._read_link(call.part("link"))
        if kind in ("image", "voice", "video", "file"):
            media_id = self._media.require(call.part(kind).get("media_id"), kind)
            return Shown(kind=kind, url=self._media.url(media_id), offered={})
        raise Refusal(40008, "invalid message type")

    def _read_link(self, link: Mapping[str, Any]) -> Shown:
        title = limit_bytes(link.get("title"), 128, name="title")
        url = limit_bytes(link.get("url"), 2048, name="url")
        self._media.require(link.get("thumb_media_id"), "image")
        return Shown(kind="link", text=title, url=url, offered={})


def read_menu(menu: Mapping[str, Any]) -> Shown:
    """Return a `msgmenu` as a person sees it, or refuse a malformed one."""
    items = menu.get("list") or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Refusal(40058, "msgmenu.list must be an array of objects")
    ends = [_end(menu, name) for name in ("head_content", "tail_content")]
    read = [_item(item) for item in items]
    if not items and not any(ends):
        raise Refusal(40063, "some parameters are empty: msgmenu")
    lines = [ends[0], *(f"· {words}" for words, _, _ in read), ends[1]]
    return Shown(
        kind="menu",
        text="\n".join(line for line in lines if line),
        url=next((url for _, _, url in read if url), ""),
        offered={item: words for words, item, _ in read if item},
    )


def _end(menu: Mapping[str, Any], name: str) -> str:
    return limit_bytes(menu[name], 1024, name=name) if menu.get(name) else ""


def _item(item: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return (words, id, url) of one menu item."""
    kind = item.get("type")
    body = item.get(kind) if isinstance(kind, str) else None
    if not isinstance(body, dict) or kind not in ("click", "view", "miniprogram", "text"):
        raise Refusal(40058, "a menu item's type must name its object")
    words = limit_bytes(body.get("content"), 1024 if kind == "view" else 256 if kind == "text" else 128, name="content")
    if kind == "click":
        return words, limit_bytes(body.get("id"), 128, name="id"), ""
    return words, "", limit_bytes(body.get("url"), 2048, name="url") if kind == "view" else ""
