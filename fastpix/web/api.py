"""`Api`: the HTTP API's door to a verb. Order of an operation: who (401), may (403), input (415, 400, 422), verb.

A project layer of our own over pydantic; why not flask-openapi is in `docs/decisions.md`.
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

from fastpix import once, seal
from fastpix.access import principal
from fastpix.access.action import Action
from fastpix.errors import Invalid, Refused
from fastpix.web import bodies, envelope
from fastpix.web.resource import conclude, guard

View = Callable[..., Any]


class Wire(BaseModel):
    """Base of what comes in: camelCase outside, snake_case inside, unknown fields refused (but for queries)."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", from_attributes=True)


class Answer(BaseModel):
    """Base of shapes that go out: what a verb returns may hold more than the wire shows."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", from_attributes=True)


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


# Ids of live streams are 32 hex digits instead of UUIDs (contract section 1).
HEX_IDS = frozenset({"livestreamId", "streamId", "simulcastId"})


class MediaIdConverter(BaseConverter):
    """`<mediaId>` in a path: anything but the names of FastPix's own collections beside it (contract section 1).

    Nothing is said of its form here, since a malformed id is 422 and not the 404 of a converter.
    """

    regex = r"(?!(?:uploads?|playlists|drm-configurations)(?:/|$))[^/]+"


class Paging(Wire):
    """`offset` is a page number that begins at 1 (contract section 1)."""

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

    @property
    def is_offered(self) -> bool:
        """Some of FastPix's are only here to say that this server does not do it; their verbs are in modules of their own."""
        return ".not_offered." not in self.action.name


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
    ) -> Callable[[View], View]:
        """Register an operation. The view gets path ids as UUIDs, `body` and `query` as models; it returns the data,
        for lists (rows, total), or None where the answer carries no data."""
        action: Action = verb.action  # type: ignore[attr-defined]
        if method != "GET" and not action.changes:
            raise TypeError(f"{action.name} only reads; an operation of it may not be {method}")

        def decorate(view: View) -> View:
            path = "/v1" + re.sub(r"<(\w+)>", r"{\1}", rule)
            summary = (view.__doc__ or view.__name__).strip().splitlines()[0].rstrip(".")
            told = Operation(
                method, path, action, self.tag, view.__name__, summary, body, query, answer, status, is_list,
                is_answer_list,
            )  # fmt: skip
            OPERATIONS[f"{method} {path}"] = told

            @wraps(view)
            def guarded(**values: str) -> Any:
                guard(action)
                return conclude(_once(told, lambda: _run(told, view, values)))

            guarded.action = action  # type: ignore[attr-defined]
            self._add(rule, told, guarded)
            return guarded

        return decorate

    def _add(self, rule: str, told: Operation, guarded: View) -> None:
        told.action.doors["api"].append(f"{told.method} {told.path}")
        endpoint = f"{told.name}_{told.method.lower()}"
        of_media = rule.replace("<mediaId>", "<media:mediaId>")
        self.blueprint.add_url_rule(of_media, endpoint, guarded, methods=[told.method])


def _run(told: Operation, view: View, values: dict[str, str]) -> Response:
    arguments: dict[str, Any] = {_snake(name): _parse_path(name, text) for name, text in values.items()}
    if told.query is not None:
        arguments["query"] = bodies.parsed(told.query, lambda model: model.model_validate(request.args.to_dict()))
    if told.body is not None:
        arguments["body"] = bodies.of_request(told.body)
    elif told.method != "GET" and told.is_offered:
        bodies.refuse()
    result = view(**arguments)
    if told.is_list:
        rows, total = result
        return envelope.listing(
            _wire_list(told.answer, rows), total, arguments["query"].offset, arguments["query"].limit
        )
    if told.is_answer_list:
        return envelope.success([_wire(told.answer, row) for row in result], told.status)
    if result is None:
        return envelope.success(status=told.status)
    return envelope.success(_wire(told.answer, result), told.status)


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


def _once(told: Operation, run: Callable[[], Response]) -> Response:
    """Answer a repeated create (`Idempotency-Key`) with the first answer: clients repeat creates after lost answers."""
    key = request.headers.get("Idempotency-Key", "")
    token_id = principal.current().token_id
    if not key or told.method != "POST" or token_id is None:
        return run()
    if len(key) > 200:
        raise Invalid("Idempotency-Key", "Use at most 200 characters.")
    operation = f"{told.method} {request.path}"
    digest = hashlib.sha256(request.get_data()).hexdigest()
    known = once.kept(token_id, operation, key)
    if known is None:
        claim = once.KeptAnswer(
            of_token_id=token_id, operation=operation, key=key, body_hash=digest, status=0, sealed=b""
        )
        if once.reserve(claim):
            response = run()
            claim.status, claim.sealed = response.status_code, seal.seal(response.get_data(as_text=True))
            return response  # a refusal is rolled back, and the claim with it
        known = once.kept(token_id, operation, key)
    return _repeated(known, digest)


def _repeated(known: once.KeptAnswer | None, digest: str) -> Response:
    """The first answer again. Raises `Invalid` for another body, `Refused` when the first answer cannot be read."""
    if known is not None and known.body_hash != digest:
        raise Invalid("Idempotency-Key", "This key was used with another body. Use a new key for a new request.")
    text = seal.unseal(known.sealed) if known is not None else None
    if known is None or text is None:
        raise Refused("The first request with this key did not finish. Send it again with a new key.")
    response = Response(text, known.status, {"Idempotent-Replayed": "true"})
    response.headers["Content-Type"] = envelope.CONTENT_TYPE
    return response
