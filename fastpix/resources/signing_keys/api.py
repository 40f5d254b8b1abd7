"""Signing keys over the HTTP API: the four endpoints of docs/fastpix-contract.md, section 5."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.signing_keys import domain, schemas
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.api import Api, Paging

api = Api("signing_keys", __name__, "Signing keys")


@api.operation(domain.create, "POST", "/iam/signing-keys", answer=schemas.SigningKeyCreated, status=201)
def create() -> Any:
    """Create a signing key in the token's workspace."""
    return domain.create(workspaces.of_token())


@api.operation(domain.listed, "GET", "/iam/signing-keys", query=Paging, answer=schemas.SigningKeyRow, is_list=True)
def index(query: Paging) -> Any:
    """List the signing keys, newest first."""
    return domain.listed(query.offset, query.limit)


@api.operation(domain.get, "GET", "/iam/signing-keys/<signingKeyId>", answer=schemas.SigningKeyOut)
def get(signing_key_id: UUID) -> Any:
    """Get one signing key's public half."""
    key = domain.get(signing_key_id)
    return {"workspace_id": key["workspace_id"], "signing_key_id": key["id"], "public_key": key["public_key"]}


@api.operation(domain.delete, "DELETE", "/iam/signing-keys/<signingKeyId>", answer=schemas.Deleted)
def delete(signing_key_id: UUID) -> Any:
    """Delete a signing key: every URL signed with it stops working."""
    domain.delete(signing_key_id)
    return {"message": "signing key deleted successfully"}
