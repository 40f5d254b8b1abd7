"""What becomes of a delivery: waiting, then delivered or failed. Every change of its state is made here."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from fastpix.db import db, now
from fastpix.jobs import queue
from fastpix.resources.webhooks.deliveries.models import DELIVERED, FAILED, WebhookDelivery
from fastpix.resources.webhooks.models import WebhookEvent

JOB = "webhooks.deliver"
# After the first, second, ... attempt that failed: 1 minute, and four times as long each time.
PAUSES = tuple(timedelta(minutes=4**power) for power in range(5))


def send(webhook_id: UUID, event: WebhookEvent, *, is_asked: bool = False) -> WebhookDelivery:
    """A delivery of an event and the job that does it, in the caller's transaction."""
    delivery = WebhookDelivery(
        workspace_id=event.workspace_id, webhook_id=webhook_id, event_id=event.id, is_asked=is_asked, next_at=now()
    )
    db.session.add(delivery)
    db.session.flush()
    _enqueue(delivery)
    return delivery


def retry(delivery: WebhookDelivery) -> bool:
    """Plan the next attempt; False where there were as many as there may be."""
    if delivery.attempts > len(PAUSES):
        return False
    delivery.next_at = now() + PAUSES[delivery.attempts - 1]
    _enqueue(delivery)
    return True


def finish(delivery: WebhookDelivery, *, is_delivered: bool) -> None:
    """Nothing more is sent."""
    delivery.state = DELIVERED if is_delivered else FAILED
    delivery.next_at, delivery.finished_at = None, now()


def _enqueue(delivery: WebhookDelivery) -> None:
    """The job of the delivery's next attempt. It knows its number: run twice, it delivers once."""
    args = {"delivery_id": str(delivery.id), "attempt": delivery.attempts + 1}
    queue.enqueue(JOB, args, organization_id=delivery.organization_id, run_at=delivery.next_at)
