"""The mails before a membership ends: 7 days and 1 day before, once each, whatever restarts meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal, tenancy
from fastpix.db import affected_rows, db, now, reading, set_reading, transaction
from fastpix.resources.members import notifications, queries
from fastpix.resources.members.models import IS_ACTIVE, Member
from fastpix.resources.members.until import domain
from fastpix.resources.members.until.rules import TOLD, day_in_words, days_to_tell

# In one round; the next one has the others.
MOST = 500


def remind() -> int:
    """Tell of every end that is near. The worker calls it. How many were told of."""
    at = now()
    with reading(), tenancy.everywhere("the worker tells of ends in all organizations"):
        near = sa.select(Member.organization_id, Member.id).where(_is_due(at)).order_by(Member.ends_at).limit(MOST)
        due = list(db.session.execute(near))
        db.session.rollback()
    set_reading(False)
    return sum(_tell(organization_id, member_id, at) for organization_id, member_id in due)


def _tell(organization_id: UUID, member_id: UUID, at: datetime) -> bool:
    with transaction(), principal.acting(principal.system("worker", organization_id)):
        ends_at = db.session.scalar(sa.select(Member.ends_at).where(Member.id == member_id, _is_due(at)))
        if ends_at is None:
            return False
        mark = sa.update(Member).where(Member.id == member_id, Member.ends_at == ends_at, _is_due(at))
        told = mark.values(end_told=days_to_tell(ends_at - at)).execution_options(synchronize_session=False)
        if affected_rows(told) != 1:
            return False  # another worker was quicker, or an admin extended it
        row = queries.one(member_id)
        day = day_in_words(row["ends_on"] or ends_at.date(), domain.time_zone())
        notifications.memberships_changed(
            {member_id},
            f"The access of {row['name']} ({row['email']}) to {{organization}} ends with {day}. Extend it on their page, if "
            "they are to stay.",
            to_member=f"Your access to {{organization}} ends with {day}. Nothing of yours there is lost then. Ask an admin to "
            "extend it, if you are to stay.",
        )
    return True


def _is_due(at: datetime) -> sa.ColumnElement[bool]:
    """Whether its end is nearer than was told."""
    near = [
        sa.and_(Member.ends_at <= at + timedelta(days=days), sa.or_(Member.end_told.is_(None), Member.end_told > days))
        for days in TOLD
    ]
    return sa.and_(Member.ends_at > at, IS_ACTIVE, sa.or_(*near))
