"""The one function through which every change of membership goes, so that an organization always has an admin.

Measured (security.md section 3): touching the organization's row first, then reading, checking and writing in the same
transaction keeps an admin in 300 of 300 concurrent rounds, on SQLite and on PostgreSQL; cleverer single statements
do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from fastpix.access import principal, table
from fastpix.db import db
from fastpix.errors import Refused
from fastpix.resources.members.models import Member
from fastpix.resources.organizations import lock
from fastpix.resources.organizations.models import Organization

LAST_ADMIN = "{name} is the only admin here, and an organization always keeps one. Make somebody else an admin first."

_ADMINS = sa.select(sa.func.count(Member.id)).where(Member.role == "admin")
_OWN_ROLE = sa.select(Member.role).where(Member.id == sa.bindparam("member_id"))


@contextmanager
def membership_change(permission: str | None, *, name: str = "This person", by: int = 0) -> Iterator[None]:
    """A block whose changes of membership are checked as one. `by` is how many members more there are after it.

    `permission` is what the actor needs; None for somebody who joins, whose invite is the proof.
    Raises `Denied` when the actor lost `permission` meanwhile, `Refused` when no admin would remain.
    """
    lock.touch()
    if permission is not None:
        _check_actor(permission)
    yield
    db.session.flush()
    if not db.session.scalar(_ADMINS):
        raise Refused(LAST_ADMIN.format(name=name))
    if by:
        db.session.execute(
            sa.update(Organization)
            .values(member_count=Organization.member_count + by)
            .execution_options(synchronize_session=False)
        )


def _check_actor(permission: str) -> None:
    """Re-read the actor's own role under the lock: it may have changed since the request began."""
    actor = principal.current()
    if actor.member_id is None:
        return
    role = db.session.scalar(_OWN_ROLE, {"member_id": actor.member_id})
    if role is None or not table.row(permission).allows(role, actor.switches):
        raise principal.Denied(permission)


def admin_count() -> int:
    return db.session.scalar(_ADMINS) or 0
