"""What comes in over the API, as models: bodies and queries. What does not fit is 415, 400 or 422 with every bad field."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from typing import Any

from flask import request
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from fastpix.errors import Invalid
from fastpix.text import naming


class _Nothing(BaseModel):
    model_config = ConfigDict(extra="forbid")


def of_request(model: type[BaseModel]) -> BaseModel:
    """The request's body. Raises `UnsupportedMediaType`, `BadRequest`, `Invalid`."""
    if not request.is_json:
        raise UnsupportedMediaType("Send the body as JSON, with Content-Type: application/json.")
    body = _body()
    if b"\\u0000" in body or b"\0" in body:
        raise Invalid("body", "Leave out NUL characters.")  # PostgreSQL cannot keep them
    composed = _composed(body)
    return parsed(model, lambda m: m.model_validate_json(composed))


def refuse() -> None:
    """Refuse fields where an operation takes no body: they would do nothing, and look as if they did.

    No body, an empty one, `{}` and `null` are fine: published clients send them. Raises `BadRequest`, `Invalid`.
    """
    body = _body().strip()
    if body not in (b"", b"null"):
        parsed(_Nothing, lambda model: model.model_validate_json(body))


def refuse_encoded() -> None:
    """Raises `UnsupportedMediaType` for a body that was compressed, which would be taken for something broken."""
    coding = request.headers.get("Content-Encoding", "").strip().lower()
    if coding not in ("", "identity"):
        raise UnsupportedMediaType(f"Send the body as it is: it came with Content-Encoding: {coding[:40]}.")


def _body() -> bytes:
    """The body, without the mark that some programs of Windows begin every file with."""
    refuse_encoded()
    return request.get_data().removeprefix(codecs.BOM_UTF8)


def _composed(body: bytes) -> bytes:
    """The same JSON with every text in one form of Unicode (`naming.composed`); what is no JSON as it is."""
    if body.isascii() and b"\\u" not in body:
        return body
    try:
        return json.dumps(_composed_value(json.loads(body)), ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return body


def _composed_value(value: Any) -> Any:
    if isinstance(value, str):
        return naming.composed(value)
    if isinstance(value, list):
        return [_composed_value(each) for each in value]
    if isinstance(value, dict):
        return {naming.composed(name): _composed_value(each) for name, each in value.items()}
    return value


def parsed(model: type[BaseModel], parse: Callable[[type[BaseModel]], BaseModel]) -> BaseModel:
    """What `parse` makes of the model. Raises `BadRequest` for what is no JSON, `Invalid` with every bad field."""
    try:
        return parse(model)
    except ValidationError as problem:
        errors = problem.errors(include_url=False, include_context=False, include_input=False)
    if errors[0]["type"] == "json_invalid":
        raise BadRequest("The body is not valid JSON.")
    fields = {_wire_place(e["loc"]): _sentence(e["msg"]) for e in errors}
    first, *others = fields
    raise Invalid(first, fields[first], **{name: fields[name] for name in others})


def _wire_place(location: tuple[int | str, ...]) -> str:
    """Where in the body an error is, without pydantic's names for the branches of a union."""
    return ".".join(str(part) for part in location if "[" not in str(part)) or "body"


def _sentence(message: str) -> str:
    return message.removeprefix("Value error, ")
