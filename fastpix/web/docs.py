"""The API's documents: `/v1/openapi.json`, and `/docs`, a page of it that needs nothing from elsewhere."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from fastpix import urls
from fastpix.web import envelope, openapi

blueprint = Blueprint("docs", __name__)


@blueprint.get("/v1/openapi.json")
def document() -> Response:
    return envelope.answer(openapi.document(urls.to("")))


@blueprint.get("/docs")
def index() -> str:
    """Every operation with its permission, input, answers and a curl command for this server."""
    told = openapi.document(urls.to(""))
    return render_template("docs/index.html", document=told, operations=_operations(told), server=urls.to("/v1"))


def _operations(told: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    grouped: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in told["tags"]}
    schemas = told["components"]["schemas"]
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            fields = _fields(schemas, body) if body else []
            shown = operation | {"path": path, "method": method.upper(), "fields": fields}
            grouped[operation["tags"][0]].append(shown)
    return grouped


def _fields(schemas: dict[str, Any], body: dict[str, Any]) -> list[dict[str, Any]]:
    schema = schemas[body["$ref"].rpartition("/")[2]] if "$ref" in body else body
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "type": _type(part),
            "required": name in required,
            "description": part.get("description", ""),
            "default": part.get("default"),
        }
        for name, part in schema.get("properties", {}).items()
    ]


def _type(part: dict[str, Any]) -> str:
    if "enum" in part:
        return " | ".join(map(str, part["enum"]))
    if "const" in part:
        return str(part["const"])
    if "anyOf" in part:
        return " or ".join(_type(each) for each in part["anyOf"] if each.get("type") != "null")
    if part.get("type") == "array":
        return f"list of {_type(part.get('items', {}))}"
    return str(part.get("format") or part.get("type", "object"))
