"""Wire shapes of deliveries. FastPix has no such API; the names follow its others."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from fastpix.web.api import Answer, Moment


class DeliveryRow(Answer):
    id: UUID
    webhook_id: UUID
    event_id: UUID
    type: str
    state: Literal["waiting", "delivered", "failed"]
    attempts: int
    problem: str
    next_at: Moment | None
    created_at: Moment
    finished_at: Moment | None


class AttemptOut(Answer):
    number: int
    at: Moment
    status: int | None
    milliseconds: int
    answer: str = Field(description="The first 4 KB of what the receiver answered.")
    problem: str


class DeliveryOut(DeliveryRow):
    body: str = Field(description="The body as it is sent, byte by byte.")
    log: list[AttemptOut]
