"""`Api`: makes a verb an operation of the HTTP API. Order: who (401), may (403), input (415, 400, 422), verb.

A project layer of our own over pydantic; why not flask-openapi: docs/decisions/2026-11-23-api-layer-on-pydantic.md.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, wraps
from typing import Annotated, Any
from uuid import UUID

import orjson
from flask import Blueprint, Response, request
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from werkzeug.routing import BaseConverter

from fastpix.access import principal
from fastpix.access.action import Action, action_of
from fastpix.crypto import seal
from fastpix.errors import Invalid, Refused
from fastpix.web import envelope, idempotency, parsing
from fastpix.web.pages import conclude, guard

View = Callable[..., Any]


class Wire(BaseModel):
    """Base of what comes in: camelCase outside, snake_case inside, unknown fields refused (but for queries)."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", from_attributes=True, defer_build=True
    )


class Answer(BaseModel):
    """Base of shapes that go out: what a verb returns may hold more than the wire shows."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="ignore", from_attributes=True, defer_build=True
    )


class Sparse(Answer):
    """An answer without the keys that have no value."""


def _hyphenated(value: object) -> object:
    """Only the 36-character text form: UUID() would also take braces, URNs and bare hex."""
    if isinstance(value, str) and not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value):
        raise ValueError("is invalid")
    return value


Id = Annotated[UUID, BeforeValidator(_hyphenated)]
Moment = Annotated[
    datetime,
    PlainSerializer(lambda at: f"{at:%Y-%m-%dT%H:%M:%S.%f}Z", return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


# Ids of live streams are 32 hex digits instead of UUIDs (docs/fastpix-contract.md, section 1).
HEX_IDS = frozenset({"livestreamId", "streamId", "simulcastId"})
# In paths of FastPix's, but no ids of anything here: names of measures, and of what this server never has.
WORDS = frozenset({"metricId", "dimensionsId", "viewId", "drmConfigurationId"})


class MediaIdConverter(BaseConverter):
    """`<mediaId>` in a path: anything but the names of FastPix's own collections beside it
    (docs/fastpix-contract.md, section 1).

    Nothing is said of its form here, since a malformed id is 422 and not the 404 of a converter.
    """

    regex = r"(?!(?:uploads?|playlists|drm-configurations)(?:/|$))[^/]+"


class Paging(Wire):
    """`offset` is a page number that begins at 1."""

    # So in docs/fastpix-contract.md, section 1. (The docstring stands in the OpenAPI document.)

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    limit: int = Field(default=10, ge=1, le=50, description="Rows on a page.")
    offset: int = Field(default=1, ge=1, le=10_000_000, description="Number of the page, from 1.")


@dataclass(frozen=True)
class Operation:
    """One operation, as the OpenAPI document tells it."""

    method: str
    path: str
    action: Action
    tag: str
    name: str
    summary: str
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    answer: type[BaseModel] | None
    status: int
    is_list: bool
    is_answer_list: bool
    is_optional: bool = False

    @property
    def is_offered(self) -> bool:
        """Some of FastPix's are only here to say that this server does not do it; their verbs are in modules of their own."""
        return ".not_offered." not in self.action.name


def _first_line(view: View) -> str:
    return (view.__doc__ or view.__name__).strip().splitlines()[0].rstrip(".")


OPERATIONS: dict[str, Operation] = {}


class Api:
    """The API operations of a resource, under `/v1`."""

    def __init__(self, name: str, module: str, tag: str) -> None:
        self.blueprint = Blueprint(f"{name}_api", module, url_prefix="/v1")
        self.tag = tag

    def operation(
        self,
        verb: View,
        method: str,
        rule: str,
        *,
        body: type[BaseModel] | None = None,
        query: type[BaseModel] | None = None,
        answer: type[BaseModel] | None = None,
        status: int = 200,
        is_list: bool = False,
        is_answer_list: bool = False,
        is_question: bool = False,
        is_optional: bool = False,
        summary: str = "",
    ) -> Callable[[View], View]:
        """Register an operation. The view gets path ids as UUIDs, `body` and `query` as models; it returns the data,
        for lists (rows, total), or None where the answer carries no data. `is_question`: clients ask with POST what only
        reads. `is_optional`: 501 where the server lacks it. The document shows `summary`, else the first line of the view's docstring."""
        action = action_of(verb)
        if method != "GET" and not (action.changes or is_question):
            raise TypeError(f"{action.name} only reads; an operation of it may not be {method}")

        def decorate(view: View) -> View:
            path, line = "/v1" + re.sub(r"<(\w+)>", r"{\1}", rule), summary or _first_line(view)
            operation = Operation(
                method, path, action, self.tag, view.__name__, line, body, query, answer, status, is_list,
                is_answer_list, is_optional,
            )  # fmt: skip
            OPERATIONS[f"{method} {path}"] = operation

            @wraps(view)
            def guarded(**values: str) -> Any:
                guard(action)
                return conclude(_once(operation, lambda: _run(operation, view, values)))

            vars(guarded)["action"] = action
            return self._add(rule, operation, guarded)

        return decorate

    def _add(self, rule: str, operation: Operation, guarded: View) -> View:
        operation.action.doors["api"].append(f"{operation.method} {operation.path}")
        endpoint = f"{operation.name}_{operation.method.lower()}"
        of_media = rule.replace("<mediaId>", "<media:mediaId>")
        self.blueprint.add_url_rule(of_media, endpoint, guarded, methods=[operation.method])
        return guarded


def _run(operation: Operation, view: View, values: dict[str, str]) -> Response:
    arguments: dict[str, Any] = {_snake(name): _parse_path(name, text) for name, text in values.items()}
    if operation.query is not None:
        arguments["query"] = parsing.parsed(operation.query, lambda model: model.model_validate(_query()))
    if operation.body is not None:
        arguments["body"] = parsing.of_request(operation.body)
    elif operation.method != "GET" and operation.is_offered:
        parsing.refuse()
    result = view(**arguments)
    if not isinstance(result, envelope.Beside):
        return _shaped(operation, result, arguments, {})
    response = _shaped(operation, result.data, arguments, result.more)
    if result.notice:
        response.headers["X-Fastpix-Notice"] = result.notice
    return response


def _shaped(operation: Operation, result: Any, arguments: dict[str, Any], more: dict[str, Any]) -> Response:
    if operation.is_list:
        rows, total = result
        query = arguments["query"]
        return envelope.listing(_wire_list(operation.answer, rows), total, query.offset, query.limit, **more)
    if operation.is_answer_list:
        return envelope.success([_wire(operation.answer, row) for row in result], operation.status, **more)
    if result is None:
        return envelope.success(status=operation.status)
    return envelope.success(_wire(operation.answer, result), operation.status, **more)


def _query() -> dict[str, str | list[str]]:
    """The query by names; one that ends in `[]` may be there more than once."""
    args = request.args
    return {name: args.getlist(name) if name.endswith("[]") else args[name] for name in args}


def _wire(model: type[BaseModel] | None, row: Any) -> Any:
    if model is None:
        return row
    shaped = row if isinstance(row, BaseModel) else model.model_validate(row)
    return shaped.model_dump(by_alias=True, mode="json", exclude_none=isinstance(shaped, Sparse))


def _wire_list(model: type[BaseModel] | None, rows: Iterable[Any]) -> Any:
    """Many at once, as JSON made without Python objects on the way: a tenth of the time of a list of media."""
    if model is None:
        return list(rows)
    adapter = _list_of(model)
    shaped = adapter.validate_python(list(rows))
    return orjson.Fragment(adapter.dump_json(shaped, by_alias=True, exclude_none=issubclass(model, Sparse)))


@lru_cache(maxsize=256)
def _list_of(model: type[BaseModel]) -> TypeAdapter[list[BaseModel]]:
    return TypeAdapter(list[model])  # type: ignore[valid-type]  # a type that is known when it runs


def _parse_path(name: str, text: str) -> UUID | str:
    if name in WORDS:
        return text
    if name not in HEX_IDS:
        return parse_id(name, text)
    if not re.fullmatch(r"[0-9a-f]{32}", text):
        raise Invalid(name, "is invalid")
    return text


def parse_id(name: str, text: str) -> UUID:
    """A path id. Raises `Invalid` with the contract's words (422, not the 404 of a converter)."""
    try:
        return UUID(str(_hyphenated(text)))
    except ValueError:
        raise Invalid(name, "is invalid") from None


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _once(operation: Operation, run: Callable[[], Response]) -> Response:
    """Answer a repeated create (`Idempotency-Key`) with the first answer: clients repeat creates after lost answers."""
    key = request.headers.get("Idempotency-Key", "")
    token_id = principal.current().token_id
    if not key or operation.method != "POST" or not operation.action.changes or token_id is None:
        return run()
    if len(key) > 200:
        raise Invalid("Idempotency-Key", "Use at most 200 characters.")
    request_line = f"{operation.method} {request.path}"
    digest = hashlib.sha256(request.get_data()).hexdigest()
    stored = idempotency.stored_answer(token_id, request_line, key)
    if stored is None:
        claim = idempotency.KeptAnswer(
            of_token_id=token_id, operation=request_line, key=key, body_hash=digest, status=0, sealed=b""
        )
        if idempotency.reserve(claim):
            response = run()
            claim.status, claim.sealed = response.status_code, seal.seal(response.get_data(as_text=True))
            return response  # a refusal is rolled back, and the claim with it
        stored = idempotency.stored_answer(token_id, request_line, key)
    return _repeated(stored, digest)


def _repeated(stored: idempotency.KeptAnswer | None, digest: str) -> Response:
    """The first answer again. Raises `Invalid` for another body, `Refused` when the first answer cannot be read."""
    if stored is not None and stored.body_hash != digest:
        raise Invalid("Idempotency-Key", "This key was used with another body. Use a new key for a new request.")
    text = seal.unseal(stored.sealed) if stored is not None else None
    if stored is None or text is None:
        raise Refused("The first request with this key did not finish. Send it again with a new key.")
    response = Response(text, stored.status, {"Idempotent-Replayed": "true"})
    response.headers["Content-Type"] = envelope.CONTENT_TYPE
    return response
