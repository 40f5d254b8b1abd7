"""Wire shapes of workspaces."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from fastpix.web.api import Answer, Moment, Wire

Kind = Literal["development", "production", "qa", "staging"]


class WorkspaceOut(Answer):
    id: UUID
    name: str
    slug: str
    type: Kind = Field(validation_alias="kind")
    description: str
    created_at: Moment


class WorkspaceCreate(Wire):
    name: str = Field(min_length=1, max_length=80)
    type: Kind = "development"
    description: str = Field(default="", max_length=500)


class WorkspaceEdit(Wire):
    name: str | None = Field(default=None, min_length=1, max_length=80)
    type: Kind | None = None
    description: str | None = Field(default=None, max_length=500)
