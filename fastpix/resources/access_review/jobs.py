"""The monthly mail to the admins of organizations that asked for it: once a month, whatever restarts meanwhile."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal, tenancy
from fastpix.db import affected_rows, db, now, reading, set_reading, transaction
from fastpix.resources.access_review import domain, queries
from fastpix.resources.members import notifications
from fastpix.resources.organizations.models import Organization

# What each count is called in the mail.
WORDS = {
    "admins": "admins",
    "unseen": "people not seen for 60 days",
    "tokens": "access tokens not used for 90 days",
    "keys": "signing keys never used",
    "invitations": "invites waiting",
    "denials": "denied attempts in 30 days",
}


def remind() -> int:
    """Mail the admins of every organization whose month has no mail yet. The worker calls it. How many organizations."""
    month = f"{now():%Y-%m}"
    with reading(), tenancy.everywhere("the worker reminds the admins of all organizations"):
        unreminded = sa.select(Organization.id).where(_has_no_mail(month))
        due = list(db.session.scalars(unreminded))
        db.session.rollback()
    set_reading(False)
    return sum(_remind(organization_id, month) for organization_id in due)


def _remind(organization_id: UUID, month: str) -> bool:
    with transaction(), principal.acting(principal.system("worker", organization_id)):
        mark = sa.update(Organization).where(_has_no_mail(month))
        if affected_rows(mark.values(access_review_mailed=month)) != 1:
            return False  # another worker was quicker
        notifications.to_admins(_text(), "access-review/")
    return True


def _has_no_mail(month: str) -> sa.ColumnElement[bool]:
    """Whether an organization wants the mail and has none of this month."""
    is_open = sa.or_(Organization.access_review_mailed.is_(None), Organization.access_review_mailed != month)
    return sa.and_(Organization.access_review_mail.is_(True), is_open)


def _text() -> str:
    counts = queries.totals(now())
    findings = "; ".join(f"{counts[name]} {words}" for name, words in WORDS.items())
    before = domain.last()
    reviewed = f"Last reviewed by {before['by']} on {before['at']:%d %B %Y}." if before else "It was never reviewed."
    return f"Time to review who has access to {{organization}}: {findings}. {reviewed}"
