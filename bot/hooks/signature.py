"""Who sent a webhook: Standard Webhooks `v1`, HMAC-SHA256 over `id.timestamp.body` (standardwebhooks.com).

The library does the signing. Headers are read here, because the library takes timestamps such as `1614265330.9`, fails
with errors of its own on malformed ones (reliability.md §0.4) and reads the machine's clock by itself.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hmac import compare_digest

from multidict import CIMultiDictProxy
from standardwebhooks.webhooks import Webhook

from bot.hooks.refusals import HookRefused, refused

TOLERANCE = timedelta(minutes=5)
"""How far a timestamp may be from the machine's clock, either way."""

_TIMESTAMP = re.compile(r"[0-9]{10}")

Headers = CIMultiDictProxy[str]
Verify = Callable[[Headers, bytes, datetime], str]


def verifier(secrets: Sequence[str]) -> Verify:
    """A function of headers, body and the time now that returns the webhook's id, or raises `HookRefused` with 401.

    Each secret is `whsec_` and base64; while one is being replaced both are given, and either will do. Raises
    `ValueError` here and now for a secret that is none, or where there is none at all.
    """
    if not all(secrets) or not secrets:
        raise ValueError("a webhook needs a secret to be checked against")
    keys = [(Webhook(secret), b64decode(secret.removeprefix("whsec_"))) for secret in secrets]

    def verify(headers: Headers, body: bytes, now: datetime) -> str:
        told = _only(headers, "webhook-id")
        at = _time(_only(headers, "webhook-timestamp"), now)
        given = list(_signatures(_only(headers, "webhook-signature")))
        expected = _expected(keys, told, at, body)
        if not any(compare_digest(ours, theirs) for ours in expected for theirs in given):
            raise _unsigned("webhook-signature", "签名不对：请核对密钥，并按原样签署收到的正文")
        return told

    return verify


def _only(headers: Headers, name: str) -> str:
    values = headers.getall(name, [])
    if len(values) != 1 or not values[0]:
        raise _unsigned(name, "请求头要有，而且只有一个")
    return values[0]


def _time(stamp: str, now: datetime) -> datetime:
    if not _TIMESTAMP.fullmatch(stamp):
        raise _unsigned("webhook-timestamp", "要是十位数字的 Unix 秒数")
    at = datetime.fromtimestamp(int(stamp), UTC)
    if abs(now - at) > TOLERANCE:
        raise _unsigned("webhook-timestamp", "与本机时间相差超过 5 分钟")
    return at


def _signatures(header: str) -> Iterator[bytes]:
    """The `v1` signatures of a header, which may list several, and other versions among them."""
    for part in header.split(" "):
        version, _, text = part.partition(",")
        if version == "v1":
            try:
                yield b64decode(text, validate=True)
            except ValueError:
                continue


def _expected(keys: Sequence[tuple[Webhook, bytes]], told: str, at: datetime, body: bytes) -> list[bytes]:
    try:
        head = f"{told}.{int(at.timestamp())}.".encode()
    except ValueError:  # a header that is no text cannot be what was signed
        raise _unsigned("webhook-signature", "签名的内容要是普通文本") from None
    try:
        text = body.decode()
    except ValueError:  # the library signs text only; a signed body that nobody can read is told so later, as 422
        return [hmac.digest(secret, head + body, "sha256") for _, secret in keys]
    return [b64decode(key.sign(told, at, text).removeprefix("v1,")) for key, _ in keys]


def _unsigned(field: str, problem: str) -> HookRefused:
    return refused(401, field, problem)
