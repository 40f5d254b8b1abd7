"""Uploads that wait for their file, by pages."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from fastpix.db import db
from fastpix.resources.access_tokens.queries import IS_WAITING
from fastpix.resources.media.uploads.models import Upload


def listed(workspace_id: UUID, offset: int, limit: int, *, is_ascending: bool) -> list[Upload]:
    """Those of a workspace, by page number (1-based)."""
    order = Upload.created_at.asc() if is_ascending else Upload.created_at.desc()
    here = sa.select(Upload).where(IS_WAITING, Upload.workspace_id == workspace_id)
    return list(db.session.scalars(here.order_by(order, Upload.id).offset((offset - 1) * limit).limit(limit)))
