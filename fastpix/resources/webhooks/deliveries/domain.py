"""The delivery log of an endpoint: look at it, send a test, send an event once more."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access.action import action, describe
from fastpix.db import db
from fastpix.errors import Missing
from fastpix.resources.webhooks import domain, events, rules
from fastpix.resources.webhooks.deliveries import lifecycle
from fastpix.resources.webhooks.deliveries.models import (
    AttemptRow,
    DeliveryRow,
    DeliveryWithAttempts,
    WebhookAttempt,
    WebhookDelivery,
)
from fastpix.resources.webhooks.models import Webhook, WebhookEvent

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
def listed(webhook_id: UUID, offset: int = 1, limit: int = 25) -> tuple[list[DeliveryRow], int]:
    """The deliveries of an endpoint by page number (1-based), newest first, with the total. Raises `Missing`."""
    domain.load(webhook_id)
    of_webhook = WebhookDelivery.webhook_id == webhook_id
    newest = _ROWS.where(of_webhook).order_by(WebhookDelivery.created_at.desc(), WebhookDelivery.id.desc())
    rows = db.session.execute(newest.offset((offset - 1) * limit).limit(limit))
    total = db.session.scalar(sa.select(sa.func.count(WebhookDelivery.id)).where(of_webhook)) or 0
    return [_as_row(row) for row in rows], total


@action("webhooks.view")
def get(webhook_id: UUID, delivery_id: UUID) -> DeliveryWithAttempts:
    """One delivery with the body that is sent and every attempt. Raises `Missing`."""
    domain.load(webhook_id)
    statement = _ROWS.add_columns(WebhookEvent.body).where(
        WebhookDelivery.id == delivery_id, WebhookDelivery.webhook_id == webhook_id
    )
    row = db.session.execute(statement).one_or_none()
    if row is None:
        raise Missing("There is no such delivery of this webhook.")
    return {**_as_row(row), "body": row.body, "log": _attempts(delivery_id)}


@action("webhooks.edit")
def test(webhook_id: UUID) -> DeliveryWithAttempts:
    """Send `{}` without a signature, once, as FastPix probes an endpoint; also to one that is off.

    Raises `Missing`, `Refused` for an address that is not public (any more).
    """
    webhook = domain.load(webhook_id)
    rules.refuse_private(webhook.url)
    event = WebhookEvent(workspace_id=webhook.workspace_id, type=events.TEST, body="{}")
    db.session.add(event)
    db.session.flush()
    return _send(webhook, event)


@action("webhooks.edit")
def redeliver(webhook_id: UUID, delivery_id: UUID) -> DeliveryWithAttempts:
    """Send the event of a delivery once more, with the same id, in a delivery of its own. Raises `Missing`, `Refused`."""
    webhook = domain.load(webhook_id)
    statement = sa.select(WebhookEvent).join(WebhookDelivery, WebhookDelivery.event_id == WebhookEvent.id)
    statement = statement.where(WebhookDelivery.id == delivery_id, WebhookDelivery.webhook_id == webhook_id)
    event = db.session.scalar(statement)
    if event is None:
        raise Missing("There is no such delivery of this webhook.")
    rules.refuse_private(webhook.url)
    return _send(webhook, event)


def _send(webhook: Webhook, event: WebhookEvent) -> DeliveryWithAttempts:
    delivery = lifecycle.send(webhook.id, event, is_asked=True)
    after = {"event": event.type, "delivery": str(delivery.id)}
    describe("webhook", webhook.id, rules.host_of(webhook.url), after=after, workspace_id=webhook.workspace_id)
    return get(webhook.id, delivery.id)


def _attempts(delivery_id: UUID) -> list[AttemptRow]:
    of_delivery = WebhookAttempt.delivery_id == delivery_id
    attempts = db.session.scalars(sa.select(WebhookAttempt).where(of_delivery).order_by(WebhookAttempt.number))
    return [
        AttemptRow(
            number=attempt.number, at=attempt.at, status=attempt.status, milliseconds=attempt.milliseconds,
            answer=attempt.answer, problem=attempt.problem,
        )
        for attempt in attempts
    ]  # fmt: skip


def _as_row(row: sa.Row[*tuple[Any, ...]]) -> DeliveryRow:
    return DeliveryRow(
        id=row.id, webhook_id=row.webhook_id, event_id=row.event_id, type=row.type, state=row.state,
        attempts=row.attempts, problem=row.problem, next_at=row.next_at, created_at=row.created_at,
        finished_at=row.finished_at,
    )  # fmt: skip
