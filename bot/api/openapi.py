"""The OpenAPI 3.1 document of the API, made from the operations themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import NODEFAULT, UNSET, Struct
from msgspec.structs import FieldInfo, fields

from bot import __version__
from bot.api.once import HEADER, LONGEST
from bot.api.operations import NoQuery, Operation
from bot.api.problems import MEDIA, TITLES, ApiProblem, FieldProblem
from bot.hooks.envelope import LIMIT
from referral.api_keys import SCOPES

_ALWAYS = (401, 403, 422, 429, 503)
_OF_WRITING = (400, 408, 409, 413, 415)
_SAYS = {
    400: "The body was broken off.",
    401: "No key, or none that lives.",
    403: "The key may not do this; `code` names the scope that is wanting.",
    404: "Nothing is known under that name.",
    408: "The body took too long to arrive.",
    409: "It does not fit how things stand (`code` says which rule), or the idempotency key was used otherwise.",
    413: f"The body is larger than {LIMIT // 1024} KB.",
    415: "The body is not application/json, or it is encoded.",
    422: "What was sent cannot be used; `errors` names every field.",
    429: "A wrong key, after too many from this address.",
    503: "It could not be stored. Nothing was done; send it again.",
}
_HEADERS = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "Always `Bearer`."}},
    429: {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}},
    503: {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}},
}
_REPLAYED = {
    "Idempotent-Replayed": {
        "schema": {"type": "string", "enum": ["true"]},
        "description": "There when this answer was given before.",
    }
}
_ABOUT = """\
Every request carries a key: `Authorization: Bearer taoli_…`, made with `taoli key new`. A POST or PATCH may carry an
`Idempotency-Key`: the same key with the same request is done once, and answered alike again for at least 24 hours.
Lists give `next`, the `cursor` of the page that follows. Whatever is not done is said as a problem (RFC 9457)."""


def document(operations: Sequence[Operation], public_url: str) -> dict[str, Any]:
    """The whole document, as plain JSON values."""
    schemas = _Schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Taoli", "version": __version__, "description": _ABOUT},
        "servers": [{"url": f"{public_url}/api/v1"}],
        "security": [{"key": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(_noun(operation) for operation in operations)],
        "paths": paths,
        "components": {
            "schemas": schemas.named,
            "responses": {str(status): _refusal(status, schemas) for status in _SAYS},
            "securitySchemes": {
                "key": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": f"A key of `taoli key new`. Scopes: {' '.join(SCOPES)}.",
                }
            },
        },
    }


class _Schemas:
    """The JSON Schemas of all shapes: named ones once, by reference elsewhere."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        wanted = [ApiProblem, FieldProblem]
        wanted += [each.answer for each in operations]
        wanted += [each.body for each in operations if each.body]
        wanted += [field.type for each in operations for field in fields(each.query)]
        _, found = msgspec.json.schema_components(wanted, ref_template="{name}")
        self._names = {name: _plain(name) for name in found}
        _, found = msgspec.json.schema_components(wanted, ref_template="#/components/schemas/{name}")
        self.named = {self._names[name]: self._renamed(schema) for name, schema in found.items()}

    def of(self, shape: Any) -> Any:
        """The schema of a shape, or a reference to it."""
        (schema,), _ = msgspec.json.schema_components([shape], ref_template="#/components/schemas/{name}")
        return self._renamed(schema)

    def _renamed(self, schema: Any) -> Any:
        """References by the names that the document uses."""
        if isinstance(schema, dict):
            return {
                key: self._reference(value) if key == "$ref" else self._renamed(value) for key, value in schema.items()
            }
        return [self._renamed(each) for each in schema] if isinstance(schema, list) else schema

    def _reference(self, reference: str) -> str:
        *folder, name = reference.split("/")
        return "/".join([*folder, self._names.get(name, _plain(name))])


def _plain(name: str) -> str:
    """`Page_Campaign_` as `PageOfCampaign`."""
    return re.sub(r"_(\w+)_$", r"Of\1", name)


def _operation(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [_noun(operation)],
        "summary": operation.summary,
        "security": [{"key": [operation.scope]}],
        "parameters": list(_parameters(operation, schemas)),
        "responses": _responses(operation, schemas),
    }
    if operation.body:
        told["requestBody"] = {
            "required": True,
            "content": {"application/json": _content(operation.body, operation.body_example, schemas)},
        }
    return told


def _parameters(operation: Operation, schemas: _Schemas) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"\{(\w+)\}", operation.path):
        yield {"name": name, "in": "path", "required": True, "schema": schemas.of(operation.parts[name])}
    for field in fields(operation.query) if operation.query is not NoQuery else ():
        yield _parameter(field, schemas)
    if operation.writes:
        yield {
            "name": HEADER,
            "in": "header",
            "required": False,
            "description": "Any name for this request that is yours alone: under it, it is done once.",
            "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": "^[!-~]+$"},
        }


def _parameter(field: FieldInfo, schemas: _Schemas) -> dict[str, Any]:
    schema = schemas.of(field.type)
    if field.default not in (NODEFAULT, UNSET):
        schema = {**schema, "default": field.default}
    return {"name": field.encode_name, "in": "query", "required": field.default is NODEFAULT, "schema": schema}


def _responses(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    done: dict[str, Any] = {
        "description": "Done.",
        "content": {"application/json": _content(operation.answer, operation.example, schemas)},
    }
    if operation.writes:
        done["headers"] = _REPLAYED
    refused = {*_ALWAYS, *operation.refuses, *(_OF_WRITING if operation.writes else ())}
    references = {str(status): {"$ref": f"#/components/responses/{status}"} for status in sorted(refused)}
    return {str(operation.status): done, **references}


def _refusal(status: int, schemas: _Schemas) -> dict[str, Any]:
    slug, title = TITLES[status]
    errors = [FieldProblem("limit", "不能超过 200")] if status == 422 else []
    example = ApiProblem(type=f"urn:taoli:problem:{slug}", title=title, status=status, detail=title, errors=errors)
    told: dict[str, Any] = {
        "description": _SAYS[status],
        "content": {MEDIA: _content(ApiProblem, example, schemas)},
    }
    if status in _HEADERS:
        told["headers"] = _HEADERS[status]
    return told


def _content(shape: Any, example: Struct, schemas: _Schemas) -> dict[str, Any]:
    return {"schema": schemas.of(shape), "example": msgspec.json.decode(msgspec.json.encode(example))}


def _noun(operation: Operation) -> str:
    return operation.path.split("/")[1]
