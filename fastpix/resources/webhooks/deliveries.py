"""The delivery log of an endpoint: look at it, send a test, send an event once more."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access.action import action, describe
from fastpix.db import db
from fastpix.errors import Missing
from fastpix.resources.webhooks import domain, events, targets
from fastpix.resources.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery, WebhookEvent

_COLUMNS = (
    WebhookDelivery.id,
    WebhookDelivery.webhook_id,
    WebhookDelivery.event_id,
    WebhookDelivery.state,
    WebhookDelivery.attempts,
    WebhookDelivery.problem,
    WebhookDelivery.next_at,
    WebhookDelivery.created_at,
    WebhookDelivery.finished_at,
    WebhookEvent.type,
)
_ROWS = sa.select(*_COLUMNS).join(WebhookEvent, WebhookEvent.id == WebhookDelivery.event_id)


@action("webhooks.view")
def listed(webhook_id: UUID, offset: int = 1, limit: int = 25) -> tuple[list[dict[str, Any]], int]:
    """The deliveries of an endpoint by page number (1-based), newest first, with the total. Raises `Missing`."""
    domain.load(webhook_id)
    mine = WebhookDelivery.webhook_id == webhook_id
    rows = _ROWS.where(mine).order_by(WebhookDelivery.created_at.desc(), WebhookDelivery.id.desc())
    found = db.session.execute(rows.offset((offset - 1) * limit).limit(limit))
    total = db.session.scalar(sa.select(sa.func.count(WebhookDelivery.id)).where(mine)) or 0
    return [dict(row._mapping) for row in found], total


@action("webhooks.view")
def get(webhook_id: UUID, delivery_id: UUID) -> dict[str, Any]:
    """One delivery with the body that is sent and every attempt. Raises `Missing`."""
    domain.load(webhook_id)
    mine = _ROWS.add_columns(WebhookEvent.body).where(
        WebhookDelivery.id == delivery_id, WebhookDelivery.webhook_id == webhook_id
    )
    row = db.session.execute(mine).one_or_none()
    if row is None:
        raise Missing("There is no such delivery of this webhook.")
    tries = sa.select(WebhookAttempt).where(WebhookAttempt.delivery_id == delivery_id).order_by(WebhookAttempt.number)
    names = ("number", "at", "status", "milliseconds", "answer", "problem")
    log = [{name: getattr(each, name) for name in names} for each in db.session.scalars(tries)]
    return dict(row._mapping) | {"log": log}


@action("webhooks.edit")
def test(webhook_id: UUID) -> dict[str, Any]:
    """Send `{}` without a signature, once, as FastPix probes an endpoint; also to one that is off.

    Raises `Missing`, `Refused` for an address that is not public (any more).
    """
    webhook = domain.load(webhook_id)
    targets.refuse_private(webhook.url)
    event = WebhookEvent(workspace_id=webhook.workspace_id, type=events.TEST, body="{}")
    db.session.add(event)
    db.session.flush()
    return _asked(webhook, event)


@action("webhooks.edit")
def redeliver(webhook_id: UUID, delivery_id: UUID) -> dict[str, Any]:
    """Send the event of a delivery once more, with the same id, in a delivery of its own. Raises `Missing`, `Refused`."""
    webhook = domain.load(webhook_id)
    of = sa.select(WebhookEvent).join(WebhookDelivery, WebhookDelivery.event_id == WebhookEvent.id)
    event = db.session.scalar(of.where(WebhookDelivery.id == delivery_id, WebhookDelivery.webhook_id == webhook_id))
    if event is None:
        raise Missing("There is no such delivery of this webhook.")
    targets.refuse_private(webhook.url)
    return _asked(webhook, event)


def _asked(webhook: Webhook, event: WebhookEvent) -> dict[str, Any]:
    delivery = events.send(webhook.id, event, is_asked=True)
    told = {"event": event.type, "delivery": str(delivery.id)}
    describe("webhook", webhook.id, domain.host_of(webhook), after=told, workspace_id=webhook.workspace_id)
    return get(webhook.id, delivery.id)
