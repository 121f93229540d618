"""A small WeCom that outlives the bots: does what it is asked, remembers it, and answers late enough to be missed.

It knows a repeat where the real one does: a welcome's code (41051), a message id (95032), the same words to a rep
within half an hour (dropped). What it delivered is kept, and repeats are counted.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TOKEN = "one-token-for-all"
DESK = "wkHOUSE"
REPS = {"lin": "林晓", "fang": "方远"}
REP_REPEAT_S = 1800
LATE_S = 0.012  # an answer may come this late, after the deed

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8ffff3f0005fe02fe0def46b8"
    "0000000049454e44ae426082"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Something that reached a phone. `key` is what the platform knows it by again."""

    kind: str
    key: str
    to: str
    words: str


@dataclass(slots=True)
class FakeWecom:
    """`now` is the time that the bots live by, in Unix seconds; `nicknames` are told by contact look-ups."""

    now: Callable[[], float]
    rng: random.Random
    nicknames: dict[str, str] = field(default_factory=dict)
    delivered: list[Delivery] = field(default_factory=list)
    recognised: int = 0
    contradictions: list[str] = field(default_factory=list)
    ways: dict[str, str] = field(default_factory=dict)
    """Who greets, by the mark that an add brings back."""
    said_at_desk: list[dict[str, Any]] = field(default_factory=list)
    base: str = ""
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _words_of: dict[tuple[str, str], str] = field(default_factory=dict)
    _told_reps: dict[str, float] = field(default_factory=dict)

    def routes(self) -> list[web.RouteDef]:
        """The interfaces that the bot uses."""
        posts = {
            "externalcontact/add_contact_way": self._contact_way,
            "externalcontact/send_welcome_msg": self._welcome,
            "message/send": self._tell_rep,
            "kf/add_contact_way": self._desk_link,
            "kf/sync_msg": self._pull,
            "kf/send_msg": self._desk_message,
            "kf/send_msg_on_event": self._desk_message,
            "kf/customer/batchget": self._profiles,
            "kf/service_state/trans": self._nothing,
        }
        gets = {
            "gettoken": self._token,
            "externalcontact/get_follow_user_list": self._reps,
            "externalcontact/get": self._contact,
            "user/get": self._rep,
        }
        return [
            *(web.post(f"/cgi-bin/{call}", self._answering(do)) for call, do in posts.items()),
            *(web.get(f"/cgi-bin/{call}", self._answering(do)) for call, do in gets.items()),
            web.post("/cgi-bin/media/upload", self._upload),
            web.get("/qr/{mark}", self._picture),
        ]

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for something to be so after a call."""
        async with self._changed, asyncio.timeout(20):
            await self._changed.wait_for(true)

    def say(self, who: str, words: str) -> str:
        """A customer writes to the desk; the message's id."""
        message_id = f"said{len(self.said_at_desk):06d}"
        self.said_at_desk.append(
            {
                "msgid": message_id,
                "open_kfid": DESK,
                "external_userid": who,
                "send_time": int(self.now()),
                "origin": 3,
                "msgtype": "text",
                "text": {"content": words},
            }
        )
        return message_id

    def _answering(self, do: Callable[[Any, Any], dict[str, Any]]) -> Callable[[web.Request], Any]:
        async def answer(request: web.Request) -> web.Response:
            body = json.loads(await request.read() or b"{}")
            done = {"errcode": 0, "errmsg": "ok"} | do(request.query, body)
            async with self._changed:
                self._changed.notify_all()
            await asyncio.sleep(self.rng.random() * LATE_S)
            return web.json_response(done)

        return answer

    def _deliver(self, kind: str, key: str, to: str, words: str, *, known: int) -> dict[str, Any]:
        """Deliver once per key; `known` is the errcode for a repeat. Other words under a key used before contradict."""
        before = self._words_of.setdefault((kind, key), words)
        if before != words:
            self.contradictions.append(f"{kind} {key} was sent with two different texts")
        if any(d.key == key and d.kind == kind for d in reversed(self.delivered)):
            self.recognised += 1
            return {"errcode": known, "errmsg": "msgid repeated" if known == 95032 else "already sent"}
        self.delivered.append(Delivery(kind=kind, key=key, to=to, words=words))
        return {}

    def _welcome(self, query: Any, body: Any) -> dict[str, Any]:
        return self._deliver("welcome", body["welcome_code"], "", body["text"]["content"], known=41051)

    def _desk_message(self, query: Any, body: Any) -> dict[str, Any]:
        words = json.dumps(body[body["msgtype"]], ensure_ascii=False, sort_keys=True)
        return self._deliver("desk", body["msgid"], body.get("touser") or body.get("code"), words, known=95032)

    def _tell_rep(self, query: Any, body: Any) -> dict[str, Any]:
        rep, words = body["touser"], body["text"]["content"]
        key, now = f"{rep} {words}", self.now()
        if now - self._told_reps.get(key, 0) < REP_REPEAT_S:
            self.recognised += 1
            return {"msgid": "dropped"}
        self._told_reps[key] = now
        self.delivered.append(Delivery(kind="rep", key=key, to=rep, words=words))
        return {"msgid": f"told{len(self.delivered)}"}

    def _contact_way(self, query: Any, body: Any) -> dict[str, Any]:
        self.ways[body["state"]] = body["user"][0]
        return {"config_id": f"config-{body['state']}", "qr_code": f"{self.base}/qr/{body['state']}"}

    def _pull(self, query: Any, body: Any) -> dict[str, Any]:
        start = int(body.get("cursor") or 0)
        end = min(start + 20, len(self.said_at_desk))
        more = int(end < len(self.said_at_desk))
        return {"msg_list": self.said_at_desk[start:end], "next_cursor": str(end), "has_more": more}

    def _contact(self, query: Any, body: Any) -> dict[str, Any]:
        who = query["external_userid"]
        known = {"external_userid": who, "name": self.nicknames.get(who, ""), "avatar": "", "type": 1}
        return {"external_contact": known, "follow_user": []}

    def _profiles(self, query: Any, body: Any) -> dict[str, Any]:
        people = [
            {"external_userid": who, "nickname": self.nicknames.get(who, "")} for who in body["external_userid_list"]
        ]
        return {"customer_list": people}

    def _token(self, query: Any, body: Any) -> dict[str, Any]:
        return {"access_token": TOKEN, "expires_in": 7200}

    def _reps(self, query: Any, body: Any) -> dict[str, Any]:
        return {"follow_user": list(REPS)}

    def _rep(self, query: Any, body: Any) -> dict[str, Any]:
        return {"userid": query["userid"], "name": REPS.get(query["userid"], "")}

    def _desk_link(self, query: Any, body: Any) -> dict[str, Any]:
        return {"url": f"https://work.weixin.qq.com/kfid/{body['open_kfid']}"}

    def _nothing(self, query: Any, body: Any) -> dict[str, Any]:
        return {}

    async def _upload(self, request: web.Request) -> web.Response:
        await request.read()
        return web.json_response({"errcode": 0, "errmsg": "ok", "type": "image", "media_id": "media-1"})

    async def _picture(self, request: web.Request) -> web.Response:
        return web.Response(body=PNG, content_type="image/png")
