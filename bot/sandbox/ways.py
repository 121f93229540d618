"""Contact ways (联系我): QR codes that carry a state to the moment of adding (platform.md 4.2)."""

from __future__ import annotations

from typing import Any

from bot.sandbox.answers import Answer, Call, Endpoint, Refusal, post
from bot.sandbox.people import People
from bot.sandbox.stage import Stage
from bot.sandbox.state import Way

QUOTA = 500_000  # contact ways a company
LONGEST_STATE = 30  # characters
LONGEST_REMARK = 30  # characters
MOST_MEMBERS = 100
PAGE = 1000
QR_SCENE = 2
KEPT = {"type", "scene", "style", "remark", "skip_verify", "state", "user", "party", "is_exclusive", "mark_source"}


class Ways:
    """Makes, lists, changes and removes contact ways."""

    def __init__(self, stage: Stage, people: People, quota: int = QUOTA) -> None:
        self._stage = stage
        self._people = people
        self._quota = quota

    def endpoints(self) -> dict[str, Endpoint]:
        """The API of contact ways."""
        return {
            "externalcontact/add_contact_way": post(self._add),
            "externalcontact/get_contact_way": post(self._get),
            "externalcontact/list_contact_way": post(self._list),
            "externalcontact/update_contact_way": post(self._update),
            "externalcontact/del_contact_way": post(self._delete),
        }

    def link(self, config_id: str) -> str:
        """Return what the QR code of a contact way says."""
        return f"{self._stage.base}/sandbox/wecom/add/{config_id}"

    def picture(self, config_id: str) -> str:
        """Return the address of the QR picture of a contact way."""
        return f"{self._stage.base}/sandbox/wecom/qr/{config_id}.png"

    def find(self, config_id: str) -> Way | None:
        """Return the contact way, or None when it was never made or is deleted."""
        return self._stage.world.ways.get(config_id)

    def _add(self, call: Call) -> Answer:
        if call.whole("type", 0) not in (1, 2):
            raise Refusal(41037, "missing or invalid contact way type")
        if call.whole("scene", 0) not in (1, QR_SCENE):
            raise Refusal(41038, "missing or invalid contact way scene")
        self._check(call, kind=call.whole("type", 0))
        if len(self._stage.world.ways) >= self._quota:
            raise Refusal(41045, "contact way quota exceeded")
        fields = {name: value for name, value in call.body.items() if name in KEPT}
        config_id = self._stage.mint("way", 16).encode().hex()
        self._stage.world.ways[config_id] = Way(config_id=config_id, created=self._stage.now(), fields=fields)
        return {"config_id": config_id} | self._qr(config_id, fields)

    def _get(self, call: Call) -> Answer:
        way = self._named(call)
        fields = {"skip_verify": True, "style": 1, "party": [], "is_temp": False} | way.fields
        return {"contact_way": {"config_id": way.config_id} | fields | self._qr(way.config_id, way.fields)}

    def _list(self, call: Call) -> Answer:
        start, end = call.whole("start_time", 0), call.whole("end_time", 1 << 62)
        limit = min(max(call.whole("limit", PAGE), 1), PAGE)
        skip = _offset(call.text("cursor"))
        found = [way for way in self._stage.world.ways.values() if start <= way.created <= end]
        answer: Answer = {"contact_way": [{"config_id": way.config_id} for way in found[skip : skip + limit]]}
        if len(found) > skip + limit:
            answer["next_cursor"] = str(skip + limit)
        return answer

    def _update(self, call: Call) -> Answer:
        way = self._named(call)
        self._check(call, kind=way.fields["type"], changing=True)
        changes = {name: value for name, value in call.body.items() if name in KEPT - {"type", "scene"}}
        way.fields = way.fields | changes
        return {}

    def _delete(self, call: Call) -> Answer:
        del self._stage.world.ways[self._named(call).config_id]
        return {}

    def _named(self, call: Call) -> Way:
        way = self.find(call.text("config_id"))
        if way is None:
            raise Refusal(41037, "missing or invalid config_id")
        return way

    def _check(self, call: Call, *, kind: int, changing: bool = False) -> None:
        if len(call.text("state")) > LONGEST_STATE:
            raise Refusal(40058, "state exceeds 30 characters")
        if len(call.text("remark")) > LONGEST_REMARK:
            raise Refusal(40058, "remark exceeds 30 characters")
        if changing and "user" not in call.body:
            return
        members = call.texts("user")
        if not members or (kind == 1 and len(members) != 1):
            raise Refusal(40063, "some parameters are empty: user")
        if len(members) > MOST_MEMBERS:
            raise Refusal(41041, "contact way members exceed 100")
        if any(member not in self._people.reps for member in members):
            raise Refusal(40003, "invalid userid")

    def _qr(self, config_id: str, fields: dict[str, Any]) -> Answer:
        return {"qr_code": self.picture(config_id)} if fields["scene"] == QR_SCENE else {}


def _offset(cursor: str) -> int:
    if cursor and not cursor.isdecimal():
        raise Refusal(40058, "invalid cursor")
    return int(cursor or 0)
