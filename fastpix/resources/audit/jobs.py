"""Removes rows of the audit log whose time is over, so that what is left of the chain can still be verified."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal, tenancy
from fastpix.access.action import Entry
from fastpix.db import db, now, reading, set_reading, transaction
from fastpix.resources.audit import domain
from fastpix.resources.audit.chain import recording
from fastpix.resources.audit.models import AuditRow
from fastpix.resources.organizations.models import Organization
from fastpix.text import counting

# Rows removed by one transaction: on SQLite nobody else writes meanwhile.
BATCH = 2000


def expire() -> None:
    """Remove what organizations no longer want kept. The worker calls it."""
    with reading(), tenancy.everywhere("the worker looks after the audit logs of all organizations"):
        limited = sa.select(Organization.id, Organization.audit_days).where(Organization.audit_days > 0)
        organizations = list(db.session.execute(limited))
        db.session.rollback()
    set_reading(False)
    for organization_id, days in organizations:
        while _remove(organization_id, now() - timedelta(days=days)):
            pass  # the next batch


def _remove(organization_id: UUID, limit: datetime) -> bool:
    """Remove some of the oldest rows of one chain, and record it; whether there may be more of them."""
    with transaction(), principal.acting(principal.system("worker", organization_id)):
        head = recording.lock(db.session(), organization_id)
        last = _last_before(organization_id, head["start_number"], limit)
        if last is None:
            return False
        number, row_hash, at = last
        count = number - head["start_number"]
        old = sa.delete(AuditRow).where(AuditRow.chain == organization_id, AuditRow.number <= number)
        db.session.execute(old.execution_options(synchronize_session=False))
        recording.move(db.session(), {**head, "start_number": number, "start_hash": row_hash})
        after = {"rows": count, "up_to_number": number, "up_to": at.isoformat()}
        entry = Entry("audit.expire", "audit_log", organization_id=organization_id, after=after)
        entry.target_id, entry.target_name = str(organization_id), counting.counted(count, "row")
        domain.record(entry)
    return count == BATCH


def _last_before(of: UUID, start: int, limit: datetime) -> sa.Row[int, str, datetime] | None:
    """The last row of a batch that begins after `start` and is older than `limit`; times rise with the numbers."""
    batch = (
        sa.select(AuditRow.number, AuditRow.hash, AuditRow.at)
        .where(AuditRow.chain == of, AuditRow.number > start, AuditRow.number <= start + BATCH, AuditRow.at < limit)
        .order_by(AuditRow.number.desc())
    )
    return db.session.execute(batch.limit(1)).first()
