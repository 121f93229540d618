"""What a caller of the API is told when a request was not done: problem+json (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct

from bot.hooks.refusals import HookRefused
from referral.errors import BadInput, Conflict, NotFound, ReferralError, RuleViolation
from storage.errors import StorageError

MEDIA = "application/problem+json"
NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_AGAIN_S = 1  # before a request that was not stored may be sent again
_UNREAD = (400, 408, 413, 415)

TITLES = {
    400: ("unreadable", "请求没有发完整"),
    401: ("unauthorized", "密钥不对"),
    403: ("forbidden", "这把密钥没有这种权限"),
    404: ("not-found", "没有找到"),
    405: ("method", "这个地址不能这样用"),
    408: ("timeout", "正文迟迟没有发完"),
    409: ("conflict", "与现状不符"),
    413: ("too-large", "正文太大"),
    415: ("media-type", "正文的格式不对"),
    422: ("invalid", "内容不能用"),
    429: ("too-many", "试错的次数太多"),
    500: ("failed", "出了点问题"),
    503: ("busy", "没有保存下来"),
}
"""Of each status the last part of the problem's `type`, and its title."""


class FieldProblem(Struct, frozen=True):
    """One thing to put right; `field` is a header, `body`, a query parameter or a dotted path in the body."""

    field: str
    problem: str


class ApiProblem(Struct, frozen=True, kw_only=True):
    """Why a request was not done."""

    type: str
    title: str
    status: int
    detail: str
    code: str | None = None
    errors: list[FieldProblem] = []


class Refused(Exception):
    """A request that was not done. `code` is the reason's code, where a rule stands against it."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        code: str | None = None,
        errors: Sequence[FieldProblem] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"request refused with {status}")
        self.status = status
        self.detail = detail
        self.code = code
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    @property
    def body(self) -> str:
        """The problem as JSON."""
        slug, title = TITLES[self.status]
        problem = ApiProblem(
            type=f"urn:taoli:problem:{slug}",
            title=title,
            status=self.status,
            detail=self.detail,
            code=self.code,
            errors=list(self.errors),
        )
        return msgspec.json.encode(problem).decode()

    def answer(self) -> web.Response:
        """The answer. Where a body was left unread the connection ends with it."""
        response = answered(self.status, self.body, self.headers)
        if self.status in _UNREAD:
            response.force_close()
        return response


def invalid(*errors: FieldProblem) -> Refused:
    """A refusal of what was sent, with every problem in it."""
    return Refused(422, "；".join(f"{each.field}：{each.problem}" for each in errors), errors=errors)


def wrong(field: str, problem: str) -> Refused:
    """A refusal of one field."""
    return invalid(FieldProblem(field, problem))


def refusal(error: ReferralError | HookRefused) -> Refused:
    """What is expected to go wrong, as the caller is told it."""
    match error:
        case HookRefused(status=status, problems=problems):
            errors = [FieldProblem(each.field, each.problem) for each in problems]
            return Refused(status, "；".join(f"{each.field}：{each.problem}" for each in errors), errors=errors)
        case BadInput(field=field, problem=problem):
            return wrong(field.removeprefix("--").replace("-", "_").lower(), problem)
        case NotFound():
            return Refused(404, str(error))
        case RuleViolation(code=code):
            return Refused(409, str(error), code=code)
        case Conflict():
            return Refused(409, str(error))
        case StorageError():
            return Refused(503, "请过一会儿再发一次", headers={"Retry-After": str(_AGAIN_S)})
    raise error


def answered(status: int, body: str, headers: Mapping[str, Any] | None = None) -> web.Response:
    """An answer in JSON that no cache keeps."""
    media = "application/json" if status < 400 else MEDIA
    return web.Response(
        status=status, body=body.encode(), headers={**NO_STORE, "Content-Type": media, **(headers or {})}
    )
