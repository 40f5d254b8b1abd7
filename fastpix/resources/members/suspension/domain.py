"""Suspend and resume: a membership stops as in a removal, is kept whole, and comes back as it was.

What it stops is not listed here: a suspended membership gives no right where rights are read (`members.membership`,
`accounts.standing`, `access_tokens.authentication`), and makes nobody an admin (`members.models.IS_ACTIVE_ADMIN`).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from fastpix.access import principal
from fastpix.access.action import action, describe_each
from fastpix.db import db, now
from fastpix.errors import Refused
from fastpix.resources.members import domain as members
from fastpix.resources.members import notifications
from fastpix.resources.members.bulk import domain as bulk
from fastpix.resources.members.bulk.models import Outcome
from fastpix.resources.members.invariant import membership_change
from fastpix.resources.members.models import Member, MemberRow
from fastpix.resources.people import domain as people

YOURSELF = "You cannot suspend yourself. Another admin can."
IS_SUSPENDED = "They are suspended already."
IS_NOT = "They are not suspended."


@action("members.suspend", is_alone=True)
def suspend(member_ids: Iterable[UUID]) -> list[Outcome]:
    """Suspend some members, with a result for each; oneself and who is suspended already are skipped.

    Raises `Invalid` for too many, and `Refused` where nobody would be suspended or no admin would remain: then nobody is.
    """
    ids, before = bulk.looked_up(member_ids)
    stopping = [row for row in before if not row["is_me"] and row["suspended_at"] is None]
    if not stopping:
        raise Refused(YOURSELF if any(row["is_me"] for row in before) else IS_SUSPENDED)
    with membership_change(refusal=bulk.NO_ADMIN_LEFT):
        _prove_afresh(stopping)
        ended = bulk.endings_of(stopping)
        _set(stopping, now())
        notifications.suspended(stopping)
    describe_each(members.change(row, {"suspended": True, **ended[row["id"]]}) for row in stopping)
    return bulk.outcomes(ids, before, stopping, reason=IS_SUSPENDED, own_reason=YOURSELF)


@action("members.suspend", is_alone=True)
def resume(member_ids: Iterable[UUID]) -> list[Outcome]:
    """Give suspended members back what they had, with a result for each; who is not suspended is skipped.

    Raises `Invalid` for too many, and `Refused` where nobody would be resumed.
    """
    ids, before = bulk.looked_up(member_ids)
    coming = [row for row in before if row["suspended_at"] is not None]
    if not coming:
        raise Refused(IS_NOT)
    with membership_change():
        _prove_afresh(coming)
        _set(coming, None)
        notifications.resumed(coming)
    describe_each(members.change(row, {"suspended": False}) for row in coming)
    return bulk.outcomes(ids, before, coming, reason=IS_NOT)


def _prove_afresh(rows: list[MemberRow]) -> None:
    """An admin's rights are neither taken nor given by a session that was left open."""
    if any(row["role"] == "admin" for row in rows):
        principal.demand_fresh()


def _set(rows: list[MemberRow], suspended_at: datetime | None) -> None:
    """The people's proofs of who they are count only when given again."""
    values: dict[str, Any] = {"suspended_at": suspended_at}
    changed = sa.update(Member).where(Member.id.in_([row["id"] for row in rows])).values(values)
    db.session.execute(changed.execution_options(synchronize_session=False))
    people.rights_changed(*(row["person_id"] for row in rows))
