"""Bytes of uploads that go with something else: their rows are deleted by cascade, and then nothing names the bytes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import db
from fastpix.jobs import queue
from fastpix.resources.media.uploads.models import WAITING, Upload

JOB = "uploads.forget"


def forget(*where: sa.ColumnElement[bool]) -> None:
    """Forget what came so far for the waiting uploads of the organization of which `where` holds, if this commits.

    To be called before what they go with is deleted.
    """
    here: Any = sa.select(Upload.id, Upload.attempt).where(Upload.status == WAITING, *where)
    with tenancy.every_workspace("uploads go with their maker whatever workspace they were for"):
        uploads = [[str(upload_id), attempt] for upload_id, attempt in db.session.execute(here)]
    if uploads:
        queue.enqueue(JOB, {"uploads": uploads})
