"""Webhooks: create, edit, rotate the secret, delete. The secret leaves when it is made, and never again."""

from __future__ import annotations

import base64
import secrets
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal
from fastpix.access.action import action, describe
from fastpix.access.principal import current
from fastpix.crypto import seal
from fastpix.db import db, now
from fastpix.errors import Missing, Refused
from fastpix.resources.webhooks import events, lifecycle, rules
from fastpix.resources.webhooks.models import Webhook, WebhookRow, WebhookWithSecret
from fastpix.resources.workspaces import domain as workspaces
from fastpix.resources.workspaces.models import Workspace

MOST = 20
SECRET_BYTES = 32
_ROWS = sa.select(
    Webhook.id, Webhook.workspace_id, Webhook.url, Webhook.description, Webhook.events, Webhook.is_enabled,
    Webhook.off_reason, Webhook.failures, Webhook.created_by, Webhook.created_at, Webhook.rotated_at,
    Workspace.name.label("workspace_name"),
).join(Workspace, Workspace.id == Webhook.workspace_id)  # fmt: skip
_NEWEST = _ROWS.order_by(Webhook.created_at.desc(), Webhook.id.desc())
_COUNT = sa.select(sa.func.count(Webhook.id))


@action("webhooks.view")
def listed(offset: int = 1, limit: int = 50, workspace_id: UUID | None = None) -> tuple[list[WebhookRow], int]:
    """The endpoints by page number (1-based), newest first, with the total; all workspaces unless one is named."""
    here = Webhook.workspace_id == workspace_id if workspace_id is not None else sa.true()
    rows = db.session.execute(_NEWEST.where(here).offset((offset - 1) * limit).limit(limit))
    return [_as_row(row) for row in rows], db.session.scalar(_COUNT.where(here)) or 0


@action("webhooks.view")
def failing(most: int) -> list[WebhookRow]:
    """At most `most` endpoints whose last delivery failed, or that were switched off for it, the worst first."""
    bad = sa.or_(Webhook.failures > 0, Webhook.off_reason != "")
    return [_as_row(row) for row in db.session.execute(_ROWS.where(bad).order_by(Webhook.failures.desc()).limit(most))]


@action("webhooks.view")
def get(webhook_id: UUID) -> WebhookRow:
    """One endpoint, without its secret. Raises `Missing`."""
    row = db.session.execute(_ROWS.where(Webhook.id == webhook_id)).one_or_none()
    if row is None:
        raise Missing("There is no such webhook here.")
    return _as_row(row)


@action("webhooks.create")
def create(
    workspace_id: UUID, url: str, event_types: list[str], description: str = "", is_enabled: bool = True
) -> WebhookWithSecret:
    """A new endpoint with its `secret`, Base64 of 32 bytes. No `event_types` means all.

    Raises `Invalid`; `Refused` beyond 20 in a workspace.
    """
    workspaces.check(workspace_id)
    if (db.session.scalar(_COUNT.where(Webhook.workspace_id == workspace_id)) or 0) >= MOST:
        raise Refused(f"A workspace has at most {MOST} webhooks. Delete one first.")
    secret = new_secret()
    webhook = Webhook(
        workspace_id=workspace_id,
        url=rules.checked_url(url),
        description=rules.checked_description(description),
        events=events.checked(event_types),
        is_enabled=is_enabled,
        sealed_secret=seal.seal(secret),
        created_by=current().name,
    )
    db.session.add(webhook)
    db.session.flush()
    _describe(webhook, after=_facts(webhook))
    return {**get(webhook.id), "secret": secret}


@action("webhooks.edit")
def edit(
    webhook_id: UUID,
    *,
    url: str | None = None,
    event_types: list[str] | None = None,
    description: str | None = None,
    is_enabled: bool | None = None,
) -> WebhookRow:
    """Change an endpoint; what is None stays. Switched on again, its failures are forgotten.

    Raises `Missing`, `Invalid`.
    """
    webhook = load(webhook_id)
    before = _facts(webhook)
    if url is not None and url.strip() != webhook.url:
        webhook.url, webhook.failures = rules.checked_url(url), 0
    if event_types is not None:
        webhook.events = events.checked(event_types)
    if description is not None:
        webhook.description = rules.checked_description(description)
    if is_enabled is not None:
        lifecycle.switch(webhook, is_enabled)
    db.session.flush()
    _describe(webhook, before=before, after=_facts(webhook))
    return get(webhook_id)


@action("webhooks.edit")
def rotate(webhook_id: UUID) -> WebhookWithSecret:
    """Another `secret`: from now on everything is signed with it, retries too. Raises `Missing`."""
    webhook = load(webhook_id)
    secret = new_secret()
    principal.demand_fresh()
    webhook.sealed_secret, webhook.rotated_at = seal.seal(secret), now()
    db.session.flush()
    _describe(webhook, after={"secret": "rotated"})
    return {**get(webhook_id), "secret": secret}


@action("webhooks.delete")
def delete(webhook_id: UUID) -> None:
    """Delete an endpoint with its log; what is on its way to it is not sent. Raises `Missing`."""
    webhook = load(webhook_id)
    _describe(webhook, before=_facts(webhook))
    db.session.delete(webhook)
    db.session.flush()


def load(webhook_id: UUID) -> Webhook:
    """The row of an endpoint. Raises `Missing`."""
    webhook = db.session.scalar(sa.select(Webhook).where(Webhook.id == webhook_id))
    if webhook is None:
        raise Missing("There is no such webhook here.")
    return webhook


def new_secret() -> str:
    """What bodies are signed with: random bytes, in base64, as receivers decode it."""
    return base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _facts(webhook: Webhook) -> dict[str, Any]:
    return {"host": rules.host_of(webhook.url), "events": webhook.events or "all", "enabled": webhook.is_enabled}


def _as_row(row: sa.Row[*tuple[Any, ...]]) -> WebhookRow:
    return WebhookRow(
        id=row.id, workspace_id=row.workspace_id, workspace_name=row.workspace_name, url=row.url,
        description=row.description, events=row.events, is_enabled=row.is_enabled, off_reason=row.off_reason,
        failures=row.failures, created_by=row.created_by, created_at=row.created_at, rotated_at=row.rotated_at,
    )  # fmt: skip


def _describe(webhook: Webhook, **changes: Any) -> None:
    describe("webhook", webhook.id, rules.host_of(webhook.url), workspace_id=webhook.workspace_id, **changes)
