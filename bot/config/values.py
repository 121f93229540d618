"""How single values of the file are read: text in, value out, `ValueError` with a plain sentence where it is wrong."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from bot.config.secret import Secret


@dataclass(frozen=True, slots=True)
class Parse:
    """Marks a field that is text in the file and another value in the struct.

    `make(text, folder)` reads it; `folder` is where relative paths start.
    """

    make: Callable[[str, Path], Any]


@dataclass(frozen=True, slots=True)
class InFile:
    """Marks a section that is a TOML file of its own; the field gives its path."""


def _text(text: str, _folder: Path) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text.strip()


def _name(text: str, _folder: Path) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,31}", text):
        raise ValueError("expected up to 32 small letters, digits, - or _")
    return text


def _id(text: str, _folder: Path) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", text):
        raise ValueError("expected an id of letters, digits, - or _")
    return text


def _member(text: str, _folder: Path) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}", text):
        raise ValueError("expected the id of a member of staff (帐号): letters, digits, _ - @ .")
    return text


def _variable(text: str, _folder: Path) -> str:
    if not re.fullmatch(r"[A-Z_][A-Z0-9_]*", text):
        raise ValueError("expected the name of an environment variable in capitals (not its value)")
    return text


def _path(text: str, folder: Path) -> Path:
    if not text.strip():
        raise ValueError("must not be blank")
    return folder / Path(text).expanduser()


def _clock_time(text: str, _folder: Path) -> time:
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", text)
    if not found:
        raise ValueError('expected a time of day like "09:00"')
    return time(int(found[1]), int(found[2]))


def _origin(text: str, _folder: Path) -> str:
    parts = _web_address(text)
    if parts.path.rstrip("/").endswith("/cgi-bin"):
        raise ValueError("expected scheme and host without /cgi-bin")
    if parts.path not in {"", "/"}:
        raise ValueError("expected scheme and host only, without a path")
    return f"{parts.scheme}://{parts.netloc}"


def _endpoint(text: str, _folder: Path) -> str:
    """Where thanks are sent: an address that leads to this machine's own metadata is none."""
    parts = _web_address(text)
    try:
        address = ipaddress.ip_address(parts.hostname or "")
    except ValueError:
        return parts.geturl()
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        raise ValueError("must not lead to a link-local, multicast or unspecified address")
    return parts.geturl()


def is_inside(address: str) -> bool:
    """Whether the host of an address is a number that is not of the whole internet."""
    try:
        return not ipaddress.ip_address(urlsplit(address).hostname or "").is_global
    except ValueError:
        return False


def _web_address(text: str) -> SplitResult:
    wrong = ValueError('expected an address like "https://i.example.cn"')
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  # reading it checks it
    except ValueError:
        raise wrong from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", text):
        raise wrong
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("must have no name, password, query or fragment in it")
    return parts


def _network(text: str, _folder: Path) -> IPv4Network | IPv6Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise ValueError('expected an address or network like "10.0.0.0/8"') from None


def _host_pattern(text: str, _folder: Path) -> str:
    if not re.fullmatch(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*", text):
        raise ValueError('expected a host like "wework.qpic.cn" or "*.qlogo.cn"')
    return text


def _database_url(text: str, folder: Path) -> Secret:
    if text.startswith("postgresql+psycopg://"):
        return Secret(text)
    if text.startswith(("postgres://", "postgresql://", "postgresql+")):
        raise ValueError("start it with postgresql+psycopg://")
    if not text.startswith("sqlite:///"):
        raise ValueError('expected "sqlite:///FILE" or "postgresql+psycopg://…"')
    file = text.removeprefix("sqlite:///")
    if file in {"", ":memory:"} or "?" in file:
        raise ValueError("expected the path of a file after sqlite:///")
    return Secret(f"sqlite:///{folder / file}")


Text = Annotated[str, Parse(_text)]
Name = Annotated[str, Parse(_name)]
Id = Annotated[str, Parse(_id)]
Member = Annotated[str, Parse(_member)]
Variable = Annotated[str, Parse(_variable)]
FilePath = Annotated[Path, Parse(_path)]
ClockTime = Annotated[time, Parse(_clock_time)]
Origin = Annotated[str, Parse(_origin)]
Endpoint = Annotated[str, Parse(_endpoint)]
Network = Annotated[IPv4Network | IPv6Network, Parse(_network)]
HostPattern = Annotated[str, Parse(_host_pattern)]
DatabaseUrl = Annotated[Secret, Parse(_database_url)]
