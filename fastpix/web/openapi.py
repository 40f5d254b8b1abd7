"""The OpenAPI 3.1 document, generated from the registered operations, with the permission of each."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from fastpix import __version__
from fastpix.access import table
from fastpix.web.api import HEX_IDS, OPERATIONS, WORDS, Operation

ERRORS = {
    400: "Malformed JSON, or a state the operation does not fit.",
    401: "No access token, an unknown one, or a wrong, expired, suspended or revoked one.",
    403: "The token lacks the permission; the message names it and who can grant it.",
    404: "There is no such object in the token's reach.",
    409: "A rule says not now; the message names the way out.",
    415: "The body is not JSON, or it is compressed.",
    422: "Bad input; every bad field is listed.",
    429: "Too many requests for the moment; `Retry-After` says how long to wait.",
    501: "This server does not offer it, though FastPix's API knows it; the message says what to do instead.",
}
_REFERENCE = "#/components/schemas/{model}"
_ERROR_SCHEMA = {
    "type": "object",
    "required": ["success", "error"],
    "properties": {
        "success": {"const": False},
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "integer"},
                "message": {"type": "string"},
                "description": {"type": "string"},
                "requestId": {"type": "string"},
                "permission": {"type": "string"},
                "role": {"type": "string"},
                "grantedBy": {"type": "array", "items": {"type": "string"}},
                "fields": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["field", "message"],
                        "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                    },
                },
            },
        },
    },
}
_PAGINATION_SCHEMA = {
    "type": "object",
    "required": ["totalRecords", "currentOffset", "offsetCount"],
    "properties": {name: {"type": "integer"} for name in ("totalRecords", "currentOffset", "offsetCount")},
}


def document(server: str) -> dict[str, Any]:
    """The whole document, for an API that is reached at `server`. It is the same object for everybody: only read it."""
    return _document(server, tuple(OPERATIONS))


@lru_cache(maxsize=4)  # a quarter of a second's work
def _document(server: str, names: tuple[Any, ...]) -> dict[str, Any]:
    operations = sorted((OPERATIONS[name] for name in names), key=lambda told: (told.tag, told.path, told.method))
    schemas, components = _schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for told in operations:
        paths.setdefault(told.path.removeprefix("/v1"), {})[told.method.lower()] = _operation(told, schemas)
    components["Error"], components["Pagination"] = _ERROR_SCHEMA, _PAGINATION_SCHEMA
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "fastpix",
            "version": __version__,
            "description": "What a role may do is the same here and in the dashboard. Authenticate with HTTP Basic: "
            "an access token's id as user name, its secret as password.",
        },
        "servers": [{"url": f"{server}/v1"}],
        "security": [{"accessToken": []}],
        "tags": [{"name": tag} for tag in dict.fromkeys(told.tag for told in operations)],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"accessToken": {"type": "http", "scheme": "basic"}},
        },
    }


def _schemas(operations: list[Operation]) -> tuple[dict[type[BaseModel], Any], dict[str, Any]]:
    wanted: list[Any] = []
    for told in operations:
        wanted += [(model, "validation") for model in (told.body, told.query) if model is not None]
        wanted += [(told.answer, "serialization")] if told.answer is not None else []
    found, definitions = models_json_schema(list(dict.fromkeys(wanted)), ref_template=_REFERENCE)
    by_model: dict[Any, Any] = {model: schema for (model, _), schema in found.items()}
    return by_model, definitions.get("$defs", {})


def _schema_of_id(name: str) -> dict[str, str]:
    if name in WORDS:
        return {"type": "string"}
    if name in HEX_IDS:
        return {"type": "string", "pattern": "^[0-9a-f]{32}$"}
    return {"type": "string", "format": "uuid"}


def _operation(told: Operation, schemas: dict[type[BaseModel], Any]) -> dict[str, Any]:
    row = table.row(told.action.key)
    parts: dict[str, Any] = {
        "operationId": f"{told.tag.replace(' ', '_').lower()}_{told.name}",
        "tags": [told.tag],
        "summary": told.summary,
        "description": f"Needs the permission `{row.key}` ({row.does}).",
        "x-permission": row.key,
        "x-roles": [role for role in table.ROLES if row.allows(role, {row.member_switch or ""})],
        "parameters": _parameters(told),
        "responses": (_success(told, schemas) if told.is_offered else {}) | _failures(told),
    }
    if told.body is not None:
        parts["requestBody"] = {"required": True, "content": {"application/json": {"schema": schemas[told.body]}}}
    return parts


def _parameters(told: Operation) -> list[dict[str, Any]]:
    path = [
        {"name": name, "in": "path", "required": True, "schema": _schema_of_id(name)}
        for name in re.findall(r"\{(\w+)\}", told.path)
    ]
    if told.query is None:
        return path
    properties = told.query.model_json_schema(by_alias=True)["properties"]
    return path + [
        {"name": name, "in": "query", "required": False, "schema": {k: v for k, v in schema.items() if k != "title"}}
        for name, schema in properties.items()
    ]


def _success(told: Operation, schemas: dict[type[BaseModel], Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {"success": {"const": True}}
    if told.answer is not None:
        one = schemas[told.answer]
        properties["data"] = {"type": "array", "items": one} if told.is_list or told.is_answer_list else one
    if told.is_list:
        properties["pagination"] = {"$ref": "#/components/schemas/Pagination"}
    schema = {"type": "object", "required": list(properties), "properties": properties}
    done = {"description": "Done.", "content": {"application/json": {"schema": schema}}}
    return {str(told.status): done}


def _failures(told: Operation) -> dict[str, Any]:
    statuses = {401, 403, 422, 429}
    statuses |= {404} if "{" in told.path else set()
    statuses |= {400} if told.method != "GET" else set()  # a state that does not fit, and a body that is no JSON
    statuses |= {501} if told.is_optional or not told.is_offered else set()
    statuses |= {415} if told.body is not None else set()
    statuses |= {409} if told.method != "GET" else set()
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    told_failures: dict[str, Any] = {
        str(status): {"description": ERRORS[status], "content": content} for status in sorted(statuses)
    }
    wait = {
        "description": "Seconds to wait, at most 60.",
        "schema": {"type": "integer", "minimum": 1},
        "required": True,
    }
    told_failures["429"]["headers"] = {"Retry-After": wait}
    return told_failures
