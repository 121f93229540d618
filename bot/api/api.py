"""The API's addresses: one door for each path, which reads, lets in, runs the operation and answers in JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog
from aiohttp import web

from bot.api.gate import Gate
from bot.api.once import Once, ticket_of
from bot.api.openapi import document
from bot.api.operations import Asked, Office, Operation
from bot.api.problems import NO_STORE, Refused, answered, refusal
from bot.api.reading import body_of, query_of, shape
from bot.api.table import OPERATIONS
from bot.hooks.refusals import HookRefused
from bot.metrics import API
from referral.api_keys import ApiKey
from referral.errors import ReferralError
from referral.times import Clock
from storage.errors import NotYetPlaced
from storage.store import Store
from storage.transaction import Transaction

log = structlog.get_logger()

BASE = "/api/v1"
DOCUMENT = "/api/openapi.json"
_TRIES, _PAUSE_S = 25, 0.2  # for what the sequencer places within a second

Handler = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """Serves the operations; `machine_clock` is what throttle and idempotency keys go by."""

    store: Store
    office: Office
    gate: Gate
    machine_clock: Clock
    wake: Callable[[], None]

    def routes(self) -> list[web.RouteDef]:
        """Every address under `/api/`; what is none is answered as a problem too."""
        doors = [web.route("*", BASE + path, self._door(methods)) for path, methods in _by_path().items()]
        told = web.route("*", DOCUMENT, self._safe({"GET": self._document}))
        return [*doors, told, web.route("*", "/api/{rest:.*}", self._safe(None))]

    def _door(self, operations: Mapping[str, Operation]) -> Handler:
        return self._safe({method: self._doing(operation) for method, operation in operations.items()})

    def _doing(self, operation: Operation) -> Handler:
        async def do(request: web.Request) -> web.Response:
            key = await self.gate.enter(request)
            self.gate.allow(key, operation.scope)
            return await (self._write if operation.writes else self._read)(request, operation, key)

        return do

    async def _read(self, request: web.Request, operation: Operation, key: ApiKey) -> web.Response:
        query = query_of(request, operation.query)
        asked = Asked(office=self.office, key=key, now=self.office.clock(), path=dict(request.match_info), query=query)
        found = await self._found(lambda tx: operation.run(tx, asked))
        return answered(operation.status, _encoded(found))

    async def _found(self, unit: Callable[[Transaction], Any]) -> Any:
        """What a reading unit gives; an entry that has no place in the ledger's tree yet is waited for."""
        for _ in range(_TRIES):
            try:
                return await self.store.read(unit)
            except NotYetPlaced:
                await asyncio.sleep(_PAUSE_S)
        return await self.store.read(unit)

    async def _write(self, request: web.Request, operation: Operation, key: ApiKey) -> web.Response:
        query_of(request, operation.query)
        sent = await body_of(request)
        ticket = ticket_of(request, key, sent)
        body = shape(sent, operation.body)
        asked = Asked(office=self.office, key=key, now=self.office.clock(), path=dict(request.match_info), body=body)
        once = Once(store=self.store, clock=self.machine_clock)
        answer, is_again = await once.answer(ticket, lambda tx: (operation.status, _encoded(operation.run(tx, asked))))
        self.wake()
        return answered(answer.status, answer.body, {"Idempotent-Replayed": "true"} if is_again else None)

    async def _document(self, request: web.Request) -> web.Response:
        body = msgspec.json.encode(document(OPERATIONS, self.office.facts.public_url))
        return web.Response(body=body, headers=NO_STORE, content_type="application/json")

    def _safe(self, methods: Mapping[str, Handler] | None) -> Handler:
        """A handler that answers everything that can go wrong as a problem; without methods the address is none."""

        async def answer(request: web.Request) -> web.Response:
            response = await _problems_told(_picked(request, methods), request)
            API.labels(str(response.status)).inc()
            return response

        return answer


def _picked(request: web.Request, methods: Mapping[str, Handler] | None) -> Handler:
    async def refuse(_request: web.Request) -> web.Response:
        if methods is None:
            raise Refused(404, "没有这个地址；全部地址见 /api/openapi.json")
        raise Refused(405, "这个地址不能这样用", headers={"Allow": ", ".join(_allowed(methods))})

    if methods and request.method == "HEAD":
        return methods.get("GET", refuse)
    return (methods or {}).get(request.method, refuse)


def _allowed(methods: Mapping[str, Handler]) -> list[str]:
    return [*methods, "HEAD"] if "GET" in methods else [*methods]


async def _problems_told(handler: Handler, request: web.Request) -> web.Response:
    try:
        return await handler(request)
    except Refused as refused:
        return refused.answer()
    except (ReferralError, HookRefused) as error:
        return _told(error, request)
    except Exception:
        log.exception("api.failed", path=_shape(request))
        return Refused(500, "请稍后再试").answer()


def _told(error: ReferralError | HookRefused, request: web.Request) -> web.Response:
    refused = refusal(error)
    if refused.status >= 500:
        log.warning("api.not_stored", path=_shape(request), why=str(error))
    return refused.answer()


def _shape(request: web.Request) -> str:
    """The route, never the address itself."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "?"


def _encoded(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _by_path() -> dict[str, dict[str, Operation]]:
    """Operations by path and method; a path without a part to fill in comes before one that it would fit."""
    found: dict[str, dict[str, Operation]] = {}
    for operation in sorted(OPERATIONS, key=lambda each: each.path.count("{")):
        found.setdefault(operation.path, {})[operation.method] = operation
    return found
