"""Old events are forgotten, with their deliveries."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import affected_rows, now
from fastpix.resources.webhooks.models import WebhookEvent

KEPT = timedelta(days=30)


def prune() -> int:
    """Delete events older than 30 days with their deliveries. Returns how many. The worker calls it."""
    with tenancy.everywhere("housekeeping of all organizations' delivery logs"):
        return affected_rows(sa.delete(WebhookEvent).where(WebhookEvent.created_at < now() - KEPT))
