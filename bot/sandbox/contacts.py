"""Customers as contacts of reps: adding, leaving, asking about them, welcoming them (platform.md 4.1, 4.4, 4.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sandbox.answers import Answer, Call, Endpoint, Refusal, get, limit_bytes, post
from bot.sandbox.callbacks import Callback, contact_change
from bot.sandbox.media import Media
from bot.sandbox.people import People
from bot.sandbox.stage import Stage
from bot.sandbox.state import Bond, EventCode, Person

WELCOME_LIVES = 20  # seconds
LONGEST_WELCOME = 4000  # bytes
MOST_ATTACHMENTS = 9
PAGE = 100
BY_QR, BY_CARD, BY_LINK = 1, 3, 16  # how a contact came about, as `add_way` tells
LONGEST = {"title": 128, "desc": 512, "url": 2048}  # bytes, of a link


class Contacts:
    """Keeps who is whose contact. For `lag` seconds after an add the platform does not yet know of it (84061)."""

    def __init__(self, stage: Stage, people: People, media: Media, lag: int = 0) -> None:
        self._stage = stage
        self._people = people
        self._media = media
        self._lag = lag

    def endpoints(self) -> dict[str, Endpoint]:
        """The API of customer contact."""
        return {
            "externalcontact/get_follow_user_list": get(self._reps),
            "externalcontact/list": get(self._list),
            "externalcontact/get": get(self._get),
            "externalcontact/batch/get_by_user": post(self._batch),
            "externalcontact/get_corp_tag_list": post(self._tags),
            "externalcontact/send_welcome_msg": post(self._welcome),
        }

    def are_friends(self, person: Person, rep: str) -> bool:
        """Whether the two are contacts now."""
        return f"{rep}/{person.external_userid}" in self._stage.world.bonds

    def reps_of(self, person: Person) -> list[str]:
        """The reps whose contact the person is, oldest first."""
        return [bond.rep for bond in self._bonds(who=person.external_userid)]

    def of_rep(self, rep: str) -> list[str]:
        """The platform's ids of a rep's customers, oldest first."""
        return [bond.who for bond in self._bonds(rep=rep)]

    def note(self, person: Person, rep: str, *, remark: str, mobile: str, tag: str) -> list[Callback]:
        """The rep notes something about a customer; what is empty stays as it was. Return the callbacks."""
        bond = self._stage.world.bonds[f"{rep}/{person.external_userid}"]
        bond.remark = remark or bond.remark
        bond.mobiles = [mobile] if mobile else bond.mobiles
        bond.tags = list(dict.fromkeys([*bond.tags, *([self._tag(tag)] if tag else [])]))
        return contact_change(self._stage, "edit_external_contact", rep=rep, who=person.external_userid)

    def half_add(self, person: Person, rep: str, state: str | None) -> tuple[str, list[Callback]]:
        """The person added a rep who has not confirmed yet. Return the welcome code and the callbacks."""
        return self._announce("add_half_external_contact", person, rep, state, welcome=True)

    def add(
        self, person: Person, rep: str, state: str | None, *, welcome: bool = True, by_link: bool = False
    ) -> tuple[str, list[Callback]]:
        """Make the two contacts. Return the welcome code (empty without `welcome`) and the callbacks."""
        who = person.external_userid
        way = BY_LINK if by_link else BY_QR if state is not None else BY_CARD
        bond = Bond(rep=rep, who=who, since=self._stage.now(), state=state, add_way=way)
        self._stage.world.bonds[f"{rep}/{who}"] = bond
        return self._announce("add_external_contact", person, rep, state, welcome=welcome)

    def part(self, person: Person, rep: str, *, by_rep: bool) -> list[Callback]:
        """End the contact of the two and return the callbacks of it."""
        del self._stage.world.bonds[f"{rep}/{person.external_userid}"]
        change = "del_external_contact" if by_rep else "del_follow_user"
        return contact_change(self._stage, change, rep=rep, who=person.external_userid)

    def welcome_text(self, code: str) -> str | None:
        """Return what was said with a welcome code, None while nothing was."""
        issued = self._stage.world.codes.get(code)
        return issued.text if issued else None

    def _announce(
        self, change: str, person: Person, rep: str, state: str | None, *, welcome: bool
    ) -> tuple[str, list[Callback]]:
        who = person.external_userid
        code = self._issue(rep, who) if welcome else ""
        return code, contact_change(
            self._stage, change, rep=rep, who=who, State=state or None, WelcomeCode=code or None
        )

    def _tag(self, name: str) -> str:
        """The id of a corp tag, made where there is none of this name."""
        tags = self._stage.world.tags
        known = next((tag for tag, called in tags.items() if called == name), None)
        if known is None:
            known = "et" + self._stage.mint("tag", 30)
            tags[known] = name
        return known

    def _issue(self, rep: str, who: str) -> str:
        code = self._stage.mint("welcome", 43)
        self._stage.world.codes[code] = EventCode(kind="contact", who=who, rep=rep, issued=self._stage.now())
        return code

    def _bonds(self, *, rep: str = "", who: str = "") -> list[Bond]:
        bonds = self._stage.world.bonds.values()
        return [bond for bond in bonds if bond.rep == (rep or bond.rep) and bond.who == (who or bond.who)]

    def _settled(self, **whose: str) -> list[Bond]:
        latest = self._stage.now() - self._lag
        return [bond for bond in self._bonds(**whose) if bond.since <= latest]

    def _reps(self, _call: Call) -> Answer:
        return {"follow_user": list(self._people.reps)}

    def _list(self, call: Call) -> Answer:
        rep = call.query.get("userid", "")
        self._check_rep(rep)
        customers = [bond.who for bond in self._settled(rep=rep)]
        if not customers:
            raise Refusal(84061, "not external contact", external_userid=[])
        return {"external_userid": customers}

    def _get(self, call: Call) -> Answer:
        person = self._people.by_id(call.query.get("external_userid", ""))
        bonds = self._settled(who=person.external_userid)
        if not bonds:
            raise Refusal(84061, "not external contact")
        return {"external_contact": self._profile(person), "follow_user": [self._followed(bond) for bond in bonds]}

    def _batch(self, call: Call) -> Answer:
        reps = call.texts("userid_list")
        if not reps or len(reps) > PAGE:
            raise Refusal(40058, "userid_list must hold 1 to 100 members")
        for rep in reps:
            self._check_rep(rep)
        limit, cursor = min(max(call.whole("limit", 50), 1), PAGE), call.text("cursor")
        if cursor and not cursor.isdecimal():
            raise Refusal(40058, "invalid cursor")
        skip = int(cursor or 0)
        bonds = [bond for rep in reps for bond in self._settled(rep=rep)]
        if not bonds:
            raise Refusal(84061, "not external contact", external_contact_list=[])
        answer: Answer = {"external_contact_list": [self._pair(bond) for bond in bonds[skip : skip + limit]]}
        if len(bonds) > skip + limit:
            answer["next_cursor"] = str(skip + limit)
        return answer

    def _tags(self, _call: Call) -> Answer:
        tags = [{"id": tag, "name": name, "order": 0} for tag, name in self._stage.world.tags.items()]
        group = {"group_id": "etGROUP", "group_name": "客户标签", "order": 0, "tag": tags}
        return {"tag_group": [group] if tags else []}

    def _check_rep(self, rep: str) -> None:
        if rep not in self._people.reps:
            raise Refusal(40003, "invalid userid")

    def _profile(self, person: Person) -> Answer:
        return {
            "external_userid": person.external_userid,
            "name": person.nickname,
            "avatar": self._people.avatar(person),
            "type": 1,
            "gender": 0,
        }

    def _followed(self, bond: Bond) -> Answer:
        person = self._people.by_id(bond.who)
        remark = bond.remark or person.nickname
        followed: Answer = {"userid": bond.rep, "remark": remark, "createtime": bond.since, "tags": self._tagged(bond)}
        followed |= {"remark_mobiles": bond.mobiles, "oper_userid": bond.who, "add_way": bond.add_way}
        return followed | ({"state": bond.state} if bond.state else {})

    def _tagged(self, bond: Bond) -> list[Answer]:
        names = self._stage.world.tags
        return [{"group_name": "客户标签", "tag_name": names[tag], "tag_id": tag, "type": 1} for tag in bond.tags]

    def _pair(self, bond: Bond) -> Answer:
        followed = self._followed(bond)
        del followed["tags"]
        profile = self._profile(self._people.by_id(bond.who))
        return {"external_contact": profile, "follow_info": followed | {"tag_id": bond.tags}}

    def _welcome(self, call: Call) -> Answer:
        text, attachments = call.body.get("text"), call.body.get("attachments") or []
        words = self._welcome_words(text)
        if not words and not attachments:
            raise Refusal(40063, "some parameters are empty: text and attachments")
        shown = self._attachments(attachments)
        code = self._usable(call.required("welcome_code"))
        code.used, code.text = True, words
        self._tell(code, words, shown)
        return {}

    def _welcome_words(self, text: object) -> str:
        if text is None:
            return ""
        if not isinstance(text, dict):
            raise Refusal(40058, "text must be an object")
        return limit_bytes(text["content"], LONGEST_WELCOME, name="text") if text.get("content") else ""

    def _usable(self, value: str) -> EventCode:
        code = self._stage.world.codes.get(value)
        if code is None or code.kind != "contact" or code.issued + WELCOME_LIVES < self._stage.now():
            raise Refusal(41050, "invalid or expired welcome code")
        if code.used:
            raise Refusal(41051, "the chat has started, or the welcome was sent")
        return code

    def _tell(self, code: EventCode, words: str, shown: list[tuple[str, str, str]]) -> None:
        to = self._people.by_id(code.who).name
        if words:
            self._stage.tell(code.rep, to, "welcome", words)
        for kind, text, url in shown:
            self._stage.tell(code.rep, to, kind, text, url)

    def _attachments(self, attachments: object) -> list[tuple[str, str, str]]:
        if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
            raise Refusal(40058, "attachments must be an array of objects")
        if len(attachments) > MOST_ATTACHMENTS:
            raise Refusal(40058, "more than 9 attachments")
        return [self._attachment(one) for one in attachments]

    def _attachment(self, one: Mapping[str, Any]) -> tuple[str, str, str]:
        kind = one.get("msgtype")
        body = one.get(kind) if isinstance(kind, str) else None
        if not isinstance(kind, str) or not isinstance(body, dict):
            raise Refusal(40058, "msgtype does not match its object")
        if kind == "link":
            return _link(body)
        if kind == "miniprogram":
            return kind, str(body.get("title", "")), str(body.get("page", ""))
        if kind not in ("image", "video", "file"):
            raise Refusal(40008, "invalid message type")
        if kind == "image" and not body.get("media_id"):
            return kind, "", self._lasting(body.get("pic_url"))
        return kind, "", self._media.url(self._media.require(body.get("media_id"), kind))

    def _lasting(self, url: object) -> str:
        if not isinstance(url, str) or not self._media.is_lasting(url):
            raise Refusal(40058, "pic_url must come from uploadimg")
        return url


def _link(body: Mapping[str, Any]) -> tuple[str, str, str]:
    for name, most in LONGEST.items():
        if len(str(body.get(name, "")).encode()) > most:
            raise Refusal(45002, f"link {name} size out of limit")
    if not body.get("title") or not body.get("url"):
        raise Refusal(40063, "some parameters are empty: link title or url")
    return "link", str(body["title"]), str(body["url"])
