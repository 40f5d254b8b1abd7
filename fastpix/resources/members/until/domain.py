"""Until: a membership ends with a day of the organization, and is kept then as one that is suspended.

The day is what was chosen; the moment at which it is over follows from it and the organization's time zone, with which it
moves.

No job ends it: from that moment on it gives no right wherever rights are read (`members.models.IS_ACTIVE`). Since the clock
asks nobody, an organization keeps an admin whose membership does not end (`members.invariant`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal
from fastpix.access.action import action, describe_each
from fastpix.db import affected_rows, db, now
from fastpix.errors import Invalid, Refused
from fastpix.resources.members import domain as members
from fastpix.resources.members import notifications
from fastpix.resources.members.bulk import domain as bulk
from fastpix.resources.members.bulk.models import Outcome
from fastpix.resources.members.invariant import membership_change
from fastpix.resources.members.models import Member, MemberRow
from fastpix.resources.members.until.rules import day_in_words, days_to_tell
from fastpix.resources.organizations.models import Organization
from fastpix.resources.people import domain as people
from fastpix.text import zones

YOURSELF = "You cannot set the end of your own access. Another admin can."
NO_ADMIN_STAYS = (
    "Then no admin would be left once that day is over, and an organization always keeps one. Leave one admin without an "
    "end, or make somebody else an admin first."
)
# Later is a slip of the hand, or "for ever", which is no end.
MOST_AHEAD = timedelta(days=36525)
_ZONE = sa.select(Organization.time_zone)


@action("members.edit", is_alone=True)
def end_on(member_ids: Iterable[UUID], day: date | None) -> list[Outcome]:
    """Let the access of some members end with that day, or go on (None), with a result for each; oneself is skipped.

    Raises `Invalid` for a day that is over, or more than 100 years ahead, or too many members; `Refused` where nobody would
    be changed, or no admin would stay: then nobody is.
    """
    zone = time_zone()
    ends_at = None if day is None else _checked(day, zone)
    ids, before = bulk.looked_up(member_ids)
    changing = [row for row in before if not row["is_me"] and (row["ends_on"], row["ends_at"]) != (day, ends_at)]
    if not changing:
        raise Refused(YOURSELF if any(row["is_me"] for row in before) else bulk.HAS_IT)
    with membership_change(refusal=NO_ADMIN_STAYS):
        if any(row["role"] == "admin" for row in changing):
            principal.demand_fresh()
        _set(changing, day, ends_at)
    _tell(changing, day, zone)
    describe_each(members.change(row, dict(members.end_facts(day, ends_at))) for row in changing)
    return bulk.outcomes(ids, before, changing, reason=bulk.HAS_IT, own_reason=YOURSELF)


@action("members.edit", changes=False)
def form_facts() -> tuple[str, date, date]:
    """The organization's time zone, which day it is there, and the last day that may be chosen, for the form."""
    zone = time_zone()
    today = zones.day_of(now(), zone)
    return zone, today, today + MOST_AHEAD


def move_to(zone: str) -> int:
    """Let every day of an end that is to come be over when it is in another zone, that of the organization from now on.

    How many ends that were. What is over stays over. Not a verb: `organizations.domain` calls it.
    """
    is_open = sa.and_(Member.ends_on.is_not(None), Member.ends_at > now())
    moved = 0
    for day in db.session.scalars(sa.select(Member.ends_on).where(is_open).distinct()).all():
        if day is not None:
            move = sa.update(Member).where(is_open, Member.ends_on == day).values(ends_at=zones.end_of(day, zone))
            moved += affected_rows(move)
    return moved


def last_day(member: MemberRow) -> str:
    """The last day of a member's access in words; empty where it goes on. Not a verb."""
    day = member["ends_on"]
    return day_in_words(day, "" if member["has_ended"] else time_zone()) if day else ""


def time_zone() -> str:
    """That of the organization in scope. Not a verb."""
    return db.session.scalar(_ZONE) or zones.UTC_NAME


def _checked(day: date, zone: str) -> datetime:
    ends_at, last = zones.end_of(day, zone), zones.day_of(now(), zone) + MOST_AHEAD
    if day > last:
        raise Invalid("endsOn", f"Choose a day within 100 years, at most {last.isoformat()}, or no end.")
    if ends_at <= now():
        raise Invalid(
            "endsOn", f"This day is over in {zone}. Choose today or a later day; to stop somebody now, suspend them."
        )
    return ends_at


def _set(rows: list[MemberRow], day: date | None, ends_at: datetime | None) -> None:
    """With the end; what is told now need not be told again. Proofs of who they are count only when given again."""
    told = days_to_tell(ends_at - now()) if ends_at else None
    values: dict[str, Any] = {"ends_on": day, "ends_at": ends_at, "end_told": told}
    changed = sa.update(Member).where(Member.id.in_([row["id"] for row in rows])).values(values)
    db.session.execute(changed.execution_options(synchronize_session=False))
    people.rights_changed(*(row["person_id"] for row in rows))


def _tell(rows: list[MemberRow], day: date | None, zone: str) -> None:
    who, by = notifications.people_in_words(rows), principal.current().shown_name
    if day is None:
        text, own = "goes on without an end", "goes on: no day ends it any more"
    else:
        last = day_in_words(day, zone)
        text, own = f"ends with {last}", f"ends with {last}. Nothing of yours is lost then, and an admin can extend it"
    notifications.memberships_changed(
        {row["id"] for row in rows},
        f"{by} changed until when people have access to {{organization}}: that of {who} {text}.",
        to_member=f"{by} changed until when you have access to {{organization}}: it {own}.",
    )
