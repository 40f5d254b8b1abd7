"""The OpenAPI document: valid, complete, and with the permission of every operation."""

from __future__ import annotations

import re

import openapi_spec_validator
import pytest
from openapi_spec_validator.validation.exceptions import OpenAPIValidationError

from fastpix.access import table
from fastpix.web.api import WORDS
from tests.access.routes import POLICY, routes

pytestmark = pytest.mark.sqlite


@pytest.fixture
def document(anonymous):
    answer = anonymous.api.get("/v1/openapi.json")
    assert answer.status_code == 200
    return answer.json


OPERATIONS = [r for r in routes() if r.is_api and r.endpoint in POLICY]


def test_the_document_is_valid(document):
    openapi_spec_validator.validate(document)
    assert document["openapi"].startswith("3.1")


def test_a_broken_document_would_be_seen(document):
    document["paths"]["/iam/me"]["get"]["parameters"] = "nonsense"
    with pytest.raises(OpenAPIValidationError):
        openapi_spec_validator.validate(document)


def test_it_lists_every_operation_and_no_other(document):
    told = {(m.upper(), path) for path, methods in document["paths"].items() for m in methods}
    there = {(r.method, re.sub(r"<(\w+)>", r"{\1}", r.rule).removeprefix("/v1")) for r in OPERATIONS}
    assert told == there and len(told) >= 25


def test_every_operation_names_its_permission_and_who_has_it(document):
    for route in OPERATIONS:
        told = document["paths"][re.sub(r"<(\w+)>", r"{\1}", route.rule).removeprefix("/v1")][route.method.lower()]
        row = table.row(POLICY[route.endpoint])
        assert told["x-permission"] == row.key and f"`{row.key}`" in told["description"], route
        assert told["x-roles"] == [role for role in table.ROLES if (row.admin if role == "admin" else row.member)], (
            route
        )
        assert {"401", "403", "422"} <= set(told["responses"]), route
        assert {p["name"] for p in told["parameters"] if p["in"] == "path"} - WORDS == set(route.ids), route


def test_operation_ids_are_unique(document):
    names = [op["operationId"] for methods in document["paths"].values() for op in methods.values()]
    assert len(names) == len(set(names))


def test_answers_are_as_the_document_says(document, ada):
    """Every key of a real answer stands in its schema, and every required one in the answer."""
    for path in (
        "/iam/me",
        "/iam/organization",
        "/iam/members",
        "/iam/workspaces",
        "/iam/signing-keys",
        "/iam/access-tokens",
    ):
        schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"][
            "properties"
        ]["data"]
        data = ada.api.get(path.removeprefix("/")).json["data"]
        if schema.get("type") == "array":
            schema, data = schema["items"], data[0]
        shape = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        assert set(data) <= set(shape["properties"]), path
        assert set(shape.get("required", [])) <= set(data), path


def test_the_page_of_the_documents_needs_nothing_from_elsewhere(anonymous):
    page = anonymous.page.get("/docs")
    text = page.get_data(as_text=True)
    assert page.status_code == 200 and "curl" in text
    assert re.findall(r'(?:src|href)="(?:https?:)?//[^"]*"', text) == []
    for route in OPERATIONS:
        assert re.sub(r"<(\w+)>", r"{\1}", route.rule).removeprefix("/v1") in text
    for row in {table.row(POLICY[route.endpoint]) for route in OPERATIONS}:
        assert row.key in text
