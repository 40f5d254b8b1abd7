"""What happened, written down for the endpoints that want to know it, in the transaction in which it happened."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from pydantic import BaseModel

from fastpix.access import principal
from fastpix.db import db, now
from fastpix.errors import Invalid
from fastpix.resources.webhooks.deliveries import lifecycle as deliveries
from fastpix.resources.webhooks.models import Webhook, WebhookEvent
from fastpix.resources.workspaces.models import Workspace

# What the test button sends is no event: `{}` without a signature, as FastPix probes an endpoint
# (docs/fastpix-contract.md, section 9).
TEST = "test"

_MEDIA = (
    "created", "updated", "ready", "failed", "deleted", "upload", "upload.cancelled", "track.created", "track.updated",
    "track.ready", "track.failed", "track.deleted", "subtitle.generated.ready", "mp4Support.ready", "source.ready", "source.deleted",
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
_ENABLED = sa.select(Webhook.id, Webhook.events).where(
    Webhook.workspace_id == sa.bindparam("workspace"), Webhook.is_enabled.is_(True)
)
_NAME = sa.select(Workspace.name).where(Workspace.id == sa.bindparam("workspace"))


def as_shown(permission: str, shape: type[BaseModel], row: Callable[[], object]) -> dict[str, Any]:
    """A thing as the API shows it to those who may only look: what else there is of it goes to nobody outside."""
    with principal.acting(replace(principal.current(), permissions=frozenset({permission}))):
        return shape.model_validate(row()).model_dump(by_alias=True, mode="json", exclude_none=True)


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
    endpoints = db.session.execute(_ENABLED, {"workspace": workspace_id}).all()
    webhook_ids = [webhook_id for webhook_id, types in endpoints if not types or type in types]
    if not webhook_ids:
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
    for webhook_id in webhook_ids:
        deliveries.send(webhook_id, event)


def checked(types: list[str]) -> list[str]:
    """These types of events, each once and in the order of `TYPES`. Raises `Invalid` for one that does not exist."""
    unknown = [type_ for type_ in types if type_ not in TYPES]
    if unknown:
        raise Invalid("events", f"There is no event {unknown[0][:80]}. docs/webhooks.md lists them all.")
    return [type_ for type_ in TYPES if type_ in types]
