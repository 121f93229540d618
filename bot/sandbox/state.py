"""What the sandbox remembers, and how it keeps it in one JSON file between two runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

VERSION = 1
LOG_LINES = 20_000  # the oldest fall off beyond this
MOST_DEEDS = 5_000


class StateUnreadable(Exception):
    """The state file exists but is not ours or is broken; delete it to start afresh."""


class Person(msgspec.Struct, kw_only=True):
    """One customer: `offered` maps the ids of menu items seen to (desk, words), `scanned` is the last page opened."""

    name: str
    nickname: str
    external_userid: str
    cookies: dict[str, str] = {}
    scanned: str = ""
    desk: str = ""
    offered: dict[str, tuple[str, str]] = {}
    rejects: bool = False


class Bond(msgspec.Struct, kw_only=True):
    """A customer and a rep are contacts since `since` (epoch seconds); what the rep noted, tags by their ids."""

    rep: str
    who: str
    since: int
    state: str | None = None
    add_way: int = 1
    remark: str = ""
    mobiles: list[str] = []
    tags: list[str] = []


class Broadcast(msgspec.Struct, kw_only=True):
    """A broadcast before a rep: `state` is waiting, pressed or cancelled; `status` is the platform's, by customer."""

    msgid: str
    rep: str
    text: str
    created: int
    status: dict[str, int]
    state: str = "waiting"
    pressed: int | None = None
    reminded: list[int] = []


class Login(msgspec.Struct, kw_only=True):
    """A one-time code of a member of staff or a customer who opened a page."""

    who: str
    issued: int


class Ticket(msgspec.Struct, kw_only=True):
    """A ticket of the JS interface, good until `until`."""

    value: str
    until: int


class Way(msgspec.Struct, kw_only=True):
    """A contact way (联系我); `fields` are those it was made with."""

    config_id: str
    created: int
    fields: dict[str, Any]


class AcquisitionLink(msgspec.Struct, kw_only=True):
    """An acquisition link (获客链接) to the first of its members."""

    link_id: str
    name: str
    members: list[str]
    created: int


class EventCode(msgspec.Struct, kw_only=True):
    """A code good for one message: a contact's welcome, or a moment of a desk session. `kind` names which."""

    kind: str
    who: str
    issued: int
    rep: str = ""
    desk: str = ""
    used: bool = False
    text: str | None = None


class DeskMessage(msgspec.Struct, kw_only=True):
    """One line of a desk's history, as `sync_msg` gives it in `body`."""

    seq: int
    at: int
    body: dict[str, Any]


class Desk(msgspec.Struct, kw_only=True):
    """One kf account: `sent` are the message ids used up, `scenes` maps a link's encrypted scene to the plain one."""

    open_kfid: str
    name: str
    servicers: list[str] = []
    messages: list[DeskMessage] = []
    seq: int = 0
    tokens: dict[str, int] = {}
    sent: dict[str, int] = {}
    scenes: dict[str, str] = {}


class Chat(msgspec.Struct, kw_only=True):
    """One customer at one desk: session state, the last message (`said_at`), and how many we sent since."""

    state: int = 0
    servicer: str = ""
    said_at: int | None = None
    sent: int = 0
    welcomed_at: int | None = None
    scene: str = ""
    scene_param: str = ""


class Medium(msgspec.Struct, kw_only=True):
    """An uploaded file; `lasting` ones (uploadimg) never expire."""

    kind: str
    content_type: str
    created: int
    lasting: bool = False


class Order(msgspec.Struct, kw_only=True):
    """An order that a person placed with the shop."""

    persona: str
    amount_fen: int
    is_refunded: bool = False


class Token(msgspec.Struct, kw_only=True):
    """An access token of one app; it no longer works at `until`."""

    app: str
    until: int


class Line(msgspec.Struct, kw_only=True):
    """One thing said, in either direction; `at` is ISO 8601 in Beijing time."""

    at: str
    speaker: str = msgspec.field(name="from")
    to: str
    kind: str
    text: str = ""
    url: str = ""


class Deed(msgspec.Struct, kw_only=True):
    """One act, as it was asked for: by a persona, or `advance` by nobody, with the seconds as its value."""

    at: str = ""
    persona: str
    do: str
    value: Any = None


class Payout(msgspec.Struct, kw_only=True):
    """A transfer of money to a customer (商家转账), by the merchant's own number; times are Unix seconds.

    `ready_at` is when money that is on its way arrives.
    """

    number: str
    request: dict[str, Any]
    at: int
    state: str = "WAIT_USER_CONFIRM"
    why: str = ""
    ready_at: int | None = None


class World(msgspec.Struct, kw_only=True):
    """Everything the sandbox remembers. `salt` and `count` feed its ids, so that none repeats after a restart.

    `tags` are the names of corp tags by id; `received` counts broadcasts by customer and month.
    """

    version: int = VERSION
    salt: str
    count: int = 0
    people: dict[str, Person] = {}
    bonds: dict[str, Bond] = {}
    ways: dict[str, Way] = {}
    links: dict[str, AcquisitionLink] = {}
    codes: dict[str, EventCode] = {}
    desks: dict[str, Desk] = {}
    chats: dict[str, Chat] = {}
    media: dict[str, Medium] = {}
    orders: dict[str, Order] = {}
    numbers: dict[str, int] = {}
    tokens: dict[str, Token] = {}
    tags: dict[str, str] = {}
    broadcasts: dict[str, Broadcast] = {}
    received: dict[str, int] = {}
    logins: dict[str, Login] = {}
    tickets: dict[str, Ticket] = {}
    payouts: dict[str, Payout] = {}
    lines: list[Line] = []
    deeds: list[Deed] = []
    said: int = 0
    calls: int = 0

    @property
    def changes(self) -> int:
        """A number that grows whenever something may have changed."""
        return self.count + self.said + self.calls


def load(path: Path) -> World | None:
    """Read the kept world; None when there is none yet. Raise `StateUnreadable` for a broken or foreign file."""
    try:
        kept = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        world = msgspec.json.decode(kept, type=World)
    except msgspec.DecodeError as error:
        raise StateUnreadable(f"{path}: {error}") from error
    if world.version != VERSION:
        raise StateUnreadable(f"{path}: version {world.version}, this sandbox reads {VERSION}")
    return world


def write(path: Path, content: bytes) -> None:
    """Replace `path` with `content` in one step, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
