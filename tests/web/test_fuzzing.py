"""A slice of the fuzzing of `benchmarks/fuzz.py`: every operation, few requests each, the same ones every time."""

from __future__ import annotations

import pytest

from tests.fuzzing import Found, fuzz, operations

pytestmark = pytest.mark.sqlite
SHARES = 8  # so that several test processes take part


@pytest.mark.full("hundreds of requests")
@pytest.mark.parametrize(
    "share",
    [0, *(pytest.param(share, marks=pytest.mark.full("an eighth of all operations")) for share in range(1, SHARES))],
)
def test_no_answer_is_a_server_error_or_other_than_documented(world, share):
    found = Found()
    for operation in operations(world)[share::SHARES]:
        fuzz(world, operation, 1, 7, found, all_ids=False)
    assert found.requests >= 20
    assert not found.failures, "\n".join(f"{name}: {text}" for name, text in found.failures.items())


def test_a_server_error_and_an_unknown_answer_would_be_seen(world, monkeypatch):
    """The test of the test: one operation breaks, another answers what the document does not know."""
    every = {operation.label: operation for operation in operations(world)}

    def broken():
        raise RuntimeError("broken on purpose")

    found = Found()
    monkeypatch.setitem(world.app.view_functions, "organizations_api.me_get", broken)
    fuzz(world, every["GET /iam/me"], 1, 7, found)
    monkeypatch.setitem(world.app.view_functions, "organizations_api.me_get", lambda: ({"success": True}, 418))
    fuzz(world, every["GET /iam/me"], 1, 7, found)
    kinds = {kind for _, kind in found.failures}
    assert {"ServerError", "UndefinedStatusCode"} <= kinds
