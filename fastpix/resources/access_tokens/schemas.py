"""Wire shapes of access tokens. A secret is only ever in the answer that made it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field

from fastpix.web.api import Answer, Id, Moment, Wire


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


class AccessTokenOut(Answer):
    id: UUID
    name: str
    workspace_id: UUID
    role: Literal["admin", "member"]
    may_manage_people: bool
    status: Literal["active", "suspended", "expired", "revoked"]
    is_capped: bool = Field(description="Whether the owner's role is now below the token's.")
    owner_name: str
    open_uploads: int = Field(
        description="Upload addresses asked for with it that wait for their file. They end when it is revoked or adopted."
    )
    created_at: Moment
    expires_at: Moment | None
    last_used_at: Moment | None


class AccessTokenCreated(AccessTokenOut):
    secret: str = Field(description="Password of HTTP Basic. Shown now and never again.")


class AccessTokenCreate(Wire):
    name: str = Field(min_length=1, max_length=80)
    workspace_id: Id
    role: Literal["admin", "member"]
    may_manage_people: bool = Field(default=False, strict=True)
    expires_at: Annotated[AwareDatetime, AfterValidator(_in_utc)] | None = None
