"""Wire shapes of workspaces."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from pydantic import Field, model_validator

from fastpix.web.api import Answer, Moment, Wire

CAPTIONS = "Make captions of every upload, in the language that is spoken; 501 where this server has no speech model."
Kind = Literal["development", "production", "qa", "staging"]


class CaptionsIn(Wire):
    language_code: str
    language_name: str


class CaptionsOut(Answer):
    language_code: str
    language_name: str


class WorkspaceOut(Answer):
    id: UUID
    name: str
    slug: str
    type: Kind = Field(validation_alias="kind")
    description: str
    captions: CaptionsOut | None = Field(description="The language in which captions are made of every upload.")
    created_at: Moment

    @model_validator(mode="before")
    @classmethod
    def _with_captions(cls, row: dict[str, Any]) -> dict[str, Any]:
        told = {"language_code": row["captions_code"], "language_name": row["captions_name"]}
        return {**row, "captions": told if row["captions_code"] else None}


class WorkspaceCreate(Wire):
    name: str = Field(min_length=1, max_length=80)
    type: Kind = "development"
    description: str = Field(default="", max_length=500)
    captions: CaptionsIn | None = Field(default=None, description=CAPTIONS)


class WorkspaceEdit(Wire):
    name: str | None = Field(default=None, min_length=1, max_length=80)
    type: Kind | None = None
    description: str | None = Field(default=None, max_length=500)
    captions: CaptionsIn | None = Field(default=None, description=f"{CAPTIONS} `null` ends it.")
