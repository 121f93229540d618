"""What one WeCom app can do at the platform, in our words. The only door to wechatpy's interfaces.

Every method raises a `ChannelError` when the platform did not do it. A desk is a kf account; a rep is a member.
Message ids (1-32 of `[0-9A-Za-z_-]`) are the platform's idempotency keys: a repeat raises `AlreadyDone`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import ClientSession

from bot.channels.errors import Refused
from bot.channels.wecom.answers import list_of, text_of, texts_of
from bot.channels.wecom.broadcasts import BroadcastDesk
from bot.channels.wecom.client import Client
from bot.channels.wecom.customers import CustomerBook
from bot.channels.wecom.desk import desk_event
from bot.channels.wecom.entrance import Entrance
from bot.channels.wecom.line import Line
from bot.channels.wecom.pictures import Pictures
from bot.channels.wecom.tokens import Monotonic, Tokens, token_name
from bot.channels.wecom.wire import TEXT_BYTES, clean, cut, moment
from referral.events import DeskEvent
from referral.messages import MenuItem, RepCard

_WELCOME_BYTES = 4000
_MENU_BYTES = 1024
_ITEM_BYTES = 128
_REMARK_LENGTH = 30
_CARD_BYTES = {"title": 128, "description": 512}
_BUTTON_LENGTH = 4
_MARKUP = str.maketrans("<>", "＜＞")  # a card's words are read as markup
PHOTO_LIMIT = 10 * 1024 * 1024  # bytes: the platform takes no larger image
_POOL = 2  # session state: waiting for a colleague
_REPEAT_SECONDS = 1800  # how long the platform remembers a text to a rep
_PROFILES_AT_ONCE = 100
_FOLLOW_PAGES = 20  # of 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactWay:
    """A contact QR: `config` names it at the platform for ever, `picture` is the address of its image."""

    config: str
    picture: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """One page of a desk's messages. `unread` counts items without desk, id or time, which cannot be kept."""

    events: tuple[DeskEvent, ...]
    cursor: str
    more: bool
    unread: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How a customer appears; `unionid` only where the company's accounts are bound together."""

    nickname: str
    avatar: str
    unionid: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """A rep who has the customer as a contact, since when, and the mark of the way it came about.

    `phones` are what the rep noted as such.
    """

    rep: str
    added_at: datetime | None
    mark: str | None
    phones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A customer with the reps who follow."""

    nickname: str
    avatar: str
    unionid: str | None
    follows: tuple[Follow, ...]


class Gateway:
    """One app's interfaces."""

    def __init__(
        self,
        session: ClientSession,
        *,
        corp: str,
        secret: str,
        agent_id: int,
        api_base: str,
        tokens: Tokens,
        monotonic: Monotonic,
        egress: Sequence[str],
    ) -> None:
        """`api_base` is scheme and host; `egress` lists the host patterns that pictures may come from."""
        line = Line(session, corp=corp, secret=secret, api_base=api_base, tokens=tokens, monotonic=monotonic)
        self._client: Any = Client(line)
        self.customers = CustomerBook(self._client)
        self.broadcasts = BroadcastDesk(self._client)
        app = token_name(corp, secret)
        self.entrance = Entrance(self._client, tokens=tokens, corp=corp, app=app, agent_id=agent_id)
        self._agent_id = agent_id
        self._pictures = Pictures(session, platform=api_base, allow=egress)

    async def say(self, desk: str, to: str, text: str, message_id: str) -> None:
        """Send words from a desk to a customer, cut to 2048 bytes."""
        await self._client.kf_message.send_text(to, desk, cut(text, TEXT_BYTES), message_id)

    async def menu(self, desk: str, to: str, head: str, items: Sequence[MenuItem], tail: str, message_id: str) -> None:
        """Send a menu from a desk to a customer."""
        lines = [_menu_line(item) for item in items]
        await self._client.kf_message.send_msgmenu(
            to, desk, cut(head, _MENU_BYTES), lines, cut(tail, _MENU_BYTES), message_id
        )

    async def image(self, desk: str, to: str, media: str, message_id: str) -> None:
        """Send an uploaded image; raises `Expired` when `media` is older than three days."""
        await self._client.kf_message.send_image(to, desk, media, message_id)

    async def greet(self, code: str, text: str, message_id: str) -> None:
        """Say the first words in answer to an opened chat, once, within 20 s."""
        words = {"text": {"content": cut(text, TEXT_BYTES)}}
        await self._client.kf.send_msg_on_event(code, "text", words, message_id)

    async def hand_over(self, desk: str, to: str) -> None:
        """Move a chat to the pool where colleagues take it up; until it ends the desk's own messages are refused."""
        await self._client.kf.trans_service_state(desk, to, _POOL)

    async def welcome(self, code: str, text: str) -> None:
        """Welcome a new contact in the rep's name, once, within 20 s, in at most 4000 bytes."""
        words = {"welcome_code": code, "text": {"content": cut(text, _WELCOME_BYTES)}}
        await self._client.external_contact.send_welcome_msg(words)

    async def tell_rep(self, rep: str, text: str) -> None:
        """Write to a rep in the app. The same words again within 30 minutes are dropped by the platform."""
        await self._send_rep(rep, {"msgtype": "text", "text": {"content": cut(text, TEXT_BYTES)}, "safe": 0})

    async def card_rep(self, card: RepCard) -> None:
        """Put a card before a rep in the app; the same card again within 30 minutes is dropped by the platform."""
        shown = {"title": card.title, "description": card.text}
        cut_to_size = {name: cut(words.translate(_MARKUP), _CARD_BYTES[name]) for name, words in shown.items()}
        body = cut_to_size | {"url": card.url, "btntxt": card.button[:_BUTTON_LENGTH]}
        await self._send_rep(card.rep, {"msgtype": "textcard", "textcard": body})

    async def _send_rep(self, rep: str, message: dict[str, object]) -> None:
        once = {"enable_duplicate_check": 1, "duplicate_check_interval": _REPEAT_SECONDS}
        answer = await self._client.message.send(self._agent_id, rep, msg=message | once)
        _check_reached(rep, answer)

    async def add_contact_way(self, rep: str, mark: str, remark: str) -> ContactWay:
        """Make a contact QR of one rep that carries `mark` (at most 30 characters). Repeated, it makes another."""
        answer = await self._client.external_contact.add_contact_way(
            type=1, scene=2, state=mark, user=[rep], remark=remark[:_REMARK_LENGTH]
        )
        return ContactWay(config=text_of(answer, "config_id"), picture=text_of(answer, "qr_code"))

    async def acquisition_link(self, rep: str, name: str) -> ContactWay:
        """Make an acquisition link of one rep; its `picture` is the link itself. Repeated, it makes another."""
        asked = {"link_name": name[:_REMARK_LENGTH], "range": {"user_list": [rep]}, "skip_verify": True}
        answer = await self._client.post("externalcontact/customer_acquisition/create_link", data=asked)
        made = answer.get("link")
        return ContactWay(config=text_of(made, "link_id"), picture=text_of(made, "url"))

    async def desk_link(self, desk: str, scene: str) -> str:
        """Return the link that opens a desk's chat; `scene` is at most 32 of `[0-9A-Za-z_-]`."""
        return text_of(await self._client.kf.add_contact_way(desk, scene), "url")

    async def upload_image(self, data: bytes, name: str) -> str:
        """Upload a JPEG or PNG; return the media id, good for three days."""
        media_type = "image/png" if name.endswith(".png") else "image/jpeg"
        return text_of(await self._client.media.upload("image", (name, data, media_type)), "media_id")

    async def picture(self, url: str) -> bytes:
        """Return a picture that the platform names by address, at most 2 MB."""
        return await self._pictures.fetch(url)

    async def photo(self, media: str) -> bytes:
        """Return a picture that somebody sent, at most 10 MB; raises `Expired` when it is older than three days."""
        content: bytes = await self._client.file("media/get", {"media_id": media}, PHOTO_LIMIT)
        return content

    async def pull(self, desk: str, cursor: str, token: str, limit: int = 1000) -> Pulled:
        """Return a desk's messages after `cursor` (empty: the last three days)."""
        # wechatpy's own method cannot name the desk.
        asked = {"cursor": cursor, "token": token, "limit": limit, "voice_format": 0, "open_kfid": desk}
        answer = await self._client.post("kf/sync_msg", data=asked)
        items = list_of(answer, "msg_list")
        events = tuple(event for item in items if (event := desk_event(item)))
        after = text_of(answer, "next_cursor") or cursor
        return Pulled(
            events=events,
            cursor=after,
            more=answer.get("has_more") == 1 and after != cursor,
            unread=len(items) - len(events),
        )

    async def desk_profiles(self, ids: Sequence[str]) -> dict[str, Profile]:
        """Return the profiles of those who wrote to a desk within 48 h; others are absent."""
        profiles: dict[str, Profile] = {}
        for start in range(0, len(ids), _PROFILES_AT_ONCE):
            answer = await self._client.kf.batchget_customer(list(ids[start : start + _PROFILES_AT_ONCE]))
            profiles |= {text_of(each, "external_userid"): _profile(each) for each in list_of(answer, "customer_list")}
        return profiles

    async def contact(self, external_id: str) -> Contact:
        """Return a customer and the reps who follow. Raises `NotYet` when no rep has this contact (or not yet)."""
        answer = await self._client.external_contact.get(external_id)
        person = _profile(answer.get("external_contact"))
        follows = list_of(answer, "follow_user")
        for _ in range(_FOLLOW_PAGES):
            if not (cursor := text_of(answer, "next_cursor")):
                break
            asked = {"external_userid": external_id, "cursor": cursor}
            answer = await self._client.get("externalcontact/get", params=asked)
            follows += list_of(answer, "follow_user")
        return Contact(
            nickname=person.nickname,
            avatar=person.avatar,
            unionid=person.unionid,
            follows=tuple(_follow(each) for each in follows if text_of(each, "userid")),
        )

    async def reps(self) -> tuple[str, ...]:
        """Return the members of staff who may serve customers."""
        answer = await self._client.external_contact.get_follow_user_list()
        return tuple(clean(rep) for rep in list_of(answer, "follow_user") if isinstance(rep, str))

    async def rep_name(self, rep: str) -> str:
        """Return a rep's name as the company's directory has it."""
        return text_of(await self._client.user.get(rep), "name")


def _menu_line(item: MenuItem) -> dict[str, object]:
    text = cut(item.text, _ITEM_BYTES)
    if item.url:
        return {"type": "view", "view": {"url": item.url, "content": text}}
    return {"type": "click", "click": {"id": item.id or text, "content": text}}


def _check_reached(rep: str, answer: dict[str, object]) -> None:
    if rep.lower() in text_of(answer, "invaliduser").lower().split("|"):
        raise Refused("unknown_rep", call="message/send")
    if rep.lower() in text_of(answer, "unlicenseduser").lower().split("|"):
        raise Refused("unlicensed_rep", call="message/send")


def _profile(part: object) -> Profile:
    return Profile(
        nickname=text_of(part, "nickname") or text_of(part, "name"),
        avatar=text_of(part, "avatar"),
        unionid=text_of(part, "unionid") or None,
    )


def _follow(part: object) -> Follow:
    return Follow(
        rep=text_of(part, "userid"),
        added_at=moment(part.get("createtime")) if isinstance(part, dict) else None,
        mark=text_of(part, "state") or None,
        phones=texts_of(part, "remark_mobiles"),
    )
