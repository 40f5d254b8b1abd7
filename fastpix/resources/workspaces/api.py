"""Workspaces over the HTTP API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.workspaces import domain
from fastpix.resources.workspaces.schemas import CaptionsIn, WorkspaceCreate, WorkspaceEdit, WorkspaceOut
from fastpix.web.api import Api, Paging

api = Api("workspaces", __name__, "Workspaces")


@api.operation(domain.listed, "GET", "/iam/workspaces", query=Paging, answer=WorkspaceOut, is_list=True)
def index(query: Paging) -> Any:
    """List the workspaces."""
    return domain.listed(query.offset, query.limit)


@api.operation(domain.create, "POST", "/iam/workspaces", body=WorkspaceCreate, answer=WorkspaceOut, status=201)
def create(body: WorkspaceCreate) -> Any:
    """Add a workspace."""
    return domain.create(body.name, body.type, body.description, _captions(body.captions))


@api.operation(domain.get, "GET", "/iam/workspaces/<workspaceId>", answer=WorkspaceOut)
def get(workspace_id: UUID) -> Any:
    """Get one workspace."""
    return domain.get(workspace_id)


@api.operation(domain.edit, "PATCH", "/iam/workspaces/<workspaceId>", body=WorkspaceEdit, answer=WorkspaceOut)
def edit(workspace_id: UUID, body: WorkspaceEdit) -> Any:
    """Edit a workspace's name, type, description and captions."""
    captions = _captions(body.captions) if "captions" in body.model_fields_set else None
    return domain.edit(workspace_id, body.name, body.type, body.description, captions)


@api.operation(domain.delete, "DELETE", "/iam/workspaces/<workspaceId>")
def delete(workspace_id: UUID) -> None:
    """Delete a workspace with everything in it."""
    domain.delete(workspace_id)


def _captions(told: CaptionsIn | None) -> tuple[str, str]:
    return (told.language_code, told.language_name) if told else domain.NO_CAPTIONS
