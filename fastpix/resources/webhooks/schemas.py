"""Wire shapes of webhooks. FastPix has no such API; the names follow its others. A secret is only in the answer that made it."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from fastpix.web.api import Answer, Moment, Wire

ALL = "The events to send; an empty list means all."


class WebhookOut(Answer):
    id: UUID
    workspace_id: UUID
    url: str
    description: str
    events: list[str] = Field(description=ALL)
    is_enabled: bool
    off_reason: str = Field(description="Why it was switched off by itself; empty otherwise.")
    created_by: str
    created_at: Moment
    rotated_at: Moment | None


class WebhookCreated(WebhookOut):
    secret: str = Field(description="Base64 of the 32 bytes that are the HMAC key. Shown now and never again.")


class WebhookCreate(Wire):
    url: str = Field(min_length=1, max_length=1000)
    description: str = Field(default="", max_length=200)
    events: list[str] = Field(default_factory=list, max_length=100, description=ALL)
    is_enabled: bool = Field(default=True, strict=True)


class WebhookEdit(Wire):
    """What is left out stays as it is."""

    url: str | None = Field(default=None, min_length=1, max_length=1000)
    description: str | None = Field(default=None, max_length=200)
    events: list[str] | None = Field(default=None, max_length=100, description=ALL)
    is_enabled: bool | None = Field(default=None, strict=True)
