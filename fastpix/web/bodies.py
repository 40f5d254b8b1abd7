"""What comes in over the API, as models: bodies and queries. What does not fit is 415, 400 or 422 with every bad field."""

from __future__ import annotations

from collections.abc import Callable

from flask import request
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from fastpix.errors import Invalid


class _Nothing(BaseModel):
    model_config = ConfigDict(extra="forbid")


def of_request(model: type[BaseModel]) -> BaseModel:
    """The request's body. Raises `UnsupportedMediaType`, `BadRequest`, `Invalid`."""
    if not request.is_json:
        raise UnsupportedMediaType("Send the body as JSON, with Content-Type: application/json.")
    body = request.get_data()
    if b"\\u0000" in body or b"\0" in body:
        raise Invalid("body", "Leave out NUL characters.")  # PostgreSQL cannot keep them
    return parsed(model, lambda m: m.model_validate_json(body))


def refuse() -> None:
    """Refuse fields where an operation takes no body: they would do nothing, and look as if they did.

    No body, an empty one, `{}` and `null` are fine: published clients send them. Raises `BadRequest`, `Invalid`.
    """
    body = request.get_data().strip()
    if body not in (b"", b"null"):
        parsed(_Nothing, lambda model: model.model_validate_json(body))


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
