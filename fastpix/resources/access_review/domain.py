"""The access review: what deserves a look (unused tokens and keys, people unseen, open invites, denials), and who looked."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from fastpix.access import principal, tenancy
from fastpix.access.action import action, describe
from fastpix.db import db, now
from fastpix.errors import Invalid
from fastpix.resources.access_review import queries
from fastpix.resources.access_review.models import LastReview, Review
from fastpix.resources.audit.models import AuditRow

LONGEST_NOTE = 500
# After how long a review is due again.
EVERY = timedelta(days=31)


@action("access_review.view")
def review() -> Review:
    """What to look at: of each section at most `queries.MOST` rows."""
    return {**queries.all_of(now()), "last": last(), "is_due": is_due(now())}


@action("access_review.complete")
def complete(note: str = "") -> LastReview:
    """Keep in the audit log that the actor looked everything through now. Raises `Invalid` for too long a note."""
    text = " ".join(note.split())
    if len(text) > LONGEST_NOTE:
        raise Invalid("note", f"Write at most {LONGEST_NOTE} characters.")
    totals = queries.totals(now())
    describe("organization", tenancy.organization_id(), "access review", after={"note": text, **totals})
    return {"by": principal.current().shown_name, "at": now(), "note": text}


def last() -> LastReview | None:
    """The newest review that the audit log tells of."""
    newest = (
        sa.select(AuditRow.actor_name, AuditRow.at, AuditRow.after)
        .where(
            AuditRow.chain == tenancy.organization_id(),
            AuditRow.action == "access_review.complete",
            AuditRow.result == "done",
        )
        .order_by(AuditRow.number.desc())
        .limit(1)
    )
    row = db.session.execute(newest).first()
    return {"by": row.actor_name, "at": row.at, "note": row.after.get("note", "")} if row else None


def is_due(at: datetime) -> bool:
    """Whether the last review is more than a month ago."""
    before = last()
    return before is None or before["at"] < at - EVERY
