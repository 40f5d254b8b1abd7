"""What becomes of each of many media in one change."""

from __future__ import annotations

from typing import Literal, TypedDict
from uuid import UUID


class Outcome(TypedDict):
    """One of the chosen: changed, or skipped with the reason why; `name` is empty where there is no such media here.

    `before` is who could watch it until now: "public", "private", "private and public" or "nobody".
    """

    id: UUID
    name: str
    result: Literal["changed", "skipped"]
    reason: str
    before: str
