"""Requests that schemathesis makes up from the OpenAPI document, sent to the real application, and what was wrong.

Half of them are right by the document, half are wrong on purpose. Half of the ids in paths are of things that exist in the
cast, since made-up ones lead no further than 404. After every operation the database is as it was.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import hypothesis
import schemathesis
from schemathesis import GenerationMode, checks
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks as openapi_checks

from tests.access.routes import IDS, LIVE_IDS
from tests.world import World


def no_server_error(ctx: Any, response: Any, case: Any) -> bool | None:
    """As schemathesis', but for the 501 of what FastPix offers and this server never does, where the document says so."""
    is_told = "501" in case.operation.definition.raw["responses"]
    return None if response.status_code == 501 and is_told else checks.not_a_server_error(ctx, response, case)


# Not among them: `negative_data_rejection` and `positive_data_acceptance`. A list takes unknown query parameters, as the
# contract wants it, and rules that no schema can say (names that are taken, times beyond the end) refuse right bodies.
CHECKS = [
    no_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
]
TOKENS = (("mel", "member"), ("ada", "people"))  # in this order: only the second may take things away
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@dataclass
class Found:
    """How many requests were answered with which status, and each kind of failure once, with how to repeat it."""

    statuses: Counter[int] = field(default_factory=Counter)
    failures: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        return sum(self.statuses.values())


def operations(world: World) -> list[Any]:
    """All operations, without the document's word on access tokens: each request has a right one of ours instead."""
    document = world.app.test_client().get("/v1/openapi.json").json
    del document["security"], document["components"]["securitySchemes"]
    schema = schemathesis.openapi.from_dict(document)
    schema.app = world.app
    return [result.ok() for result in schema.get_all_operations()]


def fuzz(world: World, operation: Any, each: int, seed: int, found: Found, *, all_ids: bool = True) -> None:
    """Send `each` requests to an operation for every token, both modes and both kinds of ids (or the cast's alone)."""
    for mode in MODES:
        for ids in list(_ids(world, operation))[0 if all_ids else -1 :]:
            cases = _cases(operation, mode, ids)
            for token in TOKENS:
                _send(world, operation, token, cases, each, seed, found)
        world.reset()


def _ids(world: World, operation: Any) -> Iterator[dict[str, str]]:
    """No ids of ours, so that they are made up; and those of the cast, where the path has any."""
    yield {}
    house = world.cast.acme
    names = [name for name in IDS if f"{{{name}}}" in operation.path]
    if names:
        known = IDS | (LIVE_IDS if operation.path.startswith("/live") else {})
        yield {name: str(known[name](house)) for name in names}


def _cases(operation: Any, mode: GenerationMode, ids: dict[str, str]) -> Any:
    return operation.as_strategy(mode, path_parameters=ids) if ids else operation.as_strategy(mode)


def _send(world, operation, who, cases, each, seed, found) -> None:
    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=each,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
        database=None,
        deadline=None,
    )
    @hypothesis.given(cases)
    def run(case: Any) -> None:
        token = world.cast.people[who[0]].tokens[who[1]]
        pair = base64.b64encode(f"{token.id}:{token.secret}".encode()).decode()
        response = case.call(headers={"Authorization": f"Basic {pair}"})
        found.statuses[response.status_code] += 1
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as group:
            for failure in group.exceptions:
                text = f"{failure}\n    {response.request.method} {response.request.url}\n    {response.request.body!r}"
                found.failures.setdefault(
                    (operation.label, type(failure).__name__), f"{text}\n    {response.text[:500]}"
                )
        if response.status_code == 401:  # it has revoked itself, or left
            world.reset()

    with suppress(hypothesis.errors.Unsatisfiable):  # nothing can be wrong with an operation without any input
        run()
