"""What happened, written down for the endpoints that want to know it, in the transaction in which it happened."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast
from uuid import UUID, uuid4

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import db, now
from fastpix.jobs import queue
from fastpix.resources.webhooks.models import Webhook, WebhookDelivery, WebhookEvent
from fastpix.resources.workspaces.models import Workspace

JOB = "webhooks.deliver"
KEPT = timedelta(days=30)
# What the test button sends is no event: `{}` without a signature, as FastPix probes an endpoint (contract section 9).
TEST = "test"

_MEDIA = (
    "created", "updated", "ready", "failed", "deleted", "upload", "upload.cancelled", "track.created", "track.updated",
    "track.ready", "track.failed", "track.deleted", "mp4Support.ready", "source.ready", "source.deleted",
)  # fmt: skip
_LIVE = (
    "created", "connected", "preparing", "recording", "active", "disconnected", "idle", "updated", "deleted",
    "simulcast_target.created", "simulcast_target.updated", "simulcast_target.deleted",
)  # fmt: skip
TYPES: tuple[str, ...] = (
    *(f"video.media.{name}" for name in _MEDIA),
    "video.upload.media_created",
    *(f"video.live_stream.{name}" for name in _LIVE),
)
_WANTING = sa.select(Webhook.id, Webhook.events).where(
    Webhook.workspace_id == sa.bindparam("workspace"), Webhook.is_enabled.is_(True)
)
_NAME = sa.select(Workspace.name).where(Workspace.id == sa.bindparam("workspace"))


def emit(
    type: str,
    object_kind: str,
    object_id: object,
    status: str,
    data: Callable[[], dict[str, Any]],
    workspace_id: UUID,
) -> None:
    """Tell the workspace's endpoints of an event, in the caller's transaction: it is sent exactly if that is saved.

    `data` makes the object as the API shows it to those who may only look; it is asked for if anybody wants to know.
    """
    if type not in TYPES:
        raise KeyError(f"{type} is not in TYPES (fastpix/resources/webhooks/events.py)")
    wanting = db.session.execute(_WANTING, {"workspace": workspace_id}).all()
    endpoints = [row.id for row in wanting if not row.events or type in row.events]
    if not endpoints:
        return
    event = WebhookEvent(id=uuid4(), workspace_id=workspace_id, type=type, created_at=now())
    body = {
        "type": type,
        "id": str(event.id),
        "object": {"type": object_kind, "id": str(object_id)},
        "workspace": {"id": str(workspace_id), "name": db.session.scalar(_NAME, {"workspace": workspace_id}) or ""},
        "status": status,
        "data": data(),
        "createdAt": f"{event.created_at:%Y-%m-%dT%H:%M:%S.%f}Z",
    }
    event.body = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    db.session.add(event)
    db.session.flush()
    for webhook_id in endpoints:
        send(webhook_id, event)


def send(webhook_id: UUID, event: WebhookEvent, *, is_asked: bool = False) -> WebhookDelivery:
    """A delivery of an event and the job that does it, in the caller's transaction."""
    delivery = WebhookDelivery(
        workspace_id=event.workspace_id, webhook_id=webhook_id, event_id=event.id, is_asked=is_asked, next_at=now()
    )
    db.session.add(delivery)
    db.session.flush()
    plan(delivery)
    return delivery


def plan(delivery: WebhookDelivery) -> None:
    """The job of the delivery's next attempt. It knows its number: run twice, it delivers once."""
    args = {"delivery_id": str(delivery.id), "attempt": delivery.attempts + 1}
    queue.enqueue(JOB, args, organization_id=delivery.organization_id, run_at=delivery.next_at)


def prune() -> int:
    """Delete events older than 30 days with their deliveries. Returns how many. The worker calls it."""
    with tenancy.everywhere("housekeeping of all organizations' delivery logs"):
        old = sa.delete(WebhookEvent).where(WebhookEvent.created_at < now() - KEPT)
        return int(cast(Any, db.session.execute(old.execution_options(synchronize_session=False))).rowcount)
