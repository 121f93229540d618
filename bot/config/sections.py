"""The configuration as values: one struct for each table of the file, defaults as the contract has them.

What stands in a field is ready for use: paths are absolute, hours are times, secrets are read. A field without a
default is required in the file, or its default hangs on another key and `load` fills it in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from bot.config.secret import (
    AesKey,
    ApiKey,
    PasswordHash,
    PrivateKey,
    PublicKey,
    Secret,
    SessionSecret,
    Token,
    WebhookSecret,
)
from bot.config.values import (
    ClockTime,
    DatabaseUrl,
    Endpoint,
    FilePath,
    HostPattern,
    Id,
    InFile,
    Member,
    Name,
    Network,
    Origin,
    Text,
    Variable,
    is_inside,
)
from referral.hours import WIDEST

Industry = Literal[
    "retail", "catering", "travel", "education", "training", "k12", "software", "property", "luxury", "bank", "loans",
    "securities", "insurance", "medical", "other",
]  # fmt: skip
AppUse = Literal["contact", "kf", "rep", "acquisition"]
ThanksKind = Literal["cash", "points", "coupon", "days", "privilege", "gift", "tier"]
EventType = Literal["referral.credited", "referral.reversed", "reward.granted", "reward.reversed"]
Count = Annotated[int, Meta(ge=0)]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """One table of the file."""

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield (key, sentence) for each rule between the table's keys that does not hold."""
        yield from ()


class Server(Section, frozen=True, kw_only=True):
    """Where we listen, and how the world calls us. Port 0 takes any free one."""

    host: Text = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8000
    public_url: Origin
    trusted_proxies: tuple[Network, ...] = ()

    @property
    def own_address(self) -> str:
        """The address at which this very machine reaches us, without a slash at its end."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104  # compared, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


class Database(Section, frozen=True, kw_only=True):
    """Where things are kept; the path of a SQLite file is absolute."""

    url: DatabaseUrl

    @property
    def sqlite_path(self) -> Path | None:
        """The SQLite file, None on PostgreSQL."""
        return Path(self.url.removeprefix("sqlite:///")) if self.url.startswith("sqlite:///") else None


class Files(Section, frozen=True, kw_only=True):
    """The folder of everything that is not in the database."""

    data_dir: FilePath


class KeySources(Section, frozen=True, kw_only=True):
    """Where the house's own keys come from: a file, and before it the environment variables named here."""

    file: FilePath
    phone_env: Variable | None = None
    seal_env: Variable | None = None
    tokens_env: Variable | None = None
    codes_env: Variable | None = None
    ledger_env: Variable | None = None


class Company(Section, frozen=True, kw_only=True):
    """Whose bot this is. `paid_cost_fen` is what one customer costs through paid channels."""

    name: Text
    industry: Industry = "retail"
    icp: str = ""
    paid_cost_fen: Count = 5000


class App(Section, frozen=True, kw_only=True):
    """A WeCom app: what it is used for, and the secrets of its callback and its calls."""

    name: Name = "main"
    agent_id: Annotated[int, Meta(ge=1)]
    secret: Secret
    token: Token
    token_previous: Token | None = None
    aes_key: AesKey
    aes_key_previous: AesKey | None = None
    uses: tuple[AppUse, ...] = ("contact", "kf", "rep")
    kf_accounts: tuple[Id, ...] = ()

    def problems(self) -> Iterator[tuple[str, str]]:
        if not self.uses:
            yield "uses", "name at least one of contact, kf, rep, acquisition"
        if "kf" in self.uses and not self.kf_accounts:
            yield "kf_accounts", "an app used for kf needs at least one account"


class WeCom(Section, frozen=True, kw_only=True):
    """The company in WeCom. `api_base` and `oauth_base` None stand for our own address, where the sandbox plays it.

    `managers` are the members of staff who may approve what a rep starts.
    """

    corp_id: Id
    api_base: Origin | None = None
    oauth_base: Origin | None = None
    welcome: Literal["send", "yield"] = "send"
    managers: tuple[Member, ...] = ()
    apps: tuple[App, ...] = ()

    def app_for(self, use: AppUse) -> App | None:
        """The first app with that use."""
        return next((app for app in self.apps if use in app.uses), None)

    def problems(self) -> Iterator[tuple[str, str]]:
        if not self.apps:
            yield "apps", "needs at least one [[wecom.apps]]"
        yield from _doubles("apps", "name", [app.name for app in self.apps])
        yield from _doubles("apps", "agent_id", [str(app.agent_id) for app in self.apps])
        for place, manager in enumerate(self.managers):
            if manager in self.managers[:place]:
                yield f"managers[{place}]", f"{manager!r} is named twice"


class Official(Section, frozen=True, kw_only=True):
    """An Official Account. `api_base` None stands for our own address, as in `WeCom`; `plain` mode needs no key."""

    name: Name
    app_id: Id
    secret: Secret
    token: Token
    token_previous: Token | None = None
    aes_key: AesKey = AesKey("")
    aes_key_previous: AesKey | None = None
    api_base: Origin | None = None
    mode: Literal["plain", "compat", "safe"] = "safe"


class Calendar(Section, frozen=True, kw_only=True):
    """The file of days that the company adds: holidays `off`, and days that are worked all the same."""

    off: tuple[date, ...] = ()
    work: tuple[date, ...] = ()

    def problems(self) -> Iterator[tuple[str, str]]:
        for place, day in enumerate(self.work):
            if day in self.off:
                yield f"work[{place}]", f"{day} stands in off too: keep one of them"


class Sending(Section, frozen=True, kw_only=True):
    """When and how often a person may be written to unasked. Hours are Beijing time, the end not included."""

    hours: tuple[ClockTime, ClockTime]
    gap_days: Count = 14
    per_year: Count = 8
    monthly_cap: Count = 2
    min_tenure_days: Count = 30
    holdout: Annotated[float, Meta(ge=0, lt=1)] = 0.10
    daily_budget: Count = 200
    rep_daily: Count = 10
    optout_limit: Annotated[float, Meta(gt=0, le=1)] = 0.01
    complaint_limit: Annotated[float, Meta(gt=0, le=1)] = 0.02
    calendar: Annotated[Calendar, InFile()] = Calendar()

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.hours[0] >= self.hours[1]:
            yield "hours", "must start before they end"
        if self.hours[0] < WIDEST[0] or self.hours[1] > WIDEST[1]:
            yield "hours", f"must lie between {WIDEST[0]:%H:%M} and {WIDEST[1]:%H:%M}"


class Hook(Section, frozen=True, kw_only=True):
    """A webhook that others call, and the key they sign with."""

    secret: WebhookSecret


class WebhookConnector(Section, frozen=True, kw_only=True):
    """Thanks of these kinds are fulfilled by another system, told by a signed webhook; `events` it is told besides."""

    kind: ClassVar[str] = "webhook"
    enabled: ClassVar[bool] = True
    gives: tuple[ThanksKind, ...] = ()
    url: Endpoint
    secret: WebhookSecret
    timeout_s: Annotated[int, Meta(ge=1, le=15)] = 15
    events: tuple[EventType, ...] = ()

    def problems(self) -> Iterator[tuple[str, str]]:
        if not self.gives and not self.events:
            yield "gives", "name the kinds of thanks it makes real, or the events it is told of"


class CouponConnector(Section, frozen=True, kw_only=True):
    """Coupons are fulfilled from a pool of codes."""

    kind: ClassVar[str] = "coupons"
    enabled: ClassVar[bool] = True
    gives: tuple[Literal["coupon"], ...] = ("coupon",)
    pool: Name


class WechatPayConnector(Section, frozen=True, kw_only=True):
    """Cash is fulfilled by a transfer from the company's merchant account. `api_base` None: our own address."""

    kind: ClassVar[str] = "wechatpay"
    enabled: bool = False
    gives: tuple[Literal["cash"], ...] = ("cash",)
    app_id: Id
    mch_id: Id
    serial_no: Id
    private_key: PrivateKey
    public_key: PublicKey | None = None
    public_key_id: Id = ""
    scene: Text = "1000"
    remark: Annotated[Text, Meta(max_length=32)] = "推荐谢礼"
    most_fen: Annotated[int, Meta(ge=30)] = 20_000
    api_base: Origin | None = None


class ShippingConnector(Section, frozen=True, kw_only=True):
    """Gifts are fulfilled by a parcel that staff send."""

    kind: ClassVar[str] = "shipping"
    enabled: ClassVar[bool] = True
    gives: tuple[Literal["gift"], ...] = ("gift",)


Connector = WebhookConnector | CouponConnector | WechatPayConnector | ShippingConnector


class Admin(Section, frozen=True, kw_only=True):
    """A person who may open the console."""

    name: Text
    password_hash: PasswordHash


class Console(Section, frozen=True, kw_only=True):
    """The staff console."""

    secret: SessionSecret
    admins: tuple[Admin, ...] = ()

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from _doubles("admins", "name", [admin.name for admin in self.admins])


class Egress(Section, frozen=True, kw_only=True):
    """Hosts we may fetch from besides the platform's own."""

    allow: tuple[HostPattern, ...] = ("*.qlogo.cn", "wework.qpic.cn", "p.qpic.cn")


class Rewriting(Section, frozen=True, kw_only=True):
    """An endpoint that speaks as OpenAI's does, asked for other wordings of our own words; it is never needed.

    `api_base` is all that comes before `/chat/completions`.
    """

    api_base: Endpoint
    model: Text
    key: ApiKey | None = None
    timeout_s: Annotated[int, Meta(ge=1, le=60)] = 20
    count: Annotated[int, Meta(ge=1, le=5)] = 3

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.api_base.rstrip("/").endswith("/chat/completions"):
            yield "api_base", "expected what comes before /chat/completions"
        if self.api_base.startswith("http://") and not is_inside(self.api_base):
            yield "api_base", "must start with https:// unless it is a private address written as a number"


class Sandbox(Section, frozen=True, kw_only=True):
    """Whether the platform is played by ourselves."""

    enabled: bool = False


class Config(Section, frozen=True, kw_only=True):
    """All of it. A section that is None is not used."""

    server: Server
    database: Database
    files: Files
    keys: KeySources
    company: Company
    wecom: WeCom | None = None
    official: tuple[Official, ...] = ()
    sending: Sending
    orders: Hook | None = None
    signals: Hook | None = None
    fulfilment: dict[Name, Connector] = {}
    console: Console | None = None
    egress: Egress
    rewriting: Rewriting | None = None
    sandbox: Sandbox

    def problems(self) -> Iterator[tuple[str, str]]:
        yield from _doubles("official", "name", [account.name for account in self.official])
        for place, account in enumerate(self.official):
            if account.mode != "plain" and not account.aes_key and not self.sandbox.enabled:
                yield f"official[{place}].aes_key_env", f'is required where mode is "{account.mode}" (or aes_key_file)'
        yield from _given_twice(self.fulfilment)
        yield from _unkeyed(self.fulfilment, sandbox=self.sandbox.enabled)

    @property
    def platforms(self) -> frozenset[str]:
        """The host names under which the configuration has the platforms; they may lead into our own network."""
        wecom = [self.wecom.api_base, self.wecom.oauth_base] if self.wecom else []
        named = [*wecom, *(account.api_base for account in self.official)]
        return frozenset(host for address in named if address and (host := urlsplit(address).hostname))

    def at_port(self, port: int) -> Self:
        """The same on another port; a public address that was only the own one moves along."""
        moved = msgspec.structs.replace(self.server, port=port)
        if self.server.public_url == self.server.own_address:
            moved = msgspec.structs.replace(moved, public_url=moved.own_address)
        return msgspec.structs.replace(self, server=moved)


def _given_twice(connectors: Mapping[str, Connector]) -> Iterator[tuple[str, str]]:
    """Two connectors for one kind of thanks: nobody could say which of them is to make it real."""
    first: dict[str, str] = {}
    for name, connector in connectors.items():
        for kind in connector.gives if connector.enabled else ():
            if first.setdefault(kind, name) != name:
                yield f"fulfilment.{name}.gives", f"{kind!r} is given by fulfilment.{first[kind]} too: keep one of them"


def _unkeyed(connectors: Mapping[str, Connector], *, sandbox: bool) -> Iterator[tuple[str, str]]:
    """Transfers need the platform's public key; the sandbox has one of its own."""
    for name, connector in connectors.items():
        if isinstance(connector, WechatPayConnector) and not sandbox:
            if not connector.public_key:
                yield f"fulfilment.{name}.public_key_file", "is required (or public_key_env)"
            if not connector.public_key_id:
                yield f"fulfilment.{name}.public_key_id", "is required"


def _doubles(table: str, key: str, values: list[str]) -> Iterator[tuple[str, str]]:
    for place, value in enumerate(values):
        if value in values[:place]:
            yield f"{table}[{place}].{key}", f"{value!r} is taken by another one"
