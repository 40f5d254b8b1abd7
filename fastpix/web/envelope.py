"""The API's success and error JSON, exactly as FastPix's published clients parse it.

See docs/fastpix-contract.md, section 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, g, json, request

from fastpix.web import public_paths

CONTENT_TYPE = "application/json;charset=UTF-8"
NOTHING: Any = object()


@dataclass(frozen=True)
class Beside:
    """Data, and what stands beside it in the answer, as FastPix's video data has it; a sentence goes into a header."""

    data: Any
    more: dict[str, Any]
    notice: str = ""


def is_api() -> bool:
    """Whether the request is one to the API, decided by its path alone."""
    return request.path.startswith("/v1/") or request.path == "/v1"


def is_wanted() -> bool:
    """Whether a refusal is said in JSON: to programs and to viewers, for whom no page of the dashboard can be made."""
    return is_api() or public_paths.is_here()


def answer(body: dict[str, Any], status: int = 200) -> Response:
    response = Response(json.dumps(body), status)
    response.headers["Content-Type"] = CONTENT_TYPE
    return response


def success(data: Any = NOTHING, status: int = 200, **more: Any) -> Response:
    """`{"success": true, "data": ...}`; without data only the first, as deletes answer. Never 204: clients raise."""
    body: dict[str, Any] = {"success": True}
    if data is not NOTHING:
        body["data"] = data
    return answer(body | more, status)


def listing(rows: Any, total: int, offset: int, limit: int, **more: Any) -> Response:
    """A page of a list; `rows` is a list or its JSON (`orjson.Fragment`). `offset` is the 1-based page asked for, `offsetCount` how many pages there are."""
    pagination = {"totalRecords": total, "currentOffset": offset, "offsetCount": -(-total // limit)}
    return answer({"success": True, "data": rows, "pagination": pagination} | more)


def failure(status: int, message: str, description: str = "", **more: Any) -> Response:
    """The error envelope. `code` is the number of the status: a word there breaks the clients."""
    error: dict[str, Any] = {"code": status, "message": message}
    if description:
        error["description"] = description
    return answer({"success": False, "error": error | more | {"requestId": g.get("request_id", "")}}, status)


def invalid(fields: dict[str, str]) -> Response:
    """422 with every bad field."""
    listed = [{"field": name, "message": message} for name, message in fields.items()]
    return failure(422, "payload validation failed", fields=listed)
