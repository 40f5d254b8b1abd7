"""Access tokens over the HTTP API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.access_tokens import domain
from fastpix.resources.access_tokens.schemas import AccessTokenCreate, AccessTokenCreated, AccessTokenOut
from fastpix.web.api import Api, Paging

api = Api("access_tokens", __name__, "Access tokens")


@api.operation(domain.listed, "GET", "/iam/access-tokens", query=Paging, answer=AccessTokenOut, is_list=True)
def index(query: Paging) -> Any:
    """List the access tokens, newest first."""
    return domain.listed(query.offset, query.limit)


@api.operation(
    domain.create, "POST", "/iam/access-tokens", body=AccessTokenCreate, answer=AccessTokenCreated, status=201
)
def create(body: AccessTokenCreate) -> Any:
    """Create an access token."""
    return domain.create(body.name, body.workspace_id, body.role, body.may_manage_people, body.expires_at)


@api.operation(domain.get, "GET", "/iam/access-tokens/<tokenId>", answer=AccessTokenOut)
def get(token_id: UUID) -> Any:
    """Get one access token."""
    return domain.get(token_id)


@api.operation(domain.revoke, "DELETE", "/iam/access-tokens/<tokenId>")
def revoke(token_id: UUID) -> None:
    """Revoke an access token at once and for good."""
    domain.revoke(token_id)


@api.operation(domain.adopt, "POST", "/iam/access-tokens/<tokenId>/adopt", answer=AccessTokenCreated)
def adopt(token_id: UUID) -> Any:
    """Take over a token; it gets a new secret."""
    return domain.adopt(token_id)
