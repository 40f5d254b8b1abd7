"""docs/fastpix-contract.md says which operations of FastPix's API there are, and the code has exactly these."""

from __future__ import annotations

import re
from pathlib import Path

import fastpix.app  # noqa: F401  # registers all operations
from fastpix.web.api import OPERATIONS

PAGE = (Path(__file__).resolve().parent.parent / "docs/fastpix-contract.md").read_text()
# What is FastPix's below /v1/iam; all else there is ours, and in the OpenAPI document alone.
OF_FASTPIX = ("/v1/on-demand", "/v1/live", "/v1/iam/signing-keys", "/v1/data")


def written(page):
    """The operations of the tables: `METHOD /v1/path` to (name, status)."""
    rows = re.findall(r"<!-- operations -->\n.*\n.*\n((?:.*\n)*?)<!-- /operations -->", page)
    operations = {}
    for line in "".join(rows).splitlines():
        _, name, operation, _takes, success, refused, _ = (cell.strip() for cell in line.split("|"))
        method, path = re.fullmatch(r"`([A-Z]+) (/\S+)`", operation).groups()
        operations[f"{method} /v1{path}"] = (name, int((success or refused)[:3]))
    return operations


def registered():
    return {
        name: operation.status if operation.is_offered else 501
        for name, operation in OPERATIONS.items()
        if operation.path.startswith(OF_FASTPIX)
    }


def test_every_operation_is_written_down_with_its_status():
    assert {name: status for name, (_, status) in written(PAGE).items()} == registered()


def test_every_operation_of_fastpix_has_its_name_in_order():
    names = [name for name, _ in written(PAGE).values() if name not in ("", "ours")]
    assert names == [
        f"{letter}{n}" for letter, most in zip("MLKPV", (23, 18, 4, 8, 10), strict=True) for n in range(1, most + 1)
    ]


def test_an_operation_that_is_gone_is_seen():
    assert "GET /v1/on-demand/{mediaId}" in written(PAGE)
    assert "GET /v1/on-demand/{mediaId}" not in written(
        PAGE.replace("`GET /on-demand/{mediaId}`", "`GET /on-demand/{id}`")
    )
