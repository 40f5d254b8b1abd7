"""What seals a row of the audit log: a keyed hash over all its columns and the hash of the row before it.

The key comes from the instance's secret key, which is not in the database: whoever can only write there cannot rebuild
a chain. The migration that chained the first rows uses this module too: a new column must not change what is hashed
of old rows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.crypto import seal
from fastpix.resources.audit.models import ChainHead

COLUMNS = (
    "chain", "number", "previous_hash", "id", "at", "organization_id", "workspace_id", "action", "area", "actor_kind",
    "actor_id", "actor_name", "door", "address", "request_id", "target_kind", "target_id", "target_name", "before",
    "after", "result",
)  # fmt: skip
HEAD_COLUMNS = ("chain", "number", "hash", "at", "start_number", "start_hash")


def row_hash(row: Mapping[str, object] | sa.RowMapping) -> str:
    """The hash of a row whose columns are these; `previous_hash` and `number` must be set."""
    return seal.fingerprint("audit row", _canonical(row, COLUMNS))


def head_seal(head: ChainHead) -> str:
    """The seal of a head whose columns are these."""
    return seal.fingerprint("audit head", _canonical(head, HEAD_COLUMNS))


def plain(values: Mapping[str, object]) -> dict[str, Any]:
    """The values as they come back from the database: what is hashed at writing must be what is read."""
    stored: dict[str, Any] = json.loads(json.dumps(dict(values), default=str))
    return stored


def _canonical(row: Mapping[str, object] | sa.RowMapping, columns: tuple[str, ...]) -> str:
    values = {name: _plain(row[name]) for name in columns}
    return json.dumps(values, sort_keys=True, separators=(",", ":"))


def _plain(value: object) -> object:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value
