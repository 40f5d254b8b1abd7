"""Webhooks over the HTTP API: those of the token's workspace."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.webhooks import domain
from fastpix.resources.webhooks.schemas import WebhookCreate, WebhookCreated, WebhookEdit, WebhookOut
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.api import Api, Paging

api = Api("webhooks", __name__, "Webhooks")
ROOT = "/iam/webhooks"
ONE = f"{ROOT}/<webhookId>"


@api.operation(domain.create, "POST", ROOT, body=WebhookCreate, answer=WebhookCreated, status=201)
def create(body: WebhookCreate) -> Any:
    """Create a webhook in the token's workspace."""
    return domain.create(workspaces.of_token(), body.url, body.events, body.description, body.is_enabled)


@api.operation(domain.listed, "GET", ROOT, query=Paging, answer=WebhookOut, is_list=True)
def index(query: Paging) -> Any:
    """List the webhooks, newest first."""
    return domain.listed(query.offset, query.limit)


@api.operation(domain.get, "GET", ONE, answer=WebhookOut)
def get(webhook_id: UUID) -> Any:
    """Get one webhook."""
    return domain.get(webhook_id)


@api.operation(domain.edit, "PATCH", ONE, body=WebhookEdit, answer=WebhookOut)
def edit(webhook_id: UUID, body: WebhookEdit) -> Any:
    """Change a webhook's address, events or description, or switch it on or off."""
    return domain.edit(
        webhook_id, url=body.url, event_types=body.events, description=body.description, is_enabled=body.is_enabled
    )


@api.operation(domain.delete, "DELETE", ONE)
def delete(webhook_id: UUID) -> None:
    """Delete a webhook with its delivery log."""
    domain.delete(webhook_id)


@api.operation(domain.rotate, "POST", f"{ONE}/rotate", answer=WebhookCreated)
def rotate(webhook_id: UUID) -> Any:
    """Give a webhook another signing secret; the old one is used no more."""
    return domain.rotate(webhook_id)
