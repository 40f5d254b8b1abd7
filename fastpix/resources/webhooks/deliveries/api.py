"""Deliveries over the HTTP API: a webhook's log, its test, and an event once more."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastpix.resources.webhooks.deliveries import domain
from fastpix.resources.webhooks.deliveries.schemas import DeliveryOut, DeliveryRow
from fastpix.web.api import Api, Paging

api = Api("webhook_deliveries", __name__, "Webhooks")
WEBHOOK = "/iam/webhooks/<webhookId>"
DELIVERY = f"{WEBHOOK}/deliveries/<deliveryId>"


@api.operation(domain.test, "POST", f"{WEBHOOK}/test", answer=DeliveryOut, status=201)
def test(webhook_id: UUID) -> Any:
    """Send an unsigned `{}` to a webhook; the delivery says what came of it."""
    return domain.test(webhook_id)


@api.operation(domain.listed, "GET", f"{WEBHOOK}/deliveries", query=Paging, answer=DeliveryRow, is_list=True)
def log(webhook_id: UUID, query: Paging) -> Any:
    """List the deliveries of a webhook, newest first."""
    return domain.listed(webhook_id, query.offset, query.limit)


@api.operation(domain.get, "GET", DELIVERY, answer=DeliveryOut)
def delivery(webhook_id: UUID, delivery_id: UUID) -> Any:
    """Get one delivery with its body and every attempt."""
    return domain.get(webhook_id, delivery_id)


@api.operation(domain.redeliver, "POST", f"{DELIVERY}/redeliver", answer=DeliveryOut, status=201)
def redeliver(webhook_id: UUID, delivery_id: UUID) -> Any:
    """Send the event of a delivery once more, in a new delivery."""
    return domain.redeliver(webhook_id, delivery_id)
