"""What becomes of each of many members in one change."""

from __future__ import annotations

from typing import Literal, TypedDict
from uuid import UUID


class Outcome(TypedDict):
    """One of the chosen: changed, or skipped with the reason why; `name` is empty where nobody here has the id."""

    id: UUID
    name: str
    result: Literal["changed", "skipped"]
    reason: str
