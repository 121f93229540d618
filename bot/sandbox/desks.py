"""Desks (微信客服 accounts): their links, their history and how an app pulls it (platform.md 5.1, 5.2)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bot.sandbox.answers import Answer, Call, Endpoint, Refusal, either, get, post
from bot.sandbox.callbacks import Callback, desk_rang
from bot.sandbox.people import People
from bot.sandbox.stage import Stage, default_desk, opaque
from bot.sandbox.state import Desk, DeskMessage

HISTORY = 3 * 86400  # seconds for which messages can be pulled
TOKEN_LIVES = 600  # seconds
BAD_TOKENS = 10  # missing or wrong tokens in a minute before pulls are blocked for a minute
MINUTE = 60  # seconds
PAGE = 1000
LONGEST_CURSOR = 64  # bytes
SCENE = re.compile(r"[0-9a-zA-Z_-]{0,32}")
LINK_PATH = "/sandbox/wecom/kf/"
CUSTOMER, SYSTEM = 3, 4  # origin of a message


class Desks:
    """Keeps the desks and their messages. `page` is the most that one pull returns; blocks run on `machine_clock`."""

    def __init__(
        self, stage: Stage, people: People, *, machine_clock: Callable[[], datetime], page: int = PAGE
    ) -> None:
        self._stage = stage
        self._people = people
        self._machine_clock = machine_clock
        self._page = page
        self._bad_pulls: list[float] = []
        self._blocked_until = 0.0

    def populate(self) -> None:
        """Open the desks that the apps name, or the company's default one."""
        named = [desk for app in self._stage.apps for desk in app.kf_accounts]
        for desk in named or [default_desk(self._stage.corp)]:
            self._stage.world.desks.setdefault(desk, Desk(open_kfid=desk, name="客服"))

    def endpoints(self) -> dict[str, Endpoint]:
        """The API of desks and their history."""
        return {
            "kf/account/list": either(self._list),
            "kf/account/add": post(self._open),
            "kf/add_contact_way": post(self._make_link),
            "kf/sync_msg": post(self._sync),
            "kf/servicer/add": post(self._add_servicers),
            "kf/servicer/del": post(self._remove_servicers),
            "kf/servicer/list": get(self._servicers),
        }

    def first(self) -> str:
        """Return the desk that people reach when they name none."""
        return next(iter(self._stage.world.desks))

    def known(self, desk: str) -> bool:
        """Whether there is such a desk."""
        return desk in self._stage.world.desks

    def named(self, call: Call, open_kfid: str) -> Desk:
        """Return the desk for an API call: 95000 without an id, 95004 when unknown, 95017 when not this app's."""
        if not open_kfid:
            raise Refusal(95000, "invalid open_kfid")
        desk = self._stage.world.desks.get(open_kfid)
        if desk is None:
            raise Refusal(95004, "open_kfid not exist")
        if not call.app.serves(open_kfid):
            raise Refusal(95017, "api is not opened for this open_kfid")
        return desk

    def resolve(self, link: str) -> tuple[str, str, str] | None:
        """Return (desk, scene, scene_param) of a desk's link, or None when it is not one."""
        try:
            parts = urlsplit(link)
        except ValueError:
            return None
        if not parts.path.startswith(LINK_PATH):
            return None
        query = parse_qs(parts.query)
        for desk in self._stage.world.desks.values():
            if parts.path == LINK_PATH + _link_id(desk.open_kfid):
                scene = desk.scenes.get(query.get("enc_scene", [""])[0], "")
                return desk.open_kfid, scene, query.get("scene_param", [""])[0] if scene else ""
        return None

    def write(self, desk: str, *, who: str, kind: str, body: dict[str, Any]) -> str:
        """Add a customer's message to the history and return its id."""
        line = {"open_kfid": desk, "external_userid": who, "origin": CUSTOMER, "msgtype": kind, kind: body}
        return self._append(desk, line)

    def note(self, desk: str, event_type: str, who: str, **body: Any) -> str:
        """Add a system event to the history and return its id; the ids stand inside the event only."""
        event = {"event_type": event_type, "open_kfid": desk, "external_userid": who}
        event |= {name: value for name, value in body.items() if value not in (None, "")}
        return self._append(desk, {"origin": SYSTEM, "msgtype": "event", "event": event})

    def ring(self, desk: str) -> list[Callback]:
        """Return the callbacks that tell the apps to pull, with a fresh token."""
        token = "ENC" + self._stage.mint("pull", 40)
        tokens, now = self._stage.world.desks[desk].tokens, self._stage.now()
        for stale in [value for value, issued in tokens.items() if issued + TOKEN_LIVES < now]:
            del tokens[stale]
        tokens[token] = now
        return desk_rang(self._stage, desk, token)

    def _append(self, desk: str, line: dict[str, Any]) -> str:
        kept, now = self._stage.world.desks[desk], self._stage.now()
        kept.seq += 1
        msgid = self._stage.mint("message", 32)
        body = {"msgid": msgid, "send_time": now} | line
        kept.messages.append(DeskMessage(seq=kept.seq, at=now, body=body))
        while kept.messages[0].at < now - HISTORY:
            del kept.messages[0]
        return msgid

    def _list(self, call: Call) -> Answer:
        desks = [desk for desk in self._stage.world.desks.values() if call.app.serves(desk.open_kfid)]
        offset, limit = call.whole("offset", 0), call.whole("limit", 100)
        return {
            "account_list": [
                {"open_kfid": desk.open_kfid, "name": desk.name, "manage_privilege": True}
                for desk in desks[offset : offset + limit]
            ]
        }

    def _open(self, call: Call) -> Answer:
        open_kfid = "wk" + self._stage.mint("desk", 30)
        self._stage.world.desks[open_kfid] = Desk(open_kfid=open_kfid, name=call.required("name"))
        return {"open_kfid": open_kfid}

    def _make_link(self, call: Call) -> Answer:
        desk = self.named(call, call.text("open_kfid"))
        scene = call.text("scene")
        if not SCENE.fullmatch(scene):
            raise Refusal(40058, "scene must be at most 32 of 0-9a-zA-Z_-")
        url = f"{self._stage.base}{LINK_PATH}{_link_id(desk.open_kfid)}"
        if not scene:
            return {"url": url}
        encrypted = "ENC" + opaque(f"scene:{desk.open_kfid}:{scene}", 10)
        desk.scenes[encrypted] = scene
        return {"url": f"{url}?enc_scene={encrypted}"}

    def _sync(self, call: Call) -> Answer:
        desk = self.named(call, call.text("open_kfid"))
        self._check_token(desk, call.text("token"))
        limit = call.whole("limit", PAGE)
        if not 0 <= limit <= PAGE:
            raise Refusal(40058, "limit must be at most 1000")
        after = _read_cursor(desk, call.text("cursor"))
        oldest = self._stage.now() - HISTORY
        waiting = [line for line in desk.messages if line.seq > after and line.at >= oldest]
        given = waiting[: min(limit or PAGE, self._page)]
        return {
            "next_cursor": _cursor(desk, given[-1].seq if given else after),
            "has_more": int(len(waiting) > len(given)),
            "msg_list": [line.body for line in given],
        }

    def _check_token(self, desk: Desk, token: str) -> None:
        """Count pulls without a good token; ten in a minute block pulling for a minute (platform.md 5.2)."""
        now = self._machine_clock().timestamp()
        issued = desk.tokens.get(token)
        if issued is not None and issued + TOKEN_LIVES >= self._stage.now():
            return
        if now >= self._blocked_until:
            self._bad_pulls = [at for at in self._bad_pulls if at > now - MINUTE] + [now]
            if len(self._bad_pulls) < BAD_TOKENS:
                return
            self._bad_pulls, self._blocked_until = [], now + MINUTE
        raise Refusal(45009, "api freq out of limit: pull with the token of the event")

    def _add_servicers(self, call: Call) -> Answer:
        desk = self.named(call, call.text("open_kfid"))
        named = call.texts("userid_list")
        good = [rep for rep in named if rep in self._people.reps]
        desk.servicers = list(dict.fromkeys([*desk.servicers, *good]))
        return {"result_list": [self._outcome(rep, rep in good) for rep in named]}

    def _remove_servicers(self, call: Call) -> Answer:
        desk = self.named(call, call.text("open_kfid"))
        named = call.texts("userid_list")
        results = [self._outcome(rep, rep in desk.servicers) for rep in named]
        desk.servicers = [rep for rep in desk.servicers if rep not in named]
        return {"result_list": results}

    def _servicers(self, call: Call) -> Answer:
        desk = self.named(call, call.query.get("open_kfid", ""))
        return {"servicer_list": [{"userid": rep, "status": 0} for rep in desk.servicers]}

    def _outcome(self, rep: str, good: bool) -> Answer:
        return {"userid": rep, "errcode": 0 if good else 40003, "errmsg": "success" if good else "invalid userid"}


def _link_id(open_kfid: str) -> str:
    return "kf" + opaque(f"link:{open_kfid}", 18).lower()


def _cursor(desk: Desk, seq: int) -> str:
    return f"{opaque(f'cursor:{desk.open_kfid}', 12)}{seq:012d}"


def _read_cursor(desk: Desk, cursor: str) -> int:
    if not cursor:
        return 0
    number = cursor[12:]
    if len(cursor) > LONGEST_CURSOR or not number.isdecimal() or cursor != _cursor(desk, int(number)):
        raise Refusal(40058, "invalid cursor of this open_kfid")
    return int(number)
