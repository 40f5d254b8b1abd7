"""The life of an upload, from waiting to completed, cancelled or expired: every change of its status is a function here."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import tenancy
from fastpix.db import affected_rows, db, now, transaction
from fastpix.resources.media.uploads.models import EXPIRED, WAITING, Upload
from fastpix.storage import instance as storage


def end(upload_id: UUID, status: str, *, attempt: str | None = None, **columns: Any) -> bool:
    """It waits no more. False: somebody else ended it before, or sends the file anew since that `attempt`."""
    claim = sa.update(Upload).where(Upload.id == upload_id, Upload.status == WAITING).values(status=status, **columns)
    claim = claim if attempt is None else claim.where(Upload.attempt == attempt)
    return affected_rows(claim.execution_options(synchronize_session="auto")) == 1


def announce(upload_id: UUID, size: int) -> None:
    """A chunk says how large the whole file is; the first one that does counts."""
    first = sa.update(Upload).where(Upload.id == upload_id, Upload.size.is_(None)).values(size=size)
    with transaction():
        affected_rows(first)


def begin_anew(upload_id: UUID) -> str | None:
    """The file comes whole: forget what came so far. The new attempt; None where the upload waits no more."""
    attempt = secrets.token_hex(6)
    here = sa.select(Upload.attempt).where(Upload.id == upload_id, Upload.status == WAITING)
    claim = sa.update(Upload).where(Upload.id == upload_id, Upload.status == WAITING)
    with transaction():
        before = db.session.scalar(here.with_for_update())
        if before is None or not affected_rows(claim.values(attempt=attempt, size=None)):
            return None
    storage.get().discard(key_of(upload_id, before))
    return attempt


def expire() -> int:
    """Forget the bytes of uploads whose time is over. Returns how many. Housekeeping of the worker."""
    with tenancy.everywhere("housekeeping of all organizations' uploads"):
        over = list(
            db.session.scalars(
                sa.select(Upload.id).where(Upload.status == WAITING, Upload.expires_at <= now()).limit(500)
            )
        )
        ended = sa.update(Upload).where(Upload.id.in_(over), Upload.status == WAITING).values(status=EXPIRED)
        # Only what was still waiting: the last byte of another one may have come just now.
        returned = ended.returning(Upload.id, Upload.attempt).execution_options(synchronize_session=False)
        ended_keys = [key_of(upload_id, attempt) for upload_id, attempt in db.session.execute(returned)]
    for key in ended_keys:
        storage.get().discard(key)
    return len(ended_keys)


def key_of(upload_id: UUID, attempt: str = "") -> str:
    """Where the bytes that came so far lie."""
    return f"uploads/{upload_id}-{attempt}" if attempt else f"uploads/{upload_id}"


def received_key(upload_id: UUID) -> str:
    """Where the bytes of a finished upload lie; of a file that came by a form, too."""
    return key_of(upload_id, db.session.scalar(sa.select(Upload.attempt).where(Upload.id == upload_id)) or "")
