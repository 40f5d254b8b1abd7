"""Wire shapes of signing keys, as FastPix's published clients parse them (contract section 5)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import Field

from fastpix.web.api import Answer, Moment


class WorkspaceRef(Answer):
    id: UUID
    name: str
    workspace_type: str


class SigningKeyRow(Answer):
    id: UUID
    created_at: Moment
    workspace: list[WorkspaceRef]


class SigningKeyCreated(Answer):
    id: UUID
    private_key: str = Field(description="Base64 of a PKCS#8 PEM. Shown now and never again.")
    created_at: Moment


class SigningKeyOut(Answer):
    workspace_id: UUID
    signing_key_id: UUID
    public_key: str = Field(description="PEM (SubjectPublicKeyInfo).")


class Deleted(Answer):
    message: str


def row(key: dict[str, Any]) -> dict[str, Any]:
    """A key as the list shows it."""
    workspace = {"id": key["workspace_id"], "name": key["workspace_name"], "workspace_type": key["workspace_kind"]}
    return {"id": key["id"], "created_at": key["created_at"], "workspace": [workspace]}
