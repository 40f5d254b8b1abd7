"""Webhooks over the HTTP API: those of the token's workspace."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.webhooks import deliveries, domain
from fastpix.resources.webhooks.schemas import (
    DeliveryOut,
    DeliveryRow,
    WebhookCreate,
    WebhookCreated,
    WebhookEdit,
    WebhookOut,
)
from fastpix.resources.workspaces import domain as workspaces
from fastpix.web.api import Api, Paging

api = Api("webhooks", __name__, "Webhooks")
ROOT = "/iam/webhooks"
ONE = f"{ROOT}/<webhookId>"
DELIVERY = f"{ONE}/deliveries/<deliveryId>"


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
        webhook_id, url=body.url, wanted=body.events, description=body.description, is_enabled=body.is_enabled
    )


@api.operation(domain.delete, "DELETE", ONE)
def delete(webhook_id: UUID) -> None:
    """Delete a webhook with its delivery log."""
    domain.delete(webhook_id)


@api.operation(domain.rotate, "POST", f"{ONE}/rotate", answer=WebhookCreated)
def rotate(webhook_id: UUID) -> Any:
    """Give a webhook another signing secret; the old one is used no more."""
    return domain.rotate(webhook_id)


@api.operation(deliveries.test, "POST", f"{ONE}/test", answer=DeliveryOut, status=201)
def test(webhook_id: UUID) -> Any:
    """Send an unsigned `{}` to a webhook; the delivery says what came of it."""
    return deliveries.test(webhook_id)


@api.operation(
    deliveries.listed, "GET", f"{ONE}/deliveries", query=Paging, answer=DeliveryRow, is_list=True
)  # fmt: skip
def log(webhook_id: UUID, query: Paging) -> Any:
    """List the deliveries of a webhook, newest first."""
    return deliveries.listed(webhook_id, query.offset, query.limit)


@api.operation(deliveries.get, "GET", DELIVERY, answer=DeliveryOut)
def delivery(webhook_id: UUID, delivery_id: UUID) -> Any:
    """Get one delivery with its body and every attempt."""
    return deliveries.get(webhook_id, delivery_id)


@api.operation(deliveries.redeliver, "POST", f"{DELIVERY}/redeliver", answer=DeliveryOut, status=201)
def redeliver(webhook_id: UUID, delivery_id: UUID) -> Any:
    """Send the event of a delivery once more, in a new delivery."""
    return deliveries.redeliver(webhook_id, delivery_id)
