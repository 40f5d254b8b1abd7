"""Webhooks: create, edit, rotate the secret, delete. The secret leaves when it is made, and never again."""

from __future__ import annotations

import base64
import secrets
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa

from fastpix import names, seal
from fastpix.access import principal
from fastpix.access.action import action, describe
from fastpix.access.principal import current
from fastpix.db import db, now
from fastpix.errors import Invalid, Missing, Refused
from fastpix.resources.webhooks import events, targets
from fastpix.resources.webhooks.models import Webhook
from fastpix.resources.workspaces import domain as workspaces
from fastpix.resources.workspaces.models import Workspace

MOST = 20
SECRET_BYTES = 32
_SHOWN = (
    "id", "workspace_id", "url", "description", "events", "is_enabled", "off_reason", "failures", "created_by",
    "created_at", "rotated_at",
)  # fmt: skip
_ROWS = sa.select(
    *(getattr(Webhook, name) for name in _SHOWN), Workspace.name.label("workspace_name")
).join(Workspace, Workspace.id == Webhook.workspace_id)  # fmt: skip
_NEWEST = _ROWS.order_by(Webhook.created_at.desc(), Webhook.id.desc())
_COUNT = sa.select(sa.func.count(Webhook.id))


@action("webhooks.view")
def listed(offset: int = 1, limit: int = 50, workspace_id: UUID | None = None) -> tuple[list[dict[str, Any]], int]:
    """The endpoints by page number (1-based), newest first, with the total; all workspaces unless one is named."""
    here = Webhook.workspace_id == workspace_id if workspace_id is not None else sa.true()
    found = db.session.execute(_NEWEST.where(here).offset((offset - 1) * limit).limit(limit))
    return [dict(row._mapping) for row in found], db.session.scalar(_COUNT.where(here)) or 0


@action("webhooks.view")
def get(webhook_id: UUID) -> dict[str, Any]:
    """One endpoint, without its secret. Raises `Missing`."""
    row = db.session.execute(_ROWS.where(Webhook.id == webhook_id)).one_or_none()
    if row is None:
        raise Missing("There is no such webhook here.")
    return dict(row._mapping)


@action("webhooks.create")
def create(
    workspace_id: UUID, url: str, wanted: list[str], description: str = "", is_enabled: bool = True
) -> dict[str, Any]:
    """A new endpoint with its `secret`, Base64 of 32 bytes. `wanted` empty means all events.

    Raises `Invalid`; `Refused` beyond 20 in a workspace.
    """
    workspaces.check(workspace_id)
    if (db.session.scalar(_COUNT.where(Webhook.workspace_id == workspace_id)) or 0) >= MOST:
        raise Refused(f"A workspace has at most {MOST} webhooks. Delete one first.")
    secret = _new_secret()
    webhook = Webhook(
        workspace_id=workspace_id,
        url=targets.checked(url),
        description=_checked_description(description),
        events=_checked_events(wanted),
        is_enabled=is_enabled,
        sealed_secret=seal.seal(secret),
        created_by=current().name,
    )
    db.session.add(webhook)
    db.session.flush()
    _tell(webhook, after=_facts(webhook))
    return get(webhook.id) | {"secret": secret}


@action("webhooks.edit")
def edit(
    webhook_id: UUID,
    *,
    url: str | None = None,
    wanted: list[str] | None = None,
    description: str | None = None,
    is_enabled: bool | None = None,
) -> dict[str, Any]:
    """Change an endpoint; what is None stays. Switched on again, its failures are forgotten.

    Raises `Missing`, `Invalid`.
    """
    webhook = load(webhook_id)
    before = _facts(webhook)
    if url is not None and url.strip() != webhook.url:
        webhook.url, webhook.failures = targets.checked(url), 0
    if wanted is not None:
        webhook.events = _checked_events(wanted)
    if description is not None:
        webhook.description = _checked_description(description)
    if is_enabled is not None:
        if is_enabled and not webhook.is_enabled:
            webhook.failures = 0
        webhook.is_enabled, webhook.off_reason = is_enabled, "" if is_enabled else webhook.off_reason
    db.session.flush()
    _tell(webhook, before=before, after=_facts(webhook))
    return get(webhook_id)


@action("webhooks.edit")
def rotate(webhook_id: UUID) -> dict[str, Any]:
    """Another `secret`: from now on everything is signed with it, retries too. Raises `Missing`."""
    webhook = load(webhook_id)
    secret = _new_secret()
    principal.demand_fresh()
    webhook.sealed_secret, webhook.rotated_at = seal.seal(secret), now()
    db.session.flush()
    _tell(webhook, after={"secret": "rotated"})
    return get(webhook_id) | {"secret": secret}


@action("webhooks.delete")
def delete(webhook_id: UUID) -> None:
    """Delete an endpoint with its log; what is on its way to it is not sent. Raises `Missing`."""
    webhook = load(webhook_id)
    _tell(webhook, before=_facts(webhook))
    db.session.delete(webhook)
    db.session.flush()


def load(webhook_id: UUID) -> Webhook:
    """The row of an endpoint. Raises `Missing`."""
    webhook = db.session.scalar(sa.select(Webhook).where(Webhook.id == webhook_id))
    if webhook is None:
        raise Missing("There is no such webhook here.")
    return webhook


def host_of(webhook: Webhook) -> str:
    """What may be said of an address outside of the webhook's pages: the rest of it may be a secret."""
    return str(urlsplit(webhook.url).hostname)


def _new_secret() -> str:
    return base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _checked_events(wanted: list[str]) -> list[str]:
    unknown = [name for name in wanted if name not in events.TYPES]
    if unknown:
        raise Invalid("events", f"There is no event {unknown[0][:80]}. docs/webhooks.md lists them all.")
    return [name for name in events.TYPES if name in wanted]


def _checked_description(text: str) -> str:
    text = names.visible(text.strip(), "description")
    if len(text) > 200 or not text.isprintable():
        raise Invalid("description", "Use one line of at most 200 characters.")
    return text


def _facts(webhook: Webhook) -> dict[str, Any]:
    return {"host": host_of(webhook), "events": webhook.events or "all", "enabled": webhook.is_enabled}


def _tell(webhook: Webhook, **changes: Any) -> None:
    describe("webhook", webhook.id, host_of(webhook), workspace_id=webhook.workspace_id, **changes)
