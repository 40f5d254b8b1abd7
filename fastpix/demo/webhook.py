"""A webhook of the demo whose receiver cannot be reached, as the overview and its log show it.

Its rows are written as the worker would write them: the verb looks the receiver up, and there is none.
"""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from fastpix.crypto import seal
from fastpix.db import db, now
from fastpix.resources.media.models import READY, Media
from fastpix.resources.webhooks import domain as webhooks
from fastpix.resources.webhooks.deliveries.models import FAILED, WebhookAttempt, WebhookDelivery
from fastpix.resources.webhooks.models import Webhook, WebhookEvent

URL = "https://hooks.demo.example/films"
PROBLEM = "There is no server called hooks.demo.example. Check the address."
# As long after the event as the worker tries again.
TRIES = (0, 5, 60, 600)


def make(workspace_id: UUID, by: str) -> None:
    """In a workspace of the organization in scope: one failed delivery for each film."""
    here = {"workspace_id": workspace_id}
    films = db.session.execute(
        sa.select(Media.id, Media.title).where(Media.status == READY).order_by(Media.title)
    ).all()
    webhook = Webhook(
        url=URL, description="Tells the website of new films", events=[], is_enabled=True, created_by=by,
        sealed_secret=seal.seal(webhooks.new_secret()), failures=len(films), **here,
    )  # fmt: skip
    db.session.add(webhook)
    db.session.flush()
    for film in films:
        _failed(webhook.id, film.id, film.title, here)
    db.session.flush()


def _failed(webhook_id: UUID, media_id: UUID, title: str, here: dict[str, UUID]) -> None:
    begun = now() - timedelta(minutes=20)
    told = {"type": "video.media.ready", "object": {"type": "media", "id": str(media_id)}, "data": {"title": title}}
    event = WebhookEvent(type="video.media.ready", body=json.dumps(told), created_at=begun, **here)
    db.session.add(event)
    db.session.flush()
    delivery = WebhookDelivery(
        webhook_id=webhook_id, event_id=event.id, state=FAILED, attempts=len(TRIES), problem=PROBLEM,
        created_at=begun, finished_at=begun + timedelta(seconds=TRIES[-1]), **here,
    )  # fmt: skip
    db.session.add(delivery)
    db.session.flush()
    for number, seconds in enumerate(TRIES, 1):
        at = begun + timedelta(seconds=seconds)
        db.session.add(WebhookAttempt(delivery_id=delivery.id, number=number, status=None, milliseconds=4, problem=PROBLEM, at=at, **here))  # fmt: skip
